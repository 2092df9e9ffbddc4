"""Failures of a report, grouped by cause; those of one case that read the same are one entry."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import counted, size_text
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.report.matrix import kind_of, mark, sentence_of
from pytest_modelcompat.report.page.charts import ChartPlan, chart_plans
from pytest_modelcompat.report.page.view import Entry, Fix, Group, TargetLine
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    TargetData = Mapping[str, Any]

MOST_CHARTS = 50
MOST_CHARTS_OF_TARGET = 2
# By the hundreds of the codes: what does not load or stops a process comes before what predicts something else, and
# both before what a test or a golden lacks.
_ORDER = {"MC1": 0, "MC2": 0, "MC6": 0, "MC3": 1}
_LAST = 2
# Lines of a failure text that say which target it is; what they say stands in the table of targets.
_OF_TARGET = ("  artifact ", "  loaded in ")
_MOST_CLASSES = 6


@dataclass
class _Alike:
    """Targets that read the same, and the plans of the first one's charts."""

    targets: list[tuple[str, TargetData]] = field(default_factory=list)
    plans: list[ChartPlan] = field(default_factory=list)


def entry_ids(targets: Sequence[TargetData]) -> dict[int, str]:
    """The id of the entry that each failing target is in, by the target's position."""
    return {
        position: key[-1]
        for key, alike in _by_text(targets).items()
        for position in (int(place) for place, _ in alike.targets)
    }


def groups(
    targets: Sequence[TargetData], runtimes: Mapping[str, Mapping[str, str]], data: str, *, all_charts: bool = False
) -> tuple[Group, ...]:
    """The failures by cause, the most severe first, what was expected last.

    Args:
        targets: as they stand in a report.
        runtimes: the versions of what loaded in each.
        data: the name of the report's JSON file, for commands; empty where there is none.
        all_charts: whether every chart is drawn that there is.
    """
    by_cause: dict[tuple[bool, str, str], dict[str, _Alike]] = {}
    for (*_, entry_id), alike in _by_text(targets).items():
        first = alike.targets[0][1]
        cause = (not fails(first), kind_of(first) or mark(first), sentence_of(first))
        by_cause.setdefault(cause, {})[entry_id] = alike
    ordered = sorted(by_cause.items(), key=_severity)
    left = MOST_CHARTS
    found = []
    for number, ((_, kind, sentence), of_cause) in enumerate(ordered, 1):
        entries = []
        for entry_id, alike in of_cause.items():
            most = len(alike.plans) if all_charts else min(left, MOST_CHARTS_OF_TARGET)
            entries.append(_entry(entry_id, alike, runtimes, data, most))
            left -= len(entries[-1].charts)
        verdict = next(iter(of_cause.values())).targets[0][1]["verdict"]
        known = next((each for each in Kind if each.value == kind), None)
        code, url = (CODES[known], page_url(known)) if known is not None else ("", "")
        found.append(Group(f"g{number}", verdict, kind, code, url, sentence, tuple(entries)))
    return tuple(found)


def _by_text(targets: Sequence[TargetData]) -> dict[tuple[str, ...], _Alike]:
    """Targets that failed by what tells their entries apart, the id of the entry last."""
    found: dict[tuple[str, ...], _Alike] = {}
    ids: dict[tuple[str, ...], str] = {}
    for position, target in enumerate(targets):
        if not (fails(target) or target["verdict"] == "expected"):
            continue
        key = (str(target["case"]), str(target["verdict"]), kind_of(target), _anonymous(target))
        entry_id = ids.setdefault(key, f"t{position + 1}")
        alike = found.setdefault((*key, entry_id), _Alike())
        if not alike.targets:
            alike.plans = chart_plans(target)
        alike.targets.append((str(position), target))
    return found


def _anonymous(target: TargetData) -> str:
    """A failure's text without what is of one target alone."""
    lines = text_of(target).replace(str(target["title"]), "").splitlines()
    return "\n".join(line for line in lines if not line.startswith(_OF_TARGET))


def text_of(target: TargetData) -> str:
    """A failure's text; of a report that has none, its first line and what its findings say."""
    text = target.get("text")
    return str(text or target["headline"] or "no text was recorded")


def _severity(item: tuple[tuple[bool, str, str], dict[str, _Alike]]) -> tuple[bool, int, int]:
    (is_expected, kind, _), of_cause = item
    known = next((each for each in Kind if each.value == kind), None)
    rank = _ORDER.get(CODES[known][:3], _LAST) if known is not None else _LAST
    return is_expected, rank, -sum(len(alike.targets) for alike in of_cause.values())


def _entry(
    entry_id: str, alike: _Alike, runtimes: Mapping[str, Mapping[str, str]], data: str, most_charts: int
) -> Entry:
    first = alike.targets[0][1]
    charts = tuple(plan.chart(f"{entry_id}c{number}") for number, plan in enumerate(alike.plans[:most_charts], 1))
    return Entry(
        id=entry_id,
        verdict=first["verdict"],
        title=first["title"],
        targets=tuple(_target_line(target, runtimes) for _, target in alike.targets),
        text=text_of(first),
        fixes=tuple(_fixes(first)),
        accept=str(first.get("accept") or ""),
        facts=tuple(_facts(first)),
        charts=charts,
        command=_command(first, data) if len(charts) < len(alike.plans) else "",
    )


def _target_line(target: TargetData, runtimes: Mapping[str, Mapping[str, str]]) -> TargetLine:
    made = runtimes.get(target["runtime"]) or {}
    stages = [f"{stage} {spent:g} s" for stage, spent in (target.get("timings") or {}).items() if spent >= 0.05]
    return TargetLine(
        title=target["title"],
        nodeid=target["nodeid"],
        loaded_in=target["runtime"],
        versions=versions_text(made) if made else "nothing loaded",
        seconds=f"{target['seconds']:.1f} s",
        stages=", ".join(stages),
        memory=size_text(target["peak_memory"]) if target["peak_memory"] else "",
    )


def _fixes(target: TargetData) -> Iterator[Fix]:
    seen = set()
    for finding in target["findings"]:
        text = "\n".join(finding.get("fix") or ())
        if text and finding["severity"] == "error" and text not in seen:
            seen.add(text)
            yield Fix(finding["kind"], text)


def _facts(target: TargetData) -> Iterator[tuple[str, str]]:
    for label, name in (("saved by", "saved_by"), ("golden made by", "golden_made_by")):
        if target.get(name):
            yield label, versions_text(target[name])
    inventory = target.get("inventory")
    if inventory:
        yield "artifact", ", ".join(_inventory_parts(inventory))


def _inventory_parts(inventory: Mapping[str, Any]) -> Iterator[str]:
    if inventory["model_class"]:
        yield str(inventory["model_class"])
    if inventory["layers"]:
        most = list(inventory["layer_classes"].items())[:_MOST_CLASSES]
        classes = ", ".join(f"{count} {name}" for name, count in most)
        rest = ", …" if len(inventory["layer_classes"]) > _MOST_CLASSES else ""
        yield f"{counted(inventory['layers'], 'layer')} ({classes}{rest})"
    if inventory["ops"]:
        yield f"{counted(inventory['ops'], 'kind')} of ops"
    if inventory["signatures"]:
        yield f"signatures {', '.join(inventory['signatures'])}"
    yield f"{counted(inventory['weights'], 'array')} of weights with {counted(inventory['parameters'], 'number')}"
    if inventory["compute_dtypes"]:
        yield f"computes in {', '.join(inventory['compute_dtypes'])}"


def _command(target: TargetData, data: str) -> str:
    """What draws all charts of a target, of the report's data; where there are none, another run writes them."""
    run = f"pytest {shlex.quote(target['nodeid'])} --modelcompat-report charts.json\n" if not data else ""
    show = f"modelcompat report show {shlex.quote(data or 'charts.json')}"
    return f"{run}{show} --target {shlex.quote(target['title'])} --out charts.html"
