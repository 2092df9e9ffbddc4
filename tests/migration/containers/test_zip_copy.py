"""A zip copied with other members: what is not new has the same bytes, in the same order."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.containers.zip_reader import ZipError
from pytest_modelcompat.migration.containers.zip_copy import copy_zip, unpack_member

if TYPE_CHECKING:
    from pathlib import Path

DATE = (2021, 3, 4, 5, 6, 8)


class Pipe(io.RawIOBase):
    """A file that cannot be gone back in, so that `zipfile` writes sizes behind the bytes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._file.write(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def member(name: str, compression: int = zipfile.ZIP_DEFLATED, extra: bytes = b"") -> zipfile.ZipInfo:
    """A member's entry."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type, entry.external_attr, entry.extra = compression, 0o600 << 16, extra
    return entry


def written(path: Path, *, zip64: bool = False, piped: bool = False, extra: bytes = b"") -> Path:
    """A zip with three members and a folder."""
    with zipfile.ZipFile(Pipe(path) if piped else path, "w") as archive:
        for name, compression in (("metadata.json", 8), ("config.json", 8), ("assets/", 0), ("assets/a.txt", 0)):
            with archive.open(member(name, compression, extra), "w", force_zip64=zip64) as file:
                file.write(b"" if name.endswith("/") else name.encode() * 100)
    return path


def raw(path: Path, name: str) -> bytes:
    """The bytes of a member as they are stored."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(name)
    data = path.read_bytes()
    start = entry.header_offset
    lengths = int.from_bytes(data[start + 26 : start + 28], "little") + int.from_bytes(
        data[start + 28 : start + 30], "little"
    )
    return data[start + 30 + lengths :][: entry.compress_size]


@pytest.mark.parametrize(
    ("zip64", "piped", "extra"),
    [
        pytest.param(False, False, b"", id="as zipfile does"),
        pytest.param(True, False, b"", id="64 bits"),
        pytest.param(False, True, b"", id="sizes behind the bytes"),
        pytest.param(True, True, b"UT\x05\x00\x01abcd", id="all of it, with extra data"),
    ],
)
def test_members_are_copied_as_they_are(tmp_path: Path, zip64: bool, piped: bool, extra: bytes) -> None:
    """Compressed bytes, order, dates, rights and extra data."""
    source, target = written(tmp_path / "a.zip", zip64=zip64, piped=piped, extra=extra), tmp_path / "b.zip"
    copy_zip(source, target, {"config.json": b"new"})
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        assert new.testzip() is None
        assert new.namelist() == old.namelist()
        assert [each.date_time for each in new.infolist()] == [DATE] * 4
        assert [each.external_attr for each in new.infolist()] == [each.external_attr for each in old.infolist()]
        assert [each.compress_type for each in new.infolist()] == [each.compress_type for each in old.infolist()]
        assert all(extra in each.extra for each in new.infolist() if each.filename != "config.json")
        assert new.read("config.json") == b"new"
        assert new.read("metadata.json") == b"metadata.json" * 100
    assert raw(target, "metadata.json") == raw(source, "metadata.json")
    assert raw(target, "assets/a.txt") == b"assets/a.txt" * 100


def test_bytes_are_not_unpacked(tmp_path: Path) -> None:
    """What was compressed by others, at another level, stays so; unpacked and packed again it would be smaller."""
    source, target = tmp_path / "a.zip", tmp_path / "b.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as archive:
        archive.writestr("large", bytes(100_000))
        archive.writestr("config.json", b"old")
    copy_zip(source, target, {"config.json": b"new"})
    assert len(raw(target, "large")) > 100_000


def test_files_are_stored(tmp_path: Path) -> None:
    """A file takes the place of a member, another is added at the end."""
    source, target, file = written(tmp_path / "a.zip"), tmp_path / "b.zip", tmp_path / "file"
    file.write_bytes(b"content" * 1000)
    copy_zip(source, target, {"config.json": file, "weights.h5": file})
    assert raw(target, "config.json") == raw(target, "weights.h5") == b"content" * 1000
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist()[-1] == "weights.h5"
        assert archive.testzip() is None


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Dates are those of the source."""
    source, file = written(tmp_path / "a.zip"), tmp_path / "file"
    file.write_bytes(b"content")
    for name in ("b.zip", "c.zip"):
        copy_zip(source, tmp_path / name, {"config.json": b"new" * 100, "assets/a.txt": file, "added": file})
    assert (tmp_path / "b.zip").read_bytes() == (tmp_path / "c.zip").read_bytes()


def test_a_member_is_unpacked(tmp_path: Path) -> None:
    """Whole, or not at all where its bytes are damaged."""
    source, target = written(tmp_path / "a.zip"), tmp_path / "member"
    unpack_member(source, "config.json", target)
    assert target.read_bytes() == b"config.json" * 100
    damaged = source.read_bytes().replace(raw(source, "config.json"), bytes(len(raw(source, "config.json"))))
    source.write_bytes(damaged)
    with pytest.raises(ZipError, match=r"config\.json"):
        unpack_member(source, "config.json", target)


def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """Its table of contents is missing."""
    source = written(tmp_path / "a.zip")
    source.write_bytes(source.read_bytes()[:-30])
    with pytest.raises(ZipError):
        copy_zip(source, tmp_path / "b.zip", {})
