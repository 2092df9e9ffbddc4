"""What attack files of Keras' own formats are put together of: nodes of configurations, and the files around them."""

from __future__ import annotations

import base64
import io
import json
import marshal
import zipfile
from typing import TYPE_CHECKING, Any

from attacks.attack import Attack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Config = dict[str, Any]
# What every attack of these files calls the layer that it stands in, unless it says so itself.
CARRIER = "carrier"
METADATA = {"keras_version": "3.6.0", "date_saved": "2024-11-01@00:00:00"}


def named(*words: str) -> str:
    """What a finding has to name, in any order: each of these, as regular expressions."""
    return "(?s)" + "".join(f"(?=.*{word})" for word in words)


def bytecode(canary: Path) -> str:
    """A function of any arguments that makes the canary and returns its first argument, as Keras stores lambdas."""
    source = f"lambda *given, **named: (open({str(canary)!r}, 'w').close(), given[0] if given else None)[1]"
    return base64.b64encode(marshal.dumps(eval(source).__code__)).decode()  # noqa: S307


def lambda_code(canary: Path) -> Config:
    """A lambda as a Lambda layer holds it."""
    return {"class_name": "__lambda__", "config": {"code": bytecode(canary), "defaults": None, "closure": None}}


def lambda_value(canary: Path) -> Config:
    """A lambda as any other place of a configuration holds it."""
    return {"class_name": "__lambda__", "config": {"value": [bytecode(canary), None, None]}}


def code_list(canary: Path) -> list[str | None]:
    """A lambda as the .h5 files of Keras 2 hold it: code, defaults, closure."""
    return [bytecode(canary), None, None]


def function(module: str | None, name: str, registered: str = "function") -> Config:
    """A function by module and name."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered}


def instance(home: str | None, class_name: str, **config: Any) -> Config:
    """An object of a class by module and name."""
    return {"module": home, "class_name": class_name, "config": config, "registered_name": None}


def layer(class_name: str, name: str = CARRIER, home: str = "keras.layers", **config: Any) -> Config:
    """A layer, as Keras 3 writes it; `home` is its module."""
    return instance(home, class_name, name=name, trainable=True, dtype="float32", **config)


def lambda_layer(function: Any, name: str = CARRIER, **config: Any) -> Config:
    """A Lambda layer."""
    return layer("Lambda", name, function=function, **{"arguments": {}, **config})


def legacy_lambda(canary: Path, name: str = CARRIER, **config: Any) -> Config:
    """A Lambda layer as Keras 2 writes it."""
    given = {"function": code_list(canary), "function_type": "lambda", "module": "__main__", "arguments": {}}
    shape = {"output_shape": None, "output_shape_type": "raw", "output_shape_module": None}
    config = {"name": name, "trainable": True, "dtype": "float32", **given, **shape, **config}
    return {"class_name": "Lambda", "config": config}


def sequential(*layers: Config, **beside: Any) -> Config:
    """A Sequential model of these layers, with more keys beside its configuration."""
    shape = {"build_config": {"input_shape": [None, 2]}}
    return {**instance("keras", "Sequential", name="ranker", layers=list(layers)), **shape, **beside}


def legacy_sequential(*layers: Config) -> Config:
    """A Sequential model as an .h5 file of Keras 2 holds it."""
    first, *rest = layers
    first = {**first, "config": {"batch_input_shape": [None, 2], **first["config"]}}
    config = {"name": "ranker", "layers": [first, *rest]}
    return {"class_name": "Sequential", "config": config}


def tensor(of: str = "inputs") -> Config:
    """The output of a layer, as an argument of another."""
    config = {"shape": [None, 2], "dtype": "float32", "keras_history": [of, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def functional(carrier: Config, args: list[Any], kwargs: Mapping[str, Any] | None = None) -> Config:
    """A functional model in which one layer or function is called so, beside a sound branch."""
    node = {**carrier, "name": carrier.get("name", CARRIER)}
    node["inbound_nodes"] = [{"args": args, "kwargs": dict(kwargs or {})}]
    inputs = instance("keras.layers", "InputLayer", batch_shape=[None, 2], dtype="float32", sparse=False, name="inputs")
    relu = layer("ReLU", "relu")
    layers = [
        {**inputs, "name": "inputs", "inbound_nodes": []},
        node,
        {**relu, "name": "relu", "inbound_nodes": [{"args": [tensor()], "kwargs": {}}]},
    ]
    ends = {"input_layers": [["inputs", 0, 0]], "output_layers": [["relu", 0, 0]]}
    return instance("keras", "Model", name="ranker", trainable=True, layers=layers, **ends)


def compiled(**given: Any) -> Config:
    """A model of one sound layer, with what `compile()` was given."""
    defaults = {"optimizer": "adam", "loss": "mse", "metrics": None}
    return sequential(layer("ReLU", "relu"), compile_config={**defaults, **given})


def empty_npz() -> bytes:
    """Weights of a model that has none."""
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


def write_keras(
    path: Path, root: Config | str, members: Iterable[tuple[str, bytes | str]] = (), *, weights: bytes | None = None
) -> Path:
    """A .keras file; its configuration is given as it stands where that is a text."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(METADATA))
        archive.writestr("config.json", root if isinstance(root, str) else json.dumps(root))
        archive.writestr("model.weights.h5" if weights else "model.weights.npz", weights or empty_npz())
        for name, content in members:
            archive.writestr(name, content)
    return path


def write_h5(path: Path, root: Config, training: Config | None = None, *, as_bytes: bool = False) -> Path:
    """An .h5 file without weights."""
    import h5py
    import numpy as np

    def attribute(text: str) -> Any:
        return np.bytes_(text.encode()) if as_bytes else text

    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = attribute("2.15.0"), attribute("tensorflow")
        file.attrs["model_config"] = attribute(json.dumps(root))
        if training is not None:
            file.attrs["training_config"] = attribute(json.dumps(training))
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([], dtype="S1")
        weights.attrs["keras_version"], weights.attrs["backend"] = attribute("2.15.0"), attribute("tensorflow")
    return path


def keras_attack(
    name: str, shows: str | tuple[str, ...], place: str, root: Callable[[Path], Config], **more: Any
) -> Attack:
    """An attack by the configuration of a .keras file; `root` makes it for a canary."""

    def write(folder: Path, canary: Path) -> Path:
        return write_keras(folder / "model.keras", root(canary))

    return Attack(name, (shows,) if isinstance(shows, str) else shows, place, write, **more)


def h5_attack(
    name: str,
    shows: str | tuple[str, ...],
    place: str,
    root: Callable[[Path], Config],
    training: Callable[[Path], Config] | None = None,
    **more: Any,
) -> Attack:
    """An attack by the configuration of an .h5 file; `root` and `training` make it for a canary."""
    as_bytes, suffix = more.pop("as_bytes", False), more.pop("suffix", ".h5")

    def write(folder: Path, canary: Path) -> Path:
        given = training(canary) if training else None
        return write_h5(folder / f"model{suffix}", root(canary), given, as_bytes=as_bytes)

    return Attack(name, (shows,) if isinstance(shows, str) else shows, place, write, **more)
