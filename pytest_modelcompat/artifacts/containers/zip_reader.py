"""A zip's members, read in place and never further than they may be large; what its table of contents hides."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, cast

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.containers.file_slice import FileSlice
from pytest_modelcompat.artifacts.containers.hdf5.source import Source, mapped
from pytest_modelcompat.artifacts.limits import (
    LARGEST_CONTENTS,
    LARGEST_UNPACKED,
    MEGABYTE,
    MOST_MEMBERS,
    MOST_STORED,
    MOST_UNPACKED,
    megabytes,
)
from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    import mmap
    from typing import BinaryIO

ZIP = b"PK\x03\x04"
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE = 22, 20, 56
_LONGEST_COMMENT = (1 << 16) - 1
# Of a member's local header: its fixed part, and where the lengths of what follows it stand.
_LOCAL_HEADER, _LOCAL_LENGTHS = 30, 26
_ENCRYPTED, _IN_UTF_8 = 1, 1 << 11
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What `zipfile` raises where a zip is damaged.
DAMAGE = (
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

    Raises:
        ZipError: it is damaged, or its table of contents is larger than any model's.
    """

    def __init__(self, file: BinaryIO, budget: Budget | None = None) -> None:
        self._file = file
        self._budget, self._unpackable = budget or Budget(), MOST_UNPACKED
        self._storable = MOST_STORED
        _check_contents(file)
        try:
            self._zip = zipfile.ZipFile(file)
            self.entries = self._zip.infolist()
        except DAMAGE as error:
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
        """A member's bytes: in place if it is stored as it is, else unpacked; None if it is too large for that.

        Raises:
            ZipError: it is damaged.
        """
        found = self.in_place(name)
        if found is not None:
            return found
        if self._members[name].file_size > LARGEST_UNPACKED:
            return self._unpacked_to_disk(self._members[name])
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
        return Source(self._mapped, self.data_start(entry), entry.file_size, self._budget)

    def open(self, entry: zipfile.ZipInfo) -> BinaryIO:
        """A member as a file; what reading it raises where it is damaged is one of `DAMAGE`."""
        return cast("BinaryIO", self._zip.open(entry))

    def has_one_name(self, entry: zipfile.ZipInfo) -> bool:
        """Whether a member's name before its bytes is the one in the table of contents: some readers take the first.

        Raises:
            ZipError: it is missing.
        """
        start, length = entry.header_offset + _LOCAL_HEADER, self._local_lengths(entry)[0]
        self._file.seek(start)
        # Decoded as `zipfile` decodes the other; a name that is not there is damage, which is met on reading.
        name = self._file.read(length).decode("utf-8" if entry.flag_bits & _IN_UTF_8 else "cp437", "replace")
        return name.partition("\0")[0].replace("\\", "/") == entry.orig_filename.partition("\0")[0].replace("\\", "/")

    def inner(self, name: str) -> ZipArchive | None:
        """A zip in this zip; None if it would have to be unpacked and is too large for that, or is none.

        Raises:
            ZipError: it is damaged.
        """
        source = self.source(name)
        if source is None or source.read(0, min(4, source.size)) != ZIP:
            return None
        return ZipArchive(io.BufferedReader(FileSlice(source)), self._budget)

    def data_start(self, entry: zipfile.ZipInfo) -> int:
        """Where a member's bytes begin: behind a local header, which has a name and extra data of its own.

        Raises:
            ZipError: the header is missing.
        """
        return entry.header_offset + _LOCAL_HEADER + sum(self._local_lengths(entry))

    def _read(self, entry: zipfile.ZipInfo, size: int) -> bytes:
        if entry.compress_type not in METHODS:
            raise ZipError(f"its {clause(entry.filename)} is compressed in a way that Keras does not write")
        try:
            with self._zip.open(entry) as member:
                return member.read(size)
        except DAMAGE as error:
            raise ZipError(clause(error) or f"its {clause(entry.filename)} is damaged") from error

    def _local_lengths(self, entry: zipfile.ZipInfo) -> tuple[int, int]:
        """How long the name and the extra data in a member's local header are."""
        self._file.seek(entry.header_offset + _LOCAL_LENGTHS)
        lengths = self._file.read(4)
        if len(lengths) < 4:
            raise ZipError(f"its {clause(entry.filename)} is missing")
        name, extra = struct.unpack("<HH", lengths)
        return name, extra

    def _unpacked_to_disk(self, entry: zipfile.ZipInfo) -> Source | None:
        """What is too large to be unpacked into memory; None if it is too large for a disk, too."""
        if entry.file_size > self._storable or entry.compress_type not in METHODS or entry.flag_bits & _ENCRYPTED:
            return None
        self._storable -= entry.file_size
        try:
            with tempfile.TemporaryFile() as file, self._zip.open(entry) as member:
                while piece := member.read(MEGABYTE):
                    self._budget.look()
                    file.write(piece)
                file.flush()
                return Source(mapped(file), 0, entry.file_size, self._budget)
        except DAMAGE as error:
            raise ZipError(clause(error) or f"its {clause(entry.filename)} is damaged") from error


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
