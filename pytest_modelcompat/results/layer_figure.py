"""How far the output of one layer is from the expected one, as data that a report shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerFigure:
    """One layer's output against the expected one; builtins only.

    Args:
        layer: its path of names, with the call and the tensor where there are several; empty for the model itself.
        class_name: of the layer.
        difference: the greatest difference, estimated as a root of the mean square where only sketches are there; None
            where the two cannot be compared.
        times_tolerance: the difference as a share of what is allowed; None where nothing is allowed, or as above.
        is_first: whether the two models part here.
        is_estimated: whether only sketches were compared.
    """

    layer: str
    class_name: str
    difference: float | None
    times_tolerance: float | None
    is_first: bool = False
    is_estimated: bool = False
