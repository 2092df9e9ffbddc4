"""Telling what a file or folder is by its first bytes, and saying so when it is no model."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")
_HEAD = 512
_SAVED_MODEL = "saved_model.pb"
# What Keras writes first into a .keras; all there is to go by once a zip's table of contents is cut off.
_KERAS_MEMBERS = (b"metadata.json", b"config.json")

_OTHERS = (
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"\x80", "is a Python pickle, not a saved Keras model"),
    (b"\x93NUMPY", "is a NumPy array, not a model"),
    (b"{", "is JSON text, not a model with weights"),
)


def recognise(path: Path) -> str | None:
    """Tells an artifact's format by a look at its first bytes, None if it is none of ours.

    A format is a promise about the kind, not about its health: a truncated .h5 is still `h5`.

    Args:
        path: a file or folder, which need not exist.

    Returns:
        `h5`, `keras`, `saved_model` or None.
    """
    try:
        if path.is_dir():
            return "saved_model" if (path / _SAVED_MODEL).is_file() else None
        # Opening a named pipe would wait for a writer.
        head = _head(path) if path.is_file() else b""
    except OSError:
        return None
    if head.startswith(_HDF5):
        return "h5"
    return "keras" if head.startswith(_ZIP) and _is_keras_zip(path, head) else None


def explain(path: Path) -> str:
    """Says in one sentence what a path that is no artifact really is.

    Args:
        path: what `recognise` did not recognise.

    Raises:
        OSError: it exists and cannot be read.
    """
    if not path.exists():
        return f"{path} does not exist"
    if path.is_dir():
        return _explain_folder(path)
    if not path.is_file():
        return f"{path} is neither a file nor a folder"
    return explain_content(path)


def explain_content(path: Path) -> str:
    """Says in one sentence what a file is, given that it is not what it should be.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    head = _head(path)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _explain_zip(path)
    return explain_text(path, head) or _explain_binary(path, head)


def explain_text(path: Path, head: bytes) -> str | None:
    """Says what stands in a file's place where it was never delivered: nothing, an LFS pointer, a web page.

    Args:
        path: the file.
        head: its first bytes.

    Returns:
        One sentence, or None if it is none of these.
    """
    if not head:
        return f"{path} is an empty file"
    if head.startswith(_LFS):
        return f"{path} is a Git LFS pointer, not the model itself; fetch it with `git lfs pull`"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        return f"{path} is an HTML page, not a model; the download it came from answered with a web page"
    return None


def _explain_binary(path: Path, head: bytes) -> str:
    if path.name in {_SAVED_MODEL, "saved_model.pbtxt", "keras_metadata.pb"}:
        return f"{path} is one file of a SavedModel; give the folder that holds it, {path.parent}"
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return f"{path} {what}"
    return f"{path} is no model file: it starts with {head[:8]!r}, neither HDF5 (.h5) nor zip (.keras)"


def _explain_folder(path: Path) -> str:
    if (path / "saved_model.pbtxt").is_file():
        return f"{path} is a SavedModel in text form (saved_model.pbtxt), which is not supported"
    if (path / "config.json").is_file() and (path / "metadata.json").is_file():
        return f"{path} is an unpacked .keras file; give the .keras file itself"
    below = sorted(path.glob(f"*/{_SAVED_MODEL}"))
    hint = f"; there is one in {below[-1].parent}" if below else ""
    return f"{path} is a folder without saved_model.pb, so it is no SavedModel{hint}"


def _explain_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return f"{path} is a truncated or corrupt zip file"
    held = f"it holds {', '.join(names[:3])}{' …' if len(names) > 3 else ''}" if names else "it is empty"
    return f"{path} is a zip file without config.json, so it is no .keras model: {held}"


def _is_keras_zip(path: Path, head: bytes) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "config.json" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return head[30:].startswith(_KERAS_MEMBERS)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
