"""Difference: one thing that is not the same in two artifacts, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Args:
        what: `model`, `layer`, `config`, `wiring`, `compile`, `signature`, `op`, `asset` or `weight`.
        name: the thing, as its user calls it.
        old: what it is in the first artifact, as text; empty where it has no such thing.
        new: what it is in the second.
        where: the layers concerned, where there may be several.
        greatest: the greatest absolute difference of finite elements (weights only).
        differing: how many elements differ (weights only).
        total: of how many (weights only).
    """

    what: str
    name: str
    old: str = ""
    new: str = ""
    where: tuple[str, ...] = ()
    greatest: float | None = None
    differing: int = 0
    total: int = 0
