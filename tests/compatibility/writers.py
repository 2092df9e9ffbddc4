"""Files as Keras 2.4 to 3.15 write them, by hand in milliseconds: every key is one that a file of that Keras held."""

from __future__ import annotations

import itertools
import json
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Config = dict[str, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A layer or a model.

    Args:
        node: its node as a .keras file has it.
        weights: the shapes of its own weights.
        inside: the layers of a model.
        calls: its calls as a functional model writes them, where they are more than the names of its sources.
    """

    node: Config
    weights: tuple[Shape, ...] = ()
    inside: tuple[Part, ...] = ()
    calls: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        return str(self.node["config"]["name"])

    def but(self, **config: Any) -> Part:
        """The same with other keys in its configuration; the weights stay."""
        return replace(self, node={**self.node, "config": {**self.node["config"], **config}})

    def without(self, *keys: str) -> Part:
        """The same without some keys of its configuration."""
        config = {key: value for key, value in self.node["config"].items() if key not in keys}
        return replace(self, node={**self.node, "config": config})


@dataclass(frozen=True)
class Writer:
    """One version of Keras, writing.

    Args:
        version: its minor version.
        package: `tf_keras` for the Keras 2 that lives on under that name.
    """

    version: tuple[int, int]
    package: str = "keras"

    @property
    def full(self) -> str:
        return f"{self.version[0]}.{self.version[1]}.0"

    @property
    def is_3(self) -> bool:
        return self.version[0] == 3

    def input(self, *shape: int | None, name: str = "input_1", dtype: str = "float32") -> Part:
        """What a model begins with."""
        config: Config = {"name": name, "batch_shape" if self.is_3 else "batch_input_shape": [None, *shape]}
        config |= {"dtype": dtype, "sparse": False}
        if not self.is_3 or self.version >= (3, 11):
            config["ragged"] = False
        if self.version >= (3, 15) or (2, 16) <= self.version < (3, 0):
            config["optional"] = False
        return Part(self._node("InputLayer", config))

    def layer(self, class_name: str, name: str, weights: Sequence[Shape] = (), **config: Any) -> Part:
        """Any layer."""
        config = {"name": name, "trainable": True, "dtype": self._dtype(), **config}
        return Part(self._node(class_name, config), tuple(weights))

    def dense(self, name: str = "dense", units: int = 2, takes: int = 4, **more: Any) -> Part:
        """A Dense layer, which takes `takes` features."""
        config: Config = {"units": units, "activation": "linear", "use_bias": True}
        config |= {"kernel_initializer": self.glorot(), "bias_initializer": self.object("initializers", "Zeros")}
        config |= dict.fromkeys(("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"))
        if not self.is_3:
            config["activity_regularizer"] = None
        if self.version >= (3, 15):
            config["quantization_config"] = None
        part = self.layer("Dense", name, [(takes, units), (units,)], **{**config, **more})
        return replace(part, node={**part.node, "build_config": {"input_shape": [None, takes]}})

    def lstm(self, name: str = "lstm", units: int = 2, takes: int = 3, **more: Any) -> Part:
        """An LSTM layer."""
        config: Config = dict.fromkeys(("return_sequences", "return_state", "go_backwards", "stateful"), False)
        config |= {"unroll": False, "units": units, "activation": "tanh", "recurrent_activation": "sigmoid"}
        long = (3, 0) <= self.version < (3, 7)
        orthogonal = self.object("initializers", f"Orthogonal{'Initializer' * long}", gain=1.0, seed=None)
        config |= {"use_bias": True, "kernel_initializer": self.glorot(), "recurrent_initializer": orthogonal}
        config |= {"dropout": 0.0, "recurrent_dropout": 0.0}
        if not self.is_3:
            config |= {"time_major": False, "implementation": 2}
        shapes = [(takes, 4 * units), (units, 4 * units), (4 * units,)]
        return self.layer("LSTM", name, shapes, **{**config, **more})

    def code(self, name: str, text: str, **config: Any) -> Part:
        """A Lambda layer with bytecode, given in base64."""
        if self.is_3:
            inner = {"code": text, "defaults": None, "closure": None}
            return self.layer("Lambda", name, function={"class_name": "__lambda__", "config": inner}, **config)
        more: Config = {"function_type": "lambda", "module": "shop.models", "output_shape": None}
        more |= {"output_shape_type": "raw", "output_shape_module": None, "arguments": {}}
        return self.layer("Lambda", name, function=[text, None, None], **{**more, **config})

    def glorot(self) -> Config:
        """The initializer of most kernels."""
        axes = {"input_axes": None, "output_axes": None} if self.version >= (3, 15) else {}
        return self.object("initializers", "GlorotUniform", seed=None, **axes)

    def object(self, home: str, class_name: str, **config: Any) -> Config:
        """An initializer or another object inside a layer; Keras 2.13 began to write modules, in every format."""
        node = {"class_name": class_name, "config": config}
        return node if self.version < (2, 13) else {"module": f"keras.{home}", **node, "registered_name": None}

    def sequential(self, *parts: Part, name: str = "sequential", **more: Any) -> Part:
        """A Sequential model."""
        config: Config = {"name": name, "layers": [part.node for part in parts]}
        shape = parts[0].node["config"].get("batch_shape" if self.is_3 else "batch_input_shape")
        if self.is_3:
            config |= {"trainable": True, "dtype": self._dtype()}
            config |= {"build_input_shape": shape} if shape else {}
        node = self._node("Sequential", {**config, **more}, module="keras")
        return Part({**node, "build_config": {"input_shape": shape}} if shape else node, inside=parts)

    def functional(self, *calls: tuple[Part, Sequence[Sequence[Any]]], name: str = "model") -> Part:
        """A functional model.

        Args:
            calls: each layer, and for each call of it the `[name, call]` of the layers that feed it; the first is
                the input, and the last one's first call is the output.
            name: its name.
        """
        parts = tuple(part for part, _ in calls)
        nodes = [
            {
                **part.node,
                "name": part.name,
                "inbound_nodes": list(part.calls) or [self._call(call) for call in calls_of],
            }
            for part, calls_of in calls
        ]
        last = self.number(parts[-1]) if "layers" not in parts[-1].node["config"] or not self.is_3 else 1
        config = {
            "name": name,
            "trainable": True,
            "layers": nodes,
            "input_layers": self._end(parts[0].name, 0),
            "output_layers": self._end(parts[-1].name, last),
        }
        home = f"{self.package}.src.models.functional" if self.is_3 else f"{self.package}.src.engine.functional"
        return Part(self._node("Functional", config, home, registered_name="Functional"), inside=parts)

    def number(self, part: Part) -> int:
        """What the first call of a layer goes by: Keras 2 counts those of a model from 1."""
        return int("layers" in part.node["config"] and not self.is_3)

    def h5(self, path: Path, model: Part, training: Config | None = None) -> Path:
        """An .h5 file, its weights under the names of the outermost layers."""
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(_without_modules(model.node)).encode()
            if training is not None:
                file.attrs["training_config"] = json.dumps(training).encode()
            group = file.create_group("model_weights")
            for each in (file, group):
                each.attrs["keras_version"], each.attrs["backend"] = self.full.encode(), b"tensorflow"
            group.attrs["layer_names"] = np.array([part.name.encode() for part in model.inside] or [], "S")
            for part in model.inside:
                inner = group.create_group(part.name)
                shapes = dict(enumerate(_shapes(part)))
                inner.attrs["weight_names"] = np.array([f"{part.name}/w{number}".encode() for number in shapes], "S")
                for number, shape in shapes.items():
                    inner[f"{part.name}/w{number}"] = np.zeros(shape, np.float32)
        return path

    def keras(self, path: Path, model: Part) -> Path:
        """A .keras file, its weights under the classes of the layers, numbered."""
        weights = path.with_suffix(".inner")
        with h5py.File(weights, "w") as file:
            _fill(file, "_layer_checkpoint_dependencies" if self.version < (2, 15) else "layers", model)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": self.full}))
            archive.writestr("config.json", json.dumps(self._in_keras_file(model.node)))
            archive.write(weights, "model.weights.h5")
        weights.unlink()
        return path

    def _in_keras_file(self, node: Config) -> Config:
        """A model's node as it stands in a .keras file: in those of 2.12 the outermost alone names its module."""
        return node if self.version >= (2, 13) else {**node, "config": _without_modules(node)["config"]}

    def _node(
        self, class_name: str, config: Config, module: str = "keras.layers", registered_name: str | None = None
    ) -> Config:
        return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}

    def _dtype(self) -> Any:
        if self.version < (3, 5):
            return "float32"
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        }

    def _call(self, sources: Sequence[Any]) -> Any:
        if not self.is_3:
            return [[name, number, 0, {}] for name, number in sources]
        tensors = [tensor(name, number) for name, number in sources]
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {}}

    def _end(self, name: str, number: int) -> Any:
        return [name, number, 0] if self.version >= (3, 11) else [[name, number, 0]]


def tensor(name: str, number: int = 0) -> Config:
    """The output of a call, as Keras 3 writes it."""
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, number, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def chain(writer: Writer, *parts: Part, name: str = "model") -> Part:
    """A functional model of layers one after the other, the first of them the input."""
    calls: list[tuple[Part, list[list[Any]]]] = [(parts[0], [])]
    for before, part in itertools.pairwise(parts):
        calls.append((part, [[(before.name, writer.number(before))]]))
    return writer.functional(*calls, name=name)


def _shapes(part: Part) -> Iterator[Shape]:
    yield from part.weights
    for each in part.inside:
        yield from _shapes(each)


def _fill(group: Any, root: str, part: Part) -> None:
    """Writes the weights of a layer, and of those inside it, into a group of an HDF5 file."""
    own = group.create_group("vars")
    for number, shape in enumerate(part.weights):
        own[str(number)] = np.zeros(shape, np.float32)
    seen: Counter[str] = Counter()
    for each in part.inside:
        name = _snake(each.node["class_name"])
        _fill(group.create_group(f"{root}/{name}_{seen[name]}" if seen[name] else f"{root}/{name}"), root, each)
        seen[name] += 1


def _snake(class_name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in class_name).strip("_")


def _without_modules(node: Config) -> Config:
    """A model's node as it stands in an .h5 file, where layers name no module."""
    config = node["config"]
    if isinstance(config, dict) and "layers" in config:
        config = {**config, "layers": [_without_modules(each) for each in config["layers"]]}
    kept = {key: value for key, value in node.items() if key not in ("module", "registered_name", "build_config")}
    return {**kept, "config": config}
