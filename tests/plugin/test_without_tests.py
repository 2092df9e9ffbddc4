"""Models without a test: builders named on the command line, artifacts as paths, by pattern and by marker."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

SHOP = """
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @keras.utils.register_keras_serializable("shop")
    class Registered(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

    def build_scaled():
        return keras.Sequential([keras.Input((3,)), Scale()])

    def build_registered():
        return keras.Sequential([keras.Input((3,)), Registered()])

    class models:
        build = staticmethod(build)

    model = build()
"""


@pytest.fixture
def shop(project: Project) -> Project:
    """A project whose models are in a module beside pytest's working directory's root, and nowhere on the path."""
    project.write("shop.py", SHOP)
    return project


def ids(result: pytest.RunResult) -> list[str]:
    return sorted(line for line in result.outlines if line.endswith("]") and " " not in line)


def test_builders_and_models_are_named_as_often_as_wanted(shop: Project) -> None:
    shop.write("test_not_asked_for.py", "def test_it(): assert False")
    named = ["--modelcompat-model", "shop:build", "--modelcompat-model", "shop:model"]
    result = shop.run(*named)
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(
        [
            "GOLDEN MISSING  build?h5?: there is no golden yet at golden/shop#build",
            "*fix *pytest --modelcompat-model shop:build --modelcompat-update-golden",
        ]
    )
    shop.record(*named).stdout.fnmatch_lines(["6 targets, 0 failed; goldens: 0 matched, 2 written, 0 stale"])
    result = shop.run("-v", *named, "--modelcompat-model=shop:models.build", "--modelcompat-format=h5")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*collected 3 items", "build?h5? *passed  (greatest drift 0, golden matched)"])
    shop.run(*named, "-k", "model and keras").assert_outcomes(passed=1, deselected=5)
    # With a path, that too.
    shop.run("test_not_asked_for.py", *named, "-k", "h5 or not_asked").assert_outcomes(passed=2, failed=1, deselected=4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop:biuld", "--modelcompat-model shop:biuld: module shop has no 'biuld'; did you mean 'build'?"),
        ("shop:xyzzy", "--modelcompat-model shop:xyzzy: module shop has no 'xyzzy'"),
        ("shpo:build", "--modelcompat-model shpo:build: there is no module 'shpo' on the path or in *; * 'shop'?"),
        ("shop.sub:build", "--modelcompat-model shop.sub:build: there is no module 'shop.sub' on the path or in *"),
        ("shop.build", "--modelcompat-model 'shop.build' is not written as module:name; did you mean 'shop:build'?"),
    ],
)
def test_a_builder_that_is_not_there_is_a_usage_error(shop: Project, name: str, message: str) -> None:
    result = shop.run("--modelcompat-model", name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: modelcompat: {message}"])


@pytest.mark.parametrize("text", ["import no_such_module_at_all", "raise RuntimeError('no GPU')"])
def test_a_module_that_cannot_be_imported_is_shown_where_it_failed(project: Project, text: str) -> None:
    project.write("broken.py", f"{text}\n\ndef build(): ...")
    result = project.run("--modelcompat-model", "broken:build")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: modelcompat: --modelcompat-model broken:build: broken cannot be imported: *Error: [Nn]o *",
            "*broken.py*1*",
        ]
    )
    assert "pytest_modelcompat" not in result.stderr.str()
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_builder_declares_on_the_command_line(shop: Project) -> None:
    result = shop.run("--modelcompat-model", "shop:build_scaled", "--modelcompat-format", "h5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["UNKNOWN LAYER  build_scaled?h5?: *", "*fix *--modelcompat-custom-object *shop:Scale*"]
    )
    shop.record(
        *("--modelcompat-model", "shop:build_scaled", "--modelcompat-format", "h5"),
        *("--modelcompat-custom-object", "shop:Scale"),
    ).assert_outcomes(passed=1)
    registered = ["--modelcompat-model", "shop:build_registered", "--modelcompat-format", "keras"]
    result = shop.run(*registered)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*fix *--modelcompat-import*shop*"])
    shop.record(*registered, "--modelcompat-import", "shop").assert_outcomes(passed=1)


def test_a_builder_that_raises_is_shown_where_it_raised(shop: Project) -> None:
    shop.write("broken.py", "def build():\n    return {}['dense']\n")
    result = shop.run("--modelcompat-model", "broken:build", "--modelcompat-format", "h5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["broken.py:2: in build", "*return {}?'dense'?", "E*KeyError: 'dense'"])


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ranker.h5`, `ranker.keras`, `other.h5` (the same with other weights) and `sm`, two signatures."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("artifacts")

    def dense(value: float) -> Any:
        inputs = tf.keras.Input((3,), name="features")
        kernel = tf.keras.initializers.Constant(value)
        return tf.keras.Model(inputs, tf.keras.layers.Dense(2, name="score", kernel_initializer=kernel)(inputs))

    dense(1.0).save(folder / "ranker.h5")
    dense(1.0).save(folder / "ranker.keras")
    dense(1.5).save(folder / "other.h5")
    module = tf.Module()
    specs = [tf.TensorSpec([None, 3], tf.float32, name="x")]
    signatures = {
        "double": tf.function(lambda x: {"y": x * 2.0}, input_signature=specs).get_concrete_function(),
        "halve": tf.function(lambda x: {"y": x / 2.0}, input_signature=specs).get_concrete_function(),
    }
    tf.saved_model.save(module, str(folder / "sm"), signatures=signatures)
    return folder


@pytest.fixture
def shelf(project: Project, artifacts: Path) -> Project:
    """A project with artifacts in `models/`."""
    shutil.copytree(artifacts, project.path / "models")
    return project


def test_artifacts_named_as_paths_are_items(shelf: Project) -> None:
    named = ["models/ranker.h5", "models/ranker.keras", "models/sm"]
    result = shelf.run(*named)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "GOLDEN MISSING  ranker.h5?h5?: there is no golden yet at golden/models/ranker.h5",
            "*fix *pytest models/ranker.h5 --modelcompat-update-golden",
        ]
    )
    shelf.record(*named).stdout.fnmatch_lines(["3 targets, 0 failed; goldens: 0 matched, 3 written, 0 stale"])
    result = shelf.run(*named)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["ranker.h5?h5? *passed *", "ranker.keras?keras? *passed *", "sm?saved_model? *passed *"]
    )

    shutil.copy(shelf.path / "models/other.h5", shelf.path / "models/ranker.h5")
    result = shelf.run("models/ranker.h5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  ranker.h5?h5?: the artifact is not the one the golden was recorded from",
            "*weights *differ from the golden's in 1 of 2: *kernel*",
            "*accept *pytest models/ranker.h5 --modelcompat-update-golden",
        ]
    )


def test_artifacts_are_collected_only_when_asked_for(shelf: Project) -> None:
    shelf.write("test_it.py", "def test_it(): ...")
    assert "ranker" not in shelf.run("--collect-only", "-q").stdout.str()
    assert "ranker" not in shelf.run("--collect-only", "-q", "models").stdout.str()
    shelf.write("pytest.ini", "[pytest]\nmodelcompat_artifacts = models/*.keras models/sm\n")
    text = shelf.run("--collect-only", "-q").stdout.str()
    assert "ranker.keras" in text
    assert "sm[saved_model]" in text
    assert ".h5" not in text
    shelf.record().assert_outcomes(passed=3)
    # A complete run knows that the goldens belong to artifacts.
    shelf.run().stdout.fnmatch_lines(["2 targets, 0 failed; goldens: 2 matched, 0 written, 0 stale"])
    shelf.run("models/ranker.h5").assert_outcomes(failed=1)


def test_the_marker_finds_a_path_from_the_root_and_beside_the_test(shelf: Project) -> None:
    shutil.copytree(shelf.path / "models", shelf.path / "tests/frozen")
    shelf.write(
        "tests/test_it.py",
        """
        import numpy as np
        import pytest

        batch = np.ones((2, 3), "float32")

        @pytest.mark.model_artifact("models/ranker.h5")
        def test_root(): ...

        @pytest.mark.model_artifact("frozen/ranker.keras")
        def test_beside():
            return batch

        @pytest.mark.model_artifact("models/sm")
        def test_signatures(): ...

        @pytest.mark.model_artifact("models/sm")
        def test_one_signature():
            return {"halve": {"x": batch}}

        @pytest.mark.model_artifact("models/gone.h5")
        def test_gone(): ...
        """,
    )
    expected = ["test_beside[keras]", "test_gone[h5]", "test_one_signature[saved_model]", "test_root[h5]"]
    expected.append("test_signatures[saved_model]")
    assert ids(shelf.run("--collect-only", "-q")) == [f"tests/test_it.py::{name}" for name in expected]
    result = shelf.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["ARTIFACT *  test_gone?h5?: *models/gone.h5*"])
    golden = (shelf.path / "golden/tests/test_it/test_one_signature/golden.json").read_text(encoding="utf-8")
    assert "halve/y" in golden
    assert "double/y" not in golden
    both = (shelf.path / "golden/tests/test_it/test_signatures/golden.json").read_text(encoding="utf-8")
    assert "halve/y" in both
    assert "double/y" in both
    shelf.run().assert_outcomes(passed=4, failed=1)

    shutil.copy(shelf.path / "models/other.h5", shelf.path / "models/ranker.h5")
    result = shelf.run("-k", "test_root")
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_root?h5?: the artifact is not the one the golden was *"])


def test_a_golden_under_its_former_name_is_found_and_renamed_at_the_next_update(shop: Project) -> None:
    named = ["--modelcompat-model", "shop:build", "--modelcompat-format", "keras"]
    shop.record(*named, "--modelcompat-freeze", "v1")
    golden, former = shop.path / "golden/shop#build", shop.path / "golden/shop%3Abuild"
    golden.rename(former)
    shop.run(*named).assert_outcomes(passed=2)
    assert not golden.exists()
    result = shop.record(*named)
    result.stdout.fnmatch_lines(["build?keras?*golden updated)"])
    assert golden.is_dir()
    assert not former.exists()
    shop.run(*named).assert_outcomes(passed=2)


def test_artifacts_are_kept_where_asked(shop: Project) -> None:
    shop.record("--modelcompat-model", "shop:build", "--modelcompat-keep", "kept")
    kept = {path.relative_to(shop.path / "kept").as_posix() for path in (shop.path / "kept").rglob("*")}
    assert {"shop#build/h5/model.h5", "shop#build/keras/model.keras"} <= kept
    assert "shop#build/saved_model/model/saved_model.pb" in kept
    # What is kept is replaced, not added to.
    shop.run("--modelcompat-model", "shop:build", "--modelcompat-keep", "kept").assert_outcomes(passed=3)


def test_collecting_starts_no_loader(shop: Project, artifacts: Path) -> None:
    shutil.copytree(artifacts, shop.path / "models")
    shop.write(
        "conftest.py",
        """
        from pytest_modelcompat.plugin.stash import SESSION

        def pytest_unconfigure(config):
            print("loader", config.stash[SESSION]._loaders)
        """,
    )
    result = shop.run("--collect-only", "models/ranker.h5", "models/sm", "--modelcompat-model", "shop:build")
    result.stdout.fnmatch_lines(["*ranker.h5?h5?*", "*sm?saved_model?*", "*build?keras?*", "loader None"])
