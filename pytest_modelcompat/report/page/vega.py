"""Charts drawn by Altair and turned into SVG by vl-convert, without a browser and without JavaScript."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.page.binned_image import image_address
from pytest_modelcompat.report.page.svg_text import BAR, FIRST, INK, RULE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Data = Mapping[str, Any]

_WIDTH, _HEIGHT = 300, 180
_TICKS = 4
_LONGEST_LABEL = 24
_ROW = 13
# A reader's font may be wider than the one that Vega measures labels in.
_ROOM = {"left": 36, "right": 8, "top": 4, "bottom": 4}
# An expression of Vega: 0.01, 1, 100 as they are, other numbers as 1e-5.
_NUMBER = (
    "abs(datum.value) >= 0.01 && abs(datum.value) < 10000 || datum.value == 0 ? format(datum.value, '~g') : "
    "replace(format(datum.value, '.2~e'), '+', '')"
)


def svg_of(chart: Any) -> str:
    """A chart of Altair as SVG.

    Args:
        chart: an Altair chart.
    """
    import altair as alt
    import vl_convert

    axis = alt.AxisConfig(
        aria=False, labelColor=INK, titleColor=INK, domainColor=INK, tickColor=INK, grid=False,
        titleFontWeight="normal", labelLimit=190, labelFontSize=11, titleFontSize=11,
    )  # fmt: skip
    styled = chart.configure(background="transparent", view=alt.ViewConfig(stroke=INK, strokeOpacity=0.3), axis=axis)
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict())
    return svg


def layer_bars(layers: Sequence[Data], value: str) -> Any:
    """A bar for each layer, on a logarithmic axis; that where the models part in another colour.

    Args:
        layers: as the report has them.
        value: the field of the bars: `times_tolerance` or `difference`.
    """
    import altair as alt

    numbers = [float(each[value]) for each in layers if each[value]]
    low, high = min(numbers), max(numbers)
    floor = 10.0 ** (math.floor(math.log10(low)) - 1)
    if value == "times_tolerance":
        floor, high = min(floor, 0.1), max(high, 10.0)
    rows = [
        {"at": place, "name": _label(each), "v": float(each[value]) if each[value] else floor, "low": floor,
         "first": bool(each["is_first"])}
        for place, each in enumerate(layers)
    ]  # fmt: skip
    # The axis is of numbers, as two rows may have one name; an expression of Vega gives the names.
    label = f"{json.dumps([row['name'] for row in rows])}[datum.value]"
    base = alt.Chart(_inline(alt, rows))
    title = "times its tolerance" if value == "times_tolerance" else "difference"
    bars = base.mark_bar(aria=False).encode(
        x=alt.X(
            "v:Q",
            title=title,
            scale=alt.Scale(type="log", domain=[floor, high]),
            axis=_numbers(alt),
        ),
        x2="low:Q",
        y=alt.Y("at:O", title=None, axis=alt.Axis(labelExpr=label, ticks=False, domain=False)),
        color=alt.condition("datum.first", alt.value(FIRST), alt.value(BAR)),
    )
    marks = [bars]
    if value == "times_tolerance":
        marks.append(_line(alt, [{"v": 1.0}], x="v:Q"))
    return alt.layer(*marks).properties(width=_WIDTH - 60, height=_ROW * len(rows), padding=_ROOM)


def _label(layer: Data) -> str:
    name = layer["layer"] or "(the model)"
    return name if len(name) <= _LONGEST_LABEL else f"…{name[-_LONGEST_LABEL + 1 :]}"


def _inline(alt: Any, rows: Sequence[Data]) -> Any:
    """Rows as the data of a chart."""
    return alt.Data(values=list(rows))


def _line(alt: Any, values: Sequence[Data], **where: str) -> Any:
    return alt.Chart(_inline(alt, values)).mark_rule(aria=False, color=RULE, strokeDash=[4, 3]).encode(**where)


def histogram_bars(histogram: Data) -> Any:
    """A bar for each size of difference, on a logarithmic axis.

    Args:
        histogram: as the report has it.
    """
    import altair as alt

    edges, counts = histogram["edges"], histogram["counts"]
    rows = [{"low": edges[place], "high": edges[place + 1], "n": count} for place, count in enumerate(counts) if count]
    scale = alt.Scale(type="log", domain=[rows[0]["low"], rows[-1]["high"]])
    return (
        alt.Chart(_inline(alt, rows))
        .mark_rect(aria=False, color=BAR)
        .encode(
            x=alt.X("low:Q", title="absolute difference", scale=scale, axis=_numbers(alt)),
            x2="high:Q",
            y=alt.Y("n:Q", title="elements", axis=alt.Axis(tickCount=_whole(max(counts)), format="~s")),
        )
        .transform_calculate(zero="0")
        .encode(y2="zero:Q")
        .properties(width=_WIDTH, height=_HEIGHT)
    )


def grid_image(grid: Data, titles: tuple[str, str], *, is_place: bool = False, line: str = "") -> Any:
    """A plane of bins as an image with axes.

    Args:
        grid: as the report has it.
        titles: of the axes x and y.
        is_place: whether it is a plane of indices, of which the first row is at the top.
        line: `diagonal` for where y equals x, `zero` for where y is 0, empty for none.
    """
    import altair as alt

    x, y = (_wide(bounds) for bounds in (grid["x"], grid["y"]))
    rows = grid["rows"] if is_place else grid["rows"][::-1]
    corner = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1], "image": image_address(rows, len(grid["levels"]))}
    base = alt.Chart(_inline(alt, [corner]))
    height = _HEIGHT if len(rows) > 1 else 24
    axis_x, axis_y = (_indices(alt, x), _indices(alt, y)) if is_place else (_numbers(alt), _numbers(alt))
    frame = base.mark_rect(aria=False, opacity=0).encode(
        x=alt.X("x0:Q", title=titles[0], scale=alt.Scale(domain=list(x), nice=False), axis=axis_x),
        x2="x1:Q",
        y=alt.Y(
            "y0:Q",
            title=titles[1],
            scale=alt.Scale(domain=list(y), nice=False, reverse=is_place),
            axis=axis_y,
        ),
        y2="y1:Q",
    )
    image = base.mark_image(aria=False, width=_WIDTH, height=height, align="left", baseline="top", aspect=False).encode(
        x=alt.value(0), y=alt.value(0), url="image:N"
    )
    marks = [frame, image]
    if line == "diagonal":
        ends = {"a": max(x[0], y[0]), "b": min(x[1], y[1])}
        marks.append(_line(alt, [ends], x="a:Q", x2="b:Q", y="a:Q", y2="b:Q"))
    elif line == "zero":
        marks.append(_line(alt, [{"zero": 0}], y="zero:Q"))
    return alt.layer(*marks).properties(width=_WIDTH, height=height)


def _numbers(alt: Any) -> Any:
    return alt.Axis(tickCount=_TICKS, labelExpr=_NUMBER)


def _indices(alt: Any, bounds: tuple[float, float]) -> Any:
    return alt.Axis(tickCount=_whole(bounds[1] - bounds[0]), format="d")


def _whole(span: float) -> int:
    """How many ticks an axis of whole numbers has; more would be between them."""
    return max(1, min(_TICKS, int(span)))


def _wide(bounds: Sequence[float]) -> tuple[float, float]:
    low, high = float(bounds[0]), float(bounds[1])
    return (low, high) if low < high else (low - 0.5, high + 0.5)
