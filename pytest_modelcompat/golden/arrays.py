"""The arrays of a golden, read without trust: nothing is unpacked that is larger than the file itself."""

from __future__ import annotations

import io
import math
import zipfile
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.golden import JSON_FILE, GoldenBrokenError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
# What may be unpacked of any file; more only of one that is as long itself, as arrays are stored uncompressed.
_UNPACKED = 64 << 20


def refuse_pointer(path: Path, data: bytes) -> None:
    """Refuse what Git LFS leaves in a file's place until it is fetched.

    Args:
        path: the file.
        data: its bytes, the first of them at least.

    Raises:
        GoldenBrokenError: it is a pointer.
    """
    if data.startswith(_LFS_POINTER):
        raise GoldenBrokenError(f"{path} is a Git LFS pointer, not the file itself: run `git lfs pull`.")


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, by name.

    Args:
        path: the file.

    Raises:
        GoldenBrokenError: it is missing, damaged, or no such file.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise GoldenBrokenError(f"{path} is missing beside {JSON_FILE}: was it not committed?") from None
    refuse_pointer(path, data)
    # Without this, NumPy takes what is no zip file for a pickle and says so.
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise GoldenBrokenError(f"{path} ({len(data)} bytes) is truncated, or not an .npz file.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(path, len(data), sum(member.file_size for member in archive.infolist()))
            return {member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()}
    except GoldenBrokenError:
        raise
    except Exception as error:  # a damaged file raises nearly anything
        raise GoldenBrokenError(f"{path} ({len(data)} bytes) is corrupt: {error}.") from error


def _refuse_bomb(path: Path, size: int, unpacked: int) -> None:
    if unpacked > max(_UNPACKED, size):
        raise GoldenBrokenError(
            f"{path} ({size} bytes) unpacks to {unpacked} bytes; a golden's arrays are not compressed."
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    from numpy.lib import format as npy

    with archive.open(member) as file:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(file)
        if math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError(f"{member.filename} is shorter than its shape {shape} asks for")
    with archive.open(member) as file:
        array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
        return array
