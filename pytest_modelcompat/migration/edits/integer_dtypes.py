"""Edits of layers that give whole numbers, whose dtype an older Keras 2 did not look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
_GIVEN = "int64"


def _dtypes_of_hashes(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers("Hashing"):
        dtype = node.config.get("dtype")
        if target.known(node) is None or not _gives_integers(node) or dtype not in _FLOATS:
            continue
        if not _may_hash_otherwise(node, target):
            node.config["dtype"] = _GIVEN
            yield change(node, before=dtype, after=_GIVEN, key="dtype")


def _gives_integers(node: Node) -> bool:
    return bool(node.config.get("output_mode", "int") == "int")


def _may_hash_otherwise(node: Node, target: Target) -> bool:
    """Whether it holds the salt that TF 2.4 writes where none is given: it hashes without it, and its readers with."""
    is_known, salt = target.written_default(node, "salt")
    return not is_known or (salt is not None and node.config.get("salt") == salt)


EDITS = (
    Edit(
        "integers-of-hashing",
        what="the dtype of a Hashing that gives whole numbers is written as `int64`",
        because="{writer} gave int64 whatever its dtype was, which the layer did not look at",
        source="keras/layers/preprocessing/hashing.py of Keras 2.8, which makes the same change when it reads one",
        wrong_if="its output_mode is another, or its salt is the one that {writer} writes where none was given",
        apply=_dtypes_of_hashes,
    ),
)
