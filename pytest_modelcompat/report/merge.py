"""Reports of several jobs as one: each ran some of the targets."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.runtimes import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_modelcompat.report.json_report import Report

# What tells one environment from another, the likeliest first.
_PARTS = ("tensorflow", "keras", "python")


def merge_reports(reports: Sequence[Report]) -> tuple[Report, int]:
    """One report of several.

    Of a target that several hold, the one that started last is kept; of two that started at once, the later report's.
    A golden is stale where every report says so. `local` is another runtime in each report whose versions of it differ.

    Args:
        reports: at least one.

    Returns:
        The report, and how many targets were left out for later ones.
    """
    told_apart = _distinguish_locals(reports)
    targets: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for target in (target for report in told_apart for target in report.targets):
        key = tuple(target[name] for name in ("nodeid", "title", "case", "format", "runtime", "frozen"))
        if key not in targets or targets[key]["started"] <= target["started"]:
            targets[key] = target
    merged = replace(
        told_apart[0],
        started=min(report.started for report in reports),
        seconds=sum(report.seconds for report in reports),
        project=", ".join(dict.fromkeys(report.project for report in reports)),
        runtimes=_runtimes(told_apart),
        targets=tuple(targets.values()),
        stale=tuple(name for name in reports[0].stale if all(name in report.stale for report in reports)),
        problems=tuple({tuple(each.items()): each for report in reports for each in report.problems}.values()),
        complete=all(report.complete for report in reports),
    )
    return merged, sum(len(report.targets) for report in reports) - len(targets)


def _distinguish_locals(reports: Sequence[Report]) -> list[Report]:
    """The reports, with `local` named by what differs in its versions, where it is not the same in all of them."""
    # A report that was merged before may have told its locals apart already, by fewer parts than are needed now.
    made = [made for report in reports for name, made in report.runtimes.items() if _is_local(name)]
    return [_renamed(report, _distinguishing_parts(made)) for report in reports]


def _is_local(runtime: str) -> bool:
    return runtime == LOCAL or runtime.startswith(f"{LOCAL} (")


def _distinguishing_parts(made: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The fewest parts of versions that tell apart what differs in any; none where nothing does."""

    def distinct(parts: Sequence[str]) -> int:
        return len({tuple(each.get(part) for part in parts) for each in made})

    choices = (each for size in range(len(_PARTS)) for each in itertools.combinations(_PARTS, size))
    return next((each for each in choices if distinct(each) == distinct(_PARTS)), _PARTS)


def _renamed(report: Report, parts: Sequence[str]) -> Report:
    names = {name: _local_name(made, parts) for name, made in report.runtimes.items() if _is_local(name)}
    return replace(
        report,
        runtimes={names.get(name, name): made for name, made in report.runtimes.items()},
        targets=tuple(
            {**target, "runtime": names.get(target["runtime"], target["runtime"])} for target in report.targets
        ),
    )


def _local_name(made: Mapping[str, str], parts: Sequence[str]) -> str:
    if not parts:
        return LOCAL
    known = {part: made[part] for part in parts if part in made}
    return f"{LOCAL} ({versions_text(known) if known else 'nothing loaded'})"


def _runtimes(reports: Sequence[Report]) -> dict[str, Mapping[str, str]]:
    """All runtimes, the versions as the report that started last tells them, if it does."""
    found: dict[str, Mapping[str, str]] = {}
    for report in sorted(reports, key=lambda each: each.started):
        found.update({name: made for name, made in report.runtimes.items() if made or name not in found})
    # In the order of the files, not in that in which the jobs happened to start.
    names = dict.fromkeys(name for report in reports for name in report.runtimes)
    return {name: found[name] for name in names}
