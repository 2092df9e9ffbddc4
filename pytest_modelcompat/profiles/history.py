"""Many versions of one JSON document in one: what they share is written once, what differs with its versions.

A document is a tree of objects; anything else (a text, a number, a list) is a leaf. A history is a tree too, each node
of which holds for some of the versions, given as a bit mask (bit 0: the oldest):

- `[mask, leaf, mask, leaf, ...]`: the leaves, each with its versions;
- `{key: node, ...}`: an object in all versions of the node above, its children with their own versions.

A node whose versions and value are those of the node above it is written `[leaf]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]


def merge_documents(documents: Sequence[Document]) -> dict[str, Any]:
    """One history of several documents.

    Args:
        documents: oldest first.
    """
    return _merge_objects(list(enumerate(documents)))


def _merge_objects(objects: list[tuple[int, Document]]) -> dict[str, Any]:
    keys = sorted({key for _, each in objects for key in each})
    above = _mask(version for version, _ in objects)
    return {key: _merge([(version, each[key]) for version, each in objects if key in each], above) for key in keys}


def _merge(values: list[tuple[int, Any]], above: int) -> Any:
    here = _mask(version for version, _ in values)
    if all(isinstance(value, Mapping) for _, value in values):
        node = _merge_objects(values)
        return node if here == above else [here, node]
    runs: list[tuple[int, Any]] = []
    for version, value in values:
        same = next((index for index, (_, known) in enumerate(runs) if _equal(known, value)), None)
        if same is None:
            runs.append((1 << version, value))
        else:
            runs[same] = (runs[same][0] | 1 << version, value)
    if len(runs) == 1 and here == above:
        return [value for _, value in runs]
    return [part for mask, value in runs for part in (-mask if isinstance(value, Mapping) else mask, value)]


def _equal(one: Any, other: Any) -> bool:
    """Equality that tells `1` from `true` and `1.0`, which JSON does too."""
    return bool(one == other) and repr(one) == repr(other)


def _mask(versions: Any) -> int:
    mask = 0
    for version in versions:
        mask |= 1 << version
    return mask


def extract(history: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The document of one version, numbered as in `merge`."""
    return _extract(history, 1 << version)


def _extract(node: Mapping[str, Any], bit: int) -> dict[str, Any]:
    document = {}
    for key, each in node.items():
        if isinstance(each, dict):
            document[key] = _extract(each, bit)
        elif len(each) == 1:
            document[key] = each[0]
        else:
            for index in range(0, len(each), 2):
                mask, value = each[index], each[index + 1]
                if abs(mask) & bit:
                    document[key] = _extract(value, bit) if mask > 0 and isinstance(value, dict) else value
                    break
    return document
