"""Pastes: code for what only a person can supply, ready to be completed, and the options that hand it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lookups import without_vocabulary
from pytest_modelcompat.migration.edits.operations import graphs, own_classes
from pytest_modelcompat.migration.needs.ways import is_of_keras
from pytest_modelcompat.migration.operations.conversion import Conversion
from pytest_modelcompat.migration.operations.graph import OPERATIONS
from pytest_modelcompat.migration.operations.own_layers import layer_stub, stub_name
from pytest_modelcompat.migration.operations.remains import left_operations
from pytest_modelcompat.migration.stubs import (
    MODULE_FILE,
    REPLACED,
    changed_class,
    function,
    hard_sigmoid,
    identifier,
    is_name,
    layer_class,
    recurrent_class,
)
from pytest_modelcompat.migration.target import KERAS_3
from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding

_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
# Role of a function -> what it is called with.
_ARGUMENTS = {"activation": "x", "loss": "y_true, y_pred", "metric": "y_true, y_pred"}
_BYTECODE = (Kind.LAMBDA_REFUSED, Kind.PYTHON_BYTECODE)


@dataclass(frozen=True)
class Paste:
    """What to paste, and how it is handed to `migrate` then.

    Args:
        lines: of code, or none.
        options: options with their values.
    """

    lines: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def paste_for(finding: Finding, target: Target, draft: Draft) -> Paste | None:
    """What a person has to write for a finding; None where code does not answer it.

    Args:
        finding: of the draft, after all edits.
        target: the runtime.
        draft: what would be written.
    """
    if finding.kind is Kind.VOCABULARY_LOST:
        lookups = dict.fromkeys(layer.path[-1] for layer in without_vocabulary(draft.inventory()))
        return Paste((), tuple(("--vocabulary", f"{name}={identifier(name)}.txt") for name in lookups))
    if finding.subject in OPERATIONS and target.is_up:
        return _operations(target, draft)
    if finding.kind in (Kind.UNKNOWN_LAYER, Kind.UNKNOWN_OBJECT) and not is_of_keras(finding, target):
        return _declared(finding, draft)
    if finding.kind is Kind.SEMANTICS_CHANGED and finding.subject == "hard_sigmoid":
        return _registered(hard_sigmoid(is_of_keras_3=target.writer >= KERAS_3), ["hard_sigmoid"])
    return _replacement(finding, draft) if target.reader >= KERAS_3 else None


def _operations(target: Target, draft: Draft) -> Paste | None:
    """A layer for each operation that has no equal; None where these would not be enough."""
    is_own, configs = own_classes(target), [node.config for node in graphs(draft)]
    left = left_operations(configs, target.profile, is_own)
    symbols = list(dict.fromkeys(symbol for symbol, _ in left.values()))
    declared = {stub_name(symbol): f"{REPLACED}>{stub_name(symbol)}" for symbol in symbols}
    if not symbols or any(Conversion.of(each, target.profile, is_own, declared).left for each in configs):
        return None
    return _registered([line for each in symbols for line in layer_stub(each, REPLACED)], list(declared))


def _replacement(finding: Finding, draft: Draft) -> Paste | None:
    """Code that takes the place of what the file names or holds."""
    if finding.kind in _BYTECODE:
        names = list(dict.fromkeys(identifier(node.path[-1]) for node in draft.layers("Lambda")))
        return _registered([line for name in names for line in function(name, "inputs")], names) if names else None
    return _changed(finding, draft) if finding.kind is Kind.UNKNOWN_ARGUMENT else None


def _declared(finding: Finding, draft: Draft) -> Paste | None:
    """The class or function of a name that the user's own code has."""
    package, _, name = finding.subject.rpartition(">")
    if not is_name(name):
        return None
    option = (("--custom", f"{MODULE_FILE}:{name}"),)
    if finding.kind is Kind.UNKNOWN_LAYER:
        nodes = list(_named(draft, finding.subject))
        weights = [_weights_of(node, draft) for node in nodes]
        lines = layer_class(name, package, [node.config for node in nodes], weights)
        return Paste(tuple(lines), option) if nodes else None
    role = next((each.role for each in draft.inventory().objects if each.name == finding.subject), "")
    arguments = _ARGUMENTS.get(role)
    if arguments is None:
        return None
    return Paste(tuple(function(name, arguments, package)), option)


def _changed(finding: Finding, draft: Draft) -> Paste | None:
    """A subclass of a layer of Keras that takes the argument too."""
    name = finding.subject.partition("(")[0]
    values = [node.config[finding.word] for node in draft.layers(name) if finding.word in node.config]
    if not values or not is_name(name) or not is_name(finding.word):
        return None
    if finding.word == "time_major" and name in _RECURRENT:
        return _registered(recurrent_class(name), [name])
    return _registered(changed_class(name, finding.word, values[0]), [name])


def _registered(lines: list[str], names: list[str]) -> Paste:
    """Code that takes the place of what the file names now, by the name under which it is registered."""
    return Paste(tuple(lines), (("--import", MODULE_FILE), *(("--custom", f"{REPLACED}>{name}") for name in names)))


def _named(draft: Draft, subject: str) -> Iterator[Node]:
    for node in draft.layers():
        if subject in (node.class_name, node.data.get("registered_name")):
            yield node


def _weights_of(node: Node, draft: Draft) -> list[tuple[str, tuple[int, ...], str]]:
    """The weights that stand under the name of a layer: name, shape, dtype."""
    name = node.path[-1] if node.path else ""
    found = [each for each in draft.inventory().weights if name and name in each.path.split("/")[:-1]]
    return [(each.path.rpartition("/")[2].partition(":")[0], each.shape, each.dtype) for each in found]
