"""The environments of runtimes: created with uv once, kept in the cache folder, shared by all of the same content."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.cache import (
    NOTE,
    Environment,
    EnvironmentState,
    cache_folder,
    filesystem_errors,
    find_environment,
    folder_of,
    python_in,
    read_note,
    size_of,
    state_of,
    write_note,
)
from pytest_modelcompat.runtimes.probe import probe_versions
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError
from pytest_modelcompat.runtimes.uv import DECLARED_IN, find_uv, install, make_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_modelcompat.runtimes.runtime import Runtime

__all__ = ["Environment", "EnvironmentState", "cache_folder", "create", "folder_of", "interpreter_of", "remove"]

_START_TIMEOUT = 30.0


def interpreter_of(runtime: Runtime) -> Path:
    """The interpreter to start a runtime's loader with. Asks the file system only.

    Raises:
        RuntimeUnavailableError: it is not there; the fix says what to write or run.
    """
    if runtime.is_local:
        return Path(sys.executable)
    if runtime.interpreter is not None:
        return _kept(runtime, runtime.interpreter)
    folder = folder_of(runtime)
    state = state_of(folder)
    if state is EnvironmentState.CREATED:
        return python_in(folder)
    sentence = {
        EnvironmentState.NOT_CREATED: "has not been created",
        EnvironmentState.UNFINISHED: "was not created to its end",
    }.get(state, f"cannot start: the Python that it was created with is gone from {_base(folder)}")
    raise RuntimeUnavailableError(
        f"runtime {runtime.name!r} {sentence}", (f"modelcompat runtimes create {runtime.name}",)
    )


def _kept(runtime: Runtime, interpreter: Path) -> Path:
    problem = _problem(interpreter)
    if not problem:
        return interpreter
    raise RuntimeUnavailableError(
        f"runtime {runtime.name!r} has no interpreter at {interpreter}; {problem}",
        (f"correct 'interpreter' of {runtime.name!r} in {DECLARED_IN}",),
    )


def _problem(interpreter: Path) -> str:
    """What keeps a file from being an interpreter, in words; empty if nothing does that can be seen."""
    try:
        is_file = stat.S_ISREG(interpreter.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "there is no such file"
    except OSError as error:
        return f"it cannot be looked at: {error.strerror or error}"
    return "" if is_file and os.access(interpreter, os.X_OK) else "it is not an executable file"


def _base(folder: Path) -> str:
    python = python_in(folder)
    return os.fspath(python.readlink() if python.is_symlink() else python)


def create(runtime: Runtime, tell: Callable[[str], None]) -> Environment:
    """The environment of a runtime, which is created unless it is there.

    An interrupted or failed creation goes on where it was; another process that creates the same is waited for. Of an
    interpreter that the user keeps it is checked that TensorFlow can be imported there.

    Args:
        runtime: which one.
        tell: is called with a line about each step before it begins.

    Raises:
        RuntimeUnavailableError: a step failed; the message names it.
    """
    if not runtime.is_created:
        return _checked(runtime, tell)
    folder = folder_of(runtime)
    existing = find_environment(folder)
    if existing is not None and runtime.name in existing.names:
        return existing
    with filesystem_errors(runtime.name):
        if existing is not None:
            return _named(existing, runtime, tell)
        uv = find_uv(runtime.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(runtime.name, folder, tell):
            existing = find_environment(folder)
            return _with_name(existing, runtime.name) if existing is not None else _made(uv, runtime, folder, tell)


def remove(folder: Path, tell: Callable[[str], None], *, name: str = "") -> tuple[str, ...]:
    """Remove an environment, whole or not.

    Args:
        folder: where it is.
        tell: is called with a line when another process has to be waited for.
        name: of the runtime that is done with it: it stays for others that ask for it. Removed for all without.

    Returns:
        The names that it stays for.

    Raises:
        RuntimeUnavailableError: some of its files cannot be removed.
    """
    try:
        with _locked(name or folder.name, folder, tell):
            environment = read_note(folder)
            others = tuple(each for each in environment.names if each != name) if environment and name else ()
            if environment and others:
                write_note(replace(environment, names=others))
                return others
            # Without its note it is none, should this be interrupted.
            (folder / NOTE).unlink(missing_ok=True)
            shutil.rmtree(folder)
            return ()
    except OSError as error:
        # Of what is removed, some Pythons tell the name only.
        what = f" ({Path(error.filename).name})" if error.filename else ""
        raise RuntimeUnavailableError(f"{folder} cannot be removed: {error.strerror or error}{what}") from None


def _checked(runtime: Runtime, tell: Callable[[str], None]) -> Environment:
    python = interpreter_of(runtime)
    tell(f"{runtime.name}: checking that TensorFlow can be imported by {python}")
    started = time.monotonic()
    versions = probe_versions(runtime, python)
    return Environment(python.parent, python, (runtime.name,), (), versions, "", round(time.monotonic() - started, 1))


def _made(uv: str, runtime: Runtime, folder: Path, tell: Callable[[str], None]) -> Environment:
    """Make an environment under its lock: the steps of it that an earlier attempt has not done."""
    name, started = runtime.name, time.monotonic()
    if _is_usable(runtime, folder):
        tell(f"{name}: 1/3 keeping the virtual environment of an earlier attempt")
    else:
        tell(f"{name}: 1/3 making the virtual environment with Python {runtime.python}")
        (folder / NOTE).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        make_environment(uv, runtime, folder)
    tell(f"{name}: 2/3 installing {', '.join(runtime.packages)}")
    install(uv, runtime, folder)
    tell(f"{name}: 3/3 checking that TensorFlow can be imported")
    versions = probe_versions(runtime, python_in(folder))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    environment = Environment(
        folder, python_in(folder), (name,), runtime.packages, versions, now, round(time.monotonic() - started, 1)
    )
    environment = replace(environment, size=size_of(folder))
    write_note(environment)
    return environment


def _is_usable(runtime: Runtime, folder: Path) -> bool:
    """Whether what an earlier attempt has left starts, and nothing in it is installed by half."""
    if not python_in(folder).exists():
        return False
    command = [str(python_in(folder)), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_START_TIMEOUT, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == runtime.python and all(map(_is_whole, folder.rglob("*.dist-info")))


def _is_whole(distribution: Path) -> bool:
    """Whether all files that a distribution has noted are there, and of the size it has noted."""
    try:
        with (distribution / "RECORD").open(encoding="utf-8", newline="") as record:
            return all(
                not size or (distribution.parent / path).stat().st_size == int(size)
                for path, _, size in csv.reader(record)
            )
    except (OSError, ValueError):
        return False


def _named(environment: Environment, runtime: Runtime, tell: Callable[[str], None]) -> Environment:
    """An environment that is there, with one more name in its note where that can be written."""
    with contextlib.suppress(OSError), _locked(runtime.name, environment.folder, tell):
        return _with_name(read_note(environment.folder) or environment, runtime.name)
    return environment


def _with_name(environment: Environment, name: str) -> Environment:
    if name in environment.names:
        return environment
    named = replace(environment, names=(*environment.names, name))
    write_note(named)
    return named


@contextmanager
def _locked(name: str, folder: Path, tell: Callable[[str], None]) -> Iterator[None]:
    from filelock import FileLock, Timeout

    # Beside the folder: it outlives the folder, which is created again.
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell(f"{name}: waiting for another process that creates or removes it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
