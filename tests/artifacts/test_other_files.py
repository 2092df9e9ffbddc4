"""What is taken for a model and is none: each is named as what it is, by its content, with what loads it."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, detect_format, read_inventory
from tests import handmade
from tests.artifacts.saved_model.graphs import varint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def sentence(path: Path) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    text = str(raised.value)
    assert text.startswith(str(path)), text
    assert "\n" not in text
    assert detect_format(path) is None
    return text.removeprefix(str(path))


def text(number: int, value: bytes | str) -> bytes:
    """A delimited field of a protobuf message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


GRAPH = text(1, text(1, "x") + text(3, "MatMul_0") + text(4, "MatMul"))
ONNX = number(1, 8) + text(2, "pytorch") + text(3, "2.1.0") + text(7, GRAPH) + text(8, text(1, "") + number(2, 17))
META = text(1, text(2, text(1, text(1, "Identity"))) + text(4, "serve") + text(5, "2.15.0"))
SAVED_MODEL = number(1, 1) + text(2, META + text(2, ""))
CORE_ML = number(1, 4) + text(2, text(1, text(1, "image"))) + text(500, text(1, text(1, "conv")))
LAYERS_MODEL = {
    "format": "layers-model",
    "generatedBy": "keras v2.15.0",
    "modelTopology": {"model_config": {}},
    "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": [{"name": "a"}, {"name": "b"}]}],
}
TO_JSON = {"class_name": "Sequential", "config": {"layers": []}, "keras_version": "2.15.0", "backend": "tensorflow"}
TENSORS = {"__metadata__": {"format": "pt"}, "kernel": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}


def safetensors(header: Any) -> bytes:
    data = json.dumps(header).encode()
    return len(data).to_bytes(8, "little") + data + bytes(4)


FILES: dict[str, tuple[bytes, list[str]]] = {
    "onnx": (ONNX, [" is an ONNX model (pytorch 2.1.0, opset 17), which Keras does", "onnxruntime.InferenceSession("]),
    "onnx runtime": (b"\x1c\0\0\0ORTM", [" is a model in the format of ONNX Runtime"]),
    "saved model renamed": (SAVED_MODEL, [" is the file of a SavedModel under another name; call it saved_model.pb"]),
    "core ml": (CORE_ML, [" is a Core ML model; load it with coremltools.models.MLModel("]),
    "torch before zip": (
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        [" is a PyTorch model; load it with torch.load("],
    ),
    "pickle": (pickle.dumps(json.loads), [" is a Python pickle that imports json.loads, not a saved Keras model"]),
    "safetensors": (safetensors(TENSORS), [" is a safetensors file of 1 array: weights without a model"]),
    "gguf": (b"GGUF\x03\0\0\0", [" is a GGUF file"]),
    "xgboost": (b'{"learner": {}, "version": [2, 0, 0]}', [" is an XGBoost model"]),
    "lightgbm": (b"tree\nversion=v4\n", [" is a LightGBM model"]),
    "openvino": (b'<?xml version="1.0"?>\n<net name="m" version="11">', [" is an OpenVINO model"]),
    "tensorflow.js": (
        json.dumps(LAYERS_MODEL).encode(),
        [" is a TensorFlow.js layers model made by keras v2.15.0 with 2 arrays of weights", "tensorflowjs_converter"],
    ),
    "tensorflow.js graph": (
        json.dumps({**LAYERS_MODEL, "format": "graph-model"}).encode(),
        [" is a TensorFlow.js graph model", "tf.loadGraphModel"],
    ),
    "to_json": (
        json.dumps(TO_JSON).encode(),
        [" is the configuration of a model (Sequential, Keras 2.15.0) without its weights", "model_from_json"],
    ),
    "transformers config": (b'{"model_type": "bert"}', [" is the configuration of a Hugging Face model"]),
    "safetensors index": (
        b'{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}',
        [" is the index of weights in several safetensors files"],
    ),
    "other json": (b'{"a": 1}', [" is JSON text, not a model with weights"]),
    "nested json": (b'{"a":' * 100_000, [" is JSON text, not a model with weights"]),
}


@pytest.mark.parametrize("name", ["model.h5", "model.pb", "model"])
@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES)
def test_a_file_is_named_by_its_content(tmp_path: Path, name: str, content: bytes, said: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    found = sentence(tmp_path / name)
    for part in said:
        assert part in found


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (["archive/data.pkl", "archive/data/0"], "is a PyTorch model; load it with torch.load("),
        (["m/data.pkl", "m/constants.pkl", "m/code/a.py"], "is a TorchScript model; load it with torch.jit.load("),
        (["model.ini", "domains/d000.txt"], "is an H2O MOJO; load it with h2o.import_mojo("),
        (["m.mlpackage/Data/com.apple.CoreML/model.mlmodel"], "is a zipped Core ML package"),
        (["arr_0.npy"], "is a NumPy .npz archive"),
        (["model/saved_model.pb"], "is a zipped SavedModel"),
        (["m/config.json", "m/metadata.json", "m/model.weights.h5"], "is a .keras model zipped together with its fold"),
    ],
)
def test_a_zip_is_named_by_its_members(tmp_path: Path, members: list[str], said: str) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name in members:
            archive.writestr(name, "{}")
    assert said in sentence(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"model.json": LAYERS_MODEL, "group1-shard1of1.bin": {}}, "is a TensorFlow.js layers model"),
        ({"config.json": {"architectures": ["BertModel"]}, "tf_model.h5": {}}, "a Hugging Face model (BertModel)"),
        (
            {"tokenizer.json": {"module": "keras_hub.src.t", "class_name": "T"}},
            "keras_hub.models.Tokenizer.from_preset",
        ),
        ({"MLmodel": {}, "data/model.keras": {}}, "is an MLflow model; load it with mlflow"),
        ({"Manifest.json": {}, "Data/com.apple.CoreML/model.mlmodel": {}}, "is a Core ML package"),
        ({"manifest.ocdbt": {}}, "is an Orbax checkpoint"),
        ({".hidden": {}, "a.txt": {}, "b.json": TO_JSON}, "in it, b.json is the configuration of a model"),
    ],
)
def test_a_folder_is_named_by_its_files(tmp_path: Path, files: dict[str, Any], said: str) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    assert said in sentence(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
def test_a_file_of_an_unzipped_model_names_its_folder(tmp_path: Path, name: str) -> None:
    for each in ("config.json", "metadata.json"):
        (tmp_path / each).write_text(json.dumps(TO_JSON))
    assert f"is one file of an unzipped .keras model; give the folder that holds it, {tmp_path}" in sentence(
        tmp_path / name
    )


def test_tensorflow_lite_of_real_converter(zoo: Path, tmp_path: Path) -> None:
    found = sentence(zoo / "others" / "model.tflite")
    assert "is a TensorFlow Lite model with 1 kind of ops, which Keras does not load" in found
    assert "tf.lite.Interpreter(model_path=" in found
    data = (zoo / "others" / "model.tflite").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(data[:100])
    assert "is a TensorFlow Lite model that is truncated or corrupt" in sentence(tmp_path / "cut.tflite")


def test_tensorflow_lite_names_the_ops_of_others(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(handmade.tflite(["FlexErf", "", "MyOp"]))
    assert "with 3 kinds of ops, of them FlexErf, MyOp from outside TensorFlow Lite" in sentence(tmp_path / "m.tflite")


def test_weights_in_several_files_of_real_keras(zoo: Path) -> None:
    found = sentence(zoo / "others" / "sharded.weights.json")
    assert "is the index of weights that Keras saved in several files, which hold no model (2 entries)" in found
    assert "model.load_weights(" in found


def test_a_configuration_of_real_keras(zoo: Path) -> None:
    assert "is the configuration of a model (Sequential) without its weights" in sentence(zoo / "others" / "model.json")


@pytest.mark.parametrize("write", [bytes, lambda data: data[: len(data) // 2]])
def test_a_bare_graph_under_the_name_of_a_saved_model(
    zoo: Path, tmp_path: Path, write: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "saved_model.pb").write_bytes(write((zoo / "others" / "frozen.pb").read_bytes()))
    with pytest.raises(BrokenArtifactError, match="is a GraphDef, a graph alone under the name of a SavedModel's file"):
        read_inventory(tmp_path)


def test_a_preset_of_keras_hub(tmp_path: Path) -> None:
    backbone = {"module": "keras_hub.src.models.b", "class_name": "Backbone7", "config": {"name": "b"}}
    (tmp_path / "config.json").write_text(json.dumps(backbone))
    (tmp_path / "metadata.json").write_text('{"keras_version": "3.11.0", "keras_hub_version": "0.22.1"}')
    inventory = read_inventory(tmp_path)
    assert inventory.preset == "keras_hub.Backbone7"
    assert inventory.saved_by == {"keras": "3.11.0", "keras_hub": "0.22.1"}
    (tmp_path / "task.json").write_text('{"class_name": "keras_hub>Classifier(7)"}')
    assert read_inventory(tmp_path).preset == "keras_hub.Classifier7"
    (tmp_path / "metadata.json").write_text('{"keras_version": "3.4.0", "keras_nlp_version": "0.14.0"}')
    assert read_inventory(tmp_path).preset == "keras_nlp.Classifier7"
    shutil.copyfile(tmp_path / "config.json", tmp_path / "task.json")
    (tmp_path / "metadata.json").write_text('{"keras_version": "3.4.0"}')
    assert not read_inventory(tmp_path).preset
