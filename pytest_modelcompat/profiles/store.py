"""Where profiles come from: the data of this package, by name, or a file that a user recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import dotted, minor_version
from pytest_modelcompat.profiles.history import extract, merge_documents
from pytest_modelcompat.profiles.packed import read_packed, write_packed
from pytest_modelcompat.profiles.profile import KIND, PROFILE_SCHEMA, Profile, ProfileError, from_json
from pytest_modelcompat.runtimes.aliases import ALIASES
from pytest_modelcompat.runtimes.names import RuntimeName, UnknownRuntimeError, all_names, parse_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts.versions import MinorVersion

DATA_FOLDER = Path(__file__).resolve().parent / "data"
TENSORFLOW = "tensorflow"
KERAS_PART = "keras"


def load_profile(name: str) -> Profile:
    """What a runtime knows.

    Args:
        name: a runtime's name (`tf2.16+keras3.15`), or the path of a profile that was recorded.

    Raises:
        ProfileError: no such runtime is known, or the file is no profile; one sentence.
    """
    if is_path(name):
        return _load_file(Path(name))
    try:
        profile = _load_named(parse_name(name))
    except UnknownRuntimeError as error:
        hint = "" if "did you mean" in str(error) else ", and the paths of recorded profiles"
        raise ProfileError(f"{error}{hint}") from None
    return replace(profile, name=name) if name in ALIASES else profile


def is_path(name: str) -> bool:
    """Whether a name is the path of a profile: it ends in `.json`, or holds a slash."""
    return name.endswith(".json") or "/" in name or "\\" in name


def load_all() -> list[Profile]:
    """The profiles of every TensorFlow with the Keras of its time, oldest first."""
    return [load_profile(name) for name in all_names()]


def _load_file(path: Path) -> Profile:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"the profile {path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"{path} is not a profile, or a truncated one: it is not JSON") from error
    return from_json(data, str(path))


@cache
def _load_named(name: RuntimeName) -> Profile:
    tensorflow = read_part(TENSORFLOW, version_key(name.tensorflow))
    keras = read_part(KERAS_PART, version_key(name.keras, is_tf_keras=name.is_tf_keras))
    python = dotted(name.python)
    if python not in tensorflow["pythons"]:
        pythons = ", ".join(tensorflow["pythons"])
        raise ProfileError(
            f"{str(name)!r} is not a known runtime: {TENSORFLOW} {tensorflow['version']} is for Python {pythons}"
        )
    data = {
        "kind": KIND,
        "schema": PROFILE_SCHEMA,
        "name": str(name),
        "python": python,
        "tensorflow": tensorflow,
        "keras": keras,
    }
    return from_json(data, str(name))


def version_key(version: MinorVersion, *, is_tf_keras: bool = False) -> str:
    """What a part goes by in the data: `2.16`, `tf_keras 2.21`."""
    return f"{'tf_keras ' if is_tf_keras else ''}{dotted(version)}"


def read_part(part: str, key: str, folder: Path = DATA_FOLDER) -> dict[str, Any]:
    """One version's part of a profile, as the recorder wrote it.

    Args:
        part: `tensorflow` or `keras`.
        key: as of `version_key`.
        folder: where the data are.

    Raises:
        KeyError: that version is not in the data.
    """
    versions, history = read_history(part, folder)
    if key not in versions:
        raise KeyError(key)
    return extract(history, versions.index(key))


@cache
def _read(part: str, folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = read_packed(folder / f"{part}.json.gz")
    return data


def read_history(part: str, folder: Path = DATA_FOLDER) -> tuple[list[str], dict[str, Any]]:
    """The keys of all versions of a part, and its history as of `history.merge`; read-only."""
    data = _read(part, folder)
    return data["versions"], data["history"]


def read_all(part: str, folder: Path = DATA_FOLDER) -> dict[str, dict[str, Any]]:
    """Every version's part, by key; nothing where there are no data yet."""
    if not (folder / f"{part}.json.gz").exists():
        return {}
    return {key: read_part(part, key, folder) for key in read_history(part, folder)[0]}


def write_all(part: str, documents: Mapping[str, Mapping[str, Any]], folder: Path = DATA_FOLDER) -> int:
    """Writes the parts of all versions into one file; the same parts give the same bytes.

    Args:
        part: `tensorflow` or `keras`.
        documents: by key.
        folder: where the data are.

    Returns:
        The size of the file in bytes.
    """
    keys = sorted(documents, key=_order)
    data = {"versions": keys, "history": merge_documents([documents[key] for key in keys])}
    clear_cache()
    return write_packed(folder / f"{part}.json.gz", data)


def clear_cache() -> None:
    """Forgets what was read, for who writes the data."""
    _read.cache_clear()
    _load_named.cache_clear()


def _order(key: str) -> tuple[int, bool, int]:
    """Keras 2, then tf_keras, then Keras 3: neighbours share the most."""
    major, minor = minor_version(key.rpartition(" ")[2])
    return major, key.startswith("tf_keras"), minor
