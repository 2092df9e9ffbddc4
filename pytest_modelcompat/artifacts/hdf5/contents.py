"""What an HDF5 file holds: attributes of its root, its datasets, and what points out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.hdf5.groups import LINK, LINK_INFO, SYMBOL_TABLE, links
from pytest_modelcompat.artifacts.hdf5.heaps import FractalHeap, LocalHeap, global_object
from pytest_modelcompat.artifacts.hdf5.objects import File
from pytest_modelcompat.artifacts.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.hdf5.trees import records
from pytest_modelcompat.artifacts.hdf5.types import UNKNOWN, Attribute, read_attribute, read_shape, read_type
from pytest_modelcompat.artifacts.inventory import Hazard, WeightUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.hdf5.groups import Link
    from pytest_modelcompat.artifacts.hdf5.objects import Message
    from pytest_modelcompat.artifacts.hdf5.source import Source

_SPACE, _TYPE, _EXTERNAL_FILES, _LAYOUT, _ATTRIBUTE, _ATTRIBUTE_INFO = 0x01, 0x03, 0x07, 0x08, 0x0C, 0x15
_GROUP = frozenset({LINK, LINK_INFO, SYMBOL_TABLE})
_HEAP_ID = 8
_CONTIGUOUS, _VIRTUAL = 1, 3
# Several times what the largest models have.
MOST_OBJECTS = 200_000
LONGEST_PATH = 4096
_MOST_CHARACTERS = 1 << 25


class Dataset(NamedTuple):
    """One array.

    Args:
        path: names from the root down, with slashes between them.
        dtype: NumPy's name, `string` for texts.
        shape: its shape.
        nbytes: its size, uncompressed; 0 for texts of any length.
        offset: where its values begin in the file that the source is of; None where they do not lie in it in one
            piece and as they are.
        is_big_endian: whether each number begins with its most significant byte.
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    offset: int | None
    is_big_endian: bool


@dataclass
class Contents:
    """What an HDF5 file holds.

    Args:
        attributes: the text attributes of the root by name.
        others: names of the root's other attributes.
        members: what the root links to.
        datasets: its arrays, sorted by path.
        hazards: what points out of it, sorted by path.
    """

    attributes: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    datasets: list[Dataset] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)

    @property
    def weights(self) -> tuple[WeightUse, ...]:
        """Its arrays as an inventory describes them."""
        return tuple(WeightUse(each.path, each.dtype, each.shape, each.nbytes) for each in self.datasets)


def read_contents(source: Source) -> Contents:
    """Describes an HDF5 file; values of its datasets are not read.

    Args:
        source: the whole file.

    Raises:
        Hdf5Error: it is damaged, or has more objects than any model.
    """
    try:
        return _read(File(source))
    # Cut short, a message has not the byte that is asked for.
    except IndexError as error:
        raise Hdf5Error("a part of it is cut short") from error


def datasets(source: Source) -> list[Dataset]:
    """The arrays of an HDF5 file, sorted by path.

    Args:
        source: the whole file.

    Raises:
        Hdf5Error: it is damaged, or has more objects than any model.
    """
    return read_contents(source).datasets


def _read(file: File) -> Contents:
    contents = Contents()
    root = file.messages(file.root)
    for attribute in _attributes(file, root):
        text = attribute.text(file)
        if text is None:
            contents.others.add(attribute.name)
        else:
            contents.attributes[attribute.name] = text
    _walk(file, root, contents)
    contents.datasets.sort(key=lambda dataset: dataset.path)
    contents.hazards.sort(key=lambda hazard: hazard.subject)
    return contents


def _walk(file: File, root: list[Message], contents: Contents) -> None:
    """Goes through all objects; those that several links lead to are met once, so that no circle is endless."""
    seen = {file.root}
    waiting: list[tuple[str, list[Message]]] = [("", root)]
    count = characters = 0
    while waiting:
        path, messages = waiting.pop()
        for link in links(file, messages):
            name = f"{path}{link.name}"
            count += 1
            characters += len(name)
            if count > MOST_OBJECTS:
                raise Hdf5Error(f"it has more than {MOST_OBJECTS:,} objects, which is the limit")
            if len(name) > LONGEST_PATH or characters > _MOST_CHARACTERS:
                raise Hdf5Error("its groups are nested too deeply")
            _note(link, name, contents)
            if link.address is None or link.address in seen:
                continue
            seen.add(link.address)
            found = file.messages(link.address)
            if _GROUP.isdisjoint(message.type for message in found):
                _add_dataset(file, name, found, contents)
            else:
                waiting.append((f"{name}/", found))


def _note(link: Link, path: str, contents: Contents) -> None:
    if path == link.name:
        contents.members.add(path)
    if link.is_external:
        contents.hazards.append(Hazard("external link", path, f"points into another file, {link.target}"))


def _add_dataset(file: File, path: str, messages: list[Message], contents: Contents) -> None:
    by_type = {message.type: message for message in messages}
    if _SPACE not in by_type or _TYPE not in by_type:
        return
    shape = read_shape(file, by_type[_SPACE].data)
    kept = by_type[_TYPE]
    type_ = UNKNOWN if kept.is_shared else read_type(kept.data)
    size = 0 if type_.is_variable or shape is None else type_.size
    for dimension in shape or ():
        size *= dimension
    outside = _files_outside(file, by_type)
    if outside:
        contents.hazards.append(Hazard("out-of-file dataset", path, f"takes its values from {outside}"))
    offset = None if outside or _LAYOUT not in by_type else _offset(file, by_type[_LAYOUT].data)
    dtype = _declared(file, messages) or type_.name
    contents.datasets.append(Dataset(path, dtype, shape or (), size, offset, type_.is_big_endian))


def _offset(file: File, layout: bytes) -> int | None:
    """Where the values of a contiguous dataset begin in the file."""
    start, kind = (2, layout[1:2]) if layout[0] > 2 else (8, layout[2:3])
    address = file.number(layout, start, file.offset)
    is_there = kind == bytes([_CONTIGUOUS]) and address != file.undefined and len(layout) >= start + file.offset
    return file.source.start + address if is_there else None


def _declared(file: File, messages: list[Message]) -> str | None:
    """The dtype that Keras 3 writes beside a dataset where HDF5 has none for it, such as bfloat16."""
    for message in messages:
        if message.type == _ATTRIBUTE and not message.is_shared:
            attribute = read_attribute(file, message.data)
            if attribute.name == "dtype":
                return attribute.text(file)
    return None


def _files_outside(file: File, by_type: dict[int, Message]) -> str:
    """The names of the files that a dataset takes its values from; empty where it holds them itself."""
    if _EXTERNAL_FILES in by_type:
        data = by_type[_EXTERNAL_FILES].data
        heap, start = LocalHeap(file, file.address(data, 8)), 8 + file.offset
        slots = range(start, start + 3 * file.length * file.number(data, 6, 2), 3 * file.length)
        names = [heap.text(file.number(data, slot, file.length)) for slot in slots if slot < len(data)]
        return ", ".join(name.decode("utf-8", "backslashreplace") for name in names) or "another file"
    layout = by_type.get(_LAYOUT)
    if layout is None or len(layout.data) < 3 or layout.data[0] < 4 or layout.data[1] != _VIRTUAL:
        return ""
    # Of each source, its file comes first; the file's own datasets are told by a dot.
    mapping = global_object(file, layout.data[2:])
    name = mapping[1 + file.length :].partition(b"\0")[0]
    return "" if name == b"." else name.decode("utf-8", "backslashreplace") or "another file"


def _attributes(file: File, messages: Iterable[Message]) -> Iterator[Attribute]:
    for message in messages:
        if message.is_shared:
            continue
        if message.type == _ATTRIBUTE:
            yield read_attribute(file, message.data)
        elif message.type == _ATTRIBUTE_INFO:
            yield from _many_attributes(file, message.data)


def _many_attributes(file: File, info: bytes) -> Iterator[Attribute]:
    """The attributes of an object that has too many of them for its header."""
    start = 4 if info[1:2] and info[1] & 1 else 2
    if file.number(info, start, file.offset) == file.undefined:
        return
    heap = FractalHeap(file, file.address(info, start))
    for record in records(file, file.address(info, start + file.offset)):
        yield read_attribute(file, heap.get(record[:_HEAP_ID]))
