"""The table of results and the table of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import size_text
from pytest_modelcompat.report.matrix import NOT_RUN, columns, kind_of, mark, rows
from pytest_modelcompat.report.page.view import GLYPHS, Cell, NumbersLine, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    TargetData = Mapping[str, Any]


def result_rows(
    targets: Sequence[TargetData], runtimes: Sequence[str], entries: Mapping[int, str]
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """The runtimes of the columns, and the rows.

    Args:
        targets: as they stand in a report.
        runtimes: the order of the columns.
        entries: the id of the entry of each failing target, by its position.
    """
    names = columns(targets, runtimes)
    ids = {id(target): entries[position] for position, target in enumerate(targets) if position in entries}
    return names, tuple(
        Row(row.label, tuple(_cell(row.cells.get(name), ids) for name in names)) for row in rows(targets)
    )


def _cell(target: TargetData | None, ids: Mapping[int, str]) -> Cell:
    if target is None:
        return Cell("", NOT_RUN)
    verdict = target["verdict"]
    text = f"{kind_of(target)} (expected)" if verdict == "expected" and kind_of(target) else mark(target)
    return Cell(verdict, f"{GLYPHS[verdict]} {text}", ids.get(id(target), ""))


def number_lines(targets: Sequence[TargetData]) -> Iterator[NumbersLine]:
    """A line for each target: what it took, how far it drifted, what its artifact holds."""
    for target in targets:
        inventory = target.get("inventory") or {}
        drifts = [*target["drifts"], *(target.get("golden_drifts") or ())]
        yield NumbersLine(
            title=target["title"],
            verdict=target["verdict"],
            seconds=f"{target['seconds']:.1f}",
            drift=_greatest(drifts),
            golden=target["golden"] or "",
            memory=size_text(target["peak_memory"]) if target["peak_memory"] else "",
            layers=f"{inventory['layers']:,}" if inventory.get("layers") else "",
            parameters=f"{inventory['parameters']:,}" if inventory.get("parameters") else "",
            remark=str(target["headline"] or "") if target["verdict"] == "skipped" else "",
        )


def _greatest(drifts: Sequence[Mapping[str, Any]]) -> str:
    """The greatest difference, of what does not hold where there is such."""
    failing = [drift for drift in drifts if not drift["holds"]]
    numbers = [float(drift["max_abs"]) for drift in failing or drifts]
    greatest = max(numbers, default=None)
    return "" if greatest is None else f"{greatest:.1e}" if greatest else "0"
