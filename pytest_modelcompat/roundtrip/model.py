"""The live model a test returns: what kind it is, its outputs, its weights, what could make it nondeterministic."""

from __future__ import annotations

import inspect
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import KERAS_PACKAGES
from pytest_modelcompat.artifacts.public_modules import public_path
from pytest_modelcompat.artifacts.weight_digest import WeightDigest, weight_digests
from pytest_modelcompat.runtimes.pins import uses_legacy_keras

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Of what a model holds, these modules of Keras hold the user's own in turn, a few steps below it; others hold tensors.
_HOLDERS = (".losses", ".metrics", ".optimizers", ".trainers", ".engine.compile_utils", ".engine.training")
_DEEPEST = 6

RANDOM_LAYERS = ("Dropout", "Noise", "Random", "Augment")


class NotAModelError(Exception):
    """The value is not a model that can be saved; the message says what it is and what to return."""


@dataclass(frozen=True)
class UnsteadyLayer:
    """What a layer has that can make two predictions differ.

    Args:
        path: its path of names.
        cls: the name of its class.
        module: where that is defined; empty for one of Keras' own.
        is_stateful: whether it keeps its state from one prediction to the next.
        draws: whether it draws random numbers.
    """

    path: str
    cls: str
    module: str
    is_stateful: bool
    draws: bool

    @classmethod
    def of(cls, path: str, layer: Any) -> UnsteadyLayer:
        """A layer, by its path."""
        module = type(layer).__module__
        is_own = module.split(".")[0] not in KERAS_PACKAGES
        return cls(path, type(layer).__name__, module if is_own else "", _is_stateful(layer), _draws_numbers(layer))

    def __str__(self) -> str:
        """It, and why: `noise (GaussianNoise, draws random numbers)`."""
        kind = f"{self.cls}, of {self.module}" if self.module else self.cls
        if self.is_stateful:
            return f"{self.path} ({kind}, stateful: it starts each prediction where the last one ended)"
        return f"{self.path} ({kind}{', draws random numbers' if self.draws else ''})"


@dataclass(frozen=True)
class ModelUnderTest:
    """A model in this process.

    Args:
        model: the Keras model or `tf.Module`.
        keras: the package it comes from, `keras` or `tf_keras`; None for a plain `tf.Module`.
        signatures: a module's functions with an input signature, by the name they are saved under.
    """

    model: Any
    keras: str | None
    signatures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_keras(self) -> bool:
        """Whether it is a Keras model rather than a plain `tf.Module`."""
        return self.keras is not None

    @property
    def is_keras_3(self) -> bool:
        """Whether it is a model of Keras 3."""
        from pytest_modelcompat.loader import resolve

        return self.is_keras and resolve.version_of(sys.modules[str(self.keras)]).startswith("3")

    def call(self, inputs: Any) -> Any:
        """Outputs at inference, every tensor a leaf; for a module, a dict of them by signature.

        Args:
            inputs: nested arrays; for a module, a dict of signature -> dict of argument -> array.
        """
        from pytest_modelcompat.loader import calls

        if self.is_keras:
            return calls.call_model(self.model, inputs)
        return {
            name: _call_function(self.signatures[name], arguments)
            for name, arguments in inputs.items()
            if name in self.signatures
        }

    @property
    def is_stateful(self) -> bool:
        """Whether it has RNNs that keep their state from one call to the next."""
        from pytest_modelcompat.loader import calls

        return self.is_keras and bool(calls.stateful_layers(self.model))

    def reset_states(self) -> None:
        """Set its stateful RNNs back to their first state, as each call does before it starts."""
        from pytest_modelcompat.loader import calls

        if self.is_keras:
            calls.reset_states(self.model)

    def sent(self, inputs: Any) -> Any:
        """Inputs of `call` as a loader takes them: a module's by the names they have in its SavedModel.

        Raises:
            SignatureMismatchError: they do not fit a signature.
        """
        if self.is_keras:
            return inputs
        return {name: _by_keyword(self.signatures[name], arguments) for name, arguments in inputs.items()}

    def input_names(self) -> tuple[str, ...]:
        """What a Keras model calls its inputs, in TensorFlow's order; empty where it names none."""
        tensors = getattr(self.model, "inputs", None) if self.is_keras else None
        return tuple(str(tensor.name).split(":")[0] for tensor in tensors or ())

    def named_outputs(self, outputs: Any) -> dict[str, Any]:
        """Outputs of `call` flattened to leaves by user-visible name."""
        from pytest_modelcompat.loader import calls, tensors

        return tensors.named_leaves(outputs, calls.output_names(self.model) if self.is_keras else None)

    def weights(self) -> tuple[WeightDigest, ...]:
        """Digests of its variables."""
        from pytest_modelcompat.loader import weights

        if self.is_keras:
            return weight_digests(weights.of_variables(self.model.weights))
        if _is_of(self.model, "tensorflow", "Module"):
            return weight_digests(weights.of_variables(self.model.variables))
        return weight_digests(weights.of_saved_object(self.model))

    def layers(self) -> Iterator[tuple[str, Any]]:
        """Every Keras layer at any depth, once, with its path of names; none for a plain `tf.Module`."""
        from pytest_modelcompat.loader import layers

        if self.is_keras:
            yield from layers.layers(self.model)

    def with_layers(self) -> Iterator[Any]:
        """The Keras model itself, and every layer in it."""
        yield self.model
        yield from (layer for _, layer in self.layers())

    def dtypes(self) -> list[str]:
        """The dtypes its layers compute in."""
        found = {getattr(layer, "compute_dtype", None) for _, layer in self.layers()}
        return sorted(str(dtype) for dtype in found if dtype)

    def defining_modules(self) -> dict[str, str]:
        """Name -> `module.qualname` of the user's own classes and functions: its layers and what they and it hold."""
        found: dict[str, str] = {}
        for held in self.with_layers() if self.is_keras else ():
            for candidate in own_objects(held):
                home = _defining_module(candidate)
                if home is not None:
                    found.setdefault(home.rpartition(".")[2], public_path(home, candidate))
        return found

    def nondeterministic_layers(self) -> list[UnsteadyLayer]:
        """Layers that can make two predictions differ: stateful, random, or of the user's own."""
        found = (UnsteadyLayer.of(path, layer) for path, layer in self.layers())
        return [each for each in found if each.module or each.is_stateful or each.draws]


def as_model_under_test(value: Any) -> ModelUnderTest:
    """Tell what kind of model a test returned.

    Raises:
        NotAModelError: it is neither a Keras model nor a `tf.Module` with a signature.
    """
    for package in KERAS_PACKAGES:
        if _is_of(value, package, "Model"):
            return ModelUnderTest(value, package)
        if _is_of(value, package, "Layer"):
            raise NotAModelError(
                f"the test returned a layer ({type(value).__name__}), which cannot be saved on its own; "
                "return a model that contains it"
            )
    if _is_of(value, "tensorflow", "Module") or _is_of(value, "tensorflow", "AutoTrackable"):
        return ModelUnderTest(value, None, _signatures(value))
    returned = "nothing" if value is None else f"a value of type {type(value).__name__}"
    raise NotAModelError(f"the test returned {returned}; return a Keras model, a tf.Module, or (model, inputs)")


def is_layer(value: Any) -> bool:
    """Whether it is a layer or a model, of any Keras."""
    return any(_is_of(value, package, "Layer") for package in KERAS_PACKAGES)


def _is_of(value: Any, package: str, name: str) -> bool:
    """Whether a class of this name from this package is among a value's, without importing the package."""
    return any((base.__module__.split(".")[0], base.__name__) == (package, name) for base in type(value).__mro__)


def _signatures(module: Any) -> Mapping[str, Any]:
    functions = {
        name: function
        for name, function in ((name, getattr(module, name, None)) for name in _function_names(module))
        if getattr(function, "input_signature", None) is not None
    }
    if not functions:
        raise NotAModelError(
            f"the tf.Module {type(module).__name__} has no signature to save; decorate a method with "
            "@tf.function(input_signature=[tf.TensorSpec(...)])"
        )
    if len(functions) == 1:
        return {"serving_default": next(iter(functions.values()))}
    return {"serving_default" if name == "__call__" else name: function for name, function in functions.items()}


def _function_names(module: Any) -> list[str]:
    names = [name for name in dir(type(module)) if name == "__call__" or not name.startswith("_")]
    return sorted({*names, *(name for name in vars(module) if not name.startswith("_"))})


def argument_specs(function: Any) -> dict[str, Any]:
    """The `tf.TensorSpec` of each argument of a function with an input signature, by argument name."""
    names = [name for name in inspect.signature(function.python_function).parameters if name != "self"]
    return dict(zip(names, function.input_signature, strict=False))


def _call_function(function: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    from pytest_modelcompat.loader import tensors

    outputs = function(*_positional(function, arguments))
    if not isinstance(outputs, dict) and not tensors.is_container(outputs):
        outputs = [outputs]
    return tensors.named_leaves(outputs)


def _positional(function: Any, arguments: Any) -> list[Any]:
    """A function's arguments as tensors, in its own order: given by name, in order, or just the only one."""
    from pytest_modelcompat.loader import calls, tensors

    specs = argument_specs(function)
    values = _in_order(list(specs), arguments)
    if values is None:
        raise calls.SignatureMismatchError(
            f"the function takes {', '.join(specs) or 'no arguments'}; give a dict of these names, or a list in this "
            "order"
        )
    return [_fitted(tensors.as_leaves(value), spec) for value, spec in zip(values, specs.values(), strict=True)]


def _in_order(names: list[str], arguments: Any) -> list[Any] | None:
    if isinstance(arguments, dict) and set(arguments) == set(names):
        return [arguments[name] for name in names]
    if len(names) == 1 and not isinstance(arguments, dict):
        return [arguments]
    if isinstance(arguments, (list, tuple)) and len(arguments) == len(names):
        return list(arguments)
    return None


def _fitted(value: Any, spec: Any) -> Any:
    """Nested leaves as tensors of the dtypes of an equally nested spec."""
    from pytest_modelcompat.loader import calls

    if isinstance(spec, dict):
        return {key: _fitted(value[key], each) for key, each in spec.items()}
    if isinstance(spec, (list, tuple)) and not hasattr(spec, "dtype"):
        return [_fitted(part, each) for part, each in zip(value, spec, strict=True)]
    return calls.to_tensor(value, spec.dtype)


def _by_keyword(function: Any, arguments: Any) -> dict[str, Any]:
    """A function's arguments by the names that `tf.saved_model.save` gives them, ragged and sparse ones in parts."""
    import tensorflow as tf

    from pytest_modelcompat.loader import tensors

    keywords = function.get_concrete_function()._arg_keywords  # noqa: SLF001 - what tf.saved_model.save goes by
    flat = tf.nest.flatten(_positional(function, arguments), expand_composites=True)
    return {name: tensors.as_leaf(part) for name, part in zip(keywords, flat, strict=True)}


def sublayers(parent: Any) -> list[Any]:
    """The layers that Keras tracks in a layer or model, in whatever attribute."""
    from pytest_modelcompat.loader import layers

    return layers.sublayers(parent)


def own_objects(held: Any) -> Iterator[Any]:
    """A layer or model, and the classes, functions and objects that it was given, as its losses and its metrics."""
    seen: set[int] = set()
    waiting = [(held, 0)]
    while waiting:
        each, depth = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if depth < _DEEPEST:
            waiting.extend((inner, depth + 1) for inner in _held_by(each, is_root=depth == 0))


def _held_by(each: Any, *, is_root: bool) -> Iterator[Any]:
    if isinstance(each, dict):
        yield from each.values()
    elif isinstance(each, (list, tuple, set)):
        yield from each
    elif is_root or any(word in type(each).__module__ for word in _HOLDERS):
        yield from getattr(each, "__dict__", {}).values()


def _defining_module(candidate: Any) -> str | None:
    """Where a class, a function or an object's class is defined; None if that is no module of the user's."""
    if not inspect.isclass(candidate) and not inspect.isfunction(candidate):
        candidate = type(candidate)
    module = str(getattr(candidate, "__module__", "builtins"))
    if module.split(".", maxsplit=1)[0] in (*KERAS_PACKAGES, "builtins", "tensorflow", "numpy", "collections"):
        return None
    return f"{module}.{candidate.__qualname__}"


def installed_keras() -> str:
    """The package `tf.keras` means here: `tf_keras` where TF_USE_LEGACY_KERAS asks for it, else `keras`."""
    return "tf_keras" if uses_legacy_keras(os.environ) else "keras"


def _draws_numbers(layer: Any) -> bool:
    """Whether a layer is a random one, except where it drops out nothing, as recurrent cells do by default."""
    if not any(word in type(layer).__name__ for word in RANDOM_LAYERS) and not hasattr(layer, "seed_generator"):
        return False
    rates = [getattr(layer, name, None) for name in ("rate", "dropout", "recurrent_dropout")]
    given = [rate for rate in rates if isinstance(rate, (int, float))]
    return not given or any(given)


def _is_stateful(layer: Any) -> bool:
    """Whether a layer keeps a state that nothing resets before a call, as that of an RNN is."""
    from pytest_modelcompat.loader import calls

    can_reset = hasattr(layer, "reset_states") or hasattr(layer, "reset_state")
    return bool(getattr(layer, "stateful", False)) and can_reset and not calls.is_stateful_rnn(layer)
