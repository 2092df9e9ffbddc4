"""Files that Keras saves and that are changed then, as those of other versions and of damaged exports are."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_altered_files(folder: Path) -> None:
    """Save models that no Keras loads as they were.

    Args:
        folder: where.
    """
    import keras

    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="d")])
    for name in ("missing.h5", "misfit.h5", "unknown.keras"):
        dense.save(folder / name)
    _edit_hdf5(folder / "missing.h5", "model_config", lambda config: _second_layer(config).pop("units"))
    _edit_hdf5(folder / "misfit.h5", "model_config", lambda config: _second_layer(config).update(units=5))
    _edit_zip(folder / "unknown.keras", lambda config: _second_layer(config).update(strange=1))
    keras.Sequential([keras.layers.Dense(3)]).save(folder / "unbuilt.h5")
    dense.compile("adam", keras.losses.MeanSquaredError())
    dense.save(folder / "optimizer.keras")
    dense.save(folder / "compiled.h5")
    removed = {"module": "keras.optimizers", "class_name": "LossScaleOptimizerV3", "registered_name": None}
    _edit_zip(folder / "optimizer.keras", lambda config: config["compile_config"]["optimizer"].update(removed))
    short = {"loss": "mse", "metrics": ["mse"]}
    _edit_hdf5(folder / "compiled.h5", "training_config", lambda config: config.update(short))


def _second_layer(config: Any) -> Any:
    return config["config"]["layers"][1]["config"]


def _edit_hdf5(path: Path, name: str, change: Callable[[Any], object]) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs[name])
        change(config)
        file.attrs[name] = json.dumps(config)


def _edit_zip(path: Path, change: Callable[[Any], object]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
