"""Edits of constructor arguments: those that the reader does not take, dropped or renamed where that is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.edits.meaningless import is_meaningless
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Of what the configuration of a layer holds beside arguments of its class.
_NOT_ARGUMENTS = frozenset({"name", "dtype", "trainable", "batch_input_shape", "batch_shape", "layers"})


def _default_arguments(draft: Draft, target: Target) -> Iterator[Change]:
    for node, key in _not_taken(draft, target):
        is_known, default = target.written_default(node, key)
        if key not in _NOT_ARGUMENTS and is_known and node.config[key] == default:
            yield change(node, before=node.config.pop(key), key=key)


def _meaningless_arguments(draft: Draft, target: Target) -> Iterator[Change]:
    for node, key in _not_taken(draft, target) if target.is_up else ():
        if is_meaningless(node, key):
            yield change(node, before=node.config.pop(key), key=key)


def _not_taken(draft: Draft, target: Target) -> Iterator[tuple[Node, str]]:
    """Each argument that the reader's class does not take, which may be dropped while it is given out."""
    for node in draft.nodes():
        known = target.known(node)
        if known is None or known.accepts is None or known.refuses_unknown is False:
            continue
        taken = known.accepts | frozenset(known.writes or ())
        for key in [each for each in node.config if each not in taken]:
            yield node, key


EDITS = (
    Edit(
        "drop-default-argument",
        what="an argument that {reader} does not take is dropped where its value is the default of {writer}",
        because="the class did without it what it does with the default, in both versions",
        source=MEASURED,
        wrong_if="the value is not the default of the version that wrote it",
        apply=_default_arguments,
    ),
    Edit(
        "drop-meaningless-argument",
        what="an argument that {reader} does not take is dropped where its value changes nothing that is predicted",
        because="it says how fast, or where, something is computed, what shapes the layer was built with, or how "
        "weights begin that the file holds",
        source="the classes of Keras 2.15 and Keras 3.15",
        wrong_if="the value changes what the layer computes, as time_major=True does",
        apply=_meaningless_arguments,
    ),
)
