"""The examples of docs/hooks.md as they stand there, in real sessions; and hooks that go wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
ON_PATH = "import os, sys\n\nsys.path.insert(0, os.path.dirname(__file__))\n\n"
SHOP = """
    import tensorflow as tf

    keras = tf.keras

    class ShopScale(keras.layers.Layer):
        def call(self, x):
            return 2.0 * x

    def dense(output="score"):
        inputs = keras.Input((3,), name="features")
        return keras.Model(inputs, keras.layers.Dense(2, name=output)(inputs))

    def scale():
        inputs = keras.Input((3,), name="features")
        return keras.Model(inputs, ShopScale(name="scale")(inputs))
"""


def example(heading: str) -> str:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.search(r"```python\n# conftest\.py\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.py", SHOP)
    return project


def marked(body: str, options: str = 'formats=["h5"]', name: str = "test_ranker") -> str:
    return f"import pytest\nimport shop\n\n@pytest.mark.model_roundtrip({options})\ndef {name}():\n    {body}\n"


def test_a_known_failure_of_ones_own(shop: Project) -> None:
    shop.write("conftest.py", ON_PATH + example("A failure that only your company knows"))
    shop.write("test_it.py", marked("return shop.scale()"))
    result = shop.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UNKNOWN LAYER  test_ranker?h5?: *",
            "*ShopScale moved to the package shop-layers in March*",
            "*pip install shop-*",
        ]
    )


def test_inputs_for_a_family(shop: Project) -> None:
    shop.write("conftest.py", ON_PATH + example("Inputs for a family of models"))
    shop.write("test_it.py", marked("return shop.dense()") + marked("return shop.dense()", name="test_other"))
    shop.record().assert_outcomes(passed=2)
    golden = shop.path / "golden" / "test_it"
    # The hook's batch of 4 ends in 1.0; the other test derives its own.
    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.store import GoldenStore

    store = GoldenStore(golden.parent)
    assert float(store.read(GoldenName(("test_it",), "test_ranker")).inputs[1]["value"][3, 2]) == 1.0
    assert float(store.read(GoldenName(("test_it",), "test_other")).inputs[1]["value"][3, 2]) != 1.0


@pytest.mark.parametrize(("moved", "holds"), [("6.2831855", True), ("0.01", False)])
def test_an_own_comparison(shop: Project, moved: str, holds: bool) -> None:
    """A full turn is no difference; a small one is, and the failure says the hook's reason."""
    shop.write("conftest.py", ON_PATH + example("An output that needs its own comparison"))
    shop.write("test_it.py", marked('return shop.dense("angle")', 'formats=["keras"], seed=1'))
    shop.record().assert_outcomes(passed=1)
    change = f"w = model.get_weights(); w[1] = w[1] + {moved}; model.set_weights(w)"
    body = f'model = shop.dense("angle"); {change}; return model'
    shop.write("test_it.py", marked(body, 'formats=["keras"], seed=1'))
    result = shop.run()
    result.assert_outcomes(passed=int(holds), failed=int(not holds))
    if not holds:
        result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED *", "*decided by*the angles differ by 0.01 radians*"])


def test_every_result(shop: Project) -> None:
    shop.write("conftest.py", ON_PATH + example("Every result, as it comes"))
    shop.write("test_it.py", marked("return shop.dense()", 'formats=["h5", "keras"]'))
    shop.record()
    assert (shop.path / "results.txt").read_text().splitlines() == [
        "test_it.py::test_ranker[h5] h5 passed",
        "test_it.py::test_ranker[keras] keras passed",
    ]


@pytest.mark.parametrize(
    "hook",
    [
        "pytest_modelcompat_known_failures(config)",
        "pytest_modelcompat_inputs(case)",
        "pytest_modelcompat_compare(output)",
        "pytest_modelcompat_result(result)",
    ],
)
def test_a_hook_that_raises_fails_the_target(shop: Project, hook: str) -> None:
    shop.write("conftest.py", ON_PATH + f"def {hook}:\n    raise ValueError('no such shelf')\n")
    shop.write("test_it.py", marked("return shop.dense()"))
    result = shop.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    name = hook.partition("(")[0]
    result.stdout.fnmatch_lines(
        [f"HOOK FAILED  test_ranker?h5?: {name} in conftest.py raised ValueError: no such shelf"]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_hook_that_raises_fails_a_target_that_failed_as_expected(shop: Project) -> None:
    shop.write(
        "conftest.py", ON_PATH + "def pytest_modelcompat_result(result):\n    raise ValueError('no such shelf')\n"
    )
    known = '[{"kind": "UNKNOWN LAYER", "reason": "not declared yet"}]'
    shop.write("test_it.py", marked("return shop.scale()", f'formats=["h5"], expected_failures={known}'))
    result = shop.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["  HOOK FAILED", "*pytest_modelcompat_result in conftest.py raised ValueError: no such shelf"]
    )


def test_a_misspelt_hook_is_refused_by_pytest(shop: Project) -> None:
    shop.write("conftest.py", "def pytest_modelcompat_input(case): ...\n")
    shop.write("test_it.py", "def test_it(): ...\n")
    result = shop.run()
    assert "unknown hook 'pytest_modelcompat_input'" in result.stdout.str() + result.stderr.str()
