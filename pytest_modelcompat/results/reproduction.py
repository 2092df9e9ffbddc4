"""Reproduction: the folder in which a failure of a target is kept, for somebody else to run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reproduction:
    """Where a failure is kept.

    Args:
        folder: the folder, from the project's folder where it is in that.
        script: the script in it that fails the same way, likewise; empty where there is none.
        problem: why there is no script, or what is not in the folder, in a sentence.
    """

    folder: str
    script: str = ""
    problem: str = ""
