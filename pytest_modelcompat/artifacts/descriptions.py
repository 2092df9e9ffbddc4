"""A sentence for what is no model that Keras or TensorFlow loads: what it really is, and what loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import (
    INDEX,
    KERAS_METADATA,
    SAVED_MODEL_FILES,
    SHARD,
    ZIP,
    head_of,
    zip_names,
)
from pytest_modelcompat.artifacts.text import clause, counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_EMPTY_ZIP = b"PK\x05\x06"
_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")
# What PyTorch wrote before it took to zip files: a pickle of this number.
_TORCH = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_MOST_NAMES = 3
# How much of a pickle is looked at, and how long a safetensors file's own description may be.
_PICKLE_HEAD, _LONGEST_HEADER = 1 << 16, 8 << 20

_TO_KERAS = "build the model in Keras and assign the weights"
# Where it stands, how it looks, what it is.
_OTHERS = (
    (0, b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (0, b"BZh", "is compressed with bzip2; unpack it first"),
    (0, b"\xfd7zXZ", "is compressed with xz; unpack it first"),
    (0, b"7z\xbc\xaf", "is a 7z archive; unpack it first"),
    (257, b"ustar", "is a tar archive; unpack it first"),
    (0, b"\x93NUMPY", "is a NumPy array, not a model"),
    (0, b"GGUF", "is a GGUF file: the weights of a language model, which llama.cpp loads and Keras does not"),
    (4, b"ORTM", "is a model in the format of ONNX Runtime, which onnxruntime.InferenceSession loads"),
    (0, b"{L\x00", "is an XGBoost model; load it with xgboost.Booster(model_file=path)"),
    (0, b"tree\nversion=", "is a LightGBM model; load it with lightgbm.Booster(model_file=path)"),
    (0, b"<?xml", "is XML text, not a model with weights"),
)
# Of a zip's members: what a name begins or ends with, and what such a zip is. The first that fits counts.
_OTHER_ZIPS: tuple[tuple[str, str, str], ...] = (
    ("", "/constants.pkl", "is a TorchScript model; load it with torch.jit.load(path)"),
    (
        "",
        "/data.pkl",
        "is a PyTorch model; load it with torch.load(path, weights_only=True), then " + _TO_KERAS,
    ),
    ("", "com.apple.CoreML/model.mlmodel", "is a zipped Core ML package; unpack it first"),
    ("model.ini", "", "is an H2O MOJO; load it with h2o.import_mojo(path)"),
    ("", ".npy", "is a NumPy .npz archive: arrays without a model"),
    ("", "saved_model.pb", "is a zipped SavedModel; unpack it first"),
    ("", "/model.weights.h5", "is a .keras model zipped together with its folder; unpack it and give that folder"),
    ("", ".h5", "is a zip file that holds an HDF5 file; unpack it first"),
)


def describe_non_artifact(path: Path) -> str:
    """Says in one sentence what a path that is no artifact really is.

    Args:
        path: what `detect_format` did not recognise.

    Raises:
        OSError: it exists and cannot be read.
    """
    if not path.exists():
        return f"{path} does not exist"
    if path.is_dir():
        from pytest_modelcompat.artifacts.other_folders import describe_folder

        return describe_folder(path, _known_file)
    if not path.is_file():
        return f"{path} is neither a file nor a folder"
    head = head_of(path)
    return describe_placeholder(path, head) or _known_file(path) or _unknown_file(path, head)


def describe_placeholder(path: Path, head: bytes) -> str | None:
    """Says what stands in a file's place where it was never delivered: nothing, an LFS pointer, a web page.

    Args:
        path: the file.
        head: its first bytes.

    Returns:
        One sentence, or None if it is none of these.
    """
    if not head:
        return f"{path} is an empty file"
    if head.startswith(_LFS):
        return f"{path} is a Git LFS pointer, not the model itself; fetch it with `git lfs pull`"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        return f"{path} is an HTML page, not a model; the download it came from answered with a web page"
    return None


def describe_undelivered(path: Path) -> str | None:
    """Says what stands in a file's place where it was never delivered; None if it is none of these.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    return describe_placeholder(path, head_of(path))


def _known_file(path: Path) -> str:
    """What a file is whose kind is known; empty for any other."""
    head = head_of(path)
    if head.startswith((ZIP, _EMPTY_ZIP)):
        return _zip(path)
    if path.name in {*SAVED_MODEL_FILES, KERAS_METADATA}:
        return f"{path} is one file of a SavedModel; give the folder that holds it, {path.parent}"
    if path.suffix == INDEX or SHARD.search(path.name):
        return f"{path} is one file of a TensorFlow checkpoint, which holds weights without a model"
    readers: tuple[Callable[[Path, bytes], str], ...] = (_by_signature, _pickle, _safetensors, _json, _protobuf)
    return next(filter(None, (reader(path, head) for reader in readers)), "")


def _unknown_file(path: Path, head: bytes) -> str:
    if path.suffix == ".onnx":
        return f"{path} is an ONNX model, which ONNX Runtime loads and Keras does not"
    if path.name.endswith(".weights.json"):
        return f"{path} is the index of weights that Keras saved in several files, which hold no model"
    return f"{path} is not a model file: it starts with {head[:8]!r}, neither HDF5 (.h5) nor zip (.keras)"


def _by_signature(path: Path, head: bytes) -> str:
    if head.startswith(b"TFL3", 4):
        return _tflite(path)
    if head.startswith(b"<?xml") and b"<net " in head:
        return f"{path} is an OpenVINO model; load it with openvino.Core().read_model(path)"
    return next((f"{path} {what}" for start, magic, what in _OTHERS if head.startswith(magic, start)), "")


def _tflite(path: Path) -> str:
    from pytest_modelcompat.artifacts.containers.flatbuffer import tflite_ops

    read = tflite_ops(path)
    if read is None:
        return f"{path} is a TensorFlow Lite model that is truncated or corrupt"
    count, custom = read
    own = f", of them {clause(listed(custom, _MOST_NAMES))} from outside TensorFlow Lite" if custom else ""
    return (
        f"{path} is a TensorFlow Lite model with {counted(count, 'kind')} of ops{own}, which Keras does not load; "
        "load it with tf.lite.Interpreter(model_path=path)"
    )


def _pickle(path: Path, head: bytes) -> str:
    from pytest_modelcompat.artifacts.containers.pickle_reader import describe_pickle

    if head.startswith(_TORCH):
        return f"{path} is a PyTorch model; load it with torch.load(path, weights_only=True), then {_TO_KERAS}"
    if not head.startswith(b"\x80"):
        return ""
    with path.open("rb") as file:
        told = describe_pickle(file.read(_PICKLE_HEAD)) or "a pickle"
    what = clause(told.replace("a pickle", "a Python pickle", 1))
    return f"{path} is {what}, not a saved Keras model; load it where you trust it, and save the model with model.save"


def _safetensors(path: Path, head: bytes) -> str:
    size = int.from_bytes(head[:8], "little")
    if not head.startswith(b'{"', 8) and not (head.startswith(b"{", 8) and 2 <= size <= _LONGEST_HEADER):
        return ""
    with path.open("rb") as file:
        file.seek(8)
        described = _object(file.read(size)) if size <= _LONGEST_HEADER else None
    names = [name for name in described or {} if name != "__metadata__"]
    held = f" of {counted(len(names), 'array')}" if names else ""
    return (
        f"{path} is a safetensors file{held}: weights without a model; "
        f"read it with safetensors.numpy.load_file(path), then {_TO_KERAS}"
    )


def _object(text: bytes) -> dict[str, object] | None:
    from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
    from pytest_modelcompat.artifacts.keras.json_text import parse_json

    try:
        return parse_json(text, "")
    except BrokenArtifactError:
        return None


def _json(path: Path, head: bytes) -> str:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    from pytest_modelcompat.artifacts.other_json import describe_json

    return describe_json(path)


def _protobuf(path: Path, _: bytes) -> str:
    from pytest_modelcompat.artifacts.containers import protobuf_kinds

    kind = protobuf_kinds.protobuf_kind(path)
    if kind == protobuf_kinds.SAVED_MODEL:
        return f"{path} is the file of a SavedModel under another name; call it saved_model.pb and give its folder"
    if kind == protobuf_kinds.CORE_ML:
        return f"{path} is a Core ML model; load it with coremltools.models.MLModel(path)"
    if kind == protobuf_kinds.ONNX:
        facts = protobuf_kinds.onnx_facts(path)
        return (
            f"{path} is an ONNX model{f' ({clause(facts)})' if facts else ''}, which Keras does not load; "
            "load it with onnxruntime.InferenceSession(path)"
        )
    return ""


def _zip(path: Path) -> str:
    names = zip_names(path)
    if names is None:
        return f"{path} is a truncated or corrupt zip file"
    for begin, end, what in _OTHER_ZIPS:
        if any(name.startswith(begin) and name.endswith(end) for name in names):
            return f"{path} {what}"
    held = f"it holds {clause(listed(names, _MOST_NAMES))}" if names else "it is empty"
    return f"{path} is a zip file without config.json, so it is not a .keras model: {held}"
