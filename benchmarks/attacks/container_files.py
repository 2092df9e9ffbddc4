"""The Keras files that attacks by containers are made of: an innocent model, one with bytecode, and their weights."""

from __future__ import annotations

import base64
import json
import marshal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def config() -> str:
    """The configuration of a model that does nothing but its work."""
    return json.dumps(_model({"name": "step", "activation": "relu"}, "Activation"))


def bytecode(canary: Path) -> str:
    """A lambda that makes the canary and returns its argument, as Keras stores lambdas."""
    function = eval(f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]")  # noqa: S307 - the text stands here
    return base64.b64encode(marshal.dumps(function.__code__)).decode()


def acting_config(canary: Path) -> str:
    """The configuration of a model with bytecode that makes the canary."""
    value = {"code": bytecode(canary), "defaults": None, "closure": None}
    function = {"class_name": "__lambda__", "config": value}
    return json.dumps(_model({"name": "step", "function": function, "arguments": {}}, "Lambda"))


def _model(step: dict[str, Any], class_name: str) -> dict[str, Any]:
    layers = [{"module": "keras.layers", "class_name": class_name, "config": step, "registered_name": None}]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "model", "layers": layers},
        "registered_name": "Sequential",
    }


def members(folder: Path, text: str | None = None) -> dict[str, bytes]:
    """The members of a .keras file.

    Args:
        folder: for what is made on the way.
        text: its configuration; of the innocent model where there is none.
    """
    return {
        METADATA: json.dumps({"keras_version": "3.11.3", "date_saved": "2025-01-01@00:00:00"}).encode(),
        CONFIG: (text or config()).encode(),
        WEIGHTS: hdf5_weights(folder / "weights", _unchanged),
    }


def _unchanged(_: Any) -> None:
    pass


def hdf5_weights(path: Path, change: Callable[[Any], None], more: int = 0) -> bytes:
    """The weights of a .keras file, and leaves nothing in the folder.

    Args:
        path: of a file on the way.
        change: adds to the open HDF5 file.
        more: bytes of zeros besides.
    """
    import h5py
    import numpy as np

    with h5py.File(path, "w") as file:
        file.create_group("_layer_checkpoint_dependencies")
        file["layers/dense/vars/0"] = np.zeros((2, 2), "float32")
        if more:
            file["layers/dense/vars/1"] = np.zeros(more // 4, "float32")
        change(file)
    data = path.read_bytes()
    path.unlink()
    return data


def hdf5_model(path: Path, text: str, *, user_block: int = 0) -> Path:
    """A model in HDF5.

    Args:
        path: of the file.
        text: its configuration.
        user_block: bytes before it.
    """
    import h5py
    import numpy as np

    with h5py.File(path, "w", userblock_size=user_block) as file:
        file.attrs["keras_version"], file.attrs["backend"] = "3.11.3", "tensorflow"
        file.attrs["model_config"] = text
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([b"step"])
        weights.create_group("step").attrs["weight_names"] = np.array([], "S1")
    return path
