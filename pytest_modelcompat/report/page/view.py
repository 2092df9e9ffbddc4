"""What the page shows, as data: made of a report, rendered by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# How each verdict is marked beside its colour, and what it is called.
GLYPHS = {"passed": "✓", "failed": "✗", "expected": "≈", "error": "‼", "skipped": "○"}
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "expected": "failed as expected",
    "error": "in error",
    "skipped": "skipped",
}
# Classes of cells: one letter, as there are thousands of them.
CLASSES = {"passed": "p", "failed": "f", "expected": "x", "error": "e", "skipped": "s"}


@dataclass(frozen=True)
class Cell:
    """A target in the table of results.

    Args:
        verdict: the target's; empty where nothing ran.
        text: its glyph and what it is.
        entry: the id of the entry that explains it; empty for none.
    """

    verdict: str
    text: str
    entry: str = ""

    @property
    def css(self) -> str:
        """Its class."""
        return CLASSES.get(self.verdict, "n")


@dataclass(frozen=True)
class Row:
    """A case in one format, with a cell for each runtime."""

    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Chart:
    """A chart, with what it shows in words and in numbers.

    Args:
        title: what is drawn.
        caption: its finding, a sentence or two.
        header: of its table.
        rows: of its table.
        svg: the picture; empty where it could not be drawn.
        problem: why it could not.
    """

    title: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    svg: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Fix:
    """What to write or run, and for which kind of finding."""

    kind: str
    text: str


@dataclass(frozen=True)
class TargetLine:
    """A target among those that fail in the same way: its circumstances."""

    title: str
    nodeid: str
    loaded_in: str
    versions: str
    seconds: str
    stages: str
    memory: str


@dataclass(frozen=True)
class Entry:
    """Targets of one case that fail in the same way.

    Args:
        id: where it is on the page.
        verdict: of the first target.
        title: of the first target.
        targets: all of them.
        text: the failure text of the first.
        fixes: what to write or run.
        accept: the command that accepts the change; empty for none.
        facts: labelled facts: versions, the artifact's inventory.
        charts: what is drawn.
        command: the command that draws what is not drawn here; empty where there is nothing more.
    """

    id: str
    verdict: str
    title: str
    targets: Sequence[TargetLine]
    text: str
    fixes: Sequence[Fix]
    accept: str
    facts: Sequence[tuple[str, str]]
    charts: Sequence[Chart]
    command: str

    @property
    def glyph(self) -> str:
        """The mark of its verdict."""
        return GLYPHS[self.verdict]


@dataclass(frozen=True)
class Group:
    """Failures of one cause.

    Args:
        id: where it is on the page.
        verdict: of all of them.
        kind: the kind of finding, or what a cell of them says.
        code: the kind's code; empty where it has none.
        url: where the kind is explained; empty likewise.
        sentence: the cause.
        entries: the failures.
    """

    id: str
    verdict: str
    kind: str
    code: str
    url: str
    sentence: str
    entries: Sequence[Entry]

    @property
    def count(self) -> int:
        """How many targets fail of it."""
        return sum(len(entry.targets) for entry in self.entries)

    @property
    def glyph(self) -> str:
        """The mark of its verdict."""
        return GLYPHS[self.verdict]


@dataclass(frozen=True)
class NumbersLine:
    """A target in the table of all targets."""

    title: str
    verdict: str
    seconds: str
    drift: str
    golden: str
    memory: str
    layers: str
    parameters: str
    remark: str


@dataclass(frozen=True)
class Page:
    """All of it.

    Args:
        project: the name of the project.
        started: when the run began.
        generator: what wrote the page.
        counts: targets by verdict, with glyph and words.
        failed: whether something failed that nobody expected.
        remarks: what was not seen, and stale goldens.
        runtimes: each with its versions.
        rows: of the table.
        groups: failures by cause, the most severe first.
        numbers: all targets.
    """

    project: str
    started: str
    generator: str
    counts: Sequence[tuple[str, str, int]]
    failed: bool
    remarks: Sequence[str]
    runtimes: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    groups: Sequence[Group]
    numbers: Sequence[NumbersLine]
