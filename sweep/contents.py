"""What is in an artifact apart from the version that wrote it: the same contents are loaded once in each reader."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSIONS = frozenset({"keras_version", "backend", "date_saved"})
DIGITS = 3
# What a SavedModel says about itself; the metadata number its layers as they were made.
_STAMPS = frozenset({"fingerprint.pb", "keras_metadata.pb"})
_RELEASE = re.compile(rb"v?\d+\.\d+\.\d+(-\d+-g[0-9a-f]+)?")
# Keras 3 numbers what stands twice in a model by where it is in memory.
_ADDRESS = re.compile(rb'"shared_object_id": \d+')


def digest_of(path: Path, note: dict[str, Any]) -> str:
    """A digest of an artifact and of what it is compared with.

    Args:
        path: the file.
        note: the writer's line for it.
    """
    found = hashlib.sha256()
    beside = [_rounded(note["outputs"]), _rounded(note["trains"]), note["declared"], note["is_code"], note["inputs"]]
    found.update(json.dumps(beside).encode())
    for part in _parts(path):
        found.update(part)
    return found.hexdigest()[:20]


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _parts(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from _of_folder(path)
        return
    if not zipfile.is_zipfile(path):
        yield from _of_hdf5(path.read_bytes())
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            yield name.encode()
            data = archive.read(name)
            if name.endswith(".h5"):
                yield from _of_hdf5(data)
            elif name != "metadata.json":
                yield _ADDRESS.sub(b"", data)


def _of_folder(path: Path) -> Iterator[bytes]:
    for each in sorted(path.rglob("*")):
        if each.is_file() and each.name not in _STAMPS:
            yield each.relative_to(path).as_posix().encode()
            yield _RELEASE.sub(b"", each.read_bytes())


def _of_hdf5(data: bytes) -> Iterator[bytes]:
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        yield from _of_attributes(file)
        names: list[str] = []
        file.visit(names.append)
        for name in names:
            yield name.encode()
            yield from _of_attributes(file[name])
            if isinstance(file[name], h5py.Dataset):
                yield str(file[name].dtype).encode()
                yield repr(file[name][()]).encode() if file[name].dtype.kind == "O" else file[name][()].tobytes()


def _of_attributes(owner: Any) -> Iterator[bytes]:
    for key in sorted(owner.attrs):
        if key not in VERSIONS:
            value = owner.attrs[key]
            yield f"{key}={value.tolist() if hasattr(value, 'tolist') else value!r}".encode()
