"""Which charts a failing target has, the most telling first, each with its finding in words and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import clause
from pytest_modelcompat.report.page import captions, vega
from pytest_modelcompat.report.page.svg_text import page_svg
from pytest_modelcompat.report.page.view import Chart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Data = Mapping[str, Any]

# Of fewer elements the failure text's own lines say more than a chart.
_FEWEST = 8
_MOST_BARS = 24
_BEFORE = 4


@dataclass(frozen=True)
class ChartPlan:
    """A chart that is not drawn yet.

    Args:
        title: what it shows.
        caption: its finding.
        header: of the table of its numbers.
        rows: of that table.
        draw: gives Altair's chart.
    """

    title: str
    caption: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    draw: Callable[[], Any]

    def chart(self, chart_id: str) -> Chart:
        """It, drawn.

        Args:
            chart_id: an id that no other chart of the page has.
        """
        svg = problem = ""
        try:
            svg = page_svg(vega.svg_of(self.draw()), chart_id, self.title, self.caption)
        except Exception as error:  # noqa: BLE001 - numbers of a stored report may be any: words and table are there still
            problem = clause(f"{type(error).__name__}: {error}")
        return Chart(self.title, self.caption, self.header, self.rows, svg, problem)


def chart_plans(target: Data) -> list[ChartPlan]:
    """The charts of a target, the most telling first.

    Args:
        target: as it stands in a report.
    """
    plans = [
        plan
        for finding in target["findings"]
        for plan in _layers(finding.get("layers") or (), captions.layers_against(finding, target))
    ]
    pictures = [each for each in target.get("pictures") or () if each["total"] >= _FEWEST]
    for make in (_place, _values, _sizes, _errors):
        plans.extend(plan for picture in pictures for plan in make(picture))
    return plans


def _layers(layers: Sequence[Data], against: str) -> Iterator[ChartPlan]:
    value = "times_tolerance" if any(_is_number(each["times_tolerance"]) for each in layers) else "difference"
    if len(layers) < 2 or not any(_is_number(each[value]) for each in layers):
        return
    shown = _around_first(layers, value)
    rows = [
        (
            each["layer"] or "(the model)",
            each["class_name"],
            *captions.layer_cells(each),
            "yes" if each["is_first"] else "",
        )
        for each in shown
    ]
    yield ChartPlan(
        f"Difference of each layer's output from the {against}'s",
        captions.of_layers(layers, value),
        ("layer", "class", "difference", "times its tolerance", "first to differ"),
        rows,
        lambda: vega.layer_bars(
            [{**each, value: each[value] if _is_number(each[value]) else 0} for each in shown], value
        ),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def _around_first(layers: Sequence[Data], value: str) -> Sequence[Data]:
    """As many layers as a chart has room for: from a few before the first that differs, the greatest, and the last."""
    first = next((place for place, each in enumerate(layers) if each["is_first"]), 0)
    greatest = max(range(len(layers)), key=lambda place: float(layers[place][value] or 0))
    start = max(0, min(first - _BEFORE, len(layers) - _MOST_BARS))
    window = range(start, min(start + _MOST_BARS - 2, len(layers)))
    return [layers[place] for place in sorted({*window, greatest, len(layers) - 1})]


def _place(picture: Data) -> Iterator[ChartPlan]:
    heat_map = picture["heat_map"]
    if heat_map is None or len(heat_map["by_column"]) < 2:
        return
    names = captions.axis_names(heat_map)
    yield ChartPlan(
        f"Where output {picture['output']!r} differs from the {captions.expected_word(picture)}'s",
        captions.of_place(picture),
        ("where", "greatest difference"),
        [*captions.place_rows(heat_map, 0), *captions.place_rows(heat_map, 1)],
        lambda: vega.grid_image(heat_map["grid"], (names[1], names[0]), is_place=True),
    )


def _values(picture: Data) -> Iterator[ChartPlan]:
    if picture["values"] is not None and len(picture["by_value"]) > 1:
        yield ChartPlan(
            f"Output {picture['output']!r}: {captions.expected_word(picture)} against {captions.actual_word(picture)}",
            captions.of_values(picture),
            captions.VALUE_HEADER,
            captions.value_rows(picture),
            lambda: vega.grid_image(
                picture["values"],
                (captions.expected_word(picture), captions.actual_word(picture)),
                line="diagonal" if captions.has_equal(picture) else "",
            ),
        )


def _sizes(picture: Data) -> Iterator[ChartPlan]:
    histogram = picture["histogram"]
    if histogram is not None and sum(histogram["counts"]) >= _FEWEST:
        yield ChartPlan(
            f"How much output {picture['output']!r} differs from the {captions.expected_word(picture)}'s",
            captions.of_sizes(picture),
            ("absolute difference", "elements"),
            captions.size_rows(histogram),
            lambda: vega.histogram_bars(histogram),
        )


def _errors(picture: Data) -> Iterator[ChartPlan]:
    if picture["errors"] is not None and len(picture["by_value"]) > 1:
        yield ChartPlan(
            f"Output {picture['output']!r}: error against the {captions.expected_word(picture)}'s value",
            captions.of_errors(picture),
            captions.VALUE_HEADER,
            captions.value_rows(picture),
            lambda: vega.grid_image(
                picture["errors"],
                (captions.expected_word(picture), f"{captions.actual_word(picture)}, less that"),
                line="zero" if captions.has_no_error(picture) else "",
            ),
        )
