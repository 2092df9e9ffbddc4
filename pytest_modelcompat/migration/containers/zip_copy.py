"""A zip copied member by member, the compressed bytes as they are, but for those that are new."""

from __future__ import annotations

import copy
import shutil
import struct
import zipfile
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.zip_reader import DAMAGE, ZipArchive, ZipError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

_PIECE = 1 << 20
_HAS_DESCRIPTOR = 1 << 3
_ZIP64_EXTRA = 1


def copy_zip(
    source: Path, target: Path, new: Mapping[str, bytes | Path], renamed: Mapping[str, str] | None = None
) -> None:
    """Copy a zip; members keep their order, their dates and their compression.

    Args:
        source: the zip.
        target: the file to write.
        new: member -> its new content, or the file that has it, which is stored as it is. One that the source does not
            have is added at the end.
        renamed: member that is copied under another name -> that name.

    Raises:
        ZipError: the source is damaged.
        OSError: the target cannot be written.
    """
    with source.open("rb") as file, zipfile.ZipFile(target, "w") as archive:
        reader = ZipArchive(file)
        missing = dict(new)
        for entry in reader.entries:
            if entry.filename in new:
                missing.pop(entry.filename, None)
                _write(archive, entry, new[entry.filename])
            else:
                name = (renamed or {}).get(entry.filename, entry.filename)
                _copy(archive, entry, file, reader.data_start(entry), name)
        for name, content in missing.items():
            _write(archive, zipfile.ZipInfo(name), content)


def unpack_member(source: Path, name: str, target: Path) -> None:
    """Write the content of one member to a file.

    Args:
        source: the zip.
        name: of the member.
        target: the file.

    Raises:
        ZipError: the member is damaged.
        OSError: the target cannot be written.
    """
    with source.open("rb") as file, target.open("wb") as unpacked:
        reader = ZipArchive(file)
        entry = next(each for each in reversed(reader.entries) if each.filename == name)
        with reader.open(entry) as member:
            while True:
                try:
                    piece = member.read(_PIECE)
                except DAMAGE as error:
                    raise ZipError(f"its {name} is damaged: {error}") from error
                if not piece:
                    return
                unpacked.write(piece)


def zip_folder(folder: Path, target: Path, first: Sequence[str] = ()) -> None:
    """Put the files of a folder into a zip, as they are and without their dates.

    Args:
        folder: the folder.
        target: the file to write.
        first: files that come before the others.

    Raises:
        OSError: the target cannot be written.
    """
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    names.sort(key=lambda each: first.index(each) if each in first else len(first))
    write_zip(target, {name: folder / name for name in names})


def write_zip(target: Path, members: Mapping[str, bytes | Path]) -> None:
    """Write a zip whose members are stored as they are, without dates.

    Args:
        target: the file to write.
        members: each -> its content, or the file that has it.

    Raises:
        OSError: the target cannot be written.
    """
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            _write(archive, zipfile.ZipInfo(name), content)


def _write(archive: zipfile.ZipFile, like: zipfile.ZipInfo, content: bytes | Path) -> None:
    entry = zipfile.ZipInfo(like.filename, like.date_time)
    entry.external_attr, entry.create_system = like.external_attr, like.create_system
    if isinstance(content, bytes):
        entry.compress_type = like.compress_type
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as file, archive.open(entry, "w") as member:
        shutil.copyfileobj(file, member, _PIECE)


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: BinaryIO, start: int, name: str) -> None:
    """Copy a member as `zipfile` would write it, but without looking at what its bytes are."""
    copied = copy.copy(entry)
    copied.filename = name
    # Its sizes are known, and stand before its bytes; `zipfile` adds the 64-bit ones where it needs them.
    copied.flag_bits &= ~_HAS_DESCRIPTOR
    copied.extra = _without_zip64(entry.extra)
    target = archive.fp
    assert target is not None  # noqa: S101 - it is open for writing
    target.seek(archive.start_dir)
    copied.header_offset = target.tell()
    target.write(copied.FileHeader())
    source.seek(start)
    left = entry.compress_size
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise ZipError(f"its {entry.filename} is cut short")
        target.write(piece)
        left -= len(piece)
    archive.filelist.append(copied)
    archive.NameToInfo[copied.filename] = copied
    archive.start_dir = target.tell()
    archive._didModify = True  # type: ignore[attr-defined]  # noqa: SLF001 - it writes its table of contents then


def _without_zip64(extra: bytes) -> bytes:
    kept, position = b"", 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        if kind != _ZIP64_EXTRA:
            kept += extra[position : position + 4 + size]
        position += 4 + size
    return kept
