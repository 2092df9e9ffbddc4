"""A drift as plain data of the JSON report, with what it takes to judge it again by another tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.figures import PERCENTILES

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.comparison.figures import Figures

_FIELDS = (
    "output",
    "dtype",
    "shape",
    "max_abs",
    "max_rel",
    "mismatched",
    "total",
    "holds",
    "nan_mismatched",
    "inf_mismatched",
    "identical",
)


def drift_data(drift: Drift) -> dict[str, Any]:
    """A drift with its tolerance, what decided where that did not, and its figures (None where it has none).

    Args:
        drift: of an output.
    """
    return {
        **{name: getattr(drift, name) for name in _FIELDS},
        "rtol": drift.tolerance.rtol,
        "atol": drift.tolerance.atol,
        "tolerance_from": drift.tolerance.source,
        "compared_by": (drift.own.by or "hook") if drift.own is not None else None,
        "figures": figures_data(drift.figures) if drift.figures is not None else None,
    }


def figures_data(figures: Figures) -> dict[str, Any]:
    """Figures by their names; percentiles by the share of the elements that they are of."""
    classes = figures.classes
    return {
        "compared": figures.compared,
        "mean_abs": figures.mean_abs,
        "mean_rel": figures.mean_rel,
        "percentiles_abs": {str(share): each for share, each in zip(PERCENTILES, figures.percentiles, strict=True)},
        "max_ulps": figures.max_ulps,
        "cosine": figures.cosine,
        "changed_classes": {"changed": classes.changed, "rows": classes.rows} if classes is not None else None,
        # Not as objects: of each pair, the magnitude of the expected element and the absolute difference.
        "frontier": [list(point) for point in figures.frontier] if figures.frontier is not None else None,
    }
