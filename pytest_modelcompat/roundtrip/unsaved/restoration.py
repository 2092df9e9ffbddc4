"""Whether what is not saved is why a loaded model predicts something else: made again without it, and with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.roundtrip.classes.code import is_plain
from pytest_modelcompat.roundtrip.rebuilt.copy import copy_of, fits
from pytest_modelcompat.roundtrip.unsaved.values import differ, is_there, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.comparison.routes import Outputs, Tolerances
    from pytest_modelcompat.roundtrip.model import ModelUnderTest
    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument

# Whether a model, called by what it is given, predicts as another one.
Agrees = Callable[[Callable[[], Mapping[str, Any]]], bool]
# Of so many arguments each is tried alone, for which the model is made again once more.
_MOST_TRIED = 4


def decisive_arguments(
    model: ModelUnderTest,
    inputs: Any,
    unsaved: Sequence[UnsavedArgument],
    agrees: Agrees,
) -> tuple[UnsavedArgument, ...]:
    """The arguments by which alone a model that is made again predicts something else; empty where that is not proven.

    It is proven where the model, made again from its configuration in this process, does not predict as it did, and
    does so once the configuration has the arguments too.

    Args:
        model: the live model.
        inputs: nested inputs that it takes.
        unsaved: its arguments that are not saved.
        agrees: whether a model that is made again predicts as it did.
    """
    tried = [each for each in unsaved if each.predicts and is_plain(each.given.value)]

    def holds_with(given: Sequence[UnsavedArgument]) -> bool:
        call = _made_with(given, model, inputs)
        return call is not None and agrees(call)

    try:
        if not tried or holds_with([]) or not holds_with(tried):
            return ()
        if len(tried) == 1 or len(tried) > _MOST_TRIED:
            return tuple(tried)
        needed = [each for each in tried if not holds_with([other for other in tried if other is not each])]
        # None is where each makes up for another.
        return tuple(needed or tried)
    except Exception:  # noqa: BLE001 - it runs the user's code; the findings stand without
        return ()


def predicts_as(
    expected: Outputs, stochastic: Sequence[str], allowed: Tolerances, call: Callable[[], Mapping[str, Any]]
) -> bool:
    """Whether a model gives the outputs that are expected.

    Args:
        expected: by name, with samples of those that draw random numbers.
        stochastic: the names of these.
        allowed: the tolerance of an output.
        call: calls the model once; its outputs by name.
    """
    from pytest_modelcompat.loader import samples

    outputs = samples.over_calls({"": dict(call())}, lambda: {"": dict(call())}, stochastic)
    return compare_outputs(outputs[""], expected, allowed).holds


def _made_with(
    given: Sequence[UnsavedArgument], model: ModelUnderTest, inputs: Any
) -> Callable[[], Mapping[str, Any]] | None:
    """A call of the model as it is made of a configuration that has these arguments, too; None where that fails."""
    with contextlib.ExitStack() as stack:
        for layer in model.with_layers():
            entries = {each.given.name: each.given.value for each in given if _has_lost(layer, each)}
            if entries:
                stack.enter_context(_configured(layer, entries))
        copy = copy_of(model, inputs)
    if copy is None or not fits(model, copy):
        return None
    copy.set_weights(model.model.get_weights())
    again = replace(model, model=copy)
    return lambda: again.named_outputs(again.call(inputs))


def _has_lost(layer: Any, unsaved: UnsavedArgument) -> bool:
    if layer is unsaved.held:
        return True
    if type(layer) is not type(unsaved.held) or not unsaved.given.at:
        return False
    value = value_at(layer, unsaved.given.at)
    return is_there(value) and not differ(value, unsaved.given.value)


@contextlib.contextmanager
def _configured(layer: Any, entries: Mapping[str, Any]) -> Iterator[None]:
    """Have a layer's configuration say more, until the block ends."""
    get_config = layer.get_config
    # Keras watches what is assigned to a layer; this is none of its business.
    object.__setattr__(layer, "get_config", lambda: {**get_config(), **entries})
    try:
        yield
    finally:
        object.__delattr__(layer, "get_config")
