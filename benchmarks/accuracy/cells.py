"""Cell: one load of the matrix, and the static verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_modelcompat.compatibility.verdict import Compatibility


@dataclass(frozen=True)
class Cell:
    """One load of the matrix, and the static verdict on it.

    Args:
        seen: the matrix's line: `model`, `saver`, `format`, `loader`, `outcome`, `message` ...
        predicted: the static verdict.
        causes: the findings that decided it, in short.
    """

    seen: dict[str, Any]
    predicted: Compatibility
    causes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether both say that it loads, or both that it does not."""
        return self.loaded == (self.predicted in (Compatibility.LOADS, Compatibility.CHANGED))

    @property
    def loaded(self) -> bool:
        """Whether it really loaded and could be called."""
        return self.seen["outcome"] in ("loads", "changed")

    @property
    def is_missed_crash(self) -> bool:
        """Whether it crashed although the verdict says that it loads."""
        return self.seen["outcome"] == "crash" and not self.agrees
