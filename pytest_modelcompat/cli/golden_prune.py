"""`modelcompat golden prune`: removing the goldens that no test claims any more."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, size_text
from pytest_modelcompat.cli.exit_codes import ExitCode, PytestExitCode
from pytest_modelcompat.cli.golden_selection import frozen_text, golden_entries
from pytest_modelcompat.cli.pytest_config import find_pytest_config
from pytest_modelcompat.golden.golden import GoldenError
from pytest_modelcompat.golden.release_store import ReleaseStore
from pytest_modelcompat.golden.staleness import CollectedClaims
from pytest_modelcompat.golden.store import GoldenStore

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.cli.golden_selection import GoldenEntry

_EPILOG = """To find the goldens that tests claim, pytest collects the project's tests, without running them.
These goldens are never removed: those of a file with a test that uses the fixture model_roundtrip,
because only running it shows its goldens; those of an existing test file that was not collected;
those of a builder (--modelcompat-model); and those of an existing model file.

Exit codes: 0 nothing is left to remove, 1 something would be with --yes, 2 the tests could not be
collected, or something could not be removed.
"""
_COLLECTED = (PytestExitCode.OK, PytestExitCode.NO_TESTS_COLLECTED)
_QUOTED = 5


class _NotCollectedError(Exception):
    """pytest could not tell what the tests claim; the message is one sentence."""


def prune(arguments: Sequence[str], console: Console) -> int:
    """Runs the command.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes.
    """
    from pytest_modelcompat.cli.golden_selection import golden_parser

    parser = golden_parser("prune", "Removes the goldens that no test claims.", _EPILOG)
    parser.add_argument("--frozen", action="store_true", help="also remove the frozen releases of their cases")
    parser.add_argument("--yes", action="store_true", help="remove them, instead of showing what would be removed")
    options = parser.parse(arguments)
    project = find_pytest_config(Path.cwd(), options.golden_dir)
    kept = golden_entries(project.goldens)
    try:
        claims = _ask_pytest(project.root)
    except _NotCollectedError as error:
        console.problem(str(error))
        return ExitCode.ERROR
    stale = [each for each in kept if claims.is_stale(each.name, project.root)]
    going = [each for each in stale if each.is_recorded or (options.frozen and each.releases)]
    if options.yes:
        code = _remove(project.goldens, going, console, with_frozen=options.frozen)
    else:
        console.lines(f"would be removed: {_entry_text(each, with_frozen=options.frozen)}" for each in going)
        code = ExitCode.FAILED if going else ExitCode.OK
    if not options.frozen:
        console.lines(_remaining_lines(stale))
    console.lines([_total(going, kept, options)])
    console.notes(_notes(kept, claims, project.root))
    return code


def _ask_pytest(root: Path) -> CollectedClaims:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "claims.json")
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--modelcompat-claims", str(file)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode not in _COLLECTED or not file.is_file():
            raise _NotCollectedError(_refusal(root, done))
        claims = CollectedClaims.read(file)
    if not claims.names:
        raise _NotCollectedError(f"pytest collected no model test in {root}, so nothing is removed: is it the project?")
    return claims


def _refusal(root: Path, done: subprocess.CompletedProcess[str]) -> str:
    said = [text for text in (done.stdout + done.stderr).splitlines() if text.strip()]
    # Of a collection that failed, the last lines are pytest's summary of it.
    quoted = "\n  ".join(said[-_QUOTED:])
    return f"pytest could not collect the tests in {root}, so nothing is removed:\n  {quoted}"


def _notes(kept: Iterable[GoldenEntry], claims: CollectedClaims, root: Path) -> Iterator[str]:
    """Why the goldens are kept that may or may not be claimed."""
    for each in kept:
        reason = claims.uncertain_reason(each.name, root)
        if reason:
            yield f"kept: {each.name}: {reason}"


def _entry_text(kept: GoldenEntry, *, with_frozen: bool) -> str:
    parts = [size_text(kept.size)] if kept.is_recorded else []
    if with_frozen and kept.releases:
        parts.append(f"with what is frozen as {', '.join(kept.labels)}")
    return f"{kept.name}  {', '.join(parts)}"


def _remaining_lines(stale: Iterable[GoldenEntry]) -> Iterator[str]:
    return (
        f"stays: {each.name} as frozen in {', '.join(each.labels)}; --frozen removes it too"
        for each in stale
        if each.releases
    )


def _total(going: Sequence[GoldenEntry], kept: Sequence[GoldenEntry], options: Namespace) -> str:
    goldens = [each for each in going if each.is_recorded]
    frozen = [artifact for each in going if options.frozen for artifact in each.releases]
    recorded = sum(each.is_recorded for each in kept)
    if not going:
        return f"{counted(recorded, 'golden')}, nothing to remove"
    text = f"{len(goldens)} of {counted(recorded, 'golden')}, {size_text(sum(each.size for each in goldens))}"
    text += f"; {frozen_text(frozen)}" if frozen else ""
    return text if options.yes else f"{text}; --yes removes {'it' if len(goldens) + len(frozen) == 1 else 'them'}"


def _remove(root: Path, going: Iterable[GoldenEntry], console: Console, *, with_frozen: bool) -> int:
    codes = [_remove_one(root, each, console, with_frozen=with_frozen) for each in going]
    return max(codes, default=ExitCode.OK)


def _remove_one(root: Path, kept: GoldenEntry, console: Console, *, with_frozen: bool) -> int:
    try:
        GoldenStore(root).remove(kept.name)
        for label in kept.labels if with_frozen else ():
            ReleaseStore(root).thaw(kept.name, label)
    except GoldenError as error:
        console.problem(str(error))
        return ExitCode.ERROR
    console.lines([f"removed: {_entry_text(kept, with_frozen=with_frozen)}"])
    return ExitCode.OK
