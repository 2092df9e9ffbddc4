"""`modelcompat profile`: the runtimes there are, what one knows, how two differ, and recording one's own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned
from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.cli.check import profiles
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError, run_verb
from pytest_modelcompat.report.layout import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.profiles.profile import Profile

_HELP = """usage: modelcompat profile list
       modelcompat profile show NAME [--json]
       modelcompat profile diff OLD NEW [--json]
       modelcompat profile record --out FILE [--name NAME] [--keras tf_keras] [--import MODULE]

A profile is what a runtime knows: the ops of its TensorFlow and the objects of its Keras. Those of every TensorFlow
since 2.4 are built in; record your own where production runs, and judge with it in CI:

  modelcompat profile record --out production.json --import shop.layers
  modelcompat check models/ --runtime production.json
"""
_EPILOG = "Run it in the environment to record: that of production, with its TensorFlow and your packages."


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
    return run_verb(
        "profile", {"list": _list, "show": _show, "diff": _diff, "record": _record}, _HELP, arguments, console
    )


def _list(arguments: Sequence[str], console: Console) -> int:
    from pytest_modelcompat.profiles.store import load_all

    Parser("profile list", "Lists the runtimes that are built in.").parse(arguments)
    rows = [("name", "TensorFlow", "Keras", "Python"), *map(_row, load_all())]
    more = "From tf2.16 on also with +keras3.0 to +keras3.15 or +tf_keras: tf2.16+keras3.15."
    console.lines([*aligned(rows), "", more, "", *aligned([("also", *rows[0][1:], "as of", "from"), *_others()])])
    return ExitCode.OK


def _row(profile: Profile) -> tuple[str, str, str, str]:
    return (profile.name, profile.tensorflow, profile.keras, dotted(profile.python))


def _others() -> Iterator[tuple[str, ...]]:
    """What is named otherwise than a release: release candidates, and aliases with where they are from."""
    from pytest_modelcompat.profiles.store import load_profile
    from pytest_modelcompat.runtimes.aliases import ALIASES
    from pytest_modelcompat.runtimes.pins import PINS

    for name, pins in PINS.items():
        if pins.is_pre_release:
            yield (*_row(load_profile(name)), "", "")
    for alias in ALIASES.values():
        yield (*_row(load_profile(alias.name)), alias.date, alias.source)


def _show(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("profile show", "Shows what a runtime knows.")
    parser.add_argument("name", metavar="NAME", help="a runtime's name, or a recorded profile's path")
    parser.add_argument("--json", action="store_true", help="one JSON object with every op and object")
    options = parser.parse(arguments)
    (profile,) = profiles([options.name])
    if options.json:
        from pytest_modelcompat.report.json_data import as_plain_json, line

        console.lines([line(as_plain_json(profile))])
    else:
        console.lines(_page(profile))
    return ExitCode.OK


def _page(profile: Profile) -> Iterator[str]:
    yield profile.name
    yield ""
    yield from labelled("TensorFlow", f"{profile.tensorflow}, for Python {', '.join(map(dotted, profile.pythons))}")
    yield from labelled("Keras", f"{profile.keras}, imported as {profile.package}")
    yield from labelled("Python", f"{dotted(profile.python)}, which Lambda code is judged for")
    graph = f"GraphDef version {profile.producer}, readable from {profile.min_consumer} on"
    yield from labelled("writes", graph)
    yield from labelled("ops", f"{len(profile.ops):,}")
    counts = (f"{len(known):,} {role}" for role, known in sorted(profile.names.items()))
    yield from labelled("objects", ", ".join(counts))
    if profile.registered:
        yield from labelled("registered", ", ".join(sorted(profile.registered)))


def _diff(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("profile diff", "Says what another runtime knows no more, knows otherwise, and knows besides.")
    parser.add_argument("old", metavar="OLD", help="a runtime's name, or a recorded profile's path")
    parser.add_argument("new", metavar="NEW", help="the same, of the later one")
    parser.add_argument("--json", action="store_true", help="one JSON object for each difference")
    options = parser.parse(arguments)
    (old,), (new,) = profiles([options.old]), profiles([options.new])
    from pytest_modelcompat.profiles.difference import profile_changes
    from pytest_modelcompat.report.json_data import as_plain_json, line
    from pytest_modelcompat.report.profile_changes import changes_page

    changes = profile_changes(old, new)
    as_json = (line(as_plain_json(each)) for each in changes)
    console.lines(as_json if options.json else changes_page(old, new, changes))
    return ExitCode.FAILED if changes else ExitCode.OK


def _record(arguments: Sequence[str], console: Console) -> int:
    """Runs the recorder in a process of its own with this interpreter, so that only what is declared is imported."""
    parser = Parser("profile record", "Records what the TensorFlow and Keras of this environment know.", _EPILOG)
    parser.add_argument("--out", required=True, metavar="FILE", help="the file to write")
    parser.add_argument("--name", help="what to call it; the file's name by default")
    parser.add_argument(
        "--keras", choices=("keras", "tf_keras"), help="the Keras that loads models; tf.keras by default"
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="import it first; may be repeated",
    )
    options = parser.parse(arguments)
    out = Path(options.out)
    if not out.parent.is_dir():
        raise UsageError(f"{out} cannot be written: there is no folder {out.parent}")
    _refuse_missing("tensorflow", *([options.keras] if options.keras else []))
    from pytest_modelcompat.profiles import recorder

    command = [sys.executable, str(Path(recorder.__file__).parent), *arguments]
    with console.waits.on("recording: TensorFlow is imported, and each op and class is asked what it takes"):
        recorded = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if recorded.returncode != 0:
        last = (recorded.stderr.strip().splitlines() or [f"exit code {recorded.returncode}"])[-1]
        console.problem(f"the profile could not be recorded: {last}")
        return ExitCode.ERROR
    (profile,) = profiles([str(out) if out.suffix == ".json" else str(out.resolve())])
    console.lines([f"{out}: {_in_short(profile)}"])
    return ExitCode.OK


def _in_short(profile: Profile) -> str:
    objects = sum(len(known) for known in profile.names.values())
    return f"TensorFlow {profile.tensorflow}, Keras {profile.keras}: {len(profile.ops):,} ops, {objects:,} objects"


def _refuse_missing(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            raise UsageError(
                f"{module} is not installed here ({sys.executable}); run this in the environment to record, "
                "with pytest-modelcompat installed there too"
            )
