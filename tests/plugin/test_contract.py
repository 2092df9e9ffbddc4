"""The whole contract on one model: missing golden, record, pass, break, fail, accept, pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MODEL = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    @pytest.mark.model_roundtrip
    def test_model():
        inputs = keras.Input((3,), name="features")
        return keras.Model(inputs, keras.layers.Dense(2, name="score", kernel_initializer={initializer!r})(inputs))
"""


def test_missing_then_pass_then_drift_then_accepted(project: Project) -> None:
    project.write("test_it.py", MODEL.format(initializer="ones"))

    result = project.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["GOLDEN MISSING  test_model?h5?: there is no golden yet at golden/test_it/test_model"])
    result.stdout.fnmatch_lines(["*on your machine, then commit golden/test_it/test_model: CI compares with it*"])
    result.stdout.fnmatch_lines(["*pytest test_it.py::test_model --modelcompat-update-golden"])

    project.record().stdout.fnmatch_lines(["*3 targets, 0 failed; goldens: 0 matched, 1 written, 0 stale"])
    project.run().assert_outcomes(passed=3)

    project.write("test_it.py", MODEL.format(initializer="zeros"))
    result = project.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_model?h5?: the model changed, its serialization did not",
            "*reloaded *bit for bit: serialization is not the cause",
            "*weights *differ from the golden's in 1 of 2: score/kernel",
            "*accept *pytest test_it.py::test_model --modelcompat-update-golden",
        ]
    )

    result = project.record()
    result.stdout.fnmatch_lines(["*golden score moved by up to *"])
    project.run().assert_outcomes(passed=3)


@pytest.mark.parametrize("options", [(), ("--import-mode=importlib",)], ids=["prepend", "importlib"])
def test_objects_of_the_test_module_itself_are_found(project: Project, options: tuple[str, ...]) -> None:
    project.write(
        "tests/test_own.py",
        """
        import pytest
        import tensorflow as tf

        keras = tf.keras

        class Scale(keras.layers.Layer):
            def call(self, inputs):
                return inputs * 2.0

        @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale}, formats=["h5", "keras"])
        def test_model():
            return keras.Sequential([keras.Input((3,)), Scale()])
        """,
    )
    project.record(*options).assert_outcomes(passed=2)
