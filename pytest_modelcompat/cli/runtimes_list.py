"""The runtimes there are: those that the project declares, and all that have an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import aligned, natural_order, size_text
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.cache import (
    Environment,
    EnvironmentState,
    all_folders,
    folder_of,
    installed_versions,
    read_note,
    size_of,
    state_of,
)
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.pins import PINS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_modelcompat.runtimes.config import RuntimeConfig
    from pytest_modelcompat.runtimes.runtime import Runtime

_HEADER = ("name", "state", "Python", "TensorFlow", "Keras", "size", "folder")
_NONE = "-"


@dataclass(frozen=True)
class RuntimeEntry:
    """A declared runtime, or an environment that is kept.

    Args:
        names: what it is called.
        is_declared: whether the project declares it.
        is_unused: whether no name that is declared here or known means its environment.
        state: how far it is.
        python: its Python's version; the one asked for where it is not created.
        tensorflow: its TensorFlow's version; empty where it is unknown.
        keras: that of its Keras.
        size: of the environment's files, in bytes.
        folder: of the environment; of the interpreter where that is the user's own.
    """

    names: tuple[str, ...]
    is_declared: bool
    is_unused: bool
    state: EnvironmentState
    python: str
    tensorflow: str
    keras: str
    size: int
    folder: Path

    def data(self) -> dict[str, Any]:
        """As an object of `--json`; what is not known is null."""
        return {
            "name": self.names[0],
            "names": list(self.names),
            "declared": self.is_declared,
            "unused": self.is_unused,
            "state": self.state.value,
            "python": self.python or None,
            "tensorflow": self.tensorflow or None,
            "keras": self.keras or None,
            "size": self.size,
            "folder": str(self.folder),
        }

    def cells(self) -> tuple[str, ...]:
        """As a row of the table."""
        state = f"{self.state.value}, unused" if self.is_unused else self.state.value
        size = size_text(self.size) if self.size else ""
        told = (state, self.python, self.tensorflow, self.keras, size, str(self.folder))
        return (", ".join(self.names), *(each or _NONE for each in told))


def runtime_entries(runtimes: RuntimeConfig) -> list[RuntimeEntry]:
    """The declared runtimes as the file has them, then every other environment that is kept, oldest TensorFlow first.

    Raises:
        RuntimeUnavailableError: the folder of environments is unknown.
    """
    declared = [_declared(runtime) for runtime in runtimes.declared.values()]
    seen = {each.folder for each in declared}
    others = [_other(folder, runtimes) for folder in all_folders() if folder not in seen]
    return [*declared, *sorted(others, key=lambda each: natural_order(each.names[0]))]


def runtime_table(rows: Sequence[RuntimeEntry]) -> Iterator[str]:
    """The rows below their header, in columns."""
    return aligned([_HEADER, *(row.cells() for row in rows)], right=(_HEADER.index("size"),))


def environment_folder(name: str, runtimes: RuntimeConfig) -> Path | None:
    """The folder of the environment that a name means, created or not; None where it means none.

    Raises:
        RuntimeUnavailableError: the folder of environments is unknown.
    """
    try:
        runtime = runtimes.get(name)
    except UnknownRuntimeError:
        return None
    return folder_of(runtime) if runtime.is_created else None


def _declared(runtime: Runtime) -> RuntimeEntry:
    if runtime.interpreter is not None:
        return _entry_of_environment(runtime, runtime.interpreter)
    folder = folder_of(runtime)
    return _row((runtime.name,), folder, runtime, is_declared=True)


def _entry_of_environment(runtime: Runtime, interpreter: Path) -> RuntimeEntry:
    environment = Environment(interpreter.parent, interpreter, (runtime.name,), (), installed_versions(interpreter))
    return RuntimeEntry(
        names=(runtime.name,),
        is_declared=True,
        is_unused=False,
        state=EnvironmentState.OWN if interpreter.is_file() else EnvironmentState.BROKEN,
        python="",
        tensorflow=environment.versions.get("tensorflow", ""),
        keras=environment.keras(runtime.env),
        size=0,
        folder=interpreter.parent,
    )


def _other(folder: Path, runtimes: RuntimeConfig) -> RuntimeEntry:
    """An environment that no declared runtime asks for, by the names that do, or did."""
    environment = read_note(folder)
    noted = environment.names if environment else tuple(n for n in PINS if folder_of(builtin_runtime(n)) == folder)
    means_it = tuple(name for name in noted if environment_folder(name, runtimes) == folder)
    names = means_it or noted or (folder.name,)
    runtime = runtimes.get(means_it[0]) if means_it else None
    return _row(names, folder, runtime, is_declared=False)


def _row(names: tuple[str, ...], folder: Path, runtime: Runtime | None, *, is_declared: bool) -> RuntimeEntry:
    environment = read_note(folder)
    versions = environment.versions if environment else {}
    size = environment.size if environment else size_of(folder)
    return RuntimeEntry(
        names=names,
        is_declared=is_declared,
        is_unused=runtime is None,
        state=state_of(folder),
        python=versions.get("python", runtime.python if runtime else ""),
        tensorflow=versions.get("tensorflow", ""),
        keras=environment.keras(runtime.env if runtime else {}) if environment else "",
        size=size,
        folder=folder,
    )
