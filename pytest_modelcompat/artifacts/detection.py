"""What a file or folder is, by its first bytes; and a sentence where it is no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import clause, listed

if TYPE_CHECKING:
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")
_HEAD = 512
_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt")
_KERAS_FOLDER = ("config.json", "metadata.json")
# What Keras writes first into a .keras; all there is to go by once a zip's table of contents is cut off.
_KERAS_MEMBERS = (b"metadata.json", b"config.json")
# An HDF5 file may begin with a block of the user's, of this size or a power of two times it.
_SMALLEST_USER_BLOCK = 512

# Where it stands, how it looks, what it is.
_OTHERS = (
    (0, b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (0, b"BZh", "is compressed with bzip2; unpack it first"),
    (0, b"\xfd7zXZ", "is compressed with xz; unpack it first"),
    (0, b"7z\xbc\xaf", "is a 7z archive; unpack it first"),
    (257, b"ustar", "is a tar archive; unpack it first"),
    (0, b"\x80", "is a Python pickle, not a saved Keras model"),
    (0, b"\x93NUMPY", "is a NumPy array, not a model"),
    (4, b"TFL3", "is a TensorFlow Lite model, which TensorFlow Lite's interpreter loads and Keras does not"),
    (8, b'{"', "is a safetensors file: weights without a model"),
    (0, b"{", "is JSON text, not a model with weights"),
)
# What is in a folder, and what such a folder is.
_OTHER_FOLDERS = (
    ("_CHECKPOINT_METADATA", "is an Orbax checkpoint: weights without a model"),
    ("checkpoint", "is a folder of TensorFlow checkpoints, which hold weights without a model"),
    ("variables.index", "is the variables folder of a SavedModel; give the folder that holds it"),
)
# Of a zip's members: how a name ends, and what such a zip is.
_OTHER_ZIPS = (
    ("/data.pkl", "is a PyTorch model"),
    (".npy", "is a NumPy .npz archive: arrays without a model"),
    ("saved_model.pb", "is a zipped SavedModel; unpack it first"),
    (".h5", "is a zip file that holds an HDF5 file; unpack it first"),
)


def detect_format(path: Path) -> str | None:
    """Tells an artifact's format by a look at its first bytes, None if it is none of ours.

    A format is a promise about the kind, not about its health: a truncated .h5 is still `h5`.

    Args:
        path: a file or folder, which need not exist.

    Returns:
        `h5`, `keras`, `saved_model` or None.
    """
    try:
        if path.is_dir():
            return _folder_format(path)
        # Opening a named pipe would wait for a writer.
        head = _head(path) if path.is_file() else b""
    except OSError:
        return None
    if head.startswith(_ZIP):
        return "keras" if _is_keras_zip(path, head) else None
    return "h5" if head.startswith(_HDF5) or _is_behind_user_block(path, head) else None


def _folder_format(path: Path) -> str | None:
    if any((path / name).is_file() for name in _SAVED_MODEL):
        return "saved_model"
    return "keras" if all((path / name).is_file() for name in _KERAS_FOLDER) else None


def _is_behind_user_block(path: Path, head: bytes) -> bool:
    """Whether an HDF5 file begins later in the file, behind what its user put before it."""
    if len(head) < _HEAD:
        return False
    start, size = _SMALLEST_USER_BLOCK, path.stat().st_size
    with path.open("rb") as file:
        while start < size:
            file.seek(start)
            if file.read(len(_HDF5)) == _HDF5:
                return True
            start *= 2
    return False


def describe_non_artifact(path: Path) -> str:
    """Says in one sentence what a path that is no artifact really is.

    Args:
        path: what `detect_format` did not recognise.

    Raises:
        OSError: it exists and cannot be read.
    """
    if not path.exists():
        return f"{path} does not exist"
    if path.is_dir():
        return _describe_folder(path)
    if not path.is_file():
        return f"{path} is neither a file nor a folder"
    return describe_content(path)


def describe_content(path: Path) -> str:
    """Says in one sentence what a file is, given that it is not what it should be.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    head = _head(path)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _describe_zip(path)
    return describe_placeholder(path, head) or _describe_binary(path, head)


def describe_placeholder(path: Path, head: bytes) -> str | None:
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


def describe_undelivered(path: Path) -> str | None:
    """Says what stands in a file's place where it was never delivered; None if it is none of these.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    return describe_placeholder(path, _head(path))


def _describe_binary(path: Path, head: bytes) -> str:
    if path.name in {*_SAVED_MODEL, "keras_metadata.pb"}:
        return f"{path} is one file of a SavedModel; give the folder that holds it, {path.parent}"
    if path.suffix == ".index" or ".data-" in path.suffix:
        return f"{path} is one file of a TensorFlow checkpoint, which holds weights without a model"
    if path.name.endswith(".weights.json"):
        return f"{path} is the index of weights that Keras saved in several files, which hold no model"
    for start, magic, what in _OTHERS:
        if head.startswith(magic, start):
            return f"{path} {what}"
    if path.suffix == ".onnx":
        return f"{path} is an ONNX model, which ONNX Runtime loads and Keras does not"
    return f"{path} is not a model file: it starts with {head[:8]!r}, neither HDF5 (.h5) nor zip (.keras)"


def _describe_folder(path: Path) -> str:
    for name, what in _OTHER_FOLDERS:
        if (path / name).exists():
            return f"{path} {what}"
    below = sorted(found for name in _SAVED_MODEL for found in path.glob(f"*/{name}"))
    hint = f"; there is one in {below[-1].parent}" if below else ""
    return f"{path} is a folder without saved_model.pb, so it is not a SavedModel{hint}"


def _describe_zip(path: Path) -> str:
    names = _names(path)
    if names is None:
        return f"{path} is a truncated or corrupt zip file"
    for end, what in _OTHER_ZIPS:
        if any(name.endswith(end) for name in names):
            return f"{path} {what}"
    held = f"it holds {clause(listed(names, 3))}" if names else "it is empty"
    return f"{path} is a zip file without config.json, so it is not a .keras model: {held}"


def _is_keras_zip(path: Path, head: bytes) -> bool:
    try:
        names = _names(path)
    except OSError:
        names = None
    return head[30:].startswith(_KERAS_MEMBERS) if names is None else "config.json" in names


def _names(path: Path) -> list[str] | None:
    """What is in a zip; None where that is unknown."""
    from pytest_modelcompat.artifacts.containers.zip_reader import ZipArchive, ZipError

    try:
        with path.open("rb") as file:
            return list(ZipArchive(file).sizes)
    except ZipError:
        return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
