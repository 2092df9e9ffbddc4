"""Artifacts made by hand, as Keras and TensorFlow lay them out, in milliseconds and without them."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import h5py

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Config = dict[str, Any]


def layer(class_name: str, name: str, module: str | None = "keras.layers", **config: Any) -> Config:
    """One layer's node, as Keras 3 writes it."""
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": name, "trainable": True, "dtype": "float32", **config},
        "registered_name": None,
    }


def dense(name: str = "dense", units: int = 2) -> Config:
    """A Dense layer's node."""
    seed = {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}}
    return layer("Dense", name, units=units, activation="linear", use_bias=True, kernel_initializer=seed)


def sequential(*layers: Config, name: str = "ranker") -> Config:
    """A Sequential model's node."""
    config = {"name": name, "trainable": True, "layers": list(layers)}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": "Sequential"}


def functional(*layers: tuple[Config, Sequence[str]], name: str = "ranker") -> Config:
    """A functional model's node, from its layers and the names of those that feed each."""
    nodes = [
        {
            **node,
            "name": node["config"]["name"],
            "inbound_nodes": [
                {
                    "args": [
                        {"class_name": "__keras_tensor__", "config": {"keras_history": [source, 0, 0]}}
                        for source in sources
                    ],
                    "kwargs": {},
                }
            ]
            if sources
            else [],
        }
        for node, sources in layers
    ]
    config = {"name": name, "layers": nodes}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
    }


def write_h5(
    path: Path,
    root: Config,
    weights: Mapping[str, Any] | None = None,
    training: Config | None = None,
    keras: str = "3.11.3",
) -> Path:
    """An .h5 file: configuration in attributes, weights below `model_weights`."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = keras, "tensorflow"
        file.attrs["model_config"] = json.dumps(root)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        for name, values in (weights or {}).items():
            group[name] = values
    return path


def with_crashing_dataset(path: Path) -> bytes:
    """Adds `crashing` to the weights of an .h5 file, a sound dataset, and returns the file with a damaged one.

    The parameters of its filter `scaleoffset` say more elements than there are, and HDF5 1.14 reads on behind them.
    """
    count = 1 << 20
    with h5py.File(path, "a") as file:
        weights = file.require_group("model_weights")
        weights.create_dataset("crashing", (count,), "i4", chunks=(count,), scaleoffset=0)[:] = 0
    data = path.read_bytes()
    parameters, altered = (struct.pack("<6I", 2, 0, each, 0, 4, 1) for each in (count, count << 8))
    assert data.count(parameters) == 1
    return data.replace(parameters, altered)


def write_keras(
    path: Path,
    root: Config,
    weights: Mapping[str, Any] | None = None,
    members: Mapping[str, str] | None = None,
    keras: str = "3.11.3",
) -> Path:
    """A .keras file: a zip of metadata.json, config.json and an HDF5 file of weights, stored as they are."""
    inner = path.with_suffix(".inner")
    with h5py.File(inner, "w") as file:
        file.create_group("_layer_checkpoint_dependencies")
        for name, values in (weights or {}).items():
            file[name] = values
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras, "date_saved": "2024-01-01@00:00:00"}))
        archive.writestr("config.json", json.dumps(root))
        archive.write(inner, "model.weights.h5")
        for name, text in (members or {}).items():
            archive.writestr(name, text)
    inner.unlink()
    return path


def write_saved_model(
    path: Path, ops: Mapping[str, int], inputs: Mapping[str, Sequence[int]] | None = None, tensorflow: str = "2.15.1"
) -> Path:
    """A SavedModel without variables: ops with their counts in one function, one signature of float32 inputs."""
    path.mkdir(parents=True, exist_ok=True)
    nodes = [
        _field(3, _field(1, f"{op}_{number}") + _field(2, op)) for op, count in ops.items() for number in range(count)
    ]
    function = _field(1, _field(1, "__inference_serve_1")) + b"".join(nodes)
    versions = _field(1, 1645) + _field(2, 12)
    signature = b"".join(
        _entry(1, name, _field(1, f"{name}:0") + _field(2, 1) + _field(3, b"".join(map(_dimension, shape))))
        for name, shape in (inputs or {"x": (-1, 4)}).items()
    )
    # The signature's graph calls the function by its name.
    call = _field(1, _field(1, "call") + _field(2, "__inference_serve_1"))
    graph = (
        _field(1, _field(4, "serve") + _field(5, tensorflow))
        + _field(2, call + _field(2, _field(1, function)) + _field(4, versions))
        + _entry(5, "serving_default", signature)
    )
    (path / "saved_model.pb").write_bytes(_field(1, 1) + _field(2, graph))
    return path


def tflite(names: Sequence[str]) -> bytes:
    """A TensorFlow Lite model of nothing but its list of ops, written front to back."""
    model = struct.pack("<HHHH", 8, 12, 4, 8)
    out = bytearray(struct.pack("<I4s", 16, b"TFL3") + model)
    # The table: where its fields are described, the version, and where the list begins.
    out += struct.pack("<iII", 8, 3, 4)
    out += struct.pack("<I", len(names))
    places = len(out)
    out += bytes(4 * len(names))
    for each, name in enumerate(names):
        fields = len(out)
        out += struct.pack("<HHHH", 8, 8, 0, 4 if name else 0)
        table = len(out)
        struct.pack_into("<I", out, places + 4 * each, table - (places + 4 * each))
        out += struct.pack("<iI", table - fields, 4)
        out += struct.pack("<I", len(name)) + name.encode().ljust(8, b"\0")
    return bytes(out)


def _field(number: int, value: int | str | bytes) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value % (1 << 64))
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _entry(number: int, key: str, value: bytes) -> bytes:
    return _field(number, _field(1, key) + _field(2, value))


def _dimension(size: int) -> bytes:
    return _field(2, _field(1, size))


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])
