"""Attacks by containers: polyglots, members of a zip that are two things, and values of HDF5 in other files."""

from __future__ import annotations

import io
import json
import shutil
import stat
import struct
import zipfile
from typing import TYPE_CHECKING, Any

from attacks import hdf5_files, pickles
from attacks.attack import Attack, NotBuilt
from attacks.container_files import CONFIG, METADATA, WEIGHTS, acting_config, config, hdf5_model, hdf5_weights, members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_LEADING = 1 << 10
_ENCRYPTED = 1


def _zip(path: Path, contents: Mapping[str, bytes | str], start: bytes = b"") -> Path:
    data = io.BytesIO(start)
    data.seek(len(start))
    with zipfile.ZipFile(data, "a" if start else "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    path.write_bytes(data.getvalue())
    return path


def _with(change: Callable[[zipfile.ZipFile, Path], None]) -> Any:
    """A .keras file with more members than it needs."""

    def write(folder: Path, canary: Path) -> Path:
        path = _zip(folder / "model.keras", members(folder))
        with zipfile.ZipFile(path, "a") as archive:
            change(archive, canary)
        return path

    return write


def _member(name: str, content: bytes = b"a") -> Any:
    return _with(lambda archive, _: archive.writestr(name, content))


def _duplicate_config(archive: zipfile.ZipFile, canary: Path) -> None:
    archive.writestr(CONFIG, acting_config(canary))


def _other_case(archive: zipfile.ZipFile, canary: Path) -> None:
    archive.writestr("Config.json", acting_config(canary))


def _link(archive: zipfile.ZipFile, canary: Path) -> None:
    entry = zipfile.ZipInfo("assets/link")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, str(canary))


def _device(archive: zipfile.ZipFile, canary: Path) -> None:
    del canary
    entry = zipfile.ZipInfo("assets/pipe")
    entry.create_system, entry.external_attr = 3, (stat.S_IFIFO | 0o777) << 16
    archive.writestr(entry, b"")


def _local_name(folder: Path, canary: Path) -> Path:
    """The name before a member's bytes is not the one in the table of contents."""
    contents = {**members(folder), "c0nfig.json": acting_config(canary).encode()}
    path = _zip(folder / "model.keras", contents)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"c0nfig.json", b"config.json", 1))
    return path


def _encrypted(folder: Path, canary: Path) -> Path:
    """A member that no reader without a password sees, and that is marked so."""
    path = _zip(folder / "model.keras", {**members(folder), "assets/secret": acting_config(canary).encode()})
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(signature) + flags] |= _ENCRYPTED
    path.write_bytes(data)
    return path


def _leading(folder: Path, canary: Path) -> Path:
    return _zip(folder / "model.keras", members(folder, acting_config(canary)), b"#!/bin/sh\n" + b"\n" * _LEADING)


def _behind_hdf5(folder: Path, canary: Path) -> Path:
    """An innocent HDF5 model with a zip behind it: by its name, Keras reads the zip."""
    innocent = hdf5_model(folder / "innocent.h5", config()).read_bytes()
    return _zip(folder / "model.keras", members(folder, acting_config(canary)), innocent)


def _in_user_block(folder: Path, canary: Path) -> Path:
    """An innocent .keras in the block that an HDF5 file leaves to its user: by its name, Keras reads HDF5."""
    innocent = _zip(folder / "innocent.keras", members(folder)).read_bytes()
    path = hdf5_model(folder / "model.h5", acting_config(canary), user_block=1 << 14)
    with path.open("r+b") as file:
        file.write(innocent)
    return path


def _far_user_block(folder: Path, canary: Path) -> Path:
    """What stands before HDF5 is no zip, and longer than a reader may look."""
    return hdf5_model(folder / "model.h5", acting_config(canary), user_block=1 << 20)


def _signature_in_member(folder: Path, canary: Path) -> Path:
    """A zip with the signature of HDF5 at byte 512, which HDF5 looks at, too."""
    model = hdf5_model(folder / "acting.h5", acting_config(canary), user_block=0).read_bytes()
    head = b"PK\x03\x04" + struct.pack("<5H3L2H", 20, 0, 0, 0, 0, 0, len(model), len(model), 7, 475) + b"a/b.bin"
    innocent = io.BytesIO()
    with zipfile.ZipFile(innocent, "w") as archive:
        for name, content in members(folder).items():
            archive.writestr(name, content)
    path = folder / "model.h5"
    path.write_bytes((head + bytes(475)).ljust(512, b"\0") + model + innocent.getvalue())
    return path


def _renamed(source: str, target: str) -> Any:
    def write(folder: Path, canary: Path) -> Path:
        made = folder / source
        if source.endswith(".h5"):
            hdf5_model(made, acting_config(canary))
        else:
            _zip(made, members(folder, acting_config(canary)))
        return made.rename(folder / target)

    return write


def _keras_folder(folder: Path, canary: Path) -> Path:
    path = folder / "model"
    path.mkdir()
    for name, content in members(folder, acting_config(canary)).items():
        (path / name).write_bytes(content)
    return path


def _config_alone(folder: Path, canary: Path) -> Path:
    """Keras asks of a folder only whether it has a config.json."""
    path = _keras_folder(folder, canary)
    (path / METADATA).rename(path / "metadata.txt")
    return path


def _linked_weights(folder: Path, canary: Path) -> Path:
    """A file in the folder that is a link out of it."""
    path = _keras_folder(folder, canary)
    (path / CONFIG).write_text(config(), encoding="utf-8")
    shutil.move(path / WEIGHTS, folder / "outside")
    (path / WEIGHTS).symlink_to(folder / "outside")
    return path


def _h5_in_zip(compression: int, more: int = 0) -> Any:
    def write(folder: Path, canary: Path) -> Path:
        weights = hdf5_weights(folder / "weights", lambda file: hdf5_files.external_link(file, canary), more)
        path = folder / "model.keras"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in {**members(folder), WEIGHTS: weights}.items():
                archive.writestr(name, content)
        return path

    return write


def _sharded(folder: Path, canary: Path) -> Path:
    """In weights of another name, as when they are sharded, or of a layer's own."""
    weights = hdf5_weights(folder / "weights", lambda file: hdf5_files.external_link(file, canary))
    return _zip(folder / "model.keras", {**members(folder), "assets/table.bin": weights})


def _json_twice(folder: Path, canary: Path) -> Path:
    """One key twice in config.json: which one counts is up to the reader."""
    text = config()[:-1] + ', "config": ' + json.dumps(json.loads(acting_config(canary))["config"]) + "}"
    return _zip(folder / "model.keras", members(folder, text))


_BYTECODE = "(?i)bytecode|lambda"
_POLYGLOT = "(?i)polyglot|zip|hdf5"
ATTACKS: tuple[Attack, ...] = (
    *hdf5_files.ATTACKS,
    *pickles.ATTACKS,
    Attack("duplicate-config", ("two members config.json (modelaudit: duplicate entries)",), CONFIG,
           _with(_duplicate_config), unsafe_mode=True),
    Attack("duplicate-by-case", ("config.json and Config.json",), "(?i)config.json", _with(_other_case)),
    Attack("other-local-name", ("a member with two names",), "c[0o]nfig.json", _local_name),
    Attack("member-above", ("a member with .. in its name (modelaudit: path traversal)",), r"\.\./canary",
           _member("../canary")),
    Attack("member-absolute", ("a member with an absolute name",), "/tmp/canary", _member("/tmp/canary")),  # noqa: S108
    Attack("member-on-drive", ("a member on a drive of Windows",), "C:", _member("C:\\canary")),
    Attack("member-link", ("a member that is a symbolic link (modelaudit: symlinks)",), "assets/link", _with(_link)),
    Attack("member-pipe", ("a member that is a named pipe",), "assets/pipe", _with(_device)),
    Attack("encrypted-member", ("a member that cannot be looked into",), "assets/secret", _encrypted),
    Attack("zip-behind-script", ("a zip with leading data",), _POLYGLOT, _leading, ("tf2.18",), unsafe_mode=True),
    Attack("zip-behind-hdf5", ("HDF5 first, a zip behind it, named .keras",), _BYTECODE, _behind_hdf5,
           ("tf2.18",), unsafe_mode=True),
    Attack("zip-in-user-block", ("a zip first, HDF5 behind it, named .h5",), _BYTECODE, _in_user_block,
           ("tf2.15",), unsafe_mode=True),
    Attack("far-user-block", ("HDF5 behind a megabyte of its user's",), _BYTECODE, _far_user_block,
           ("tf2.15",), unsafe_mode=True),
    Attack("hdf5-in-member", ("the signature of HDF5 at byte 512 of a zip",), _BYTECODE, _signature_in_member,
           ("tf2.15",), unsafe_mode=True),
    Attack("hdf5-named-keras", ("an HDF5 file named .keras",), _BYTECODE, _renamed("a.h5", "model.keras"),
           unsafe_mode=True),
    Attack("zip-named-h5", ("a zip named .h5",), _BYTECODE, _renamed("a.keras", "model.h5"), unsafe_mode=True),
    Attack("unzipped", ("the folder of an unzipped .keras",), _BYTECODE, _keras_folder, ("local",), unsafe_mode=True),
    Attack("config-alone", ("a folder with no more than a config.json",), _BYTECODE, _config_alone, unsafe_mode=True),
    Attack("linked-weights", ("a folder whose weights are a link out of it",), WEIGHTS, _linked_weights),
    Attack("external-link-stored", ("CVE-2026-1669 in weights that are stored",), "external link",
           _h5_in_zip(zipfile.ZIP_STORED)),
    Attack("external-link-deflated", ("CVE-2026-1669 in weights that are deflated",), "external link",
           _h5_in_zip(zipfile.ZIP_DEFLATED)),
    Attack("external-link-in-large", ("CVE-2026-1669 in deflated weights larger than a reader unpacks",),
           "external link", _h5_in_zip(zipfile.ZIP_DEFLATED, more=80 << 20)),
    Attack("external-link-in-asset", ("HDF5 under another name in a .keras",), "external link", _sharded),
    Attack("config-key-twice", ("one key twice in config.json",), _BYTECODE, _json_twice, unsafe_mode=True),
)  # fmt: skip
NOT_BUILT: tuple[NotBuilt, ...] = (
    *hdf5_files.NOT_BUILT,
    *pickles.NOT_BUILT,
    NotBuilt("modelaudit: a tar, a pickle or another file under the suffix of a model", "neither Keras nor TensorFlow "
             "opens it; `inspect` refuses it in a sentence that says what it is"),
    NotBuilt("modelaudit: compression bombs, depth, size limits", "they take time and memory and act on nothing; "
             "the benchmarks of bounds have them"),
    NotBuilt("modelaudit: secrets, licences, names of models, entropy of weights", "they say something of who made a "
             "file, and nothing that acts when it is loaded"),
)  # fmt: skip
