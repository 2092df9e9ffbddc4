"""What became of one model in one format, before and after the printed fix was pasted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FORMATS = ("h5", "keras", "saved_model", "export")


@dataclass(frozen=True)
class Place:
    """Where a cell stands: a module of `models`, a name in its `MODELS`, a format."""

    module: str
    model: str
    format: str


@dataclass
class Cell:
    """One model in one format.

    Args:
        place: which one.
        first: the target's part of the JSON report of the first run.
        pasted: what was pasted after each run that failed, as it was printed.
        runs: whether each run with what was pasted before it passed.
        last: the headline of the last run that failed.
    """

    place: Place
    first: dict[str, Any]
    pasted: list[str] = field(default_factory=list)
    runs: list[bool] = field(default_factory=list)
    last: str = ""

    @property
    def passes(self) -> bool:
        """Whether it passed without any fix."""
        return str(self.first["verdict"]) == "passed"

    @property
    def is_fixed(self) -> bool:
        """Whether it passed after something was pasted."""
        return bool(self.runs) and self.runs[-1]

    @property
    def kind(self) -> str:
        """The kind of its first failure; empty where it passed."""
        return "" if self.passes else str(self.first["kinds"][0])

    @property
    def headline(self) -> str:
        """The first line of its failure, without the kind and the name of the test."""
        return str(self.first["headline"]).split("]: ", maxsplit=1)[-1]
