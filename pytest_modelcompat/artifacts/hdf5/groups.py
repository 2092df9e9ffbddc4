"""What a group links to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.hdf5.heaps import FractalHeap, LocalHeap
from pytest_modelcompat.artifacts.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.hdf5.trees import records, symbol_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.hdf5.objects import File, Message

LINK_INFO, LINK, SYMBOL_TABLE = 0x02, 0x06, 0x11
_HARD, _SOFT, _EXTERNAL = 0, 1, 64
_CACHED_SOFT_LINK = 2
# The hash of a link's name stands before its heap identifier.
_NAME_HASH = 4


class Link(NamedTuple):
    """One link: to the object at `address`, or if that is None, by name, to another file if `is_external`."""

    name: str
    address: int | None
    is_external: bool = False
    target: str = ""


def links(file: File, messages: Iterable[Message]) -> Iterator[Link]:
    """The links of a group, in no particular order.

    Args:
        file: the file.
        messages: of the group's header.

    Raises:
        Hdf5Error: some are damaged.
    """
    for message in messages:
        if message.type == SYMBOL_TABLE:
            yield from _symbols(file, message.data)
        elif message.type == LINK:
            yield _link(file, message.data)
        elif message.type == LINK_INFO:
            yield from _many(file, message.data)


def _symbols(file: File, table: bytes) -> Iterator[Link]:
    heap = LocalHeap(file, file.address(table, file.offset))
    size = 2 * file.offset + 24
    for node in symbol_nodes(file, file.address(table)):
        head = file.source.read(node, 8)
        if not head.startswith(b"SNOD"):
            raise Hdf5Error(f"there are no links at byte {node}")
        data = file.source.read(node + 8, file.number(head, 6, 2) * size)
        for start in range(0, len(data), size):
            name = _text(heap.text(file.number(data, start, file.offset)))
            if file.number(data, start + 2 * file.offset, 4) == _CACHED_SOFT_LINK:
                target = heap.text(file.number(data, start + 2 * file.offset + 8, 4))
                yield Link(name, None, target=_text(target))
            else:
                yield Link(name, file.address(data, start + file.offset))


def _many(file: File, info: bytes) -> Iterator[Link]:
    """The links of a group that has too many of them for its header."""
    start = 10 if info[1:2] and info[1] & 1 else 2
    if file.number(info, start, file.offset) == file.undefined:
        return
    heap = FractalHeap(file, file.address(info, start))
    for record in records(file, file.address(info, start + file.offset)):
        yield _link(file, heap.get(record[_NAME_HASH:]))


def _link(file: File, data: bytes) -> Link:
    if len(data) < 4:
        raise Hdf5Error("a link is damaged")
    flags, position, kind = data[1], 2, _HARD
    if flags & 8:
        kind, position = data[2], 3
    position += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    end = position + width + file.number(data, position, width)
    name, value = _text(data[position + width : end]), data[end:]
    if kind == _HARD:
        return Link(name, file.address(value))
    if kind not in {_SOFT, _EXTERNAL}:
        return Link(name, None)
    target = value[2 : 2 + file.number(value, 0, 2)]
    if kind == _SOFT:
        return Link(name, None, target=_text(target))
    # A byte of flags, the file's name, and the object's in it.
    return Link(name, None, is_external=True, target=_text(target[1:].rstrip(b"\0").replace(b"\0", b", ")))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
