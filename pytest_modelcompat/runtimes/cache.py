"""The folder of runtimes' environments, and the note in each that says what is in it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.runtimes.pins import uses_legacy_keras
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CACHE = "MODELCOMPAT_CACHE"
NOTE = "runtime.json"
INSTALL_EXTRA = 'pip install "pytest-modelcompat[runtimes]"'
NEEDED = "0.7 to 2 GB"
_DIGEST_LENGTH = 12
_LONGEST_STEM = 48
# The distributions of TensorFlow and its Keras.
_REPORTED_PACKAGES = {
    "tensorflow": "tensorflow",
    "tensorflow_cpu": "tensorflow",
    "tensorflow_intel": "tensorflow",
    "tensorflow_macos": "tensorflow",
    "keras": "keras",
    "tf_keras": "tf_keras",
}


class EnvironmentState(Enum):
    """How far the environment of a runtime is."""

    CREATED = "created"
    NOT_CREATED = "not created"
    UNFINISHED = "unfinished"
    BROKEN = "broken: interpreter gone"
    OWN = "your own"


@dataclass(frozen=True)
class Environment:
    """The environment of one or more runtimes, ready to use.

    Args:
        folder: where it is.
        python: its interpreter.
        names: the runtimes that asked for it.
        packages: what was installed, as pip spells it.
        versions: found there of `python`, `tensorflow`, `keras`, `numpy`, and `tf_keras` where it is installed.
        created: when, as ISO 8601 in UTC.
        seconds: how long that took.
        size: of its files, in bytes.
    """

    folder: Path
    python: Path
    names: tuple[str, ...]
    packages: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    seconds: float = 0.0
    size: int = 0

    def keras(self, env: Mapping[str, str]) -> str:
        """The version of the Keras that is `tf.keras` under a runtime's variables."""
        return (self.versions.get("tf_keras", "") if uses_legacy_keras(env) else "") or self.versions.get("keras", "")


def cache_folder() -> Path:
    """The folder of what is kept between runs; environments are in its subfolder `runtimes`.

    Raises:
        RuntimeUnavailableError: MODELCOMPAT_CACHE is not set, and platformdirs is not installed.
    """
    chosen = os.environ.get(CACHE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    try:
        from platformdirs import user_cache_path
    except ImportError:
        raise RuntimeUnavailableError(
            "the folder of runtimes is unknown: that needs platformdirs, which is not installed",
            (INSTALL_EXTRA, f"or set {CACHE} to a folder"),
        ) from None
    return user_cache_path("pytest-modelcompat", appauthor=False)


def environments_folder() -> Path:
    """The folder with an environment in each of its subfolders.

    Raises:
        RuntimeUnavailableError: see `cache_folder`.
    """
    return cache_folder() / "runtimes"


def folder_of(runtime: Runtime) -> Path:
    """Where the environment of a runtime is, or would be: the same folder for all that have the same content.

    Raises:
        RuntimeUnavailableError: see `cache_folder`.
    """
    packages = sorted({"".join(each.split()) for each in runtime.packages})
    content = json.dumps([runtime.python, packages, sys.platform, platform.machine()])
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]
    telling = next((each for each in packages if each.startswith("tensorflow")), packages[0] if packages else "empty")
    stem = re.sub(r"[^A-Za-z0-9.]+", "-", Path(telling).name)[:_LONGEST_STEM].strip("-.")
    return environments_folder() / f"{stem}-py{runtime.python}-{digest}"


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def state_of(folder: Path) -> EnvironmentState:
    """How far the environment in a folder is. Asks the file system only."""
    if not folder.is_dir():
        return EnvironmentState.NOT_CREATED
    if read_note(folder) is None:
        return EnvironmentState.UNFINISHED
    # It links to the Python that it was made with.
    return EnvironmentState.CREATED if python_in(folder).exists() else EnvironmentState.BROKEN


def find_environment(folder: Path) -> Environment | None:
    """The environment in a folder; None where it is not ready to use."""
    return read_note(folder) if state_of(folder) is EnvironmentState.CREATED else None


def all_folders() -> list[Path]:
    """The folders of all environments, whole or not, whichever project asked for them.

    Raises:
        RuntimeUnavailableError: see `cache_folder`.
    """
    home = environments_folder()
    return sorted(each for each in home.iterdir() if each.is_dir()) if home.is_dir() else []


def read_note(folder: Path) -> Environment | None:
    """What the note in a folder says; None without one, which is an environment that was not created to its end."""
    try:
        note: dict[str, Any] = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return Environment(
            folder,
            python_in(folder),
            tuple(note["names"]),
            tuple(note["packages"]),
            dict(note["versions"]),
            str(note["created"]),
            float(note["seconds"]),
            int(note["size"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_note(environment: Environment) -> None:
    """Write the note that makes an environment complete, whole or not at all."""
    note = {name: value for name, value in asdict(environment).items() if name not in ("folder", "python")}
    handle, draft = tempfile.mkstemp(dir=environment.folder, prefix=f".{NOTE}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(note, indent=2) + "\n")
        Path(draft).replace(environment.folder / NOTE)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def installed_versions(python: Path) -> dict[str, str]:
    """The versions of TensorFlow and its Keras where an interpreter looks for them, as their folders' names say."""
    home = python.parent.parent
    found: dict[str, str] = {}
    for folder in (*home.glob("lib/python3*/site-packages/*.dist-info"), *home.glob("Lib/site-packages/*.dist-info")):
        name, _, version = folder.stem.partition("-")
        if name.lower() in _REPORTED_PACKAGES:
            found[_REPORTED_PACKAGES[name.lower()]] = version
    return found


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    files = (Path(home) / name for home, _, names in os.walk(folder) for name in names)
    return sum(each.lstat().st_size for each in files)


@contextmanager
def filesystem_errors(name: str) -> Iterator[None]:
    """Tell what the file system refuses while the environment of a runtime is made.

    Raises:
        RuntimeUnavailableError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full(name) from None
        where = error.filename or environments_folder()
        raise RuntimeUnavailableError(
            f"runtime {name!r} cannot be created: {where} cannot be written: {error.strerror or error}",
            (f"set {CACHE} to a folder that can be written",),
        ) from None


def disk_full(name: str, quote: str = "") -> RuntimeUnavailableError:
    """Says that there is not enough space for a runtime."""
    what = f"the disk is full, and a runtime needs {NEEDED} in {environments_folder()}"
    return RuntimeUnavailableError(
        f"runtime {name!r} cannot be created: {what}",
        (f"make room there, or set {CACHE} to a folder on another disk",),
        quote,
    )
