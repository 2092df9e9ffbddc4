"""Edits of calls that a first Keras 3 gives up on, because what they are given comes from a later layer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Keras 3.6 gives up and 3.9 does not; what lies between reads both. `keras/src/models/functional.py`.
_TRIES_AGAIN = (3, 9)
_TENSOR = "__keras_tensor__"


def _calls_to_try_again(draft: Draft, target: Target) -> Iterator[Change]:
    if not KERAS_3 <= target.reader < _TRIES_AGAIN:
        return
    for node in draft.layers():
        layers = node.config.get("layers")
        if not isinstance(layers, list) or "output_layers" not in node.config:
            continue
        written = [(calls, place, _as_list(calls[place])) for calls, place in _early(layers)]
        if all(new is not None for _, _, new in written):
            for calls, place, new in written:
                calls[place] = new
            if written:
                yield change(node, before=f"{len(written)} calls by name", after="the same calls as lists")


def _early(layers: list[Any]) -> list[tuple[list[Any], int]]:
    """Each call that comes up before what it is given, in the order in which a reader takes them."""
    done: Counter[str] = Counter(str(each["name"]) for each in layers if not each["inbound_nodes"])
    next_calls = {str(each["name"]): 0 for each in layers}
    early: dict[tuple[str, int], tuple[list[Any], int]] = {}
    moved = True
    while moved:
        moved = False
        for layer in layers:
            name, calls = str(layer["name"]), layer["inbound_nodes"]
            while next_calls[name] < len(calls):
                place = next_calls[name]
                if any(done[source] <= number for source, number in _sources(calls[place])):
                    if isinstance(calls[place], dict):
                        early[name, place] = calls, place
                    break
                done[name] += 1
                next_calls[name] += 1
                moved = True
    return list(early.values())


def _sources(value: Any) -> Iterator[tuple[str, int]]:
    """The layer and the number of the call of every tensor in a call."""
    if isinstance(value, dict) and value.get("class_name") == _TENSOR:
        name, number, _ = value["config"]["keras_history"]
        yield name, number
    elif isinstance(value, dict):
        for each in value.values():
            yield from _sources(each)
    elif isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
        yield value[0], value[1]
    elif isinstance(value, list):
        for each in value:
            yield from _sources(each)


def _as_list(call: Mapping[str, Any]) -> list[Any] | None:
    """A call as a list of tensors, each with the further arguments; None where it cannot be one."""
    args, kwargs = call.get("args", []), call.get("kwargs", {})
    tensors = args[0] if len(args) == 1 and isinstance(args[0], list) and len(args[0]) > 1 else args
    is_list = tensors is not args or len(args) == 1
    if not is_list or not all(isinstance(each, dict) and each.get("class_name") == _TENSOR for each in tensors):
        return None
    if any(isinstance(each, dict | list) for each in kwargs.values()):
        return None
    return [[*each["config"]["keras_history"], dict(kwargs)] for each in tensors]


EDITS = (
    Edit(
        "calls-to-try-again",
        what="a call that comes up before what it is given is written as a list, as Keras 2 does",
        because="{reader} takes such a list up again later, where it gives up on a call by name; the tensors and "
        "arguments are the same",
        source="keras/src/models/functional.py of Keras 3.3 to 3.6, deserialize_node",
        wrong_if="the call has tensors among its further arguments, which such a list does not hold",
        apply=_calls_to_try_again,
        is_unseen=True,
    ),
)
