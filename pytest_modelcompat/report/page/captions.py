"""What a chart shows, in words and in numbers: for those who do not see it, and for those who do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Data = Mapping[str, Any]

_MOST_ROWS = 8
VALUE_HEADER = ("expected", "elements", "mean error", "greatest error")


def expected_word(picture: Data) -> str:
    """What the values are compared with."""
    return "golden" if picture["against"] == "golden" else "saved model"


def actual_word(picture: Data) -> str:
    """What they are the values of."""
    return "now" if picture["against"] == "golden" else "reloaded"


def layers_against(finding: Data, target: Data) -> str:
    """What the layers of a finding are compared with: only what is said of a golden says how the reload went."""
    is_golden = "reloaded" in finding["details"] or target["artifact"]
    return "golden" if is_golden else "saved model"


def of_layers(layers: Sequence[Data], value: str) -> str:
    """Where the models part, and where the difference is greatest."""
    first = next((each for each in layers if each["is_first"]), None)
    known = [each for each in layers if isinstance(each[value], int | float)]
    greatest = max(known, key=lambda each: float(each[value]))
    parts = []
    if first is None:
        parts.append("No layer alone is the cause: the difference grows from layer to layer.")
    elif first["difference"] is None:
        parts.append(f"{_layer(first)} is the first to differ; its output cannot be compared in numbers.")
    else:
        parts.append(f"{_layer(first)} is the first to differ, by {_distance(first)}.")
    if greatest is not first:
        parts.append(f"The greatest difference is in {_layer(greatest)}: {_distance(greatest)}.")
    if any(each["is_estimated"] for each in layers):
        parts.append("Differences are the root mean square of each output's, estimated.")
    return " ".join(parts)


def _layer(layer: Data) -> str:
    return f'"{layer["layer"]}" ({layer["class_name"]})' if layer["layer"] else f"The model ({layer['class_name']})"


def _distance(layer: Data) -> str:
    difference, times = layer_cells(layer)
    return f"{difference}, {times} times its tolerance" if times else difference


def layer_cells(layer: Data) -> tuple[str, str]:
    """The difference, and how many times its tolerance it is."""
    if layer["difference"] is None:
        return "cannot be compared", ""
    if not layer["difference"]:
        return "equal", ""
    times = layer["times_tolerance"]
    return _figure(layer["difference"]), f"{times:,.0f}" if times and times >= 10 else _figure(times) if times else ""


def axis_names(heat_map: Data) -> tuple[str, str]:
    """The two axes of a heat map, rows first."""
    rows, columns = heat_map["axes"]
    return ("", f"axis {columns}") if rows == columns else (f"axis {rows}", f"axis {columns}")


def of_place(picture: Data) -> str:
    """How much of the output differs, and where the greatest difference is."""
    heat_map = picture["heat_map"]
    cells = [cell for row in heat_map["grid"]["rows"] for cell in row]
    differing = sum(cell != "." for cell in cells)
    share = "in all of it" if differing == len(cells) else f"in {differing:,} of {len(cells):,} parts of it"
    where = [_peak(heat_map, axis) for axis in ((1,) if heat_map["axes"][0] == heat_map["axes"][1] else (0, 1))]
    greatest = max(map(float, heat_map["by_column"]))
    what = "a NaN or an infinity on one side" if greatest == float("inf") else _figure(greatest)
    return f"There are differences {share}; the greatest, {what}, is at {' and '.join(where)}.{_sampled(picture)}"


def _peak(heat_map: Data, axis: int) -> str:
    """`axis 1 from 8 to 15`: the bin with the greatest difference."""
    numbers = [float(each) for each in heat_map["by_column" if axis else "by_row"]]
    return _range_words(heat_map, axis, numbers.index(max(numbers)))


def _range_words(heat_map: Data, axis: int, place: int) -> str:
    size = int(heat_map["grid"]["x" if axis else "y"][1])
    bins = len(heat_map["by_column" if axis else "by_row"])
    low, high = -(-place * size // bins), -(-(place + 1) * size // bins) - 1
    name = f"axis {heat_map['axes'][axis]}"
    return f"{name} index {low}" if low == high else f"{name} from {low} to {high}"


def place_rows(heat_map: Data, axis: int) -> Iterator[tuple[str, str]]:
    """The bins of an axis with the greatest differences, in their order, with the difference of each."""
    numbers = [float(each) for each in heat_map["by_column" if axis else "by_row"]]
    if len(numbers) < 2:
        return
    chosen = sorted(range(len(numbers)), key=lambda place: -numbers[place])[:_MOST_ROWS]
    for place in sorted(place for place in chosen if numbers[place]):
        yield _range_words(heat_map, axis, place), _figure(numbers[place])


def of_values(picture: Data) -> str:
    """Whether what there is now is higher or lower than expected, on average."""
    mean = _mean_error(picture)
    word = "above" if mean > 0 else "below"
    verb = "is now" if picture["against"] == "golden" else "is, reloaded,"
    average = f"{_figure(abs(mean))} {word}" if mean else "neither above nor below"
    return (
        f"On average, the output {verb} {average} the {expected_word(picture)}'s. "
        f"{'On the dashed line both are equal.' if has_equal(picture) else 'They have no value in common.'}"
        f"{_sampled(picture)}"
    )


def _mean_error(picture: Data) -> float:
    bins = picture["by_value"]
    return float(sum(each["count"] * each["mean_error"] for each in bins) / sum(each["count"] for each in bins))


def of_sizes(picture: Data) -> str:
    """The most frequent size, and how many elements are equal or not finite."""
    histogram = picture["histogram"]
    edges, counts = histogram["edges"], histogram["counts"]
    most = max(range(len(counts)), key=lambda place: counts[place])
    equal = f"{counted(histogram['equal'], 'element')} {'is' if histogram['equal'] == 1 else 'are'} equal"
    between = f"{_figure(edges[most])} and {_figure(edges[most + 1])}"
    parts = [f"Most often, in {counted(counts[most], 'element')}, the difference is between {between}; {equal}."]
    if histogram["not_finite"]:
        parts.append(f"NaN or an infinity on one side: {histogram['not_finite']:,}.")
    return " ".join(parts) + _sampled(picture)


def size_rows(histogram: Data) -> list[tuple[str, str]]:
    """Each size of difference with its count."""
    edges = histogram["edges"]
    rows = [
        (f"{_figure(edges[place])} to {_figure(edges[place + 1])}", f"{count:,}")
        for place, count in enumerate(histogram["counts"])
        if count
    ]
    return [("equal", f"{histogram['equal']:,}"), *rows, ("not finite", f"{histogram['not_finite']:,}")]


def has_equal(picture: Data) -> bool:
    """Whether the line on which both values are equal crosses their plane."""
    x, y = picture["values"]["x"], picture["values"]["y"]
    return bool(max(float(x[0]), float(y[0])) < min(float(x[1]), float(y[1])))


def has_no_error(picture: Data) -> bool:
    """Whether the line on which the error is 0 crosses its plane."""
    low, high = picture["errors"]["y"]
    return float(low) < 0 < float(high)


def of_errors(picture: Data) -> str:
    """Where the greatest error is."""
    greatest = max(picture["by_value"], key=lambda each: float(each["greatest"]))
    return (
        f"The greatest error, {_figure(greatest['greatest'])}, is where {_figure(greatest['low'])} to "
        f"{_figure(greatest['high'])} was expected."
        f"{' On the dashed line there is none.' if has_no_error(picture) else ''}{_sampled(picture)}"
    )


def value_rows(picture: Data) -> list[tuple[str, str, str, str]]:
    """Each range of expected values with its errors."""
    return [
        (
            f"{_figure(each['low'])} to {_figure(each['high'])}",
            f"{each['count']:,}",
            _figure(each["mean_error"]),
            _figure(each["greatest"]),
        )
        for each in picture["by_value"]
    ]


def _sampled(picture: Data) -> str:
    if picture["taken"] == picture["total"]:
        return ""
    return f" Of {picture['total']:,} elements {picture['taken']:,} were read, evenly spread."


def _figure(number: object) -> str:
    return f"{float(str(number)):.3g}"
