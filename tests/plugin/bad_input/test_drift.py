"""Models that are no longer the one their golden was recorded from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

MODEL = """
    import numpy as np
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Hinge(keras.layers.Layer):
        def call(self, inputs):
            return keras.ops.relu(inputs) - 1.0

    @pytest.mark.model_roundtrip(formats=["{format}"], custom_objects={{"Hinge": Hinge}}{options})
    def test_model():
        inputs = keras.Input((3,), name="features")
        hidden = {hidden}
        outputs = {outputs}
        return keras.Model(inputs, outputs), np.arange(6, dtype="float32").reshape(2, 3)
"""
START = {
    "format": "keras",
    "options": "",
    "hidden": 'keras.layers.Dense(2, name="hidden", kernel_initializer="ones")(inputs)',
    "outputs": '{"score": keras.layers.Dense(1, name="score", kernel_initializer="ones")(hidden), "raw": hidden}',
}
STRUCTURE = "STRUCTURE CHANGED test_model[keras]: the model's outputs are not those of its golden"
MODEL_CHANGED = "PREDICTIONS DRIFTED test_model[keras]: the model changed, its serialization did not"
INNOCENT = ("reloaded equals the model that was saved, bit for bit: serialization is not the cause",)
GOLDEN = (
    "golden golden/test_it/test_model, made by Keras *, TensorFlow *, Python *",
    "accept pytest test_it.py::test_model --modelcompat-update-golden",
)
NEW_OP = (
    "NEW OP test_model[saved_model]: the saved model uses an op that its golden does not have",
    "op Relu (once in the graph and its functions)",
    "because it is new since the golden was recorded, and whatever loads this model must have this op",
    'fix @pytest.mark.model_roundtrip(allow_ops={"Relu": "the reason"})',
)
NEW_LAYER = (
    "NEW LAYER test_model[keras]: the saved model uses a layer that its golden does not have",
    'layer ReLU ("cut")',
    "because it is new since the golden was recorded, and whatever loads this model must have this layer",
    'fix @pytest.mark.model_roundtrip(allow_layers={"ReLU": "the reason"})',
)


def changed(project: Project, **changes: str) -> pytest.RunResult:
    """Record the model's golden, change the model, and check it."""
    project.write("test_it.py", MODEL.format(**{**START, **{k: v for k, v in changes.items() if k == "format"}}))
    project.record()
    project.write("test_it.py", MODEL.format(**{**START, **changes}))
    return project.run()


def failed(result: pytest.RunResult) -> pytest.RunResult:
    result.assert_outcomes(failed=1)
    return result


def test_shape(project: Project, reported_failure: ReportedFailure) -> None:
    outputs = START["outputs"].replace("Dense(1", "Dense(3")
    reported_failure(
        failed(changed(project, outputs=outputs)),
        STRUCTURE,
        "output score: shape was (2, 1), is (2, 3)",
        *INNOCENT,
        "weights differ from the golden's in 2 of 4: score/kernel, score/bias",
        *GOLDEN,
    )


def test_dtype(project: Project, reported_failure: ReportedFailure) -> None:
    outputs = START["outputs"].replace('name="score"', 'name="score", dtype="float64"')
    reported_failure(
        failed(changed(project, outputs=outputs)), STRUCTURE, "output score: dtype was float32, is float64", *GOLDEN
    )


def test_an_output_vanished(project: Project, reported_failure: ReportedFailure) -> None:
    outputs = START["outputs"].replace(', "raw": hidden', "")
    reported_failure(
        failed(changed(project, outputs=outputs)),
        STRUCTURE,
        "output raw is missing; it was float32 (2, 2)",
        *INNOCENT,
        "weights equal the golden's, all 4",
        *GOLDEN,
    )


def test_nan_appeared(project: Project, reported_failure: ReportedFailure) -> None:
    hidden = 'keras.ops.log(keras.layers.Dense(2, name="hidden", kernel_initializer="ones")(inputs) - 4.0)'
    reported_failure(
        failed(changed(project, hidden=hidden)),
        f"{MODEL_CHANGED} (and 2 more)",
        "output score float32 (2, 1)",
        "mismatch 2 of 2 elements (100 %)",
        "NaN on one side only: 1",
        "worst [0, 0] is nan, expected 6",
        *INNOCENT,
        'layer Log ("log")',
        *GOLDEN,
    )


def test_weights(project: Project, reported_failure: ReportedFailure) -> None:
    hidden = START["hidden"].replace('"ones"', "keras.initializers.Constant(1.5)")
    reported_failure(
        failed(changed(project, hidden=hidden)),
        MODEL_CHANGED,
        "output score float32 (2, 1)",
        "mismatch 2 of 2 elements (100 %)",
        "greatest absolute difference 1.2e+01 at [1, 0] (allowed 1e-05, from dtype float32)",
        "greatest relative difference 5.0e-01 at [0, 0] (allowed 1.3e-06, from dtype float32)",
        "worst [1, 0] is 36, expected 24",
        "passes at atol=12 (rtol=1.3e-06), or rtol=0.5 (atol=1e-05)",
        *INNOCENT,
        "weights differ from the golden's in 1 of 4: hidden/kernel",
        *GOLDEN,
    )


def test_numerics(project: Project, reported_failure: ReportedFailure) -> None:
    hidden = START["hidden"].replace("kernel_init", 'activation="sigmoid", kernel_init')
    reported_failure(
        failed(changed(project, hidden=hidden)),
        "PREDICTIONS DRIFTED test_model[keras]: the model has the golden's weights, and *hidden* (Dense) gives another "
        "output for the same inputs: its code or its configuration changed",
        "worst [1, 0] is *, expected 24",
        *INNOCENT,
        "weights equal the golden's, all 4",
        'blame the code or the configuration of "hidden" (Dense)',
        'moved first in "hidden" (Dense): its inputs are the same bit for bit, its output is not',
        "its weights are the same",
        *GOLDEN,
    )


def test_an_op_appeared(project: Project, reported_failure: ReportedFailure) -> None:
    hidden = START["hidden"].replace("kernel_init", 'activation="relu", kernel_init')
    reported_failure(failed(changed(project, hidden=hidden, format="saved_model")), *NEW_OP, *GOLDEN)


def test_an_op_that_is_allowed(project: Project) -> None:
    hidden = START["hidden"].replace("kernel_init", 'activation="relu", kernel_init')
    options = ', allow_ops={"Relu": "the new activation"}'
    changed(project, hidden=hidden, format="saved_model", options=options).assert_outcomes(passed=1)


def test_a_layer_appeared(project: Project, reported_failure: ReportedFailure) -> None:
    hidden = f'keras.layers.ReLU(name="cut")({START["hidden"]})'
    reported_failure(failed(changed(project, hidden=hidden)), *NEW_LAYER, *GOLDEN)


def test_a_layer_that_is_allowed(project: Project) -> None:
    hidden = f'keras.layers.ReLU(name="cut")({START["hidden"]})'
    options = ', allow_layers={"ReLU": "cuts negative scores"}'
    changed(project, hidden=hidden, options=options).assert_outcomes(passed=1)
