"""Row: one failure that users really met, the artifact that shows it, and what must be predicted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.results.finding import Kind, Stage

    # Makes the artifact in a folder; or the name of one that TensorFlow saved.
    Artifact = Callable[[Path], Path] | str


@dataclass(frozen=True)
class Row:
    """One failure.

    Args:
        id: the number of its row, or the section it stands in, and a word or two.
        artifact: what fails.
        runtime: where.
        kind: what is wrong.
        subject: the thing it is wrong with.
        cause: a part of the sentence that says why.
        where: one of the places that are named; empty where there is none to name.
        fix: a part of what is said to do about it.
        stage: where the load ends; None for what loads.
        severity: how much it weighs.
        loads_in: where the very same artifact is not said to have this problem.
        control: an artifact like it that lacks the cause, and loads in the same runtime.
        unsafe: whether all of it is judged for `safe_mode=False`.
        custom: what is declared.
        declared: what makes it load once it is declared too.
    """

    id: str
    artifact: Artifact
    runtime: str
    kind: Kind
    subject: str
    cause: str
    where: str = ""
    fix: str = ""
    stage: Stage | None = None
    severity: Severity = Severity.ERROR
    loads_in: tuple[str, ...] = ()
    control: Artifact | None = None
    unsafe: bool = False
    custom: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    @property
    def number(self) -> int | None:
        """The row's number; None for what stands in another section."""
        head = self.id.split("-", maxsplit=1)[0]
        return int(head) if head.isdigit() else None


NOT_PREDICTED = {
    29: "saving itself fails, so there is no artifact",
    31: "only Keras older than 2.4 lacks the class, and none of those is recorded",
    34: "what a signature is called with is not in the artifact",
    37: "the pair of Keras and TensorFlow that saves fails, or the process that saved is gone",
}
