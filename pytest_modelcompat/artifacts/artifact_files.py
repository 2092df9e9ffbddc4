"""The files that an artifact consists of, and their digests."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20


def files_of(path: Path) -> list[Path]:
    """The files of an artifact, in the order of their paths.

    Args:
        path: the artifact; of a checkpoint, what the names of its files have in common.
    """
    if path.is_file():
        return [path]
    found = path.rglob("*") if path.is_dir() else path.parent.glob(f"{glob.escape(path.name)}.*")
    return sorted(file for file in found if file.is_file())


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file.

    Args:
        file: the file.

    Raises:
        OSError: it cannot be read.
    """
    # It loads OpenSSL, which those who only list files need not wait for.
    import hashlib

    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
