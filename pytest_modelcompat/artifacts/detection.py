"""What a file or folder is, by its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import KERAS_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
# How much of a file is looked at first.
HEAD = 512
SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")
# What Keras 2 writes beside it.
KERAS_METADATA = "keras_metadata.pb"
# What a folder of checkpoints names its newest in.
CHECKPOINT_STATE = "checkpoint"
INDEX, SHARD = ".index", re.compile(r"\.data-\d{5}-of-\d{5}$")
CONFIG = "config.json"
_ZIP_SUFFIXES, _HDF5_SUFFIXES = (".keras",), (".h5", ".hdf5")
# What Keras writes first into a .keras; all there is to go by once a zip's table of contents is cut off.
_KERAS_MEMBERS = (b"metadata.json", CONFIG.encode())
# An HDF5 file may begin with a block of the user's, of this size or a power of two times it.
_SMALLEST_USER_BLOCK = 512
# Of a folder that Keras loads, what may stand beside its configuration: it asks for the configuration only.
_BESIDE_CONFIG = ("model.weights.h5", "model.weights.npz")


def detect_format(path: Path) -> str | None:
    """Tells an artifact's format by a look at its first bytes, None if it is none of ours.

    A format is a promise about the kind, not about its health: a truncated .h5 is still `h5`.

    Args:
        path: a file or folder, or what a TensorFlow checkpoint's files have in common; it need not exist.

    Returns:
        A key of `formats.READ` or None.
    """
    try:
        if path.is_dir():
            return _folder_format(path)
        # Opening a named pipe would wait for a writer.
        if path.is_file():
            return _file_format(path)
        return "checkpoint" if checkpoint_index(path) else None
    except OSError:
        return None


def _file_format(path: Path) -> str | None:
    head = head_of(path)
    by_name = _format_by_name(path, head)
    if by_name is not None:
        return by_name
    if head.startswith(ZIP):
        return "keras" if _is_keras_zip(path, head) else None
    if hdf5_start(path) is not None:
        return "h5"
    return _graph_format(path) or ("checkpoint" if checkpoint_index(path) else None)


def _format_by_name(path: Path, head: bytes) -> str | None:
    """What Keras takes a file for that is more than one thing: it goes by the name, and looks for the format anywhere.

    A zip may have anything before it, and HDF5 a block of its user's.
    """
    if path.suffix in _ZIP_SUFFIXES and not head.startswith(ZIP):
        return "keras" if CONFIG in (zip_names(path) or ()) else None
    if path.suffix in _HDF5_SUFFIXES and head.startswith(ZIP) and hdf5_start(path) is not None:
        return "h5"
    return None


def hdf5_start(path: Path) -> int | None:
    """Where HDF5 begins in a file: at its beginning, or behind what its user put before it; None where it does not.

    Raises:
        OSError: the file cannot be read.
    """
    start, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while start + len(HDF5) <= size:
            file.seek(start)
            if file.read(len(HDF5)) == HDF5:
                return start
            start = 2 * start or _SMALLEST_USER_BLOCK
    return None


def head_of(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(HEAD)


def zip_names(path: Path) -> list[str] | None:
    """What is in a zip; None where that is unknown."""
    from pytest_modelcompat.artifacts.containers.zip_reader import ZipArchive, ZipError

    try:
        with path.open("rb") as file:
            return list(ZipArchive(file).sizes)
    except ZipError:
        return None


def checkpoint_index(path: Path) -> Path | None:
    """The index of the checkpoint that a path means; None if it means none.

    Args:
        path: the index itself, a file of values with an index beside it, what their names have in common, or a folder
            that names its newest checkpoint.

    Raises:
        OSError: something cannot be read.
    """
    from pytest_modelcompat.artifacts.containers.sstable import is_table

    if path.is_dir():
        return _newest_index(path)
    if path.is_file() and is_table(path):
        return path
    index = path.with_name(SHARD.sub("", path.name) + INDEX)
    is_meant = not path.exists() or SHARD.search(path.name)
    return index if is_meant and index.is_file() and is_table(index) else None


def _newest_index(folder: Path) -> Path | None:
    from pytest_modelcompat.artifacts.text import natural_order

    state = folder / CHECKPOINT_STATE
    if not state.is_file():
        return None
    with state.open("rb") as file:
        named = re.search(rb'model_checkpoint_path:\s*"([^"\n]*)"', file.read(1 << 16))
    # It may name a folder of the machine that wrote it; the files are here.
    name = re.split(r"[/\\]", named[1].decode("utf-8", "replace"))[-1] if named else ""
    if name and (folder / f"{name}{INDEX}").is_file():
        return folder / f"{name}{INDEX}"
    found = sorted(folder.glob(f"*{INDEX}"), key=lambda each: natural_order(each.name))
    return found[-1] if found else None


def _folder_format(path: Path) -> str | None:
    if any((path / name).is_file() for name in SAVED_MODEL_FILES):
        return "saved_model"
    if (path / CONFIG).is_file() and any((path / name).is_file() for name in (*_BESIDE_CONFIG, *KERAS_FOLDER[1:])):
        return "keras"
    return "checkpoint" if checkpoint_index(path) else None


def _graph_format(path: Path) -> str | None:
    from pytest_modelcompat.artifacts.containers.protobuf_kinds import GRAPH_DEF, META_GRAPH, protobuf_kind

    return {GRAPH_DEF: "graph_def", META_GRAPH: "meta_graph"}.get(protobuf_kind(path))


def _is_keras_zip(path: Path, head: bytes) -> bool:
    try:
        names = zip_names(path)
    except OSError:
        names = None
    return head[30:].startswith(_KERAS_MEMBERS) if names is None else CONFIG in names
