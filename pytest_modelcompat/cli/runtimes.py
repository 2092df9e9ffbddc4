"""`modelcompat runtimes`: creating the runtimes that artifacts are reloaded in, listing and removing them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed, size_text
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError, run_verb
from pytest_modelcompat.cli.runtimes_list import environment_folder, runtime_entries, runtime_table
from pytest_modelcompat.report.json_data import line
from pytest_modelcompat.report.layout import labelled
from pytest_modelcompat.runtimes.cache import (
    Environment,
    all_folders,
    environments_folder,
    find_environment,
    folder_of,
    read_note,
    size_of,
)
from pytest_modelcompat.runtimes.config import RuntimeConfigError, find_runtimes
from pytest_modelcompat.runtimes.environments import create, remove
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.runtime import TABLE, RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.runtimes.config import RuntimeConfig
    from pytest_modelcompat.runtimes.runtime import Runtime

_HELP = """usage: modelcompat runtimes create NAME... | --all
       modelcompat runtimes list [--json]
       modelcompat runtimes remove NAME... | --all | --unused

A runtime is an interpreter with its TensorFlow and Keras. Declare runtimes of your own, with any name,
in [tool.modelcompat.runtimes] of pyproject.toml. tf2.4 to tf2.21 need no declaration; tf2.16 and newer also exist with
+keras3.N and +tf_keras:

  modelcompat runtimes create tf2.15 production
  pytest --modelcompat-runtime tf2.15 --modelcompat-runtime production

uv creates them, in the user's cache folder or the one that MODELCOMPAT_CACHE names, each once for all projects.
"""
_CREATE_EPILOG = """An existing runtime is not changed. An interrupted creation is continued. If one cannot be created,
the others still are. For an environment of your own (`interpreter`), only the import of TensorFlow is checked.

Exit codes: 0 all of them exist, 2 at least one does not, or a name is not known.
"""
_REMOVE_EPILOG = """Unused are environments to which no name refers any more, neither a known name nor one declared in
this pyproject.toml: after a declaration was changed or removed, or if only another project declares
them. An environment that other names also use is not removed. An interpreter of your own is never
removed.

Exit codes: 0 they are removed, 2 at least one is not, or a name is not known.
"""


def run(arguments: Sequence[str], console: Console) -> int:
    """Runs the command.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes.
    """
    verbs = {"create": _create, "list": _list, "remove": _remove}
    try:
        return run_verb("runtimes", verbs, _HELP, arguments, console)
    except (RuntimeConfigError, UnknownRuntimeError) as error:
        raise UsageError(str(error)) from None
    except RuntimeUnavailableError as error:
        _report_error(error, console)
        return ExitCode.ERROR


def _create(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("runtimes create", "Creates runtimes, unless they exist already.", _CREATE_EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a runtime's name, declared or known")
    parser.add_argument("--all", action="store_true", help="all that pyproject.toml declares")
    options = parser.parse(arguments)
    _refuse_none_or_both(options.names, ["--all"] if options.all else [], "--all")
    runtimes = find_runtimes(Path.cwd())
    chosen = list(runtimes.declared.values()) if options.all else _chosen(options.names, runtimes)
    if not chosen:
        raise UsageError(f"no runtime is declared{_where(runtimes)}")
    width = max(len(runtime.name) for runtime in chosen)
    created = [_is_created(runtime, width, console) for runtime in chosen]
    return ExitCode.OK if all(created) else ExitCode.ERROR


def _chosen(names: Sequence[str], runtimes: RuntimeConfig) -> list[Runtime]:
    """The runtimes of some names, each once; all names are understood before the first is created."""
    chosen = {runtime.name: runtime for runtime in map(runtimes.get, names)}
    if any(runtime.is_local for runtime in chosen.values()):
        raise UsageError("local is the interpreter that pytest runs in: there is nothing to create")
    return list(chosen.values())


def _is_created(runtime: Runtime, width: int, console: Console) -> bool:
    try:
        with contextlib.ExitStack() as step:
            about = _in_short(runtime, lambda text: _begin(text, step, console))
    except RuntimeUnavailableError as error:
        _report_error(error, console)
        return False
    console.lines([f"{runtime.name.ljust(width)}  {about}"])
    console.out.flush()
    return True


def _begin(text: str, step: contextlib.ExitStack, console: Console) -> None:
    """Say which step of a creation begins, and that it is waited for until the next one."""
    step.close()
    console.notes([text])
    step.enter_context(console.waits.on(text))


def _in_short(runtime: Runtime, tell: Callable[[str], None]) -> str:
    """Create a runtime unless it is there, and say what it is."""
    is_there = runtime.is_created and find_environment(folder_of(runtime)) is not None
    environment = create(runtime, tell)
    about = _versions(environment, runtime)
    if not runtime.is_created:
        return f"works    {about}  your own  {environment.seconds:.1f} s"
    if is_there:
        return f"exists   {about}  {size_text(environment.size)}"
    return f"created  {about}  {size_text(environment.size)}  {environment.seconds:.1f} s"


def _versions(environment: Environment, runtime: Runtime) -> str:
    found = environment.versions
    names = {
        "Python": found.get("python"),
        "TensorFlow": found.get("tensorflow"),
        "Keras": environment.keras(runtime.env),
    }
    return ", ".join(f"{name} {version}" for name, version in names.items() if version)


def _list(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("runtimes list", "Lists the runtimes that are declared, and all that were created.")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each runtime")
    options = parser.parse(arguments)
    runtimes = find_runtimes(Path.cwd())
    rows = runtime_entries(runtimes)
    if options.json:
        console.lines(line(row.data()) for row in rows)
    elif rows:
        sizes = {row.folder: row.size for row in rows}
        console.lines([*runtime_table(rows), "", f"{size_text(sum(sizes.values()))} in {environments_folder()}"])
    else:
        console.lines([f"no runtime is declared{_where(runtimes)}, and none was created"])
    return ExitCode.OK


def _remove(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("runtimes remove", "Removes runtimes that were created, and says what that frees.", _REMOVE_EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a runtime's name, or that of its folder")
    parser.add_argument("--all", action="store_true", help="everything that was created, in all projects")
    parser.add_argument("--unused", action="store_true", help="those that no name refers to any more")
    options = parser.parse(arguments)
    given = [f"--{name}" for name in ("all", "unused") if getattr(options, name)]
    _refuse_none_or_both(options.names, given, "--all or --unused")
    runtimes = find_runtimes(Path.cwd())
    if options.names:
        folders = {name: _folders(name, runtimes) for name in options.names}
        steps = [(name, folder) for name, found in folders.items() for folder in found or (None,)]
        taken = [_is_removed(name, folder, console, name) for name, folder in steps]
    else:
        rows = {row.folder: row for row in runtime_entries(runtimes) if options.all or row.is_unused}
        kept = [rows[folder] for folder in all_folders() if folder in rows]
        taken = [_is_removed(", ".join(row.names), row.folder, console) for row in kept]
        if not kept:
            console.lines([f"there is nothing to remove in {environments_folder()}"])
    return ExitCode.OK if all(taken) else ExitCode.ERROR


def _folders(name: str, runtimes: RuntimeConfig) -> list[Path]:
    """The environments that a name stands for: that which it means, else those that were created by this name."""
    folders = all_folders()
    if any(folder.name == name for folder in folders):
        return [folder for folder in folders if folder.name == name]
    meant = environment_folder(name, runtimes)
    if meant is not None and meant in folders:
        return [meant]
    noted = [folder for folder in folders if name in getattr(read_note(folder), "names", ())]
    if not noted and meant is None:
        runtime = runtimes.get(name)
        raise UsageError(f"{name} is {runtime.interpreter or 'what pytest runs in'}, which was not created here")
    return noted


def _is_removed(label: str, folder: Path | None, console: Console, name: str = "") -> bool:
    """Remove an environment and say what that frees; False where it cannot be removed."""
    if folder is None:
        console.lines([f"{label}  not created"])
        return True
    size = getattr(read_note(folder), "size", 0) or size_of(folder)
    try:
        others = remove(folder, lambda text: console.notes([text]), name="" if name == folder.name else name)
    except RuntimeUnavailableError as error:
        _report_error(error, console)
        return False
    if others:
        console.lines([f"{label}  stays for {', '.join(others)}: {folder}"])
    else:
        console.lines([f"{label}  removed, {size_text(size)} freed: {folder}"])
    return True


def _refuse_none_or_both(names: Sequence[str], given: Sequence[str], options: str) -> None:
    """Names, or one of the options that stand for some: nothing else is understood."""
    if not names and not given:
        raise UsageError(f"name the runtimes, or give {options}")
    if len(given) + bool(names) > 1:
        raise UsageError(
            f"{listed(given, conjunction='and')} {'and names do' if names else 'do'} not go together: give one of them"
        )


def _where(runtimes: RuntimeConfig) -> str:
    if runtimes.file is None:
        return ": there is no pyproject.toml here or above"
    return f" in {TABLE} of {runtimes.file}"


def _report_error(error: RuntimeUnavailableError, console: Console) -> None:
    console.problem(str(error))
    for label, text in (("fix", "\n".join(error.fix)), ("it said", error.quote)):
        if text:
            console.notes(labelled(label, text))
