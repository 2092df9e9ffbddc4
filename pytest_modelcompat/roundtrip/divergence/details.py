"""Where two models part, as labelled facts of a finding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.comparison.layers import LayerDrift
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.roundtrip.divergence.place import Place

_MOST_VALUES = 3
# Rows of the table after the first layer that differs, besides the greatest and the last one.
_AFTER = 2
_LABEL, _TABLE_LABEL = "moved", "layers"
# Of a sample, the greatest difference of all numbers is no less than that of those.
_AT_LEAST = ">="
_NO_LAYER = "no layer gives anything else than before: what makes the outputs of what they give is no layer"


def place_details(place: Place, tolerance: Tolerance) -> tuple[tuple[str, str], ...]:
    """Where two models part, and how the difference grows from layer to layer.

    Args:
        place: as `place_of` gives it.
        tolerance: what the differences are held against.
    """
    if all(each.is_equal for each in place.drifts):
        return ((_LABEL, _NO_LAYER),) if place.drifts and place.is_whole else ()
    return ((_LABEL, "\n".join(_sentences(place))), (_TABLE_LABEL, "\n".join(_table(place, tolerance))))


def layer_name(drift: LayerDrift) -> str:
    """A layer in words: `"encoder/dense" (Dense)`, `the model itself (Ranker)`."""
    output = drift.expected
    if not output.path:
        return f"the model itself ({output.class_name})"
    call = f", call {output.call}" if output.call > 1 else ""
    return f'"{output.path}" ({output.class_name}{call})'


def _sentences(place: Place) -> Iterator[str]:
    first = place.first
    if first is None:
        yield "no layer alone: the difference grows from layer to layer, by no more than rounding explains in each"
        return
    yield f"first in {layer_name(first)}: {_inputs(first, place)}"
    if first.other:
        yield f"its output {first.other}"
    if place.weights:
        yield f"of its weights {listed(place.weights, _MOST_VALUES, 'and')} {_are(place.weights)} not the same"
    elif place.weights == ():
        yield "its weights are the same" if place.has_weights else "it has no weights"
    if place.values:
        yield f"its {listed(map(str, place.values), _MOST_VALUES, 'and')}"


def _inputs(first: LayerDrift, place: Place) -> str:
    if first.has_equal_inputs:
        return "its inputs are the same bit for bit, its output is not"
    if first.has_like_inputs:
        return "its inputs are the same but for rounding, its output is not"
    if place.missing:
        missing = listed(place.missing, _MOST_VALUES, "and")
        return f"the first that is seen to differ; {missing} before it {_are(place.missing)} not found in the graph"
    if first.knows_inputs or (first.actual.inputs and all(each.is_equal for each in place.before)):
        return "its inputs differ too; what makes them is no layer, or one that only one of the models has"
    return "the first whose output differs by more than rounding"


def _are(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _table(place: Place, tolerance: Tolerance) -> Iterator[str]:
    rows = _shown(place)
    what = "the root mean square of each output's difference, estimated, and"
    if not any(each.is_estimated for each in rows if each is not None):
        what = "the greatest difference of each output, and"
    sampled = max((each.sampled for each in rows if each is not None and not each.is_equal), default=0)
    least = f"; {_AT_LEAST} where a sample of {sampled:,} numbers was compared" if sampled else ""
    yield f"{what} how many times its tolerance (from {tolerance.source}) that is{least}"
    cells = [_cells(each, place) if each is not None else ("…", "", "", "", "") for each in rows]
    yield from aligned(cells, right={2, 3})


def _cells(drift: LayerDrift, place: Place) -> tuple[str, str, str, str, str]:
    mark = "<- first to diverge" if drift is place.first else ""
    name, cls = drift.expected.key or "(the model)", drift.expected.class_name
    if drift.is_equal:
        return name, cls, "equal", "", mark
    if drift.other:
        return name, cls, "other", "", mark
    if drift.sampled and not drift.difference:
        return name, cls, "not in the sample", "", mark
    least = f"{_AT_LEAST} " if drift.sampled else ""
    times = _times(drift.share)
    return name, cls, f"{least}{drift.difference:.1e}", f"{least}{times}" if times else "", mark


def _times(share: float) -> str:
    """How many times a tolerance; empty for one of 0, that of integers."""
    if math.isinf(share):
        return ""
    if share >= 10_000:
        return f"{share:.1e} x"
    return f"{share:,.0f} x" if share >= 10 else f"{share:.2g} x"


def _shown(place: Place) -> list[LayerDrift | None]:
    """The rows to show, None for those that are left out: the one before the first, a few after, greatest, last."""
    rows = [each for each in place.drifts if each is place.first or not calls_others(each, place)]
    differing = [each for each in rows if not each.is_equal]
    start = rows.index(place.first) if place.first is not None else rows.index(differing[0]) if differing else 0
    chosen = {start - 1, *range(start, start + _AFTER + 1), len(rows) - 1}
    chosen.add(max(range(len(rows)), key=lambda position: rows[position].share))
    shown: list[LayerDrift | None] = []
    previous = start - 2
    for position in sorted(each for each in chosen if 0 <= each < len(rows)):
        if shown and position > previous + 1:
            shown.append(None)
        shown.append(rows[position])
        previous = position
    return shown


def calls_others(drift: LayerDrift, place: Place) -> bool:
    """Whether the layer calls others that are listed, so that its output is that of the last of them."""
    path = drift.expected.path
    prefix = f"{path}/" if path else ""
    return any(each.expected.path.startswith(prefix) and each.expected.path != path for each in place.drifts)
