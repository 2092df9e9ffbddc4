"""Calls: what a functional model of Keras 2 calls its layers with, of which Keras 3 reads less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.calls import calls_of, sources_of
from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.compatibility.context import CompatibilityContext

_FURTHER = 3
# Up to Keras 2 these take the states at the start as further tensors of their first argument.
_RECURRENT = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"})


def unread_calls(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for the layers with a call of Keras 2 whose tensors Keras 3 does not find, or takes for others."""
    if context.reader_major != 3 or not context.is_keras_file:
        return
    paths = [
        (*path, str(node.get("name")))
        for path, config in context.models
        for node in nodes_of(config)
        if any(_is_unread(node, call, _names(config)) for call in calls_of(node))
    ]
    if paths:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="call",
            where=first_few(layer_location(path) for path in paths),
            cause=f"it is called with tensors by name or after its first argument, and {context.reader_name} looks up "
            f"only those of the first argument in a file of {context.writer_name}",
            fix=fixes.other_keras(context),
            stage=Stage.BUILD,
            source="measured",
        )


def _names(config: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(node.get("name")) for node in nodes_of(config))


def _is_unread(node: Mapping[str, Any], call: Any, names: frozenset[str]) -> bool:
    if isinstance(call, dict):
        # Keras 3's own calls have these two keys.
        return not {"args", "kwargs"}.issubset(call) and not names.isdisjoint(sources_of(call))
    if not isinstance(call, list):
        return False
    tensors = [each for each in call if isinstance(each, list)]
    further = [value for each in tensors for value in each[_FURTHER:]]
    is_with_states = str(node.get("class_name")) in _RECURRENT and len(tensors) > 1
    return is_with_states or not names.isdisjoint(sources_of(further))
