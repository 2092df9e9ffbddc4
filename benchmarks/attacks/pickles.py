"""Attacks by pickles: in members, assets and attributes, in every protocol, anywhere in a file, and wrapped."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.container_files import config, hdf5_model, members

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PROTOCOLS = range(6)
_PADDING = 200_000


class _Opens:
    """What opens a file for writing when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self._canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self._canary), "w")


def _pickle(canary: Path, protocol: int = 4) -> bytes:
    return pickle.dumps(_Opens(canary), protocol)


def _text(size: int) -> bytes:
    """Words, such as a vocabulary has."""
    words = b"".join(b"word%d\n" % number for number in range(size // 8))
    return words[:size]


def _npy(canary: Path) -> bytes:
    import numpy as np

    data = io.BytesIO()
    np.save(data, np.array([_Opens(canary)], object), allow_pickle=True)
    return data.getvalue()


def _npz(canary: Path) -> bytes:
    import numpy as np

    data = io.BytesIO()
    np.savez_compressed(data, a=np.zeros(2), b=np.array([_Opens(canary)], object))
    return data.getvalue()


def _torch(canary: Path) -> bytes:
    """What torch.save leaves."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("archive/data.pkl", _pickle(canary, 2))
        archive.writestr("archive/version", "3\n")
    return data.getvalue()


def _zips(canary: Path, depth: int) -> bytes:
    content, name = _pickle(canary), "a.pkl"
    for _ in range(depth):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        content, name = data.getvalue(), "a.zip"
    return content


def _obfuscated(canary: Path) -> bytes:
    """The name of what it calls is put together from two, and recalled from the memo."""
    name = f"{str(canary)!r}"
    return b"\x80\x04\x8c\x08builtins\x94\x8c\x04open\x94h\x00h\x01\x93(V" + name[1:-1].encode() + b"\nV" + b"w\ntR."


def _without_signature(canary: Path) -> bytes:
    """Protocol 4 without the two bytes that it begins with, which unpickling does not ask for."""
    return _pickle(canary)[2:]


_CONTENTS: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    **{
        f"pickle-protocol-{each}": (f"protocol {each}", partial(lambda number, canary: _pickle(canary, number), each))
        for each in _PROTOCOLS
    },
    "pickle-without-signature": ("protocol 4 without its signature", _without_signature),
    "pickle-with-memo": ("a name recalled from the memo", _obfuscated),
    "pickle-behind-text": ("behind words of a vocabulary", lambda canary: _text(_PADDING) + _pickle(canary)),
    "pickle-old-behind-text": ("protocol 0 behind words", lambda canary: _text(_PADDING) + _pickle(canary, 0)),
    "pickle-between-text": (
        "in the middle of a file", lambda canary: _text(_PADDING) + _pickle(canary, 2) + _text(_PADDING)
    ),
    "pickle-behind-another": ("behind a pickle of plain data", lambda canary: pickle.dumps([1]) + _pickle(canary)),
    "pickle-behind-zeros": ("behind zeros", lambda canary: bytes(_PADDING) + _pickle(canary)),
    "pickle-in-gzip": ("in gzip (modelaudit: compressed)", lambda canary: gzip.compress(_pickle(canary))),
    "pickle-in-bz2": ("in bzip2", lambda canary: bz2.compress(_pickle(canary))),
    "pickle-in-xz": ("in xz", lambda canary: lzma.compress(_pickle(canary))),
    "pickle-in-lzma": ("in lzma", lambda canary: lzma.compress(_pickle(canary), lzma.FORMAT_ALONE)),
    "pickle-in-zlib": ("in zlib, as joblib compresses", lambda canary: zlib.compress(_pickle(canary), 3)),
    "pickle-in-joblib-zlib": ("in zlib at its lowest level", lambda canary: zlib.compress(_pickle(canary), 1)),
    "pickle-in-gzip-twice": ("in gzip in gzip", lambda canary: gzip.compress(gzip.compress(_pickle(canary)))),
    "pickle-in-npy": ("an array of objects (modelscan, modelaudit: numpy)", _npy),
    "pickle-in-npz": ("arrays of which one is of objects", _npz),
    "pickle-in-torch": ("what torch.save leaves", _torch),
    "pickle-in-zips": ("in a zip in a zip in a zip", lambda canary: _zips(canary, 3)),
}  # fmt: skip


def _in_asset(content: Callable[[Path], bytes], folder: Path, canary: Path) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members(folder), "assets/table": content(canary)}.items():
            archive.writestr(name, data)
    return path


def _in_attribute(folder: Path, canary: Path) -> Path:
    import h5py
    import numpy as np

    path = hdf5_model(folder / "model.h5", config())
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["state"] = np.void(_pickle(canary))
    return path


def _in_dataset(folder: Path, canary: Path) -> Path:
    import h5py
    import numpy as np

    path = hdf5_model(folder / "model.h5", config())
    with h5py.File(path, "r+") as file:
        file["model_weights/state"] = np.frombuffer(_pickle(canary), "u1")
    return path


def _beside_graph(name: str) -> Any:
    def write(folder: Path, canary: Path) -> Path:
        from attacks.tensorflow_files import save_plain

        path = save_plain(folder)
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(_pickle(canary))
        return path

    return write


ATTACKS: tuple[Attack, ...] = (
    *(
        Attack(name, (f"a pickle in an asset: {shows}",), "pickle.*assets/table", partial(_in_asset, content))
        for name, (shows, content) in _CONTENTS.items()
    ),
    Attack("pickle-in-attribute", ("a pickle in an attribute of HDF5",), "pickle.*state", _in_attribute),
    Attack("pickle-in-dataset", ("a pickle in a dataset of bytes",), "pickle.*state", _in_dataset),
    Attack("pickle-in-saved-model", ("a pickle among a SavedModel's assets",), "pickle.*assets/table",
           _beside_graph("assets/table"), needs_tensorflow=True),
    Attack("pickle-in-extra", ("a pickle in assets.extra",), "pickle.*assets.extra",
           _beside_graph("assets.extra/a.bin"), needs_tensorflow=True),
    Attack("pickle-beside-graph", ("a pickle beside saved_model.pb",), "pickle.*state.pkl", _beside_graph("state.pkl"),
           needs_tensorflow=True),
)  # fmt: skip
NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt("modelaudit: imports of os, sys, subprocess, socket and their kin in pickles", "one rule for each module; "
             "here every pickle that imports anything is found by one rule, and the files import builtins.open"),
)  # fmt: skip
