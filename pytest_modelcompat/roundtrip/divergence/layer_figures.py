"""The differences of all layers, as far as a report shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_modelcompat.results.layer_figure import LayerFigure
from pytest_modelcompat.roundtrip.divergence.details import calls_others

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.comparison.layers import LayerDrift
    from pytest_modelcompat.roundtrip.divergence.place import Place

_MOST = 40


def layer_figures(place: Place) -> tuple[LayerFigure, ...]:
    """The differences in the order of the calls, at most 40: the first, the greatest and the last are among them.

    Args:
        place: as `place_of` gives it.
    """
    rows = [each for each in place.drifts if each is place.first or not calls_others(each, place)]
    return tuple(_figure(rows[position], place) for position in _chosen(rows, place))


def _chosen(rows: Sequence[LayerDrift], place: Place) -> list[int]:
    if len(rows) <= _MOST:
        return list(range(len(rows)))
    greatest = max(range(len(rows)), key=lambda position: rows[position].share)
    first = rows.index(place.first) if place.first is not None else 0
    chosen = {0, len(rows) - 1, greatest, *(each for each in (first - 1, first, first + 1) if 0 <= each < len(rows))}
    room = _MOST - len(chosen)
    chosen.update(step * len(rows) // room for step in range(room))
    return sorted(chosen)


def _figure(drift: LayerDrift, place: Place) -> LayerFigure:
    is_known = not drift.other
    return LayerFigure(
        drift.expected.key,
        drift.expected.class_name,
        drift.difference if is_known else None,
        drift.share if is_known and math.isfinite(drift.share) else None,
        drift is place.first,
        drift.is_estimated,
    )
