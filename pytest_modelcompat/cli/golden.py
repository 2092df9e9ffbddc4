"""`modelcompat golden`: what is in the golden folder, and the removal of what nobody needs any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned, counted, size_text
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.golden_selection import (
    GoldenEntry,
    frozen_text,
    golden_entries,
    golden_parser,
    golden_size,
    select,
    select_one,
)
from pytest_modelcompat.cli.parser import UsageError, near, run_verb
from pytest_modelcompat.cli.pytest_config import find_pytest_config
from pytest_modelcompat.golden.golden import GoldenBrokenError, GoldenError, GoldenMissingError, ReleaseBrokenError
from pytest_modelcompat.golden.release_store import BrokenRelease, Frozen, ReleaseStore, label_problem
from pytest_modelcompat.report.goldens import frozen_data, frozen_line, golden_data, golden_lines
from pytest_modelcompat.report.json_data import line
from pytest_modelcompat.report.layout import labelled, versions_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.golden.golden import Golden

_HELP = """usage: modelcompat golden list [NAME...] [--json]
       modelcompat golden show NAME[:LABEL] [--json]
       modelcompat golden prune [--frozen] [--yes]
       modelcompat golden thaw NAME LABEL... | --label LABEL [--yes]

A golden is the record of a case: its inputs and outputs, its layers, ops and weights. Beside it are the artifacts
frozen from releases, which every later runtime must still load. `pytest --modelcompat-update-golden` records a golden,
`pytest --modelcompat-freeze LABEL` freezes.

  modelcompat golden list "tests/test_models/*"
  modelcompat golden show tests/test_models/test_ranker:v1.2
  modelcompat golden prune --yes

The folder is that of pytest's option modelcompat_golden_dir, or --golden-dir.
"""
_LIST_EPILOG = """A NAME is a golden's, its last part, a folder of goldens, a test's file or id, or a glob.

Exit codes: 0 all of them can be read, 2 one is broken, or a name matches none.
"""
_SHOW_EPILOG = """With :LABEL, shows the golden of that release, and whether its artifacts are unchanged since
they were frozen.

Exit codes: 0 all of it can be read, 2 something is broken or is not there.
"""
_THAW_EPILOG = """A release that you name with its case is removed at once; --label shows what it would remove,
unless --yes is given. The golden itself stays.

Exit codes: 0 it is removed, 1 it would be with --yes, 2 there is no such release, or it cannot be removed.
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
    from pytest_modelcompat.cli.golden_prune import prune

    verbs = {"list": _list, "show": _show, "prune": prune, "thaw": _thaw}
    return run_verb("golden", verbs, _HELP, arguments, console)


def _folder(given: str) -> Path:
    return find_pytest_config(Path.cwd(), given).goldens


def _list(arguments: Sequence[str], console: Console) -> int:
    parser = golden_parser("list", "Lists the goldens and what is frozen beside them.", _LIST_EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse(arguments)
    kept = select(golden_entries(_folder(options.golden_dir)), options.names)
    if options.json:
        console.lines(line(_row_data(each)) for each in kept)
    elif kept:
        console.lines(aligned([("name", "formats", "made by", "size", "frozen"), *map(_row, kept)]))
        console.lines(["", _total(kept)])
    else:
        console.lines([_total(kept)])
    problems = [problem for each in kept for problem in each.problems]
    for problem in problems:
        console.problem(problem)
    return ExitCode.ERROR if problems else ExitCode.OK


def _row(kept: GoldenEntry) -> tuple[str, ...]:
    if kept.golden is not None:
        facts = (", ".join(sorted(kept.golden.formats)), versions_text(kept.golden.made_by), size_text(kept.size))
    else:
        facts = ("-", "broken" if kept.problem else "no golden, only frozen releases", size_text(kept.size))
    broken = {each.label for each in kept.broken}
    labels = ", ".join(f"{label} (broken)" if label in broken else label for label in kept.labels)
    return (str(kept.name), *facts, labels or "-")


def _row_data(kept: GoldenEntry) -> dict[str, object]:
    return {
        "name": str(kept.name),
        "folder": str(kept.folder),
        "formats": sorted(kept.golden.formats) if kept.golden is not None else [],
        "made_by": dict(kept.golden.made_by) if kept.golden is not None else {},
        "size": kept.size,
        "frozen": [frozen_data(each, _problem_read(each)) for each in kept.releases],
        "problem": kept.problem,
    }


def _total(kept: Sequence[GoldenEntry]) -> str:
    goldens = [each for each in kept if each.is_recorded]
    frozen = [artifact for each in kept for artifact in each.frozen]
    broken = sum(bool(each.problem) for each in goldens)
    text = f"{counted(len(goldens), 'golden')}{f' ({broken} broken)' if broken else ''}, "
    text += size_text(sum(each.size for each in goldens))
    return text + (f"; {frozen_text(frozen)}" if frozen else "")


def _show(arguments: Sequence[str], console: Console) -> int:
    parser = golden_parser("show", "Shows what a golden records.", _SHOW_EPILOG)
    parser.add_argument("name", metavar="NAME[:LABEL]", help="the golden's name, or its last part; a release of it")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse(arguments)
    root = _folder(options.golden_dir)
    kept, label = _named(golden_entries(root), options.name)
    frozen = [each for each in kept.releases if label in ("", each.label)]
    golden, problem = _golden_of(ReleaseStore(root), frozen[0]) if label else (kept.golden, kept.problem)
    checked = [(each, _problem_of(ReleaseStore(root), each)) for each in frozen]
    folder = frozen[0].folder if label else kept.folder
    if options.json:
        data = golden_data(golden) if golden is not None else {}
        head = {"name": str(kept.name), "label": label, "folder": str(folder), "size": golden_size(folder)}
        found = {**head, **data, "frozen": [frozen_data(*each) for each in checked], "problem": problem}
        console.lines([line(found)])
    else:
        console.lines(_page(kept, label, golden, folder, checked))
    problems = [each for each in dict.fromkeys((problem, *(why for _, why in checked))) if each]
    for each in problems:
        console.problem(each)
    return ExitCode.ERROR if problems else ExitCode.OK


def _named(kept: Sequence[GoldenEntry], given: str) -> tuple[GoldenEntry, str]:
    """The case and the release that are meant; a name can hold a colon itself.

    Raises:
        UsageError: there are none such.
    """
    name, colon, label = given.rpartition(":")
    # The colons of a test's id are part of its name.
    is_whole = not colon or name.endswith(":") or label_problem(label)
    if is_whole or any(given in (str(each.name), each.name.name) for each in kept):
        return select_one(kept, given), ""
    found = select_one(kept, name)
    if label not in found.labels:
        raise UsageError(_no_label(found, label))
    return found, label


def _no_label(kept: GoldenEntry, label: str) -> str:
    frozen = f"; frozen are {', '.join(kept.labels)}" if kept.labels else "; nothing of it is frozen"
    return f"{kept.name} has no release {label}{near(label, kept.labels) or frozen}"


def _golden_of(store: ReleaseStore, frozen: Frozen) -> tuple[Golden | None, str]:
    try:
        return store.golden(frozen), ""
    except (GoldenBrokenError, GoldenMissingError) as error:
        return None, str(error)


def _problem_read(frozen: Frozen) -> str:
    """What is wrong with it, as far as that is known without reading its artifacts."""
    return frozen.problem if isinstance(frozen, BrokenRelease) else ""


def _problem_of(store: ReleaseStore, frozen: Frozen) -> str:
    if isinstance(frozen, BrokenRelease):
        return frozen.problem
    try:
        store.check(frozen)
    except ReleaseBrokenError as error:
        return str(error)
    return ""


def _page(
    kept: GoldenEntry, label: str, golden: Golden | None, folder: Path, frozen: Iterable[tuple[Frozen, str]]
) -> Iterator[str]:
    yield f"{kept.name}, as of {label}" if label else str(kept.name)
    yield ""
    yield from labelled("folder", str(folder))
    yield from labelled("size", size_text(golden_size(folder)))
    if golden is not None:
        yield from golden_lines(golden)
    else:
        yield from labelled("golden", "broken" if label or kept.problem else "none, only frozen releases")
    lines = [frozen_line(each, "see below" if problem else "") for each, problem in frozen]
    if lines:
        yield from labelled("frozen", "\n".join(lines))


def _thaw(arguments: Sequence[str], console: Console) -> int:
    parser = golden_parser("thaw", "Removes frozen releases.", _THAW_EPILOG)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the golden's name, or its last part")
    parser.add_argument("labels", nargs="*", metavar="LABEL", help="the releases of it to remove")
    parser.add_argument("--label", default="", metavar="LABEL", help="remove this release of all cases")
    parser.add_argument("--yes", action="store_true", help="with --label: remove it")
    options = parser.parse(arguments)
    if bool(options.name) == bool(options.label) or bool(options.name) != bool(options.labels):
        raise UsageError(
            "golden thaw takes a golden's name and its releases, or --label; see modelcompat golden thaw -h"
        )
    root = _folder(options.golden_dir)
    kept = golden_entries(root)
    chosen = _in_all_goldens(kept, options.label) if options.label else _releases(kept, options.name, options.labels)
    if options.label and not options.yes:
        console.lines(f"would be removed: {_release_text(each, label)}" for each, label in chosen)
        console.lines(
            [f"{counted(len(chosen), 'frozen release')}; --yes removes {'it' if len(chosen) == 1 else 'them'}"]
        )
        return ExitCode.FAILED
    return remove_releases(ReleaseStore(root), chosen, console)


def _in_all_goldens(kept: Sequence[GoldenEntry], label: str) -> list[tuple[GoldenEntry, str]]:
    found = [(each, label) for each in kept if label in each.labels]
    if not found:
        known = {label for each in kept for label in each.labels}
        raise UsageError(f"nothing is frozen as {label}{near(label, known)}")
    return found


def _releases(kept: Sequence[GoldenEntry], name: str, labels: Sequence[str]) -> list[tuple[GoldenEntry, str]]:
    found = select_one(kept, name)
    for label in labels:
        if label not in found.labels:
            raise UsageError(_no_label(found, label))
    return [(found, label) for label in dict.fromkeys(labels)]


def remove_releases(store: ReleaseStore, chosen: Iterable[tuple[GoldenEntry, str]], console: Console) -> int:
    """Removes releases and says which; the exit code."""
    code = ExitCode.OK
    for kept, label in chosen:
        words = _release_text(kept, label)
        try:
            store.thaw(kept.name, label)
        except GoldenError as error:
            console.problem(str(error))
            code = ExitCode.ERROR
        else:
            console.lines([f"removed: {words}"])
    return code


def _release_text(kept: GoldenEntry, label: str) -> str:
    of_label = [each for each in kept.frozen if each.label == label]
    formats = ", ".join(each.format for each in of_label)
    size = size_text(sum(each.size for each in of_label))
    return f"{kept.name} as of {label}  {f'{formats}  {size}' if formats else 'broken'}"
