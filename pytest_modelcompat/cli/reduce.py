"""`modelcompat reduce`: the smallest model that still fails, out of a failure that was kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.reproduction.reduction import Reduced
    from pytest_modelcompat.runtimes.process import LoaderProcess

_EPILOG = """examples:
  modelcompat reduce kept/tests/test_models/test_ranker/keras
  modelcompat reduce kept/tests/test_models/test_ranker/h5-tf2.15 --runtime tf2.15 --out bug

Layers of a functional or sequential model are left out until the failure would be gone; a model inside the model
counts as one layer. Each smaller model is loaded in a fresh process. TensorFlow is needed.

Exit codes: 0 the folder of a smaller model is written, 1 the model cannot be made smaller, 2 an error.
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
    parser = Parser("reduce", "Finds the smallest model that still fails, for a bug report.", _EPILOG)
    parser.add_argument("folder", metavar="FOLDER", help="a failure that pytest --modelcompat-keep has kept")
    parser.add_argument("--out", metavar="DIR", help="where the smaller one is written (default: FOLDER-reduced)")
    parser.add_argument("--runtime", metavar="NAME", default="local", help="where to load (default: local)")
    options = parser.parse(arguments)
    folder = Path(options.folder)
    target = Path(options.out) if options.out else folder.with_name(f"{folder.resolve().name}-reduced")
    _refuse_foreign(target, folder)
    from pytest_modelcompat.reproduction.layer_graph import CannotCutError
    from pytest_modelcompat.reproduction.recipe import RecipeError
    from pytest_modelcompat.runtimes.process import LoaderUnavailableError

    try:
        reduced = _reduced(folder, target, options.runtime, console)
    except CannotCutError as error:
        console.problem(f"{folder} cannot be made smaller: {error}")
        return ExitCode.FAILED
    except (RecipeError, LoaderUnavailableError) as error:
        console.problem(str(error))
        return ExitCode.ERROR
    layers = ", ".join(reduced.layers)
    console.lines(
        [
            f"{len(reduced.layers)} of {reduced.of} layers fail the same way: {layers}",
            f"uv run {reduced.folder.as_posix()}/reproduce.py",
        ]
    )
    return ExitCode.OK


def _refuse_foreign(target: Path, folder: Path) -> None:
    """Stop before something is overwritten that this command has not written.

    Raises:
        UsageError: the folder has other files, or is the one that is read.
    """
    from pytest_modelcompat.reproduction.recipe import RECIPE

    if target.resolve() == folder.resolve():
        raise UsageError(f"--out {target} is the folder that is read; name another")
    if target.exists() and not (target / RECIPE).is_file():
        raise UsageError(f"{target} is there and has no {RECIPE}, so it is not overwritten; name another with --out")


def _reduced(folder: Path, target: Path, runtime: str, console: Console) -> Reduced:
    from pytest_modelcompat.reproduction.reduction import Reduction

    with tempfile.TemporaryDirectory() as scratch:
        loader = _loader(runtime, folder)
        try:
            reduction = Reduction(folder, loader, Path(scratch), lambda line: console.notes([line]))
            console.notes(["TensorFlow is imported"])
            return reduction.run(target)
        finally:
            loader.close()


def _loader(name: str, folder: Path) -> LoaderProcess:
    """A loader that finds the modules of the folder first.

    Raises:
        UsageError: there is no such runtime, or it cannot be used here.
    """
    from pytest_modelcompat.runtimes.config import find_runtimes
    from pytest_modelcompat.runtimes.environments import interpreter_of
    from pytest_modelcompat.runtimes.names import UnknownRuntimeError
    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError

    place = [str(folder.absolute())]
    try:
        runtime = find_runtimes(Path.cwd()).get(name)
        if runtime.is_local:
            return LoaderProcess(sys_path=place)
        return LoaderProcess(python=interpreter_of(runtime), environment=runtime.env, sys_path=place)
    except (UnknownRuntimeError, RuntimeUnavailableError) as error:
        raise UsageError(str(error)) from None
