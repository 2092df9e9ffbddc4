"""What is said of layers that draw random numbers at inference: which, why, and what keeps them from it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.roundtrip.inputs.call_arguments import (
    call_line,
    is_called_to_train,
    takes_training,
    training_default,
)
from pytest_modelcompat.roundtrip.save import is_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.roundtrip.draws.random_draws import RandomDraw

_MOST_NAMED = 3
_STILL_TRAINS = "fit() still trains with it"


def why_not_held(draws: Sequence[RandomDraw]) -> str:
    """Why `tf.saved_model.save()` raised: as a sentence.

    Args:
        draws: the layers that draw in what it traces.
    """
    return (
        f"{_who(draws)} random numbers where a model is called without `training`, as tf.saved_model.save() calls "
        f"it and each model in it ({_reason(draws[0])}), and a SavedModel does not reach its seed generator"
    )


def why_other_outputs(draws: Sequence[RandomDraw]) -> str:
    """Why an exported model predicts something else at every call: as a sentence.

    Args:
        draws: the layers that draw in it.
    """
    return (
        f"{_who(draws)} random numbers at inference in the SavedModel, which holds the model as it is called without "
        f"`training` ({_reason(draws[0])})"
    )


def places(draws: Sequence[RandomDraw]) -> tuple[str, ...]:
    """The layers with their reasons, one each."""
    return first_few(f"{_name(draw)}: {_reason(draw)}" for draw in draws)


def fixes(draws: Sequence[RandomDraw]) -> tuple[str, ...]:
    """What keeps the layers from drawing at inference, a line each."""
    return tuple(dict.fromkeys(line for draw in draws for line in _fix(draw, draws)))


def _who(draws: Sequence[RandomDraw]) -> str:
    return f"{listed(map(_name, draws), _MOST_NAMED, 'and')} {'draws' if len(draws) == 1 else 'draw'}"


def _name(draw: RandomDraw) -> str:
    kind = type(draw.layer).__name__
    return f"{draw.path} ({kind})" if draw.path else kind


def _reason(draw: RandomDraw) -> str:
    if training_default(draw.layer):
        return "its call() has training=True by default"
    if is_called_to_train(draw.layer):
        return "the model calls it with training=True"
    if _is_lambda(draw.layer) or not takes_training(draw.layer):
        return "it draws whether the model trains or not"
    return (
        f"{type(draw.holders[-1]).__name__}.call() has it train" if draw.holders else "it draws without training, too"
    )


def _fix(draw: RandomDraw, draws: Sequence[RandomDraw]) -> Iterator[str]:
    layer, holder = draw.layer, draw.holders[-1] if draw.holders else None
    if is_called_to_train(layer) and not training_default(layer):
        yield f"call it without training=True: {_constructor(layer)}(x)"
    elif _is_own(layer) and (training_default(layer) or not takes_training(layer)):
        yield from _own_call(layer)
    elif _is_lambda(layer) or holder is None:
        yield from _words_for(layer)
    elif not is_graph(holder):
        yield from _in_call(draw, holder)
    elif _is_sequential(holder):
        yield from _one_by_one(draw, draws)
    else:
        yield f"{_constructor(layer)}(x, training=False)"
        yield f"which is for calls that give no `training`: {_STILL_TRAINS}"


def _words_for(layer: Any) -> Iterator[str]:
    if _is_lambda(layer):
        yield f"put a layer that draws only where training is true, such as {_constructor(layer, 'GaussianNoise')},"
        yield "in place of the Lambda"
    else:
        yield f"draw only where training is true, in {type(layer).__name__}.call()"


def _is_lambda(layer: Any) -> bool:
    return type(layer).__name__ == "Lambda" and not _is_own(layer)


def _is_own(layer: Any) -> bool:
    return not is_of_keras(type(layer).__module__)


def _is_sequential(layer: Any) -> bool:
    return any(base.__name__ == "Sequential" for base in type(layer).__mro__)


def _constructor(layer: Any, name: str = "") -> str:
    """How a layer is made, but for its arguments: by its public name where it is one of Keras' own."""
    name = name or type(layer).__name__
    public = not _is_own(layer) and hasattr(importlib.import_module("keras").layers, name)
    return f"{'keras.layers.' if public else ''}{name}(...)"


def _own_call(layer: Any) -> Iterator[str]:
    if takes_training(layer):
        yield f"let training be False by default, in {type(layer).__name__}:"
        yield call_line(layer)
    else:
        yield f"draw only where training is true, in {type(layer).__name__}:"
        yield call_line(layer)
        yield "    if not training:"
        yield "        return ...  # what it gives without a draw, such as the mean"


def _in_call(draw: RandomDraw, holder: Any) -> Iterator[str]:
    """The model's own `call()`, which calls the layer."""
    attribute = _attribute(holder, draw.layer)
    yield f"pass `training` on, in {type(holder).__name__}:"
    yield call_line(holder)
    yield f"    ... {attribute}(x, training=training)"


def _attribute(holder: Any, layer: Any) -> str:
    found = (name for name, value in vars(holder).items() if value is layer and not name.startswith("_"))
    return f"self.{next(found, layer.name)}"


def _one_by_one(draw: RandomDraw, draws: Sequence[RandomDraw]) -> Iterator[str]:
    """A sequential model gives its layers no argument: a functional one in its place does."""
    outer = next(end for end, each in enumerate(draw.holders) if _is_sequential(each))
    sequential, around = draw.holders[outer], draw.holders[outer - 1] if outer else None
    if around is not None and not is_graph(around):
        attribute = _attribute(around, sequential)
        yield f"hold its layers rather than the Sequential, and call each, in {type(around).__name__}:"
        yield f"{attribute} = keras.Sequential([...]).layers"
        yield call_line(around)
        yield f"    for layer in {attribute}:"
        yield "        x = layer(x, training=training)"
        return
    name = "model" if around is None else str(sequential.name)
    drawing = [each.holders for each in draws]
    yield f"a Sequential gives its layers no `training`: call each of them ({_STILL_TRAINS}),"
    if around is not None:
        yield f"in place of {name}(x):"
        yield from _loop(sequential, name, drawing)
        return
    yield "and return a functional model:"
    yield f"x = {name}.inputs[0]"
    yield from _loop(sequential, name, drawing)
    yield f"model = keras.Model({name}.inputs, x)"


def _loop(sequential: Any, name: str, drawing: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield f"for layer in {_flat(sequential, name, drawing)}:"
    yield "    x = layer(x, training=False)"


def _flat(sequential: Any, name: str, drawing: Sequence[Sequence[Any]]) -> str:
    """The layers of a sequential model as code, those of sequential models in it that draw in their place."""
    parts = []
    layers = list(sequential.layers)
    for position, layer in enumerate(layers):
        if _is_sequential(layer) and any(layer is each for holders in drawing for each in holders):
            parts.append(f"*{_flat(layer, f'{name}.layers[{position}]', drawing)}")
        else:
            parts.append(f"{name}.layers[{position}]")
    return f"{name}.layers" if not any(part.startswith("*") for part in parts) else f"[{', '.join(parts)}]"
