"""How far an element of an output may be off: by its dtype, as somebody says, or by a project's own comparison."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# (rtol, atol) by dtype, the least precise first; from torch.testing.assert_close but float16's atol:
# https://docs.pytorch.org/docs/stable/testing.html. PyTorch's 1e-5 is meant for one kernel; a whole model
# that computes in float16 was measured to move by up to 1e-3 from one TensorFlow to another.
_TOLERANCES: dict[str, tuple[float, float]] = {
    "bfloat16": (1.6e-2, 1e-5),
    "float16": (1e-3, 1e-3),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
_PARTS_OF_COMPLEX = {"complex64": "float32", "complex128": "float64"}

Compare = Callable[[str, Any, Any, "Tolerance"], "OwnComparison | None"]


@dataclass(frozen=True)
class OwnComparison:
    """What a project's own comparison of an output says.

    Args:
        holds: whether the output is as expected.
        because: the reason, in one sentence; shown where it does not hold.
        by: what compared, as the option `compare` writes it; empty for the project's hook.
        source: where that comes from: `marker`, `ini`; empty for the project's hook.
        passes_at: the same with the threshold that would hold; empty where there is none.
    """

    holds: bool
    because: str = ""
    by: str = ""
    source: str = ""
    passes_at: str = ""


@dataclass(frozen=True)
class Tolerance:
    """How far an element may be off, and who said so.

    Args:
        rtol: the share of the expected element's magnitude.
        atol: the absolute part.
        source: where it came from: `marker`, `ini`, `command line`, `dtype float32`.
        own: the project's own comparison, called with the output's name, both values and the tolerance; None to
            compare by the tolerance.

    Raises:
        ValueError: one of them is negative, infinite or NaN: nothing, or everything, would hold.
    """

    rtol: float
    atol: float
    source: str
    own: Compare | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; it must be a finite number and not negative")


def tolerance_for(dtypes: Iterable[str]) -> Tolerance:
    """The tolerance of the least precise floating dtype; exact if there is none.

    Args:
        dtypes: TensorFlow's short names (`float32`, `bfloat16`, `int64`, `string`); a complex dtype counts as
            that of its parts.
    """
    names = sorted(set(dtypes))
    floating = [name for name in names if _part(name) in _TOLERANCES]
    if not floating:
        return Tolerance(0.0, 0.0, f"dtype {', '.join(names)}" if names else "exact")
    ranks = list(_TOLERANCES)
    least = min(floating, key=lambda name: ranks.index(_part(name)))
    rtol, atol = _TOLERANCES[_part(least)]
    return Tolerance(rtol, atol, f"dtype {least}")


def _part(dtype: str) -> str:
    return _PARTS_OF_COMPLEX.get(dtype, dtype)


def output_tolerance(output_dtype: str, compute_dtypes: Iterable[str]) -> Tolerance:
    """The tolerance of one output of a model that computes in `compute_dtypes`.

    A float32 output of a `mixed_float16` model carries float16's error. An integer or string output is exact
    whatever the model computes in: a class index that moves is a different answer.
    """
    if _part(output_dtype) not in _TOLERANCES:
        return tolerance_for([output_dtype])
    return tolerance_for([output_dtype, *compute_dtypes])
