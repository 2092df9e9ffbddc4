"""The fixture `model_roundtrip`: its results by target, and a test that decides itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

SHOP = """
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, x):
            return 2.0 * x

    def build():
        inputs = keras.Input((3,), name="features")
        return keras.Model(inputs, Scale(name="scale")(inputs))
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.py", SHOP)
    project.write("conftest.py", "import os, sys; sys.path.insert(0, os.path.dirname(__file__))")
    return project


def test_results_by_target(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        from shop import Scale, build
        from pytest_modelcompat import ModelRoundtrip

        def test_both(model_roundtrip: ModelRoundtrip):
            result = model_roundtrip(build, custom_objects={"Scale": Scale}, formats=["h5", "keras"])
            assert result["keras"].format == "keras" and result["h5"].drift.max_abs == 0
            assert [each.target for each in result] == ["keras", "h5"]
            assert not result.failed
        """,
    )
    shop.record().assert_outcomes(passed=1)


def test_without_check_the_test_decides(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        from shop import build
        from pytest_modelcompat import Kind

        def test_decides(model_roundtrip):
            result = model_roundtrip(build, formats=["h5", "saved_model"], check=False)
            assert result.failed and result["h5"].failed
            assert [finding.kind for finding in result["h5"].errors] == [Kind.UNKNOWN_LAYER]

        def test_is_lax(model_roundtrip):
            model_roundtrip(build, formats=["h5"], check=False)

        def test_is_strict(model_roundtrip):
            model_roundtrip(build, formats=["h5"])
        """,
    )
    result = shop.run("--modelcompat-update-golden", "-v")
    result.assert_outcomes(passed=2, failed=1)
    # What such a test saw is in the summary all the same.
    result.stdout.fnmatch_lines(["*model compatibility*", "*test_decides*h5*UNKNOWN LAYER*"])


def test_check_is_no_option_of_the_marker(shop: Project) -> None:
    shop.write(
        "test_it.py",
        "import pytest\n\n@pytest.mark.model_roundtrip(check=False)\ndef test_it(): ...\n",
    )
    shop.run().stdout.fnmatch_lines(["*unknown option 'check'; did you mean 'checks'?*"])
