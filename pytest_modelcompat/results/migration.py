"""What becomes of an artifact that is migrated to a runtime: the plan, the proof, the outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.results.finding import Finding


class Outcome(str, Enum):
    """What became of an artifact; the value is the word in tables and in JSON."""

    LOADS = "loads already"
    PLANNED = "planned"
    PROVEN = "proven"
    NOT_PROVEN = "not proven"
    UNPROVEN = "unproven"
    NEEDS = "needs you"
    IMPOSSIBLE = "impossible"
    NOT_WRITTEN = "not written"
    UNREADABLE = "unreadable"


class Way(str, Enum):
    """How the artifact is made readable."""

    NONE = "none"
    EDITS = "edits"
    RESAVE = "saved again"


@dataclass(frozen=True)
class Change:
    """One place that an edit changes.

    Args:
        where: the layer or part, in words, as a finding's `where`.
        before: what stands there, as short JSON; empty where nothing does.
        after: what is written in its place; empty where nothing is.
    """

    where: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class PlannedEdit:
    """One edit as it applies to one artifact.

    Args:
        name: the edit's, as in `docs/migration.md`: `drop-default-argument`.
        what: what it changes, in one sentence.
        because: why the model stays equal, or what is lost where it does not.
        source: where that is known from: a public thread, a file of Keras, `measured`.
        wrong_if: what would make it wrong.
        changes: every place.
        answers: the findings that are gone with it.
        loses: what is dropped that cannot be kept, such as an optimizer's state; empty for an edit that keeps all.
        loses_loss: whether a loss is part of it, so that losses are other numbers then.
        loses_steps: whether a step of training gives other numbers then.
    """

    name: str
    what: str
    because: str
    source: str
    wrong_if: str
    changes: tuple[Change, ...] = ()
    answers: tuple[Finding, ...] = ()
    loses: str = ""
    loses_loss: bool = False
    loses_steps: bool = False


@dataclass(frozen=True)
class Lost:
    """What was dropped knowingly, for which nobody asks a new artifact.

    Args:
        text: in words.
        has_loss: whether a loss is part of it: losses are not compared then.
        has_steps: whether a step of training is another one: steps are not compared then.
    """

    text: str
    has_loss: bool = False
    has_steps: bool = False


@dataclass(frozen=True)
class Need:
    """A finding that no edit answers, and the way that remains.

    Args:
        finding: the finding.
        way: `code`, `data`, `runtime` or `impossible`: who or what can answer it.
        text: one sentence that says what to do.
        paste: lines to paste into the user's code; empty where there are none.
        options: the options of `migrate` that answer it then, each with its value: `("--custom", "shop>Scale")`; the
            value of one that takes none is empty.
    """

    finding: Finding
    way: str
    text: str
    paste: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is to be done with one artifact for one runtime.

    Args:
        path: the artifact.
        runtime: the runtime's name.
        format: what is written: `h5`, `keras` or `saved_model`.
        target: the file or folder to write.
        way: how.
        edits: in the order in which they are applied.
        needs: what they leave.
        findings: what `check` finds in the artifact as it is.
        through: the runtime that saves it again, where that is the way.
        saved_by: the versions that wrote it, by package.
        given: the options of `migrate` with which it was planned, each with its value.
        creates: a runtime that is not here and may save it again; empty where none is known or needed.
    """

    path: Path
    runtime: str
    format: str
    target: Path
    way: Way
    edits: tuple[PlannedEdit, ...] = ()
    needs: tuple[Need, ...] = ()
    findings: tuple[Finding, ...] = ()
    through: str = ""
    saved_by: Mapping[str, str] = field(default_factory=dict)
    given: tuple[tuple[str, str], ...] = ()
    creates: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left that keeps it from loading and predicting the same."""
        return not self.needs and self.way is not Way.NONE

    @property
    def lost(self) -> tuple[Lost, ...]:
        """What its edits drop."""
        return tuple(Lost(each.loses, each.loses_loss, each.loses_steps) for each in self.edits if each.loses)


@dataclass(frozen=True)
class Proof:
    """How the written artifact was held against the old one.

    Args:
        old: the runtime in which the old one was loaded.
        new: the runtime in which the new one was loaded.
        inputs: what both were called with, in words.
        figures: output -> greatest absolute difference and what is allowed, in words.
        weights: what was compared of the weights, in words.
        training: what was compared of evaluation and of a training step, in words.
        problem: why it does not hold, in one sentence; empty where it does.
        details: further facts, labelled.
    """

    old: str = ""
    new: str = ""
    inputs: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)
    weights: str = ""
    training: str = ""
    problem: str = ""
    details: tuple[tuple[str, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the new one predicts what the old one does."""
        return not self.problem


@dataclass(frozen=True)
class MigrationResult:
    """What became of one artifact.

    Args:
        path: the artifact.
        runtime: the runtime's name.
        outcome: in one word.
        plan: None where it could not be read.
        proof: None where none was asked for, or nothing was written.
        written: what was written; None for nothing.
        problem: one sentence, where something went wrong.
        is_earlier: whether an earlier run has done it, and neither file has changed since.
    """

    path: Path
    runtime: str
    outcome: Outcome
    plan: Plan | None = None
    proof: Proof | None = None
    written: Path | None = None
    problem: str = ""
    is_earlier: bool = False
