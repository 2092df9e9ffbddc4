"""Edits of arguments that have another name in an older Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Class -> the name of an argument in Keras 3 -> in Keras 2, the same number.
_RENAMED = {"LeakyReLU": {"negative_slope": "alpha"}}


def _renamed_arguments(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers(*_RENAMED):
        known = target.known(node)
        if known is None or known.accepts is None:
            continue
        for new, old in _RENAMED[node.class_name].items():
            if new in node.config and new not in known.accepts and old in known.accepts and old not in node.config:
                node.config[old] = node.config.pop(new)
                yield change(node, before=new, after=f"{old}={node.config[old]}")


EDITS = (
    Edit(
        "older-argument-name",
        what="an argument is written under the name that {reader} has for it",
        because="it is the same number; it is written although it may be a default",
        source="keras/src/layers/activation/leaky_relu.py of Keras 2 and keras/src/layers/activations/leaky_relu.py "
        "of Keras 3",
        wrong_if="{reader} takes the new name",
        apply=_renamed_arguments,
    ),
)
