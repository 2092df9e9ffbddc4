"""The `modelcompat` command: what is in a saved model, what will load it, and how two differ. No TensorFlow needed."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.console import Console, standard_console
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import UsageError, near

if TYPE_CHECKING:
    from collections.abc import Sequence

# Command -> what it does. Its module bears its name; only the one that runs is imported.
COMMANDS = {
    "inspect": "what an artifact contains, and its unsafe content",
    "check": "whether an artifact loads in the runtimes you name; every reason why not",
    "runtimes-for": "which TensorFlow and Keras versions load an artifact",
    "diff": "how two artifacts differ: layers, ops, signatures, configuration, weights",
    "migrate": "repair an artifact for a runtime without changing what it predicts, and prove it",
    "runtimes": "create, list and remove the runtimes that artifacts are reloaded in",
    "matrix": "run the model tests in every runtime, and print a table of the results",
    "golden": "list and show goldens and frozen releases; remove those that no test needs",
    "report": "merge and show the reports of pytest runs: cases and formats by runtimes",
    "explain": "what a traceback or a log reports, why, and what to do; what a kind of failure means",
    "reduce": "the smallest model that still fails, out of a failure that pytest --modelcompat-keep keeps",
    "doctor": "what isolation this machine gives loads, and whether what the tests need is there",
    "profile": "list and show the profiles of runtimes, record your own",
}
# Objects made until garbage is looked for: what starts a command makes some ten thousands, and none of it is garbage.
_RARELY = 200_000
_HELP = """usage: modelcompat COMMAND ...

Reads saved TensorFlow and Keras models (.h5, .keras, SavedModel) without loading them and says what will load them.
Nothing in a file is ever imported, unpickled or executed, and no TensorFlow is needed.

{commands}

  modelcompat COMMAND -h     the options of a command
  modelcompat --version      this program's version

Exit codes: 0 all is well, 1 it does not fit or is not the same, 2 something could not be read or understood.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: those of the command line, by default this process' own.

    Returns:
        The exit code: 0 all is well, 1 it does not fit, 2 something could not be read or understood.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_RARELY, *usual[1:])
    console = standard_console()
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments), console)
        console.out.flush()
    except UsageError as error:
        console.problem(str(error))
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has seen enough; at exit Python would flush into the closed pipe and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    except OSError as error:
        # The other stream is full: it is not tried again.
        Console(console.err, console.err).problem(f"what was found cannot be written: {error.strerror or error}")
        return ExitCode.ERROR
    finally:
        gc.set_threshold(*usual)
    return code


def run() -> None:
    """The console script: runs the command and ends the process with its exit code.

    The process ends at once: to take every object apart before the system takes the memory back is a tenth of a run.
    """
    code = main()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _run(arguments: list[str], console: Console) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        console.lines(_help().splitlines())
        return ExitCode.OK if arguments else ExitCode.ERROR
    if arguments[0] in ("--version", "-V"):
        from pytest_modelcompat.artifacts.versions import own_version

        console.lines([f"modelcompat {own_version()}"])
        return ExitCode.OK
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        raise UsageError(f"there is no command {name}{near(name, COMMANDS) or '; see modelcompat -h'}")
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    try:
        return int(module.run(rest, console))
    except SystemExit as error:
        return int(error.code or ExitCode.OK)


def _help() -> str:
    # `aligned` has to be imported first, and help comes at once.
    width = max(map(len, COMMANDS))
    lines = (f"  {name.ljust(width)}  {does}" for name, does in COMMANDS.items())
    return _HELP.format(commands="\n".join(lines))
