"""What in the files of an artifact can harm: pickles, zips and HDF5 in them, and members that are two things."""

from __future__ import annotations

import io
import stat
from collections import Counter
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.file_slice import FileSlice
from pytest_modelcompat.artifacts.containers.hdf5.contents import read_contents
from pytest_modelcompat.artifacts.containers.hdf5.objects import SIGNATURE
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.containers.pickle_search import find_pickle
from pytest_modelcompat.artifacts.containers.zip_reader import DAMAGE, METHODS, ZIP, ZipArchive, ZipError
from pytest_modelcompat.artifacts.inventory import Hazard
from pytest_modelcompat.artifacts.outside import leads_out
from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Collection, Iterator
    from typing import BinaryIO

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source

_DEEPEST = 3
_ENCRYPTED = 1
_HEAD = len(SIGNATURE)


def zip_hazards(archive: ZipArchive, budget: Budget, known: Collection[str] = (), depth: int = 0) -> Iterator[Hazard]:
    """What in a zip can harm who unpacks it or loads what is in it.

    Args:
        archive: the zip.
        budget: what looking at it may cost.
        known: members that their own readers look into.
        depth: in how many zips it is.

    Raises:
        ZipError: a member is damaged.
    """
    yield from _duplicates(archive)
    for entry in archive.entries:
        budget.look()
        yield from _by_name(archive, entry)
        if entry.filename.endswith("/") or entry.filename in known:
            continue
        if entry.compress_type not in METHODS or entry.flag_bits & _ENCRYPTED:
            yield Hazard(
                "unread member", entry.filename, "is encrypted, or compressed in a way that Keras does not write"
            )
        elif archive.has_one_name(entry):
            yield from _of_member(archive, entry, budget, depth)


def file_hazards(
    name: str, file: BinaryIO, source: Callable[[], Source | None], budget: Budget, depth: int = 0
) -> Iterator[Hazard]:
    """What in a file can harm who loads it.

    Args:
        name: what to call it.
        file: the file, at its beginning.
        source: its bytes in place, asked for where it is a container itself; None where they are too large to unpack.
        budget: what looking at it may cost.
        depth: in how many zips it is.

    Raises:
        ZipError: it is a damaged zip.
    """
    head = file.read(_HEAD)
    if head.startswith(ZIP) and depth < _DEEPEST:
        found = source()
        inner = ZipArchive(io.BufferedReader(FileSlice(found)), budget) if found else None
        for each in zip_hazards(inner, budget, depth=depth + 1) if inner else ():
            yield Hazard(each.what, f"{name}/{each.subject}", each.detail)
        return
    if head == SIGNATURE:
        yield from _of_hdf5(name, source())
        return
    file.seek(0)
    told = find_pickle(file, budget)
    if told:
        yield Hazard("pickle", name, told)


def _of_hdf5(name: str, source: Source | None) -> Iterator[Hazard]:
    """What leads out of an HDF5 file; one that is damaged leads nowhere."""
    try:
        hazards = read_contents(source).hazards if source else ()
    except Hdf5Error:
        return
    for each in hazards:
        yield Hazard(each.what, f"{name}/{each.subject}", each.detail)


def _duplicates(archive: ZipArchive) -> Iterator[Hazard]:
    names = Counter(entry.filename for entry in archive.entries)
    for name, count in names.items():
        if count > 1:
            yield Hazard("duplicate member", name, f"is there {count} times, and readers may take different ones")
    alike = Counter(name.casefold() for name in names)
    for name in names:
        if alike[name.casefold()] > 1:
            yield Hazard("duplicate member", name, "is there in small and in capital letters, one file on some systems")


def _by_name(archive: ZipArchive, entry: zipfile.ZipInfo) -> Iterator[Hazard]:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if leads_out(entry.filename):
        yield Hazard("escaping member", entry.filename, "would be unpacked outside the folder it is unpacked to")
    elif kind == stat.S_IFLNK:
        yield Hazard("escaping member", entry.filename, "is a symbolic link")
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield Hazard("escaping member", entry.filename, "is neither a file nor a folder, but a pipe or a device")
    if not archive.has_one_name(entry):
        yield Hazard("duplicate member", entry.filename, "has another name where its bytes stand")


def _of_member(archive: ZipArchive, entry: zipfile.ZipInfo, budget: Budget, depth: int) -> Iterator[Hazard]:
    try:
        with archive.open(entry) as member:
            yield from file_hazards(entry.filename, member, lambda: archive.source(entry.filename), budget, depth)
    except DAMAGE as error:
        raise ZipError(clause(error) or f"its {clause(entry.filename)} is damaged") from error
