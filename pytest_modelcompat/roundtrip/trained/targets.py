"""Targets for a compiled model's loss: given, or derived from its outputs and its losses, from a fixed seed."""

from __future__ import annotations

import importlib
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.loader import tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.random import Generator

# Parts of the names of losses, without `_`, in the order in which they tell, and what their targets are.
_BY_NAME = (
    ("generalizedcrossentropy", "classes"),
    ("sparse", "classes"),
    ("ctc", "none"),
    ("circle", "none"),
    ("binary", "bits"),
    ("bce", "bits"),
    ("categorical", "one-hot"),
    ("kldivergence", "one-hot"),
    ("kullback", "one-hot"),
    ("kld", "one-hot"),
    ("hinge", "bits"),
    ("dice", "bits"),
    ("tversky", "bits"),
    ("poisson", "counts"),
    ("logarithmic", "positive"),
    ("percentage", "positive"),
    ("msle", "positive"),
    ("mape", "positive"),
    ("meansquarederror", "numbers"),
    ("meanabsoluteerror", "numbers"),
    ("mse", "numbers"),
    ("mae", "numbers"),
    ("huber", "numbers"),
    ("logcosh", "numbers"),
    ("cosine", "numbers"),
)
# What a loss of the user's may take; both sides are given the same, so that any that it takes will do.
_GUESSES = ("numbers", "bits", "classes")


class NoTargetsError(Exception):
    """No targets can be derived; the message says for which output, and why."""


def given_targets(value: Any) -> Any:
    """The targets that the option `train` gives, as nested arrays; None where it gives none.

    Args:
        value: targets, a function that gives them, or its place as `module:function`.

    Raises:
        TypeError: they are no arrays.
    """
    if isinstance(value, str):
        module, _, name = value.partition(":")
        value = attrgetter(name.strip())(importlib.import_module(module.strip()))
    return tensors.as_leaves(value() if callable(value) else value)


def derived_targets(outputs: Any, loss: Any, names: Sequence[str], seed: int) -> Iterator[Any]:
    """Nested targets to try, of the nesting of the outputs; the first with which the loss is a number will do.

    Args:
        outputs: the model's, nested arrays.
        loss: what `compile()` was given as loss: one, or several nested in a list or dict.
        names: of the outputs in a list, as the model has them.
        seed: of the numbers.

    Raises:
        NoTargetsError: of an output nothing can be derived.
    """
    for guess in _GUESSES:
        rules: list[str] = []
        yield _nested(outputs, loss, list(names), _Draws(seed, guess, rules))
        if "guess" not in rules:
            # They are known, not guessed.
            return


class _Draws:
    """Draws the target of each output in turn.

    Args:
        seed: of the numbers.
        guess: what to draw where the loss does not tell.
        rules: filled with what told for each.
    """

    def __init__(self, seed: int, guess: str, rules: list[str]) -> None:
        import numpy as np

        self._generator: Generator = np.random.default_rng(seed)
        self._guess, self._rules = guess, rules

    def target(self, output: Any, loss: Any, name: str) -> Any:
        """The target of one output: an array."""
        words = loss_words(loss)
        kind = next((kind for part, kind in _BY_NAME if part in words), "guess")
        if kind == "none" or not _is_of_numbers(output):
            raise NoTargetsError(f"what the loss takes for the output {name!r} does not follow from its shape")
        self._rules.append(kind)
        draw = _DRAWS[self._guess if kind == "guess" else kind]
        return draw(self._generator, output.shape, _axis(loss))


def _is_of_numbers(output: Any) -> bool:
    dtype = getattr(output, "dtype", None)
    return dtype is not None and (dtype.kind in "fiub" or str(dtype) == "bfloat16")


def loss_words(loss: Any) -> str:
    """The names by which a loss is known, in small letters without `_`: of its class and its bases, or its function."""
    if loss is None:
        return "numbers mse"
    if isinstance(loss, str):
        names = [loss]
    elif hasattr(loss, "__name__"):
        names = [loss.__name__]
    else:
        names = [each.__name__ for each in type(loss).__mro__ if each.__name__ not in ("object", "Loss")]
        names.append(str(getattr(getattr(loss, "fn", None), "__name__", "")))
    return " ".join(names).replace("_", "").lower()


def _axis(loss: Any) -> int:
    """Along which axis of an output its classes are."""
    arguments = getattr(loss, "_fn_kwargs", None)
    axis = arguments.get("axis", -1) if isinstance(arguments, dict) else getattr(loss, "axis", -1)
    return axis if isinstance(axis, int) else -1


def _nested(outputs: Any, loss: Any, names: list[str], draws: _Draws) -> Any:
    if isinstance(outputs, dict):
        keys = list(outputs)
        losses = {key: _loss_of(loss, key, position) for position, key in enumerate(sorted(keys))}
        return {key: draws.target(outputs[key], losses[key], key) for key in keys}
    if tensors.is_container(outputs):
        named = names if len(names) == len(outputs) else [f"output_{position}" for position in range(len(outputs))]
        found = [
            draws.target(each, _loss_of(loss, name, position), name)
            for position, (each, name) in enumerate(zip(outputs, named, strict=True))
        ]
        return tuple(found) if isinstance(outputs, tuple) else found
    only = next(iter(loss.values()), None) if isinstance(loss, dict) else _loss_of(loss, "", 0)
    return draws.target(outputs, only, names[0] if names else "output")


def _loss_of(loss: Any, name: str, position: int) -> Any:
    if isinstance(loss, dict):
        return loss.get(name)
    if isinstance(loss, (list, tuple)):
        return loss[position] if position < len(loss) else None
    return loss


def _classes(generator: Generator, shape: tuple[int, ...], axis: int) -> Any:
    if not shape or not -len(shape) <= axis < len(shape):
        axis = len(shape) - 1
    count = shape[axis] if shape else 1
    left = [size for position, size in enumerate(shape) if position != axis % max(len(shape), 1)]
    return generator.integers(0, max(count, 1), left).astype("int32")


def _one_hot(generator: Generator, shape: tuple[int, ...], axis: int) -> Any:
    import numpy as np

    if not shape or not -len(shape) <= axis < len(shape):
        return generator.integers(0, 2, shape).astype("float32")
    chosen = np.expand_dims(_classes(generator, shape, axis), axis)
    places = np.arange(shape[axis]).reshape([-1 if each == axis % len(shape) else 1 for each in range(len(shape))])
    return (places == chosen).astype("float32")


_DRAWS: dict[str, Callable[[Generator, tuple[int, ...], int], Any]] = {
    "classes": _classes,
    "one-hot": _one_hot,
    "bits": lambda generator, shape, _: generator.integers(0, 2, shape).astype("float32"),
    "counts": lambda generator, shape, _: generator.integers(0, 5, shape).astype("float32"),
    "positive": lambda generator, shape, _: generator.uniform(0.5, 1.5, shape).astype("float32"),
    "numbers": lambda generator, shape, _: generator.normal(size=shape).astype("float32"),
}
