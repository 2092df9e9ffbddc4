"""What this machine and this environment give: each thing really tried, in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import size_text
from pytest_modelcompat.runtimes import LOCAL
from pytest_modelcompat.runtimes.cache import CACHE, environments_folder
from pytest_modelcompat.runtimes.isolation import GIB, usual_memory
from pytest_modelcompat.runtimes.probe import probe_versions
from pytest_modelcompat.runtimes.process import LOADER
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError
from pytest_modelcompat.runtimes.shared_loaders import shared_loaders
from pytest_modelcompat.runtimes.uv import find_uv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRIAL_TIMEOUT = 60.0
_LEAST_FREE = 1 * GIB
_ON_LINUX = "run the tests on Linux"
_IN_CONTAINER = "in a container, allow it in the seccomp profile (docker run --security-opt seccomp=...)"
_FILES_FIX = (
    f"use Linux 5.13 or newer with Landlock in its list of security modules (lsm=landlock,...); {_IN_CONTAINER}"
)
_NETWORK_FIX = f"use Linux on x86_64 or aarch64, with seccomp; {_IN_CONTAINER}"


@dataclass(frozen=True)
class Check:
    """One thing that was looked for.

    Args:
        topic: `isolation` or `environment`.
        name: what it is.
        is_ok: whether it is there.
        found: what was found, or what is wrong.
        fix: what gives it, where it is missing.
        is_needed: whether no model can be reloaded without it.
    """

    topic: str
    name: str
    is_ok: bool
    found: str
    fix: str = ""
    is_needed: bool = False


def checks() -> Iterator[Check]:
    """Try everything, one after the other."""
    yield from _isolation(_tried())
    yield Check("environment", "Python", is_ok=True, found=f"{platform.python_version()}, {sys.executable}")
    yield from _tensorflow()
    yield _uv()
    yield _runtimes_folder()
    yield _temporary_folder()
    yield from _shared_loaders()


def _tried() -> Mapping[str, Any]:
    """What a process that confines itself found; empty where it could not say."""
    with tempfile.TemporaryDirectory(prefix="modelcompat-", ignore_cleanup_errors=True) as folder:
        for name in ("job", "outside"):
            (Path(folder) / name).mkdir()
        command = [sys.executable, str(LOADER), "--try-isolation", folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TRIAL_TIMEOUT, check=True)
            found: Mapping[str, Any] = json.loads(done.stdout)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            return {"missing": {"files": str(error), "network": str(error)}}
    return found


def _isolation(found: Mapping[str, Any]) -> Iterator[Check]:
    by, missing = found.get("by", {}), found.get("missing", {})

    def check(name: str, text: str, fix: str) -> Check:
        is_ok = bool(found.get(name))
        return Check("isolation", name, is_ok, text if is_ok else missing.get(name) or "it was not refused", fix)

    memory = f"memory up to {size_text(usual_memory())}"
    yield check("privileges", "a load can gain none", _ON_LINUX)
    yield check("processes", "what a load starts ends with it, in sessions of its own too", _ON_LINUX)
    yield check("limits", "of file size, processor time and core dumps", "use Linux or macOS")
    yield check("memory", memory, _ON_LINUX)
    number = f", version {found['landlock']}" if by.get("files") == "Landlock" and "landlock" in found else ""
    yield check("files", f"written only below the job's folder, by {by.get('files')}{number}", _FILES_FIX)
    yield check("network", f"none, by {by.get('network')}", _NETWORK_FIX)


def _tensorflow() -> Iterator[Check]:
    try:
        versions = probe_versions(Runtime(LOCAL), Path(sys.executable))
    except RuntimeUnavailableError as error:
        found = ": ".join(part for part in (str(error), error.quote) if part)
        fix = 'pip install "pytest-modelcompat[tensorflow]"' if "No module named" in found else "; ".join(error.fix)
        yield Check("environment", "TensorFlow", is_ok=False, found=found, fix=fix, is_needed=True)
        return
    yield Check("environment", "TensorFlow", is_ok=True, found=versions["tensorflow"], is_needed=True)
    yield Check("environment", "Keras", is_ok=True, found=versions.get("keras", ""), is_needed=True)


def _uv() -> Check:
    try:
        return Check("environment", "uv", is_ok=True, found=find_uv("any"))
    except RuntimeUnavailableError as error:
        return Check("environment", "uv", is_ok=False, found="not found: it creates runtimes", fix=error.fix[0])


def _shared_loaders() -> Iterator[Check]:
    """Loaders that are kept for later sessions."""
    for each in shared_loaders():
        since = datetime.fromtimestamp(each.started, timezone.utc).astimezone().strftime("%H:%M")
        found = f"kept for later sessions: process {each.pid}, since {since}, of {each.python}"
        yield Check("environment", "loader", is_ok=True, found=f"{found}; modelcompat doctor --end-loaders ends it")


def _runtimes_folder() -> Check:
    try:
        folder = environments_folder()
    except RuntimeUnavailableError as error:
        return Check("environment", "runtimes", is_ok=False, found=str(error), fix="; ".join(error.fix))
    # It is made with the first runtime.
    place = next(each for each in (folder, *folder.parents) if each.is_dir())
    problem = _why_not_written(place)
    fix = f"set {CACHE} to a folder that you may write"
    return Check("environment", "runtimes", not problem, problem or str(folder), fix if problem else "")


def _temporary_folder() -> Check:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    problem = _why_not_written(folder) or ("" if free >= _LEAST_FREE else f"{folder} has only {size_text(free)} free")
    found = problem or f"{folder}, {size_text(free)} free"
    fix = "set TMPDIR to a folder that you may write, on a disk with space" if problem else ""
    return Check("environment", "temporary", not problem, found, fix, is_needed=True)


def _why_not_written(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror or error}"
    return "" if os.access(folder, os.X_OK) else f"{folder} cannot be entered"
