"""The loaders of a session: one for each runtime, started when it is first needed."""

from __future__ import annotations

import site
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes import LOCAL
from pytest_modelcompat.runtimes.environments import interpreter_of
from pytest_modelcompat.runtimes.installed import installed_versions
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError
from pytest_modelcompat.runtimes.scratch import ScratchFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.runtimes.config import RuntimeConfig
    from pytest_modelcompat.runtimes.runtime import Runtime
    from pytest_modelcompat.runtimes.shared_loaders import SharedLoaders
    from pytest_modelcompat.runtimes.waits import Waits


class LoaderPool:
    """The loaders of a session.

    Args:
        runtimes: those of the project.
        fork: see `LoaderProcess`.
        local: the loader of the local runtime, where one serves several sessions; its maker closes it.
        waits: shows that a loader is waited for.
        shared: finds the loader of the local runtime that this session shares with others; None to have its own.
    """

    def __init__(
        self,
        runtimes: RuntimeConfig,
        *,
        fork: bool | None = None,
        local: LoaderProcess | None = None,
        waits: Waits | None = None,
        shared: SharedLoaders | None = None,
    ) -> None:
        self.runtimes = runtimes
        self._scratch = ScratchFolder.make()
        self.folder = self._scratch.path
        self._fork = fork
        self._waits = waits
        self._listening = shared
        self._shared = local
        self._own: dict[str, LoaderProcess] = {}
        self._versions: dict[str, dict[str, str]] = {}

    def of(self, name: str) -> LoaderProcess:
        """The loader of a runtime.

        Raises:
            UnknownRuntimeError: there is no such runtime.
            RuntimeUnavailableError: there is, and it cannot be used here.
        """
        if name == LOCAL and self._shared is not None:
            return self._shared
        if name not in self._own:
            self._own[name] = self._made(self.runtimes.get(name))
        return self._own[name]

    def versions(self, name: str) -> Mapping[str, str]:
        """What a runtime's loader will report of `tensorflow`, `keras` and `python`; empty where that is not known.

        Raises:
            UnknownRuntimeError: there is no such runtime.
        """
        if name not in self._versions:
            self._versions[name] = installed_versions(self.runtimes.get(name))
        return self._versions[name]

    def prefetch(self, name: str, threads: int = 0) -> None:
        """Have a loader import its TensorFlow in the background; one that cannot be had is reported when it is used.

        Args:
            name: of its runtime.
            threads: of its jobs.
        """
        try:
            loader = self.of(name)
            loader.start()
            loader.get_ready(threads)
        except (UnknownRuntimeError, RuntimeUnavailableError, LoaderUnavailableError):
            return

    def close(self) -> None:
        """End the session's own loaders and everything they started."""
        for loader in self._own.values():
            loader.close()
        self._own.clear()
        if self._listening is not None:
            self._listening.close()
        self._scratch.remove()

    def _made(self, runtime: Runtime) -> LoaderProcess:
        if runtime.is_local:
            address = self._listening.address() if self._listening is not None and self._fork is not False else None
            return LoaderProcess(fork=self._fork, waits=self._waits, shared=address)
        return LoaderProcess(
            fork=self._fork,
            python=interpreter_of(runtime),
            environment=runtime.env,
            sys_path=project_path(),
            name=runtime.name,
            waits=self._waits,
        )


def project_path() -> list[str]:
    """What of this process's `sys.path` is the project's own: not the interpreter's, nor what is installed into it."""
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    places |= {site.getusersitepackages(), *site.getsitepackages()}
    return [entry for entry in map(_absolute, sys.path) if not _is_installed(entry, places)]


def _absolute(entry: str) -> str:
    return str(Path(entry).absolute())


def _is_installed(entry: str, places: set[str]) -> bool:
    path = Path(entry)
    if path.suffix == ".zip" and path.name.startswith("python"):
        return True
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return any(path.is_relative_to(place) for place in places)
