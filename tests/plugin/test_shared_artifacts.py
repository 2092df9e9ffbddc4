"""Real files that others saved: they give their documented outputs, or the failure names the true cause."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader import tensors
from tests.conftest import ARTIFACTS

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = pytest.mark.skipif(not (ARTIFACTS / "index.json").is_file(), reason="the real artifacts are not at hand")

TEST = """
import numpy as np
import pytest

@pytest.mark.model_artifact({path!r})
def test_artifact():
    inputs = np.load("inputs.npz")
    if not inputs.files:
        return None
    return inputs["all"] if inputs.files == ["all"] else dict(inputs)
"""
RNN = "h5_simple_rnn_keras2.1/simple_rnn_tf_keras_2"
CONV1D = "h5_conv1d_keras2.3/conv1d_k2_s1_d1_cf_same"


def check(project: Project, artifact: str, *arguments: str, **inputs: Any) -> pytest.RunResult:
    project.write("test_it.py", TEST.format(path=str(ARTIFACTS / artifact)))
    np.savez(project.path / "inputs.npz", **inputs)
    return project.run(*arguments)


def store(project: Project) -> GoldenStore:
    return GoldenStore(project.path / "golden")


def outputs_of(project: Project) -> dict[str, Any]:
    golden = store(project).read(GoldenName(("test_it",), "test_artifact"))
    outputs: dict[str, Any] = tensors.unpack(dict(golden.outputs[0]), golden.outputs[1])
    return outputs


@pytest.mark.parametrize(
    ("artifact", "inputs", "documented"),
    [
        ("savedmodel_half_plus_two_tf2.14", {"serving_default": [1, 2, 5]}, {"serving_default/y": [2.5, 3, 4.5]}),
        (
            "savedmodel_half_plus_two_tf1.1",
            {"all": [[1], [2], [5]]},
            {
                "serving_default/y": [[2.5], [3], [4.5]],
                "classify_x2_to_y3/scores": [[3.5], [4], [5.5]],
                "regress_x2_to_y3/outputs": [[3.5], [4], [5.5]],
            },
        ),
        (
            "savedmodel_two_signatures_tf2.0",
            {"serving_default": [1, 2, 3], "timestwo": [1, 2, 3]},
            {"serving_default/output_0": [3, 6, 9], "timestwo/output_0": [2, 4, 6]},
        ),
    ],
    ids=["half-plus-two-tf2", "half-plus-two-tf1", "two-signatures"],
)
def test_documented_outputs(
    project: Project, artifact: str, inputs: dict[str, Any], documented: dict[str, Any]
) -> None:
    """The golden recorded from the artifact has the documented outputs, and one with other outputs fails."""
    given = {name: np.array(value, np.float32) for name, value in inputs.items()}
    check(project, artifact, "--modelcompat-update-golden", **given).assert_outcomes(passed=1)
    assert {name: value.tolist() for name, value in outputs_of(project).items()} == documented
    check(project, artifact, **given).assert_outcomes(passed=1)
    break_golden(project)
    result = check(project, artifact, **given)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_artifact?saved_model?: *"])


def break_golden(project: Project) -> None:
    """Move every recorded output by one, as a wrong documented value would be."""
    import dataclasses

    name = GoldenName(("test_it",), "test_artifact")

    def moved(before: Any) -> Any:
        structure, arrays = before.outputs
        return dataclasses.replace(before, outputs=(structure, {key: array + 1 for key, array in arrays.items()}))

    store(project).update(name, moved)


def test_keras_3_mlp_predicts_what_its_weights_say(project: Project) -> None:
    import h5py

    archive = ARTIFACTS / "keras_mlp_keras3.1" / "diabetes.keras"
    with zipfile.ZipFile(archive) as file:
        layers = json.loads(file.read("config.json"))["config"]["layers"][1:]
        weights = project.path / "weights.h5"
        weights.write_bytes(file.read("model.weights.h5"))
    features = np.linspace(-1, 1, 30, dtype=np.float32).reshape(3, 10)
    expected = features
    with h5py.File(weights) as file:
        for position, layer in enumerate(layers):
            stored = file[f"layers/dense{f'_{position}' if position else ''}/vars"]
            expected = expected @ stored["0"][:] + stored["1"][:]
            expected = np.maximum(expected, 0) if layer["config"]["activation"] == "relu" else expected
    check(project, str(archive), "--modelcompat-update-golden", all=features).assert_outcomes(passed=1)
    assert [layer["config"]["activation"] for layer in layers] == ["relu", "relu", "linear"]
    np.testing.assert_allclose(outputs_of(project)["output"], expected, rtol=1e-5)


def test_keras_2_mlp_as_saved_model_predicts_what_its_weights_say(project: Project) -> None:
    import tensorflow as tf

    folder = ARTIFACTS / "savedmodel_mlp_keras2.9"
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    expected = features = np.linspace(-1, 1, 30, dtype=np.float32).reshape(3, 10)
    for position in range(3):
        prefix = f"layer_with_weights-{position}"
        kernel, bias = (reader.get_tensor(f"{prefix}/{part}/.ATTRIBUTES/VARIABLE_VALUE") for part in ("kernel", "bias"))
        expected = expected @ kernel + bias
        expected = np.maximum(expected, 0) if position < 2 else expected
    result = check(project, str(folder), "--modelcompat-update-golden", all=features)
    if importlib.util.find_spec("tf_keras") is None:
        result.stdout.fnmatch_lines(["LOAD FAILED *the SavedModel holds the state of a Keras 2 optimizer*"])
        return
    (actual,) = outputs_of(project).values()
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def array_in(file: str, group: str) -> Any:
    import h5py

    with h5py.File(ARTIFACTS / file) as opened:
        (dataset,) = opened[group].values()
        return dataset[:]


FAILURES = {
    "batchnorm": (
        "h5_conv_batchnorm_keras2.1/cnn_batch_norm.h5",
        lambda: np.load(ARTIFACTS / "h5_conv_batchnorm_keras2.1" / "input.npy"),
        lambda: np.load(ARTIFACTS / "h5_conv_batchnorm_keras2.1" / "predictions.npy"),
        "LOAD FAILED *saved by Keras 2.1.3, which stored a Sequential model as a plain list of layers*",
    ),
    "simple-rnn": (
        RNN + "_model.h5",
        lambda: array_in(RNN + "_inputs_and_outputs.h5", "inputs"),
        lambda: array_in(RNN + "_inputs_and_outputs.h5", "predictions"),
        "LOAD FAILED *saved by Keras 2.1.3, which stored a Sequential model as a plain list of layers*",
    ),
    "conv1d": (
        CONV1D + "_model.h5",
        lambda: array_in(CONV1D + "_inputs_and_outputs.h5", "inputs"),
        lambda: array_in(CONV1D + "_inputs_and_outputs.h5", "predictions"),
        "LOAD FAILED *saved by Keras 2.3.1 with its input shape as batch_input_shape*",
    ),
    "tensorflow-op-layer": (
        "h5_tensorflow_op_layer_keras2.2/tfop_0.h5",
        None,
        None,
        "*Keras 2 wraps every TensorFlow function applied in a functional model into *TensorFlowOpLayer*",
    ),
    "depthwise-conv": (
        "h5_depthwise_conv_keras2.14/str_ww_ref_model.h5",
        None,
        None,
        "LOAD FAILED *Keras 2.14.0, whose DepthwiseConv2D has an argument 'groups' that Keras 3 has removed*",
    ),
    "addons": (
        "h5_addons_layer_keras2.2/test.h5",
        lambda: np.zeros((1, 8, 8, 3), np.float32),
        None,
        "*Addons>AdaptiveAveragePooling2D*",
    ),
    "keras-2-zip": (
        "keras_mlp_keras2.15/model.keras",
        None,
        None,
        "LOAD FAILED *saved by Keras 2.15.0, *Keras 3*",
    ),
}


@pytest.mark.parametrize(("artifact", "inputs", "documented", "cause"), FAILURES.values(), ids=FAILURES)
def test_loads_and_predicts_as_documented_or_names_the_true_cause(
    project: Project, artifact: str, inputs: Any, documented: Any, cause: str
) -> None:
    given = {"all": inputs()} if inputs is not None else {}
    result = check(project, artifact, "--modelcompat-update-golden", **given)
    text = result.stdout.str()
    if result.ret == pytest.ExitCode.OK:
        assert documented is not None
        (actual,) = outputs_of(project).values()
        np.testing.assert_allclose(actual, documented(), rtol=1e-4, atol=1e-5)
        return
    result.stdout.fnmatch_lines([cause])
    assert "could not be deserialized properly" not in text
    assert "  fix  " in text


@pytest.mark.parametrize(
    ("artifact", "sentence"),
    [
        ("corrupt_h5/keras_model.h5", "ARTIFACT BROKEN  test_artifact?h5?: *keras_model.h5 is a corrupt HDF5 file*"),
        ("corrupt_savedmodel", "ARTIFACT BROKEN  test_artifact?saved_model?: *saved_model.pb is *corrupt*"),
        (RNN + "_weights.h5", "ARTIFACT BROKEN  test_artifact?h5?: *holds weights only, no model*"),
        (RNN + "_inputs_and_outputs.h5", "ARTIFACT BROKEN  test_artifact?h5?: *neither a Keras model nor its weights*"),
        (RNN + "_config.json", "ARTIFACT BROKEN  *_config.json is the configuration of a model (*"),
        ("there_is_none.h5", "ARTIFACT BROKEN  *there_is_none.h5 does not exist*"),
    ],
)
def test_what_is_no_model_is_said_to_be_just_that(project: Project, artifact: str, sentence: str) -> None:
    result = check(project, artifact)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([sentence])


def test_a_broken_artifact_is_named_by_its_path_in_the_project(project: Project) -> None:
    project.write("models/ranker.h5", "")
    result = project.run("models/ranker.h5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["ARTIFACT BROKEN  *: models/ranker.h5 is an empty file"])
    assert str(project.path / "models") not in result.stdout.str()
