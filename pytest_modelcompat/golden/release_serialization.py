"""The files of a frozen release: what its frozen.json says, and the artifacts beside it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.golden.arrays import refuse_pointer
from pytest_modelcompat.golden.golden import FROZEN_FILE, GOLDEN_SCHEMA, GoldenBrokenError, ReleaseBrokenError
from pytest_modelcompat.golden.serialization import json_bytes, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName

# Format -> what its artifact is called beside frozen.json, in the order they are listed.
ARTIFACTS = {name: format_.frozen_name for name, format_ in FORMATS.items()}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class CallSpec:
    """How a SavedModel of a release is called to give that release's outputs: its signatures have names of their own.

    Args:
        per_signature: whether the golden's inputs are by signature, and its outputs `signature/output`.
        input_names: what the model called its inputs, in TensorFlow's order.
        output_names: what it called its outputs, likewise.
    """

    per_signature: bool = False
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrozenEntry:
    """What a frozen.json says of one format's artifact.

    Args:
        artifact: its file's or folder's name.
        sha256: the digest of its bytes, as `digest_of` makes it.
        size: of all its files, in bytes.
        saved_by: versions by `keras`, `tensorflow`, `python`.
        call: how it is called.
    """

    artifact: str
    sha256: str
    size: int
    saved_by: Mapping[str, str]
    call: CallSpec


def serialize_release(name: GoldenName, label: str, entries: Mapping[str, FrozenEntry]) -> bytes:
    """The bytes of a frozen.json."""
    formats = {format_: asdict(entries[format_]) for format_ in ARTIFACTS if format_ in entries}
    return json_bytes({"schema": GOLDEN_SCHEMA, "name": [*name.folder, name.name], "label": label, "formats": formats})


def read_release(folder: Path) -> dict[str, FrozenEntry]:
    """What the frozen.json of a release says of each format.

    Args:
        folder: of the release's label.

    Raises:
        ReleaseBrokenError: it is missing, or is not one.
    """
    file = folder / FROZEN_FILE
    try:
        return _entries(read_document(file)["formats"])
    except (FileNotFoundError, NotADirectoryError):
        raise ReleaseBrokenError(f"{file} is missing: was it not committed?") from None
    except OSError as error:
        raise ReleaseBrokenError(f"{file} cannot be read: {error.strerror or error}.") from error
    except GoldenBrokenError as error:
        raise ReleaseBrokenError(str(error)) from error
    except KeyError as error:
        raise ReleaseBrokenError(f"{file} is incomplete: it has no {error}.") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ReleaseBrokenError(f"{file} is not laid out as a frozen.json is: {error}.") from error


def _entries(formats: Any) -> dict[str, FrozenEntry]:
    if not formats:
        raise ValueError("it lists no artifact")
    return {format_: _entry(format_, **entry) for format_, entry in formats.items()}


def _entry(format_: str, *, artifact: Any, sha256: Any, size: Any, saved_by: Any, call: Any) -> FrozenEntry:
    # The name is known; what is written there is for readers, and never a path that this leads out of the folder.
    if ARTIFACTS.get(format_) != artifact:
        raise ValueError(f"the artifact of {format_} is {artifact!r}")
    if not isinstance(sha256, str) or not isinstance(size, int):
        raise TypeError(f"sha256 and size of {format_} are {sha256!r} and {size!r}")
    if not isinstance(saved_by, dict) or not all(isinstance(version, str) for version in saved_by.values()):
        raise TypeError(f"saved_by of {format_} is {saved_by!r}")
    names = {side: tuple(call[side]) for side in ("input_names", "output_names")}
    return FrozenEntry(artifact, sha256, size, saved_by, CallSpec(bool(call["per_signature"]), **names))


def copy_artifact(artifact: Path, destination: Path, saved_by: Mapping[str, str], call: CallSpec) -> FrozenEntry:
    """Copy an artifact to where it is frozen, in one piece, and tell what was copied.

    Raises:
        OSError: it could not be copied.
    """
    temporary = destination.with_name(f".{destination.name}.part")
    for leftover in (temporary, destination):
        discard(leftover)
    try:
        if artifact.is_dir():
            # Their bytes only: what may be done with them is as of any other file in the golden folder.
            shutil.copytree(artifact, temporary, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(artifact, temporary)
        temporary.rename(destination)
    finally:
        discard(temporary)
    sha256, size = digest_of(destination)
    return FrozenEntry(destination.name, sha256, size, dict(saved_by), call)


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def digest_of(artifact: Path) -> tuple[str, int]:
    """The SHA-256 of an artifact, and its size in bytes.

    Of a folder it is that of its files' relative paths and digests, in the order of the paths.

    Raises:
        FileNotFoundError: it is not there, or holds no file.
        GoldenBrokenError: one of its files is a Git LFS pointer.
        OSError: it cannot be read.
    """
    if not artifact.is_dir():
        return _digest_of_file(artifact)
    files = sorted(_files(artifact))
    if not files:
        raise FileNotFoundError(str(artifact))
    whole, total = hashlib.sha256(), 0
    for relative, file in files:
        sha256, size = _digest_of_file(file)
        whole.update(f"{relative}\0{sha256}\n".encode("utf-8", "surrogateescape"))
        total += size
    return whole.hexdigest(), total


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())


def _digest_of_file(file: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if not size:
                refuse_pointer(file, chunk)
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
