"""A zip's members, read in place and never further than they may be large; what its table of contents hides."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.containers.file_slice import FileSlice
from pytest_modelcompat.artifacts.containers.hdf5.source import Source, mapped
from pytest_modelcompat.artifacts.containers.pickle_reader import HEAD, NPY, NPY_HEADER, describe_pickle
from pytest_modelcompat.artifacts.inventory import Hazard
from pytest_modelcompat.artifacts.limits import (
    LARGEST_CONTENTS,
    LARGEST_UNPACKED,
    MOST_MEMBERS,
    MOST_UNPACKED,
    megabytes,
)
from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from typing import BinaryIO

ZIP = b"PK\x03\x04"
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE = 22, 20, 56
_LONGEST_COMMENT = (1 << 16) - 1
# Of a member's local header: its fixed part, and where the lengths of what follows it stand.
_LOCAL_HEADER, _LOCAL_LENGTHS = 30, 26
_ENCRYPTED = 1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ESCAPES = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:")
# What `zipfile` raises where a zip is damaged.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, IndexError, NotImplementedError, RuntimeError, OverflowError),
)


class ZipError(ValueError):
    """The bytes are no zip that can be read; the message is a clause that says why."""


class ZipArchive:
    """A zip in an open file.

    Args:
        file: the file; its position is moved by reading.
        budget: what reading it may cost.
        is_inner: whether it is itself a member of a zip; what is in its zips is then not looked into.

    Raises:
        ZipError: it is damaged, or its table of contents is larger than any model's.
    """

    def __init__(self, file: BinaryIO, budget: Budget | None = None, *, is_inner: bool = False) -> None:
        self._file, self._is_inner = file, is_inner
        self._budget, self._unpackable = budget or Budget(), MOST_UNPACKED
        _check_contents(file)
        try:
            self._zip = zipfile.ZipFile(file)
            self.entries = self._zip.infolist()
        except _DAMAGE as error:
            raise ZipError(clause(error) or "it is damaged") from error
        if len(self.entries) > MOST_MEMBERS:
            raise ZipError(f"it has {len(self.entries):,} members, and {MOST_MEMBERS:,} is the limit")
        self._members = {entry.filename: entry for entry in self.entries}

    @cached_property
    def _mapped(self) -> bytes | mmap.mmap:
        return mapped(self._file)

    @property
    def sizes(self) -> dict[str, int]:
        """Each member's size, unpacked."""
        return {name: entry.file_size for name, entry in self._members.items() if not name.endswith("/")}

    def read(self, name: str, limit: int) -> bytes:
        """Reads a whole member.

        Args:
            name: a member.
            limit: how many bytes it may have.

        Raises:
            ZipError: it is larger or damaged.
        """
        data = self._read(self._members[name], limit + 1)
        refuse_larger(name, data, limit)
        return data

    def head(self, name: str, size: int) -> bytes:
        """The first bytes of a member, at most `size`.

        Raises:
            ZipError: it is damaged.
        """
        self._budget.look()
        return self._read(self._members[name], size)

    def source(self, name: str) -> Source | None:
        """A member's bytes: in place if it is stored as it is, else unpacked if it is small; None if it is large.

        Raises:
            ZipError: it is damaged.
        """
        found = self.in_place(name)
        if found is not None or self._members[name].file_size > LARGEST_UNPACKED:
            return found
        data = self.read(name, LARGEST_UNPACKED)
        self._unpackable -= len(data)
        if self._unpackable < 0:
            raise ZipError(f"there is more than {megabytes(MOST_UNPACKED)} to unpack in it, which is the limit")
        return Source(data, 0, len(data), self._budget)

    def in_place(self, name: str) -> Source | None:
        """A member's bytes where they stand; None if they are compressed.

        Raises:
            ZipError: it is damaged.
        """
        entry = self._members[name]
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & _ENCRYPTED:
            return None
        return Source(self._mapped, self._data_start(entry), entry.file_size, self._budget)

    def hazards(self) -> Iterator[Hazard]:
        """What in it can harm who unpacks it or loads what is in it.

        Raises:
            ZipError: a member is damaged.
        """
        for name, count in Counter(entry.filename for entry in self.entries).items():
            if count > 1:
                yield Hazard("duplicate member", name, f"is there {count} times, and readers may take different ones")
        for entry in self.entries:
            if _ESCAPES.search(entry.filename):
                yield Hazard(
                    "escaping member", entry.filename, "would be unpacked outside the folder it is unpacked to"
                )
            elif stat.S_ISLNK(entry.external_attr >> 16):
                yield Hazard("escaping member", entry.filename, "is a symbolic link")
            yield from self._pickles(entry)

    def _pickles(self, entry: zipfile.ZipInfo) -> Iterator[Hazard]:
        if entry.filename.endswith("/") or entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
            return
        self._budget.look()
        head = self._read(entry, NPY_HEADER)
        if head.startswith(ZIP) and not self._is_inner:
            yield from self._inner(entry)
            return
        told = describe_pickle(head if head.startswith(NPY) else self._read(entry, HEAD), self._budget)
        if told:
            yield Hazard("pickle", entry.filename, told)

    def _inner(self, entry: zipfile.ZipInfo) -> Iterator[Hazard]:
        """The hazards of a zip in this zip, such as weights in .npz."""
        inner = self.inner(entry.filename)
        for hazard in inner.hazards() if inner else ():
            yield Hazard(hazard.what, f"{entry.filename}/{hazard.subject}", hazard.detail)

    def inner(self, name: str) -> ZipArchive | None:
        """A zip in this zip; None if it would have to be unpacked and is too large for that, or is none.

        Raises:
            ZipError: it is damaged.
        """
        source = self.source(name)
        if source is None or source.read(0, min(4, source.size)) != ZIP:
            return None
        return ZipArchive(io.BufferedReader(FileSlice(source)), self._budget, is_inner=True)

    def _read(self, entry: zipfile.ZipInfo, size: int) -> bytes:
        if entry.compress_type not in _METHODS:
            raise ZipError(f"its {clause(entry.filename)} is compressed in a way that Keras does not write")
        try:
            with self._zip.open(entry) as member:
                return member.read(size)
        except _DAMAGE as error:
            raise ZipError(clause(error) or f"its {clause(entry.filename)} is damaged") from error

    def _data_start(self, entry: zipfile.ZipInfo) -> int:
        """Where a member's bytes begin: behind a local header, which has a name and extra data of its own."""
        self._file.seek(entry.header_offset + _LOCAL_LENGTHS)
        lengths = self._file.read(4)
        if len(lengths) < 4:
            raise ZipError(f"its {clause(entry.filename)} is missing")
        name, extra = struct.unpack("<HH", lengths)
        return entry.header_offset + _LOCAL_HEADER + int(name) + int(extra)


def refuse_larger(name: str, data: bytes, limit: int) -> None:
    """Refuses what turned out to be more than `limit` bytes.

    Raises:
        ZipError: it is.
    """
    if len(data) > limit:
        raise ZipError(f"its {clause(name)} is larger than {megabytes(limit)}, which is the limit")


def _check_contents(file: BinaryIO) -> None:
    """Refuses a table of contents that is not to be read into memory: `zipfile` takes it whole."""
    size = file.seek(0, io.SEEK_END)
    tail_size = min(size, _END_SIZE + _LONGEST_COMMENT + _LOCATOR_SIZE)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_SIZE:
        raise ZipError("its table of contents is missing")
    contents = int(struct.unpack_from("<L", tail, end + 12)[0])
    locator = end - _LOCATOR_SIZE
    if locator >= 0 and tail.startswith(_LOCATOR_64, locator):
        file.seek(min(size, struct.unpack_from("<Q", tail, locator + 8)[0]))
        end_64 = file.read(_END_64_SIZE)
        if end_64.startswith(_END_64) and len(end_64) == _END_64_SIZE:
            contents = max(contents if contents != 0xFFFFFFFF else 0, int(struct.unpack_from("<Q", end_64, 40)[0]))
    if contents > LARGEST_CONTENTS:
        raise ZipError(f"its table of contents is larger than {megabytes(LARGEST_CONTENTS)}, which is the limit")
