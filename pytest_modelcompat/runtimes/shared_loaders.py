"""Loaders that several sessions of one machine share: workers of one run, or one session after the other.

Each listens at a socket in a folder that is this user's alone. It is named by all that decides what it imports: the
interpreter, the packages that are installed, and the environment variables that TensorFlow and Keras read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import site
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.loader_pipe import LoaderDiedError, read_line

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADER = Path(__file__).resolve().parents[1] / "loader"
# Nobody has come for so long: one working session after the other does not take a quarter of an hour to come.
IDLE_SECONDS = 900
_START_TIMEOUT = 30.0
# What a system takes for the path of a socket.
_LONGEST_ADDRESS = 100
_READ_BY_TENSORFLOW = (
    *("ABSL_", "CUDA_", "DNNL_", "GRPC_", "HOME", "KERAS_", "KMP_", "LD_", "MKL_", "NVIDIA_", "OMP_", "ONEDNN_"),
    *("OPENBLAS_", "PYTHON", "TF_", "XLA_"),
)


@dataclass(frozen=True)
class SharedLoader:
    """A loader that listens.

    Args:
        address: its socket.
        pid: its process.
        python: its interpreter.
        started: when, in seconds since 1970.
    """

    address: Path
    pid: int
    python: str
    started: float

    def end(self) -> None:
        """End it; sessions that it serves go on."""
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGTERM)
        self.address.unlink(missing_ok=True)
        self.address.with_suffix(".json").unlink(missing_ok=True)


class SharedLoaders:
    """Finds the shared loader of this interpreter, or starts it.

    Args:
        run: what its sessions have in common, such as one run of pytest-xdist, with which it ends; empty for one that
            outlives all of them until it was idle for long.
    """

    def __init__(self, run: str = "") -> None:
        self._run = run
        self._process: subprocess.Popen[str] | None = None

    def address(self) -> Path | None:
        """Where it listens; None where this machine, or this user's folder, does not allow one."""
        folder = _own_folder()
        if folder is None:
            return None
        address = folder / f"{_key(self._run)}.sock"
        if len(os.fsencode(address)) > _LONGEST_ADDRESS:
            return None
        from filelock import FileLock, Timeout

        try:
            with FileLock(folder / "start.lock", timeout=_START_TIMEOUT):
                return address if _listens(address) or self._start(address) else None
        except (Timeout, OSError):
            return None

    def close(self) -> None:
        """End it, where it was started here and is for one run."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait()

    def _start(self, address: Path) -> bool:
        address.unlink(missing_ok=True)
        log = address.with_suffix(".log")
        seconds = _START_TIMEOUT if self._run else IDLE_SECONDS
        command = [sys.executable, str(LOADER), str(log), "--listen", str(address), str(seconds)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if self._run else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        try:
            read_line(process, _START_TIMEOUT, wanted="listening")
        except LoaderDiedError:
            process.kill()
            return False
        content = {"pid": process.pid, "python": sys.executable, "started": time.time()}
        address.with_suffix(".json").write_text(json.dumps(content), encoding="utf-8")
        self._process = process
        return True


def shared_loaders() -> Iterator[SharedLoader]:
    """Those of this user that listen now; what others left is removed."""
    folder = _own_folder()
    for file in sorted(folder.glob("*.json")) if folder is not None else ():
        address = file.with_suffix(".sock")
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            found = SharedLoader(address, int(content["pid"]), str(content["python"]), float(content["started"]))
        except (OSError, ValueError, KeyError):
            continue
        if _listens(address):
            yield found
        else:
            for left in (file, address, file.with_suffix(".log")):
                left.unlink(missing_ok=True)


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(address))
        except OSError:
            return False
    return True


def _own_folder() -> Path | None:
    """A folder that nobody else can look into; None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    root = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = root / f"modelcompat-loaders-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if is_own else None


def _key(run: str) -> str:
    """Another name for all that decides what a loader imports."""
    variables = sorted(item for item in os.environ.items() if item[0].startswith(_READ_BY_TENSORFLOW))
    parts = [run, sys.executable, sys.version, str(LOADER), *map(repr, variables), *_installed()]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _installed() -> Iterator[str]:
    """What is installed for this interpreter: of each package, its name and its version."""
    for place in (*site.getsitepackages(), site.getusersitepackages()):
        with contextlib.suppress(OSError):
            yield from sorted(entry for entry in os.listdir(place) if entry.endswith((".dist-info", ".pth")))  # noqa: PTH208 - names alone
