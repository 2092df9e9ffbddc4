"""Hosts: the runtimes in which an artifact can be loaded here, and a loader process for each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import TF_KERAS
from pytest_modelcompat.migration.target import KERAS_3
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.cache import all_folders, find_environment
from pytest_modelcompat.runtimes.environments import create, interpreter_of
from pytest_modelcompat.runtimes.installed import installed_versions
from pytest_modelcompat.runtimes.names import UnknownRuntimeError, all_names, parse_name, runtime_name_of
from pytest_modelcompat.runtimes.pool import project_path
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime, RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.profiles.profile import Profile

_LEGACY = {"TF_USE_LEGACY_KERAS": "1"}


@dataclass(frozen=True)
class Host:
    """A runtime in which an artifact can be loaded.

    Args:
        name: the runtime's, as messages have it: `tf2.15`, `local`, `local tf_keras`.
        recorded: the name or path of its profile.
        runtime: the runtime itself.
        keras: the module to load with; empty for the one that is `tf.keras` there.
        is_there: whether it need not be created.
    """

    name: str
    recorded: str
    runtime: Runtime
    keras: str = ""
    is_there: bool = True

    @cached_property
    def profile(self) -> Profile:
        """What it knows.

        Raises:
            ProfileError: it has none.
        """
        return load_profile(self.recorded)

    @property
    def reader(self) -> MinorVersion:
        """Its Keras: `tf_keras` 2.21 is `(2, 21)`."""
        return self.profile.keras_version

    def __str__(self) -> str:
        return (
            self.name
            if self.name in (self.recorded, _words(self.recorded))
            else f"{self.name} ({_words(self.recorded)})"
        )


def hosts_here() -> Iterator[Host]:
    """Those that need not be created: the local one, its `tf_keras`, and the environments that are there."""
    yield from _local()
    try:
        folders = all_folders()
    except RuntimeUnavailableError:
        return
    seen: set[str] = set()
    for environment in filter(None, map(find_environment, folders)):
        for name in environment.names:
            if name not in seen:
                seen.add(name)
                yield from _builtin(name, is_there=True)


def hosts_to_create(writer: MinorVersion) -> Iterator[Host]:
    """Those that could be created, oldest first: each TensorFlow with the Keras of its time, or with `tf_keras`.

    Args:
        writer: the Keras that wrote what is loaded; what `tf_keras` wrote, only `tf_keras` reads in every case.
    """
    for name in all_names():
        yield from _builtin(name, is_there=False)
        if TF_KERAS <= writer < KERAS_3:
            # Of a TensorFlow that has Keras 2 itself the name means nothing, and gives none.
            yield from _builtin(f"{name}+tf_keras", is_there=False)


def host_named(name: str, runtime: Runtime | None = None, recorded: str = "") -> Host:
    """The host of a runtime that somebody names; the local one serves where it is the same.

    Args:
        name: `tf2.15`, `local`, or a name that the project declares.
        runtime: what the project declares under it; None for a runtime that needs no declaration.
        recorded: the name or path of its profile; empty where the name says it.

    Raises:
        UnknownRuntimeError: it is no runtime.
    """
    if runtime is None:
        same = next((each for each in _local() if name in ("local", each.recorded, _plain(each.recorded))), None)
        if same is not None:
            return same if name == "local" else replace(same, name=name)
        runtime = builtin_runtime(name)
    return Host(name, recorded or name, runtime, is_there=_is_there(runtime))


def _local() -> Iterator[Host]:
    from importlib import metadata

    versions = installed_versions(LOCAL_RUNTIME)
    own = _named(versions)
    if own:
        yield Host("local", own, LOCAL_RUNTIME)
    try:
        legacy = _named({**versions, "keras": metadata.version("tf-keras")})
    except metadata.PackageNotFoundError:
        return
    if legacy and legacy != own:
        yield Host("local tf_keras", legacy, replace(LOCAL_RUNTIME, env=_LEGACY), keras="tf_keras")


def _named(versions: Mapping[str, str]) -> str:
    try:
        return runtime_name_of(versions)
    except UnknownRuntimeError:
        return ""


def _builtin(name: str, *, is_there: bool) -> Iterator[Host]:
    try:
        runtime = builtin_runtime(name)
        load_profile(name)
    except (UnknownRuntimeError, ProfileError):
        return
    yield Host(name, name, runtime, is_there=is_there)


def _is_there(runtime: Runtime) -> bool:
    try:
        interpreter_of(runtime)
    except RuntimeUnavailableError:
        return False
    return True


def _plain(recorded: str) -> str:
    return parse_name(recorded).plain


def _words(recorded: str) -> str:
    return recorded if "/" in recorded or recorded.endswith(".json") else _plain(recorded)


@dataclass
class Loaders:
    """A loader process for each host, started when it is first needed.

    Args:
        local: one that serves for the local runtime, whose maker closes it.
        tell: is called with a line about each step of the creation of a runtime.
        may_create: whether a runtime that is not there may be created.
        sys_path: folders in which declared modules are looked for first.
    """

    local: LoaderProcess | None = None
    tell: Callable[[str], None] = lambda _: None
    may_create: bool = True
    sys_path: tuple[str, ...] = ()
    _own: dict[str, LoaderProcess] = field(default_factory=dict)

    def of(self, host: Host) -> LoaderProcess:
        """The loader of a host.

        Raises:
            RuntimeUnavailableError: it is not there, and cannot or may not be created.
        """
        key = f"{host.runtime.name} {host.keras}"
        if key == f"{LOCAL_RUNTIME.name} " and self.local is not None:
            return self.local
        if key not in self._own:
            self._own[key] = self._made(host)
        return self._own[key]

    def close(self) -> None:
        """End those that were started here."""
        for loader in self._own.values():
            loader.close()
        self._own.clear()

    def _made(self, host: Host) -> LoaderProcess:
        runtime = host.runtime
        if runtime.is_local:
            return LoaderProcess(environment=runtime.env, sys_path=self.sys_path)
        if self.may_create and not _is_there(runtime):
            create(runtime, self.tell)
        path = [*self.sys_path, *project_path()]
        return LoaderProcess(python=interpreter_of(runtime), environment=runtime.env, sys_path=path, name=runtime.name)
