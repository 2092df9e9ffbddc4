"""What an HDF5 file holds: attributes of its root, its datasets, and what points out of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.datasets import Dataset, read_dataset
from pytest_modelcompat.artifacts.containers.hdf5.groups import SymbolicLink, links
from pytest_modelcompat.artifacts.containers.hdf5.heaps import FractalHeap
from pytest_modelcompat.artifacts.containers.hdf5.name_lists import name_lists
from pytest_modelcompat.artifacts.containers.hdf5.objects import ATTRIBUTE, ATTRIBUTE_INFO, MOST_OBJECTS, File
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.containers.hdf5.trees import records
from pytest_modelcompat.artifacts.containers.hdf5.types import Attribute, read_attribute
from pytest_modelcompat.artifacts.containers.pickle_reader import HEAD
from pytest_modelcompat.artifacts.containers.pickle_search import pickle_within
from pytest_modelcompat.artifacts.inventory import Hazard, WeightUse
from pytest_modelcompat.artifacts.limits import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import Header
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source

_HEAP_ID = 8
_BYTES = frozenset({"uint8", "int8", "opaque"})
LONGEST_PATH = 4096
_MOST_CHARACTERS = 1 << 25
# What is larger than both, no compression makes so small: the values are not there, and memory is taken for them.
_LARGEST_ANYHOW, _MOST_EXPANDED = 1 << 32, 1000


@dataclass
class Hdf5Contents:
    """What an HDF5 file holds.

    Args:
        attributes: the text attributes of the root by name.
        others: names of the root's other attributes.
        groups: the names of the root's groups.
        paths: the paths of all groups.
        links: the paths of links to what has another path, or is in another file.
        name_lists: the lists of names of each group that has some, by its path with a slash at its end.
        datasets: its arrays, sorted by path.
        hazards: what points out of it, sorted by path.
    """

    attributes: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    name_lists: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    datasets: list[Dataset] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)

    @property
    def weights(self) -> tuple[WeightUse, ...]:
        """Its arrays as an inventory describes them."""
        return tuple(WeightUse(each.path, each.dtype, each.shape, each.nbytes) for each in self.datasets)


def read_contents(source: Source) -> Hdf5Contents:
    """Describes an HDF5 file; values of its datasets are not read.

    Args:
        source: the whole file.

    Raises:
        Hdf5Error: it is damaged, or has more objects than any model.
    """
    try:
        return _read(File(source))
    # Cut short, a message has not the byte or the number that is asked for.
    except (IndexError, struct.error) as error:
        raise Hdf5Error("a part of it is cut short") from error


def datasets(source: Source) -> list[Dataset]:
    """The arrays of an HDF5 file, sorted by path.

    Args:
        source: the whole file.

    Raises:
        Hdf5Error: it is damaged, or has more objects than any model.
    """
    return read_contents(source).datasets


def _read(file: File) -> Hdf5Contents:
    contents = Hdf5Contents()
    root = file.header(file.root)
    for attribute in _attributes(file, root):
        text = attribute.text(file)
        if text is None:
            contents.others.add(attribute.name)
        else:
            contents.attributes[attribute.name] = text
    _note_pickles(file, "", root, contents)
    lists = name_lists(file, root)
    if lists:
        contents.name_lists[""] = lists
    _walk(file, root, contents)
    contents.datasets.sort(key=lambda dataset: dataset.path)
    contents.hazards.sort(key=lambda hazard: hazard.subject)
    return contents


def _walk(file: File, root: Header, contents: Hdf5Contents) -> None:
    """Goes through all objects; those that several links lead to are met once, so that no circle is endless."""
    seen = {file.root}
    waiting = [("", root)]
    count = characters = 0
    while waiting:
        path, header = waiting.pop()
        for name, target in links(file, header):
            count += 1
            characters += len(path) + len(name)
            if count > MOST_OBJECTS or characters > _MOST_CHARACTERS:
                raise Hdf5Error(f"it has more than {MOST_OBJECTS:,} objects, or very long names, which is the limit")
            if isinstance(target, SymbolicLink):
                _note(target, path, contents)
            elif target in seen:
                contents.links.add(path + name)
            else:
                seen.add(target)
                found = file.header(target)
                _note_pickles(file, path + name, found, contents)
                if not _add_dataset(file, path + name, found, contents):
                    waiting.append((_group(file, path, name, found, contents), found))


def _group(file: File, path: str, name: str, header: Header, contents: Hdf5Contents) -> str:
    """The path of what is in a group, which is noted."""
    if not path:
        contents.groups.add(name)
    if len(path) > LONGEST_PATH:
        raise Hdf5Error("its groups are nested too deeply")
    inside = f"{path}{name}/"
    contents.paths.add(path + name)
    lists = name_lists(file, header)
    if lists:
        contents.name_lists[inside] = lists
    return inside


def _note(link: SymbolicLink, path: str, contents: Hdf5Contents) -> None:
    contents.links.add(f"{path}{link.name}")
    if link.is_external:
        detail = f"points into another file, {link.target}"
        contents.hazards.append(Hazard("external link", f"{path}{link.name}", detail))
    elif link.needs_plugin:
        contents.hazards.append(Hazard("plugin link", f"{path}{link.name}", "is of a kind that HDF5 does not know"))


def _add_dataset(file: File, path: str, header: Header, contents: Hdf5Contents) -> bool:
    """Adds what is a dataset; returns whether it is one."""
    dataset = read_dataset(file, path, header)
    if dataset is None:
        return False
    contents.datasets.append(dataset)
    if dataset.outside:
        contents.hazards.append(Hazard("out-of-file dataset", path, f"takes its values from {dataset.outside}"))
    for number in dataset.plugins:
        contents.hazards.append(Hazard("filter plugin", path, f"goes through the filter {number}"))
    told = _pickle_in(file, dataset)
    if told:
        contents.hazards.append(Hazard("pickle", path, told))
    if dataset.nbytes > max(_LARGEST_ANYHOW, _MOST_EXPANDED * file.length):
        detail = f"declares {megabytes(dataset.nbytes)} in a file of {megabytes(file.length)}"
        contents.hazards.append(Hazard("empty dataset", path, detail))
    return True


def _pickle_in(file: File, dataset: Dataset) -> str | None:
    """A pickle at the beginning of a dataset of bytes."""
    if dataset.dtype not in _BYTES or dataset.offset is None:
        return None
    source = file.source
    return pickle_within(source.read(dataset.offset - source.start, min(dataset.nbytes, HEAD)), source.budget)


def _note_pickles(file: File, path: str, header: Header, contents: Hdf5Contents) -> None:
    """Notes pickles in the attributes that stand in an object's header."""
    for message in header.get(ATTRIBUTE, ()):
        told = pickle_within(message, file.source.budget)
        if told:
            name = read_attribute(file, message).name
            contents.hazards.append(Hazard("pickle", f"{path}@{name}", told))


def _attributes(file: File, header: Header) -> Iterator[Attribute]:
    for message in header.get(ATTRIBUTE, ()):
        yield read_attribute(file, message)
    for info in header.get(ATTRIBUTE_INFO, ()):
        yield from _many_attributes(file, info)


def _many_attributes(file: File, info: bytes) -> Iterator[Attribute]:
    """The attributes of an object that has too many of them for its header."""
    start = 4 if info[1:2] and info[1] & 1 else 2
    if file.number(info, start, file.offset) == file.undefined:
        return
    heap = FractalHeap(file, file.address(info, start))
    for record in records(file, file.address(info, start + file.offset)):
        yield read_attribute(file, heap.get(record[:_HEAP_ID]))
