"""Having uv make virtual environments and install into them, and one sentence where it cannot."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import version_order
from pytest_modelcompat.runtimes.cache import CACHE, INSTALL_EXTRA, disk_full, python_in
from pytest_modelcompat.runtimes.runtime import TABLE, RuntimeUnavailableError, variables_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.runtimes.runtime import Runtime

INTERPRETERS = "MODELCOMPAT_INTERPRETERS"
DECLARED_IN = f"{TABLE} of pyproject.toml"
_LAST_LINES = 15
_NO_SPACE = re.compile(r"No space left on device|not enough space on the disk|os error (?:28|112)\b")
_UNREACHABLE = re.compile(
    r"Failed to fetch|dns error|error sending request|tcp connect error|\(Connect\)|network (?:was|is) disabled"
    r"|operation timed out|connection (?:refused|reset)",
    re.IGNORECASE,
)
# The other end was reached, and it said no: uv's words tell what.
_ANSWERED = re.compile(r"HTTP status|\b40[134] ")
_NO_PYTHON = re.compile(r"No interpreter found|No download found|Invalid version request|No Python")
_MAY_NOT_WRITE = re.compile(r"Permission denied|Operation not permitted|Read-only file system|os error (?:1|13|30)\b")
_NO_SOLUTION = re.compile(r"No solution found")
_NO_REQUIREMENT = re.compile(r"Failed to parse")


def find_uv(name: str) -> str:
    """The uv of the package `uv`, else the one on the path.

    Args:
        name: of the runtime it is needed for.

    Raises:
        RuntimeUnavailableError: there is none.
    """
    found = _of_package() or shutil.which("uv")
    if found is None:
        raise RuntimeUnavailableError(
            f"runtime {name!r} cannot be created: that needs uv, which is not installed", (INSTALL_EXTRA,)
        )
    return found


def _of_package() -> str | None:
    try:
        import uv

        return os.fspath(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def interpreter(version: str) -> str:
    """What to tell uv to take as Python: the path of an installed one where its folder is known, else the version.

    Folders with a CPython in each subfolder named by its version (`3.8.18`) are that of MODELCOMPAT_INTERPRETERS and
    that of pyenv. uv looks for any other, and fetches one if need be.
    """
    for home in _homes():
        releases = [found for found in home.glob(f"{version}.*") if _is_release(found)]
        if releases:
            return str(python_in(max(releases, key=lambda found: version_order(found.name))))
    return version


def _homes() -> Iterator[Path]:
    if os.environ.get(INTERPRETERS):
        yield Path(os.environ[INTERPRETERS]).expanduser()
    yield Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"


def _is_release(home: Path) -> bool:
    return home.name.rpartition(".")[2].isdigit() and python_in(home).exists()


def make_environment(uv: str, runtime: Runtime, folder: Path) -> None:
    """Make an empty virtual environment.

    Raises:
        RuntimeUnavailableError: uv failed.
    """
    arguments = ("venv", "--no-project", "--python", interpreter(runtime.python), str(folder))
    _run(uv, runtime, f"making its virtual environment with Python {runtime.python}", *arguments)


def install(uv: str, runtime: Runtime, folder: Path) -> None:
    """Install a runtime's packages, the newest its pins allow, whatever an earlier attempt has left.

    Raises:
        RuntimeUnavailableError: uv failed.
    """
    arguments = ("pip", "install", "--upgrade", "--python", str(python_in(folder)), *runtime.packages)
    _run(uv, runtime, f"installing {', '.join(runtime.packages)}", *arguments)


def _run(uv: str, runtime: Runtime, step: str, *arguments: str) -> None:
    command = [uv, *arguments, "--quiet", "--color", "never"]
    try:
        done = subprocess.run(
            command,
            # A package that is built from source is built by the runtime's interpreter.
            env=variables_for({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        what = f"uv cannot be started from {uv}: {error.strerror or error}"
        raise RuntimeUnavailableError(f"runtime {runtime.name!r} cannot be created: {what}", (INSTALL_EXTRA,)) from None
    if done.returncode:
        raise _failure(runtime, step, done.returncode, "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:]))


def _failure(runtime: Runtime, step: str, code: int, quote: str) -> RuntimeUnavailableError:
    """What uv's last words mean, and what helps."""
    if _NO_SPACE.search(quote):
        return disk_full(runtime.name, quote)
    again = f"modelcompat runtimes create {runtime.name}"
    if _UNREACHABLE.search(quote) and not _ANSWERED.search(quote):
        what, fix = f"the network cannot be reached for {step}", f"once it can, go on with: {again}"
        if step.startswith("installing"):
            what = f"the package index cannot be reached for {step}"
    elif _NO_PYTHON.search(quote):
        what = f"there is no Python {runtime.python} here, and uv knows none to fetch"
        fix = f"install it, or name a folder of interpreters in {INTERPRETERS}, or change 'python' in {DECLARED_IN}"
    elif _MAY_NOT_WRITE.search(quote):
        what, fix = f"uv may not write where it must for {step}", f"set {CACHE} (and UV_CACHE_DIR) to folders it may"
    elif _NO_SOLUTION.search(quote):
        what = f"no versions fit together for {step} on Python {runtime.python}"
        fix = f"change 'packages' or 'python' of {runtime.name!r} in {DECLARED_IN}"
    elif _NO_REQUIREMENT.search(quote):
        what, fix = f"pip's notation is broken for {step}", f"correct 'packages' of {runtime.name!r} in {DECLARED_IN}"
    else:
        what, fix = f"uv ended with exit code {code} when {step}", f"correct what it says, and go on with: {again}"
    return RuntimeUnavailableError(f"runtime {runtime.name!r} cannot be created: {what}", (fix,), quote)
