"""A variable that is written although the old file does not have it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scalar:
    """A variable that is written in addition, as the old file does not have it.

    Args:
        value: its value.
        dtype: its dtype, such as `float32`.
    """

    value: float
    dtype: str = "float32"
