"""Lists of names that Keras keeps as attributes of groups: which layers a file has, and which weights each of them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.heaps import global_texts
from pytest_modelcompat.artifacts.containers.hdf5.objects import ATTRIBUTE
from pytest_modelcompat.artifacts.containers.hdf5.types import read_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import File, Header
    from pytest_modelcompat.artifacts.containers.hdf5.types import Attribute

LAYERS, WEIGHTS = "layer_names", "weight_names"
# The name of an attribute stands this near to the beginning of its message.
_HEAD = 64


def name_lists(file: File, header: Header) -> dict[str, tuple[str, ...]]:
    """The lists of names among a group's attributes; empty for a group that has none.

    A list too long for one attribute is in several, `layer_names0` and so on, which are joined.

    Args:
        file: the file.
        header: the group's.

    Raises:
        Hdf5Error: an attribute is damaged.
    """
    found: dict[str, list[str]] = {}
    for attribute in _lists(file, header):
        kept = found.setdefault(attribute.name.rstrip("0123456789"), [])
        kept.extend(_names(file, attribute))
    return {kind: tuple(names) for kind, names in found.items()}


def _lists(file: File, header: Header) -> Iterator[Attribute]:
    for message in header.get(ATTRIBUTE, ()):
        if LAYERS.encode() in message[:_HEAD] or WEIGHTS.encode() in message[:_HEAD]:
            attribute = read_attribute(file, message)
            if attribute.type.name == "string" and attribute.shape:
                yield attribute


def _names(file: File, attribute: Attribute) -> Iterator[str]:
    size, count = attribute.type.size, prod(attribute.shape or (0,))
    data = attribute.data[: size * count]
    if attribute.type.is_variable:
        texts = global_texts(file, data, size)
    else:
        texts = (data[start : start + size] for start in range(0, len(data), size or 1))
    return (text.rstrip(b"\0").decode("utf-8", "backslashreplace") for text in texts)
