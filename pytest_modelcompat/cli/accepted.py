"""The options by which a command is given what unsafe content is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.parser import Parser, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance, AcceptedFinding
    from pytest_modelcompat.results.finding import Finding


def add_acceptance(parser: Parser) -> None:
    """Adds the options that say what unsafe content is accepted."""
    parser.add_argument(
        "--suppress",
        action="append",
        default=[],
        metavar="CODE=REASON",
        help="accept what this rule of unsafe content finds, such as U205; may be repeated",
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="accept the unsafe content that this file lists")
    parser.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="accept the unsafe content found now: list it in this file"
    )


def acceptance_of(options: argparse.Namespace) -> Acceptance | None:
    """What the options accept; None if they say nothing of it.

    Args:
        options: those of `add_acceptance`.

    Raises:
        UsageError: they are not written as they should be, or the baseline cannot be read.
    """
    if not options.suppress and options.baseline is None:
        return None
    from pytest_modelcompat.compatibility.unsafe.acceptance import (
        Acceptance,
        AcceptanceError,
        parse_suppressed,
        read_baseline,
    )

    try:
        reasons = parse_suppressed(options.suppress)
        baseline = read_baseline(options.baseline) if options.baseline is not None else ()
    except AcceptanceError as error:
        raise UsageError(str(error)) from None
    return Acceptance(reasons, baseline, str(options.baseline or ""))


def entries_of(
    options: argparse.Namespace, findings: Iterable[Finding], inventory: Inventory
) -> tuple[AcceptedFinding, ...]:
    """What the baseline that is asked for has of an artifact: everything that `--suppress` does not accept.

    Args:
        options: those of `add_acceptance`.
        findings: of the artifact.
        inventory: what it holds.
    """
    if options.write_baseline is None:
        return ()
    from pytest_modelcompat.compatibility.unsafe.acceptance import accepting, parse_suppressed

    suppressed = parse_suppressed(options.suppress)
    return accepting((each for each in findings if each.code not in suppressed), inventory)


def write_baseline(options: argparse.Namespace, entries: Iterable[AcceptedFinding], console: Console) -> None:
    """Writes the baseline that is asked for.

    Args:
        options: those of `add_acceptance`.
        entries: of all artifacts.
        console: where it is said.

    Raises:
        UsageError: the file cannot be written.
    """
    if options.write_baseline is None:
        return
    from pytest_modelcompat.artifacts.text import counted
    from pytest_modelcompat.compatibility.unsafe.acceptance import baseline_text

    kept = set(entries)
    try:
        options.write_baseline.write_text(baseline_text(kept), encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"the baseline {options.write_baseline} cannot be written: {why}") from None
    console.notes([f"{options.write_baseline}: {counted(len(kept), 'finding')} accepted"])
