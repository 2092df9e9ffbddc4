"""Marked tests as pytest sees them: ids, selection, marks, parameters, classes, fixtures, and who is refused."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin import KEPT_FOLDER_HAS
from pytest_modelcompat.plugin.names import golden_name
from pytest_modelcompat.reproduction.recipe import RECIPE
from pytest_modelcompat.settings.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Project

SHOP = """
    import tensorflow as tf

    keras = tf.keras

    def dense(units=2, initializer="ones"):
        inputs = keras.Input((3,), name="features")
        layer = keras.layers.Dense(units, name="score", kernel_initializer=initializer)
        return keras.Model(inputs, layer(inputs))
"""


def test_copies_of_modules_beside_a_kept_failure_are_not_collected(project: Project) -> None:
    assert KEPT_FOLDER_HAS == RECIPE
    for folder in ("tests", "kept/tests/test_it/h5"):
        project.write(f"{folder}/test_it.py", "def test_it():\n    pass\n")
    project.write(f"kept/tests/test_it/h5/{RECIPE}", "{}")
    result = project.run("--collect-only", "-q")
    assert ids(result) == ["tests/test_it.py::test_it"]


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with a module of models."""
    project.write("shop.py", SHOP)
    project.write("conftest.py", "import os, sys; sys.path.insert(0, os.path.dirname(__file__))")
    return project


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


def goldens(project: Project) -> list[str]:
    root = project.path / "golden"
    return sorted(path.parent.relative_to(root).as_posix() for path in root.rglob("golden.json"))


def test_each_format_is_an_item_whose_id_ends_with_it(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(formats=["keras", "h5"])
        def test_plain(): ...

        @pytest.mark.model_roundtrip
        @pytest.mark.parametrize("units", [1, 2])
        def test_sizes(units): ...

        def test_ordinary(): ...
        """,
    )
    expected = [
        "test_it.py::test_plain[keras]",
        "test_it.py::test_plain[h5]",
        "test_it.py::test_sizes[1-h5]",
        "test_it.py::test_sizes[1-keras]",
        "test_it.py::test_sizes[1-saved_model]",
        "test_it.py::test_sizes[2-h5]",
        "test_it.py::test_sizes[2-keras]",
        "test_it.py::test_sizes[2-saved_model]",
        "test_it.py::test_ordinary",
    ]
    assert sorted(ids(shop.run("--collect-only", "-q"))) == sorted(expected)
    assert ids(shop.run("--collect-only", "-q", "-k", "saved_model and 2")) == ["test_it.py::test_sizes[2-saved_model]"]
    assert ids(shop.run("--collect-only", "-q", "test_it.py::test_plain[h5]")) == ["test_it.py::test_plain[h5]"]


def test_marks_on_a_format_hold_for_its_item_alone(shop: Project) -> None:
    shop.write("pytest.ini", "[pytest]\nmarkers =\n    slow: takes long\nxfail_strict = true")
    shop.write(
        "test_it.py",
        """
        import pytest
        from shop import dense

        @pytest.mark.model_roundtrip(
            formats=[
                pytest.param("h5", marks=pytest.mark.skip(reason="no h5 here")),
                pytest.param("keras", marks=[pytest.mark.slow, pytest.mark.filterwarnings("ignore")]),
                pytest.param("saved_model", marks=pytest.mark.xfail(reason="not yet")),
            ]
        )
        def test_model():
            return dense()
        """,
    )
    result = shop.run("-rsx")
    result.assert_outcomes(skipped=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "test_model?keras? *GOLDEN MISSING  (greatest drift 0)",
            "test_model?saved_model? *GOLDEN MISSING, as expected  (greatest drift 0)",
            "2 targets, 1 failed, 1 failed as expected; *",
            "SKIPPED * no h5 here",
        ]
    )
    assert ids(shop.run("--collect-only", "-q", "-m", "slow")) == ["test_it.py::test_model[keras]"]
    # The command line's choice of formats is the user's choice of items: what the test says of them still holds.
    shop.run("--modelcompat-format", "h5").assert_outcomes(skipped=1)


def test_only_failed_targets_run_again_under_lf(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        from shop import dense

        @pytest.mark.model_roundtrip(formats=["h5", "keras"])
        def test_model():
            return dense()
        """,
    )
    shop.record("-k", "h5")
    shop.run().assert_outcomes(passed=1, failed=1)
    result = shop.run("--lf", "-v")
    result.assert_outcomes(failed=1, deselected=0)
    result.stdout.fnmatch_lines(["test_it.py::test_model?keras? FAILED*"])
    result.stdout.fnmatch_lines(
        ["GOLDEN MISSING  test_model?keras?: the golden of this case was recorded without the format keras"]
    )


def test_marks_of_function_class_and_module_add_up(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        from shop import dense

        pytestmark = pytest.mark.model_roundtrip(formats=["h5", "keras"], seed=3)

        def test_module():
            return dense()

        @pytest.mark.model_roundtrip(formats=["saved_model"])
        class TestClass:
            def test_class(self):
                return dense()

            @pytest.mark.model_roundtrip(formats=["keras"], rtol=0.5, atol=0)
            def test_function(self):
                return dense()
        """,
    )
    result = shop.record("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines_random(
        [
            "test_it.py::test_module?h5? PASSED*",
            "test_it.py::test_module?keras? PASSED*",
            "test_it.py::TestClass::test_class?saved_model? PASSED*",
            "test_it.py::TestClass::test_function?keras? PASSED*",
        ]
    )


def test_users_fixtures_and_classes_work_and_start_from_the_seed(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import numpy as np
        import pytest
        from shop import dense

        @pytest.fixture(scope="module")
        def batch():
            return np.random.rand(4, 3).astype("float32")

        @pytest.fixture
        def model():
            return dense(initializer="glorot_uniform")

        class TestOne:
            @pytest.mark.model_roundtrip(formats=["h5", "keras"])
            def test_model(self, model, batch):
                return model, batch

        class TestTwo:
            units = 5

            @pytest.mark.model_roundtrip(formats=["h5"])
            def test_model(self, batch):
                return dense(self.units), batch
        """,
    )
    shop.record().assert_outcomes(passed=3)
    assert goldens(shop) == ["test_it/TestOne.test_model", "test_it/TestTwo.test_model"]
    shop.run("-p", "no:randomly").assert_outcomes(passed=3)
    # Alone, in another order: the same weights, since every target starts from its seed.
    shop.run("test_it.py::TestOne::test_model[keras]").assert_outcomes(passed=1)


def test_parameters_that_look_alike_get_goldens_of_their_own(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        from shop import dense

        TEXTS = ["a/b", "a b", "a-b", "A/b", "x" * 150, "x" * 150 + "y", "x" * 150 + "é"]

        @pytest.mark.model_roundtrip(formats=["h5"])
        @pytest.mark.parametrize("text", TEXTS)
        def test_model(text):
            return dense(1 + TEXTS.index(text))
        """,
    )
    # A and a are one on some file systems, and so one too many.
    result = shop.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=6, errors=1)
    result.stdout.fnmatch_lines(["*::test_model?a/b? and test_it.py::test_model?A/b? claim one golden twice*"])

    path = shop.path / "test_it.py"
    path.write_text(path.read_text(encoding="utf-8").replace('"A/b", ', ""), encoding="utf-8")
    shop.record().assert_outcomes(passed=6)
    names = goldens(shop)
    assert len(names) == 6
    assert {"test_it/test_model[a%2Fb]", "test_it/test_model[a%20b]", "test_it/test_model[a-b]"} < set(names)
    units = {
        json.loads((shop.path / "golden" / name / "golden.json").read_text())["weights"][0]["shape"][1]
        for name in names
    }
    assert units == {1, 2, 3, 4, 5, 6}
    shop.run().assert_outcomes(passed=6)


STRATEGY = "parametrize_long_str_id_strategy = "
AS_WRITTEN = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support = true"
LONG = ["x" * 150, "x" * 150 + "é", "é\n" * 60]
LONG_BYTES = b"\xff" * 150  # which pytest takes for no id as they are written


@pytest.mark.parametrize(
    ("ini", "values"),
    [
        (f"{STRATEGY}short", [*LONG, LONG_BYTES]),
        (f"{STRATEGY}sha256", [*LONG, LONG_BYTES]),
        (f"{STRATEGY}legacy", [*LONG, LONG_BYTES]),
        (f"{STRATEGY}legacy\n{AS_WRITTEN}", LONG),
    ],
    ids=["short", "sha256", "legacy", "as-written"],
)
def test_a_long_parameter_gives_its_golden_one_name_however_pytest_spells_it(
    pytester: pytest.Pytester, ini: str, values: list[str | bytes]
) -> None:
    """A version of pytest that has no such strategies spells it as `legacy`."""
    digests = [hashlib.sha256(each.encode() if isinstance(each, str) else each).hexdigest()[:16] for each in values]
    pytester.makeini(f"[pytest]\n{ini}\n")
    items = pytester.getitems(
        f"""
        import pytest

        @pytest.mark.parametrize("size", ["small"])
        @pytest.mark.parametrize("text", {values!a})
        @pytest.mark.parametrize("place", ["a/b"])
        def test_model(place, text, size): ...
        """
    )
    names = [golden_name(item, Settings()).name for item in items]
    assert names == [f"test_model[a/b-text~{digest}-small]" for digest in digests]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("async def test_it(): ...", "the test is async; a model test is a plain function that returns a model"),
        ("async def test_it():\n    yield 1", "the test is async*"),
    ],
)
def test_an_async_test_is_refused(shop: Project, text: str, message: str) -> None:
    shop.write("test_it.py", f"import pytest\n\n@pytest.mark.model_roundtrip\n{text}\n")
    result = shop.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*BAD OPTION: {message}"])


@pytest.mark.parametrize("marker", ["model_roundtrip", "model_roundtrip(atoll=1)", 'model_artifact("a.h5")'])
def test_a_unittest_method_is_refused(shop: Project, marker: str) -> None:
    shop.write(
        "test_it.py",
        f"""
        import unittest
        import pytest

        class TestModel(unittest.TestCase):
            @pytest.mark.{marker}
            def test_it(self):
                raise SystemExit("must not run")
        """,
    )
    result = shop.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*modelcompat: test_it carries a model marker, and a unittest method cannot return*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_marker_that_came_too_late_is_refused_rather_than_passed_over(shop: Project) -> None:
    shop.write(
        "conftest.py",
        """
        import pytest

        def pytest_itemcollected(item):
            item.add_marker(pytest.mark.model_roundtrip)
        """,
    )
    shop.write("test_it.py", "def test_it():\n    pass")
    result = shop.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*modelcompat: test_it was given its model marker after it was collected*"])


def test_a_test_without_a_model_fails(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        import tensorflow as tf

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_nothing():
            tf.keras.layers.Dense(1)

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_number():
            return 7

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_layer():
            return tf.keras.layers.Dense(1)
        """,
    )
    result = shop.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "NO MODEL  test_nothing?h5?: the test returned nothing; return a Keras model, a tf.Module, or *",
            "NO MODEL  test_number?h5?: the test returned a value of type int; return *",
            "NO MODEL  test_layer?h5?: the test returned a layer (Dense), which cannot be saved on its own; *",
        ]
    )


def test_what_a_test_itself_raises_is_shown_with_its_own_line(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_model():
            weights = {}
            return weights["dense"]

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_skips():
            pytest.skip("no GPU")
        """,
    )
    result = shop.run()
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["test_it.py:6: in test_model", '    return weights?"dense"?', "E   KeyError: 'dense'"])
    assert "pytest_modelcompat/" not in result.stdout.str()


def test_collecting_starts_no_loader(shop: Project) -> None:
    shop.write("test_it.py", "import pytest\n\n@pytest.mark.model_roundtrip\ndef test_it(): ...\n")
    shop.write(
        "conftest.py",
        """
        from pytest_modelcompat.plugin.stash import SESSION

        def pytest_sessionfinish(session):
            print("has a loader:", session.config.stash[SESSION]._loaders is not None)
        """,
    )
    shop.run("--collect-only").stdout.fnmatch_lines(["*has a loader: False*"])
    shop.run().stdout.fnmatch_lines(["*has a loader: True*"])


def test_options_are_resolved_once_a_test(shop: Project) -> None:
    """Once for a test's three targets from collection to summary; again for a mark of one of its parameters."""
    shop.write(
        "test_it.py",
        """
        import pytest
        import shop

        @pytest.mark.model_roundtrip
        def test_one():
            return shop.dense()

        @pytest.mark.model_roundtrip(formats=["keras"])
        @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.model_roundtrip(seed=3))])
        def test_two(n):
            return shop.dense()
        """,
    )
    shop.write(
        "conftest.py",
        """
        import os, sys

        from pytest_modelcompat.plugin import marked_tests

        sys.path.insert(0, os.path.dirname(__file__))

        resolve, calls = marked_tests.resolve_options, []

        def counting(layers):
            calls.append(layers)
            return resolve(layers)

        marked_tests.resolve_options = counting

        def pytest_sessionfinish(session):
            print("resolved:", len(calls))
            marked_tests.resolve_options = resolve
        """,
    )
    result = shop.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["*resolved: 3*"])
