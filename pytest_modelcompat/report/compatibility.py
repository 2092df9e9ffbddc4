"""Static verdicts as text: one artifact in each runtime, and every finding once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import FORMATS, READ
from pytest_modelcompat.artifacts.text import aligned, counted, listed, shorten
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.report.accepted import accepted_text, unaccepted
from pytest_modelcompat.report.layout import INDENT, about_kinds, finding_lines, labelled, together, versions_text
from pytest_modelcompat.results.finding import AS_ABOVE, Kind, Severity
from pytest_modelcompat.results.migration_command import migrate_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.verdict import CompatibilityResult
    from pytest_modelcompat.results.finding import Finding

_MOST_UNSAFE = 5
_MOST_UNOBSERVED = 5
_SEVERITY_ORDER = {severity: place for place, severity in enumerate(Severity)}


def title(inventory: Inventory) -> str:
    """`models/ranker.h5  (HDF5, saved by Keras 2.15.0)`."""
    saved_by = f", saved by {versions_text(inventory.saved_by)}" if inventory.saved_by else ""
    return f"{inventory.path}  ({READ[inventory.format].title}{saved_by})"


def compatibility_text(result: CompatibilityResult) -> str:
    """`loads`, `loads, if Scale takes its configuration`, `loads (3 constructs never observed)`, `fails at config`."""
    word = result.compatibility.value
    if result.compatibility is Compatibility.LOADS:
        conditions = " and ".join(_conditions(result))
        unobserved = f" ({counted(len(result.unobserved), 'construct')} never observed)" if result.unobserved else ""
        return f"{word}, if {conditions}{unobserved}" if conditions else f"{word}{unobserved}"
    return f"{word} at {result.stage.value}" if result.stage else word


def _conditions(result: CompatibilityResult) -> Iterator[str]:
    one_and_more = {
        Kind.CLASS_NOT_SEEN: ("takes its configuration", "take their configuration"),
        Kind.PACKAGE_NEEDED: ("is installed", "are installed"),
    }
    for kind, (of_one, of_more) in one_and_more.items():
        named = [finding.subject for finding in result.findings if finding.kind is kind]
        if named:
            yield f"{listed(named, 3, conjunction='and')} {of_one if len(named) == 1 else of_more}"


def main_cause(result: CompatibilityResult) -> str:
    """The shortest cause among the most severe findings of a result that is not `loads`; else nothing."""
    if result.compatibility is Compatibility.LOADS or not result.findings:
        return ""
    most_severe = min((finding.severity for finding in result.findings), key=_SEVERITY_ORDER.__getitem__)
    named = [_in_short(finding) for finding in result.findings if finding.severity is most_severe]
    more = f" (and {len(named) - 1} more)" if len(named) > 1 else ""
    return min(named, key=len) + more


def _in_short(finding: Finding) -> str:
    """The cause, with the subject before it where it does not name it."""
    name = re.split(r"[(.]", finding.subject)[0]
    return finding.cause if name in finding.cause else f"{finding.subject}: {finding.cause}"


def check_page(inventory: Inventory, results: Sequence[CompatibilityResult]) -> Iterator[str]:
    """One artifact in several runtimes: the verdicts, then every finding with the runtimes it was found for.

    What is accepted is counted.

    Args:
        inventory: what the artifact holds.
        results: one for each runtime.
    """
    yield title(inventory)
    yield ""
    accepted = accepted_text(finding for result in results for finding in result.findings)
    results = [replace(result, findings=unaccepted(result.findings)) for result in results]
    rows = [(result.runtime, compatibility_text(result), _severity_counts(result)) for result in results]
    yield from (INDENT + line for line in aligned(rows))
    unobserved = dict.fromkeys(each for result in results for each in result.unobserved)
    if unobserved:
        yield f"{INDENT}never observed: {listed(unobserved, _MOST_UNOBSERVED)}"
    yield ""
    fix: tuple[str, ...] = ()
    groups = _grouped_findings(results)
    for (finding, *alike), runtimes in groups:
        is_of_all = finding.kind is Kind.UNSAFE_CONTENT and len(runtimes) == len(results)
        is_of_some = len(results) > 1 and not is_of_all
        is_repeated = finding.fix == fix and len(fix) > 1
        fix = finding.fix
        shown = replace(finding, fix=(AS_ABOVE,)) if is_repeated else finding
        yield from finding_lines(shown, runtimes if is_of_some else (), alike)
    about = [*_repair(inventory, results), *about_kinds(finding for (finding, *_), _ in groups)]
    yield from [*about, ""] if about else []
    yield from accepted


def _repair(inventory: Inventory, results: Sequence[CompatibilityResult]) -> Iterator[str]:
    """The command that plans a migration to the last runtime in which the artifact does not hold, if it can be one."""
    broken = [each for each in results if each.compatibility in (Compatibility.FAILS, Compatibility.CHANGED)]
    if not broken or inventory.format not in FORMATS or inventory.weights_only or inventory.preset:
        return
    yield from labelled("repair", migrate_command(str(inventory.path), broken[-1].runtime, [("--dry-run", "")]))


def _severity_counts(result: CompatibilityResult) -> str:
    count = Counter(finding.severity for finding in result.findings)
    names = {
        Severity.ERROR: "error",
        Severity.CHANGE: "change",
        Severity.WARNING: "warning",
        Severity.NOTE: "note",
    }
    return ", ".join(counted(count[each], name) for each, name in names.items() if count[each])


def _grouped_findings(results: Iterable[CompatibilityResult]) -> list[tuple[list[Finding], tuple[str, ...]]]:
    """Findings of the same runtimes of which the same is to say, and those runtimes, the most severe first."""
    gathered: dict[Finding, list[str]] = {}
    for result in results:
        for finding in result.findings:
            gathered.setdefault(replace(finding, runtime=""), []).append(result.runtime)
    by_runtimes: dict[tuple[str, ...], list[Finding]] = {}
    for finding, runtimes in gathered.items():
        by_runtimes.setdefault(tuple(runtimes), []).append(finding)
    groups = [(group, runtimes) for runtimes, found in by_runtimes.items() for group in together(found)]
    place = {finding: number for number, finding in enumerate(gathered)}
    return sorted(groups, key=lambda each: (_SEVERITY_ORDER[each[0][0].severity], place[each[0][0]]))


def check_summary(results: Sequence[CompatibilityResult]) -> str:
    """`3 artifacts in 2 runtimes: 4 loads, 1 changed, 1 fails`."""
    count = Counter(result.compatibility for result in results)
    artifacts = len({result.path for result in results})
    runtimes = len({result.runtime for result in results})
    verdicts = ", ".join(f"{count[each]} {each.value}" for each in Compatibility if count[each])
    return f"{counted(artifacts, 'artifact')} in {counted(runtimes, 'runtime')}: {verdicts}"


def runtimes_table(
    inventory: Inventory, judged: Sequence[tuple[CompatibilityResult, str]], columns: int | None = None
) -> Iterator[str]:
    """A line for each runtime: its Keras, the verdict, and why.

    Args:
        inventory: what the artifact holds.
        judged: a judgement and the version of its runtime's Keras, for each.
        columns: how wide a line may be; None for any width.
    """
    rows = [
        (result.runtime, about, compatibility_text(result), main_cause(result).replace("\n", " "))
        for result, about in judged
    ]
    yield title(inventory)
    yield ""
    for line in aligned([("runtime", "Keras", "verdict", "why"), *rows]):
        yield INDENT + (line if columns is None else shorten(line, max(3, columns - len(INDENT))))
    yield ""
    unsafe = dict.fromkeys(
        f"{finding.subject} [{finding.code}]" for result, _ in judged for finding in result.findings if finding.code
    )
    if unsafe:
        yield f"{INDENT}unsafe content: {listed(unsafe, _MOST_UNSAFE)}; `modelcompat inspect` says where"
        yield ""
