"""Nested models: a model inside a functional model, whose calls Keras 2 counts from 1 and Keras 3 from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.calls import calls_of
from pytest_modelcompat.artifacts.keras.nodes import MODEL_CLASSES, nodes_of
from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.compatibility.context import CompatibilityContext

    Path = tuple[str, ...]

# The last release of each of these says that the graph is disconnected; all other Keras 3 wait for ever. Measured.
_NOTICING = frozenset({(3, 12), (3, 14), (3, 15)})
# From this version on Keras 3 counts as Keras 2 does where a model ends in another one, unless that is a Sequential.
_COUNTS_ENDS = (3, 3)
_NEVER = 1 << 30


def miscounted_calls(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings where Keras 3 looks for the call of a nested model under an index that does not exist."""
    if context.reader_major != 3 or context.inventory.format != "h5":
        return
    functional = [(path, config) for path, config in context.models if "output_layers" in config]
    waited_for = [name for path, config in functional for name in _missing(path, config, _inputs(config))]
    ends = [name for path, config in functional for name in _missing(path, config, _ends(context, config))]
    if waited_for:
        yield _endless(context, waited_for)
    elif ends:
        yield _finding(context, ends, "and finds no such output: list index out of range")


def lost_nested_outputs(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a .keras file's model ends in another one, whose output the first Keras 3 did not find again."""
    if context.inventory.format != "keras" or context.reader_major != 3 or context.reader >= _COUNTS_ENDS:
        return
    functional = [(path, config) for path, config in context.models if "output_layers" in config]
    ends = [name for path, config in functional for name in _missing(path, config, _ends(context, config))]
    if ends:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="nested model",
            where=first_few(layer_location(path) for path in ends),
            cause=f"the model ends in another model, whose output {context.reader_name} looks up under an index "
            "that does not exist: list index out of range",
            fix=(fixes.upgrade_keras(_COUNTS_ENDS), fixes.RE_SAVE_AS_SAVED_MODEL),
            stage=Stage.BUILD,
            source="keras-team/keras#19326",
        )


def _endless(context: CompatibilityContext, paths: list[Path]) -> Finding:
    if context.reader in _NOTICING:
        return _finding(context, paths, "and takes the layers that follow it for disconnected")
    return _finding(context, paths, "and waits without end for the one that is missing", Kind.NEVER_ENDS)


def _finding(
    context: CompatibilityContext, paths: list[Path], consequence: str, kind: Kind = Kind.CONFIG_CHANGED
) -> Finding:
    return Finding(
        kind,
        subject="nested model",
        where=first_few(layer_location(path) for path in paths),
        cause=f"Keras 2 counts the calls of a model inside a model from 1; {context.reader_name} counts them from 0, "
        f"{consequence}",
        fix=fixes.other_keras(context),
        stage=Stage.HANG if kind is Kind.NEVER_ENDS else Stage.BUILD,
        source="keras-team/keras#19669",
    )


def _missing(path: Path, config: Mapping[str, Any], references: Iterator[tuple[str, int]]) -> list[Path]:
    """Nested models that are referred to by a number of a call that none of their calls has in Keras 3."""
    calls = _calls(config)
    return [(*path, name) for name, number in references if number >= calls.get(name, number + 1)]


def _calls(config: Mapping[str, Any]) -> dict[str, int]:
    """How often each model nested in a functional one is called."""
    nested = (node for node in nodes_of(config) if str(node.get("class_name")) in MODEL_CLASSES)
    return {str(node.get("name")): len(calls_of(node)) for node in nested}


def _inputs(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for node in nodes_of(config):
        for position, call in enumerate(calls_of(node)):
            for name, number in _references(call):
                # A model that is applied to its own output waits for the very call that it is to make.
                waits_for_itself = name == node.get("name") and number >= position
                yield name, _NEVER if waits_for_itself else number


def _ends(context: CompatibilityContext, config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    right = frozenset[str]()
    if context.reader >= _COUNTS_ENDS:
        right = frozenset(str(node.get("name")) for node in nodes_of(config) if node.get("class_name") != "Sequential")
    return (each for each in _references(config.get("output_layers")) if each[0] not in right)


def _references(value: Any) -> Iterator[tuple[str, int]]:
    """Every `["dense", 0, 0]` in Keras 2's lists; Keras 3's own nodes are objects, whose numbers it reads right."""
    if not isinstance(value, list):
        return
    if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
        yield value[0], value[1]
    for each in value:
        yield from _references(each)
