"""Wheels made by hand, so that environments are created without a package index."""

from __future__ import annotations

import base64
import hashlib
import sys
import sysconfig
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def wheel(folder: Path, name: str = "hollow", files: dict[str, bytes] | None = None) -> str:
    """A requirement that installs some files and nothing else."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    home = f"{name}-1.0.dist-info"
    content = {
        f"{name}.py": b"",
        **(files or {}),
        f"{home}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{home}/WHEEL": b"Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{file},sha256={_digest(data)},{len(data)}" for file, data in content.items()]
    content[f"{home}/RECORD"] = "\n".join([*rows, f"{home}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in content.items():
            archive.writestr(file, data)
    return f"{name} @ {path.as_uri()}"


def tensorflow_of_here(folder: Path) -> str:
    """A requirement that has the TensorFlow of this interpreter: a real one, and nothing is copied."""
    places = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return wheel(folder, "tensorflow_of_here", {"tensorflow_of_here.pth": "\n".join([*places, ""]).encode()})


def tensorflow_version() -> str:
    """The version of this interpreter's TensorFlow, whichever distribution it is."""
    names = ("tensorflow", "tensorflow_cpu", "tensorflow_intel", "tensorflow_macos")
    return next(version for name in names if (version := _version(name)))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
