"""Edits of the connections of functional models: numbers of calls, ends, and arguments of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.migration.configuration.calls import (
    CONSTANT,
    arguments_of,
    call_of,
    is_reference,
    references,
    structure_of,
)
from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Keras 3.3 was the first to count the calls of a model that another one ends in as Keras 2 does, if it is no
# Sequential; 3.4 the first to read one output that stands in no list. Read in its sources.
_COUNTS_ENDS = (3, 3)
_READS_BARE_TENSORS = (3, 4)
_ENDS = ("input_layers", "output_layers")
_RECURRENT = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"})

# Arguments of their calls, which Keras 2's Bidirectional writes as None where the tensors stand in the first one.
_STATES = ("initial_state", "constants")


def _functional(draft: Draft, target: Target) -> Iterator[Node]:
    if target.is_up:
        yield from (each for each in draft.layers() if "output_layers" in each.config)


def _numbers_of_calls(draft: Draft, target: Target) -> Iterator[Change]:
    for model in _functional(draft, target):
        inner = {str(each.get("name")): each for each in nodes_of(model.config) if _is_inner_model(each)}
        for name, node in inner.items():
            yield from _counted_from_0(model, name, node, target)


def _counted_from_0(model: Node, name: str, node: Mapping[str, Any], target: Target) -> Iterator[Change]:
    inside = [each for other in nodes_of(model.config) for each in references(other.get("inbound_nodes"))]
    inside = [each for each in inside if each[0] == name]
    ends = [each for each in references(model.config["output_layers"]) if each[0] == name]
    numbers = {each[1] for each in (*inside, *ends)}
    calls = node.get("inbound_nodes")
    # Each call is kept because of what follows it, so that the numbers tell from where they are counted.
    if not numbers or not isinstance(calls, list) or numbers != set(range(min(numbers), min(numbers) + len(calls))):
        return
    first = min(numbers)
    counts_ends = target.reader >= _COUNTS_ENDS and node.get("class_name") != "Sequential"
    moved = [(each, 0) for each in inside] + [(each, int(counts_ends)) for each in ends]
    for each, start in moved:
        number = each[1] - first + start
        if number != each[1]:
            yield change(model, f"{name}, call {each[1]}", f"{name}, call {number}")
            each[1] = number


def _is_inner_model(node: Mapping[str, Any]) -> bool:
    config = node.get("config")
    return node.get("class_name") == "Sequential" or (isinstance(config, dict) and "layers" in config)


def _bare_ends(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader < _READS_BARE_TENSORS:
        return
    for model in _functional(draft, target):
        for key in _ENDS:
            ends = model.config.get(key)
            if isinstance(ends, list) and len(ends) == 1 and is_reference(ends[0]):
                model.config[key] = ends[0]
                yield change(model, f"{key}={ends}", f"{key}={ends[0]}")


def _arguments_of_calls(draft: Draft, target: Target) -> Iterator[Change]:
    for model in _functional(draft, target):
        names = {str(each.get("name")) for each in nodes_of(model.config)}
        for node in nodes_of(model.config):
            calls: Any = node.get("inbound_nodes")
            for position, call in enumerate(calls if isinstance(calls, list) else ()):
                written = _written(node, call, names)
                if written is not None:
                    calls[position] = written
                    # It is built when it is called; `build` takes a shape for each of several arguments.
                    node.pop("build_config", None)
                    yield change(model, f"call of {node.get('name')}", "args, kwargs")


def _written(node: Mapping[str, Any], call: Any, names: set[str]) -> dict[str, Any] | None:
    """A call in Keras 3's way, where Keras 3 does not take it in Keras 2's; else None."""
    is_old = isinstance(call, list) or (isinstance(call, dict) and "args" not in call)
    found = list(references(call)) if is_old and call else []
    if not found or any(each[0] == CONSTANT or each[0] not in names for each in found):
        return None
    first, further = structure_of(call), dict(arguments_of(call))
    states = _states(node, first, further)
    if states is not None:
        others = {key: value for key, value in further.items() if key not in _STATES}
        return call_of(first[0], others | {"initial_state": states})
    if isinstance(call, dict) or any(True for _ in references(further)) or _is_nested(first):
        return call_of(first, further)
    return None


def _states(node: Mapping[str, Any], first: Any, further: Mapping[str, Any]) -> list[Any] | None:
    """The states at the start that Keras 2's recurrent layers take after their inputs, as one list."""
    if node.get("class_name") not in _RECURRENT or not isinstance(first, list) or is_reference(first):
        return None
    if any(further.get(key) is not None for key in _STATES) or (node.get("config") or {}).get("num_constants"):
        return None
    return first[1:] if len(first) > 1 and all(map(is_reference, first)) else None


def _is_nested(first: Any) -> bool:
    return isinstance(first, list) and not is_reference(first) and not all(map(is_reference, first))


EDITS = (
    Edit(
        "count-calls-from-0",
        what="the number of a nested model's call is counted as {reader} counts it",
        because="{writer} counts the call that made the nested model itself as the first, where that begins with an "
        "InputLayer; the connection is the same one",
        source="keras-team/keras#19669",
        wrong_if="the numbers that the file names are not as many as the calls, one after the other",
        apply=_numbers_of_calls,
        is_unseen=True,
    ),
    Edit(
        "one-input-or-output-alone",
        what="the only input or output of a model is written alone, not in a list of one",
        because="{writer} takes a list of one for the tensor in it, and {reader} for a list",
        source="tensorflow/tensorflow#63853",
        wrong_if="{reader} is older than Keras 3.4, which cannot read it",
        apply=_bare_ends,
        is_unseen=True,
    ),
    Edit(
        "arguments-of-calls",
        what="what a layer is called with is written as {reader} writes it",
        because="{reader} takes tensors only from the first argument of a call that is written as {writer} does it; "
        "layer, argument and tensor are the same",
        source="deserialize_node in keras/src/models/functional.py of {reader}",
        wrong_if="a call has a constant among its tensors, or constants of a recurrent layer",
        apply=_arguments_of_calls,
        is_unseen=True,
    ),
)
