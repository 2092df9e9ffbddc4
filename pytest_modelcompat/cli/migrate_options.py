"""What `modelcompat migrate` takes, and the request that it makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.check import add_declarations
from pytest_modelcompat.cli.parser import Parser, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.migration.request import MigrationRequest

FORMATS = ("keras", "h5", "saved_model")
_EPILOG = """examples:
  modelcompat migrate models/ranker.h5 --runtime tf2.21 --dry-run
  modelcompat migrate models/ranker.h5 --runtime tf2.21
  modelcompat migrate models/ --runtime tf2.21 --out migrated --jobs 4
  modelcompat migrate models/tagger.h5 --runtime tf2.21 --custom shop.layers:Scale --import shop.losses
  modelcompat migrate models/city.h5 --runtime tf2.21 --vocabulary lookup=city.txt

No artifact is ever changed. The new file is ranker.tf2.21.keras beside ranker.h5, or has its own name in the folder
that --out names. It gets this name when it is proven: the old file in a runtime that loads it, and the new one in
--runtime, predict the same. Otherwise it is called NAME.unproven.

Exit codes: 0 everything loads already, or is migrated and proven (or written with --prove none, or planned with
--dry-run), 1 something is not proven, or needs you, or is impossible, 2 something could not be read or written.
"""


def parser() -> Parser:
    """The command's arguments."""
    made = Parser("migrate", "Repairs saved models for the runtime you name, and proves it.", _EPILOG)
    made.add_argument("paths", nargs="+", metavar="PATH", help=".h5 or .keras files, SavedModels, folders, globs")
    made.add_argument("--runtime", metavar="NAME", help="where they are to load: tf2.21, tf2.16, tf2.21+tf_keras")
    made.add_argument("--to", choices=FORMATS, help="the format to write (default: the one that stays nearest)")
    made.add_argument("--out", type=Path, metavar="DIR", help="write to this folder, under the artifacts' own names")
    add_declarations(made)
    made.add_argument(
        "--import",
        dest="imports",
        action="extend",
        nargs="+",
        default=[],
        metavar="MODULE",
        help="modules, or .py files, that register classes when they are imported",
    )
    made.add_argument("--dry-run", action="store_true", help="print the plan, and write nothing")
    made.add_argument(
        "--prove",
        metavar="RUNTIME",
        default="auto",
        help="where the old artifact is loaded: auto, local, a runtime such as tf2.15; none for no proof",
    )
    made.add_argument("--create", action="store_true", help="create a runtime that is needed and not there")
    made.add_argument("--inputs", type=Path, metavar="FILE.npz", help="what both are called with (default: derived)")
    made.add_argument(
        "--vocabulary",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="the vocabulary of a lookup layer, a term a line; may be repeated",
    )
    made.add_argument("--overwrite", action="store_true", help="replace what an earlier run has written")
    made.add_argument("--jobs", type=int, default=1, metavar="N", help="how many artifacts at a time (default: 1)")
    made.add_argument("--json", action="store_true", help="one JSON object a line, for each artifact")
    return made


def request_of(options: argparse.Namespace) -> MigrationRequest:
    """What is asked for.

    Args:
        options: those of the command.

    Raises:
        UsageError: they are not what the command takes.
    """
    from pytest_modelcompat.cli.check import profiles
    from pytest_modelcompat.migration.custom import CustomError, custom_of
    from pytest_modelcompat.migration.request import MigrationRequest

    (profile,) = profiles([options.runtime] if options.runtime else None)
    try:
        custom = custom_of(options.custom, options.imports)
    except CustomError as error:
        raise UsageError(str(error)) from None
    _check(options)
    return MigrationRequest(
        options.runtime,
        profile,
        format=options.to or "",
        custom=custom.names,
        declared=custom.declared,
        sys_path=(str(Path.cwd()), *custom.sys_path),
        safe_mode=not options.unsafe,
        compile_model=not options.no_compile,
        prove=options.prove,
        inputs=options.inputs,
        vocabulary=_vocabularies(options.vocabulary),
        overwrite=options.overwrite,
        create=options.create,
        dry_run=options.dry_run,
        given=tuple(_given(options)),
    )


def _given(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The options that make another run the same, but for what is to be written again."""
    single = {"--to": options.to, "--out": options.out, "--inputs": options.inputs}
    single["--prove"] = options.prove if options.prove != "auto" else None
    yield from ((option, str(value)) for option, value in single.items() if value is not None)
    for option, values in (("--custom", options.custom), ("--import", options.imports)):
        yield from ((option, value) for value in values)
    yield from (("--vocabulary", value) for value in options.vocabulary)
    flags = {"--unsafe": options.unsafe, "--no-compile": options.no_compile, "--create": options.create}
    yield from ((option, "") for option, is_set in flags.items() if is_set)


def _check(options: argparse.Namespace) -> None:
    if options.jobs < 1:
        raise UsageError("--jobs is the number of artifacts at a time, 1 or more")
    if options.inputs is not None and not options.inputs.is_file():
        raise UsageError(f"--inputs {options.inputs} does not exist")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out {options.out} is a file; name a folder")
    if options.prove not in ("auto", "local", "none"):
        _check_prove(options.prove)


def _check_prove(name: str) -> None:
    from pytest_modelcompat.runtimes.config import RuntimeConfigError, find_runtimes
    from pytest_modelcompat.runtimes.names import UnknownRuntimeError

    try:
        find_runtimes(Path.cwd()).get(name)
    except (RuntimeConfigError, UnknownRuntimeError) as error:
        raise UsageError(f"--prove takes auto, local, none, or the name of a runtime: {error}") from None


def _vocabularies(given: Sequence[str]) -> dict[str, Path]:
    found = {}
    for each in given:
        name, is_pair, file = each.partition("=")
        if not (name and is_pair and file):
            raise UsageError(f"--vocabulary {each} is not NAME=FILE, such as lookup=city.txt")
        if not Path(file).is_file():
            raise UsageError(f"--vocabulary {each}: {file} does not exist")
        found[name] = Path(file)
    return found
