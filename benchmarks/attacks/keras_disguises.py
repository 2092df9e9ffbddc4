"""Attacks by names that are spelled as something else, and by layers that stand where nobody looks for layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacks.keras_files import (
    CARRIER,
    Config,
    compiled,
    function,
    functional,
    instance,
    keras_attack,
    lambda_layer,
    layer,
    named,
    sequential,
    tensor,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from attacks.attack import Attack

# Of NumPy, which every Keras has: what its `eval` does is to evaluate.
_EVALUATES = ("numpy.f2py.crackfortran", "myeval")
_GRAPH = layer("TFSMLayer", "graph", filepath="/nowhere/model")


def _as_class(module: str, name: str, registered: str | None = None) -> Config:
    """A function, spelled as the classes of layers are."""
    return {**instance(module, name), "registered_name": registered, "name": CARRIER}


def _evaluated(node: Config) -> Callable[[Path], Config]:
    return lambda canary: functional(node, [f"open({str(canary)!r}, 'w').close()"])


def _given(**values: Any) -> Callable[[Path], Config]:
    """A layer that is called with more than its input."""
    return lambda _: functional({**layer("Dense", units=1), "name": CARRIER}, [tensor()], values)


ATTACKS: tuple[Attack, ...] = (
    keras_attack(
        "function-as-class",
        "a function that is spelled as a class: Keras calls what it finds",
        named(r"numpy\.f2py\.crackfortran\.myeval", CARRIER),
        _evaluated(_as_class(*_EVALUATES)),
        acts_in=("tf2.18",),
    ),
    keras_attack(
        "function-with-name-of-class",
        "a function that claims to be registered as a class is",
        named(r"numpy\.f2py\.crackfortran\.myeval", CARRIER),
        _evaluated({**function(*_EVALUATES, registered="MyLayer"), "name": CARRIER}),
        acts_in=("tf2.18",),
    ),
    keras_attack(
        "keras-function-as-class",
        "a function of Keras that no model needs, spelled as a class",
        named("get_file", CARRIER),
        lambda _: functional(_as_class("keras.utils", "get_file"), ["name", "file:///nowhere"]),
    ),
    keras_attack(
        "keras-switch-as-class",
        "the switch of safe mode, spelled as a class",
        named("enable_unsafe_deserialization", CARRIER),
        lambda _: functional(_as_class("keras.config", "enable_unsafe_deserialization"), []),
    ),
    keras_attack(
        "function-of-family",
        "a function that a package of Keras' family has from elsewhere",
        named(r"keras_cv\.utils\.load", CARRIER),
        lambda _: functional({**function("keras_cv.utils", "load"), "name": CARRIER}, []),
    ),
    keras_attack(
        "graph-in-call",
        "a SavedModel among the arguments of a call",
        named("TFSMLayer", CARRIER),
        _given(x=_GRAPH),
    ),
    keras_attack(
        "graph-in-lambda",
        "a SavedModel for a Lambda's function",
        named("TFSMLayer", CARRIER),
        lambda _: sequential(lambda_layer(_GRAPH)),
    ),
    keras_attack("graph-in-loss", "a SavedModel for a loss", named("TFSMLayer"), lambda _: compiled(loss=_GRAPH)),
    keras_attack(
        "torch-in-call",
        "a pickled PyTorch module among the arguments of a call",
        named("TorchModuleWrapper", CARRIER),
        _given(x=layer("TorchModuleWrapper", "torch", module="gASV")),
    ),
    keras_attack(
        "vocabulary-in-call",
        "a vocabulary of the host among the arguments of a call",
        named("StringLookup", "/etc/passwd", CARRIER),
        _given(x=layer("StringLookup", "words", vocabulary="/etc/passwd")),
    ),
    keras_attack(
        "graph-as-model",
        "a SavedModel for the whole model",
        named("TFSMLayer", "/nowhere/model"),
        lambda _: layer("TFSMLayer", "graph", filepath="/nowhere/model"),
    ),
    keras_attack(
        "vocabulary-as-model",
        "a layer with a vocabulary of the host for the whole model",
        named("StringLookup", "/etc/passwd"),
        lambda _: layer("StringLookup", "words", vocabulary="/etc/passwd"),
    ),
    keras_attack(
        "class-as-model",
        "the class subprocess.Popen for the whole model",
        named(r"subprocess\.Popen"),
        lambda canary: instance("subprocess", "Popen", args=["touch", str(canary)]),
    ),
    keras_attack(
        "hub-layer",
        "a layer of TensorFlow Hub, which loads what it names",
        named("KerasLayer", "/nowhere/module"),
        lambda _: sequential(layer("KerasLayer", home="tensorflow_hub.keras_layer", handle="/nowhere/module")),
    ),
)  # fmt: skip
