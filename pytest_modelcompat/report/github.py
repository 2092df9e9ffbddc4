"""What GitHub Actions shows of a run beside the source: annotations, as workflow commands.

The format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands; how a value is escaped
is in `packages/core/src/command.ts` of https://github.com/actions/toolkit, how long a message may be in
`src/Runner.Worker/ExecutionContext.cs` of https://github.com/actions/runner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import clause, counted, shorten
from pytest_modelcompat.report.causes import facts_of, failure_causes, labels, warning_causes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.report.causes import Cause
    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.repository import Repository

    TargetData = Mapping[str, Any]

# Of each level GitHub shows so many for a step, the first.
MOST_ANNOTATIONS = 10
_MOST_UNSEEN = 5
_LONGEST_MESSAGE = 4000
_LONGEST_TITLE = 120
_LONGEST_LINE = 2400


@dataclass(frozen=True)
class Annotation:
    """What is shown at a line of a file.

    Args:
        level: `error` or `warning`.
        file: relative to the repository; empty where it is not in it.
        line: from 1; 0 where there is none.
        title: one line.
        message: some lines.
    """

    level: str
    file: str
    line: int
    title: str
    message: str

    @property
    def command(self) -> str:
        """The workflow command, one line."""
        place = {"file": self.file, "line": str(self.line or "")} if self.file else {}
        properties = {**place, "title": self.title}
        text = ",".join(f"{name}={_escaped_property(value)}" for name, value in properties.items() if value)
        return f"::{self.level} {text}::{_escaped(self.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def annotations_of(report: Report, repository: Repository) -> tuple[Annotation, ...]:
    """The errors of a run and its warnings, at most so many of each as GitHub shows.

    Each test has one for each cause that its targets fail of. Where those are too many, each cause has one, at the
    first test that fails of it; where there are too many causes, the last annotation names those that have none.

    Args:
        report: of the run.
        repository: what its paths are shown in.
    """
    unseen = [_unseen(problem, repository) for problem in report.problems[:_MOST_UNSEEN]]
    errors = _of_causes("error", failure_causes(report.targets), repository, MOST_ANNOTATIONS - len(unseen))
    warnings = _of_causes("warning", warning_causes(report.targets), repository, MOST_ANNOTATIONS)
    return (*unseen, *errors, *warnings)


def _unseen(problem: Mapping[str, str], repository: Repository) -> Annotation:
    """Of a module that was not collected, or a test that killed its worker: what it says of models is not known."""
    file, _, test = problem["nodeid"].partition("::")
    title = "WORKER CRASHED" if test else "NOT COLLECTED"
    return Annotation("error", repository.path_of(file), 0, title, clause(problem["headline"]))


def _of_causes(level: str, causes: Sequence[Cause], repository: Repository, most: int) -> list[Annotation]:
    by_place = [_annotation(level, each, repository) for cause in causes for each in cause.by_place()]
    if len(by_place) <= most:
        return by_place
    kept = causes if len(causes) <= most else causes[: most - 1]
    rest = causes[len(kept) :]
    return [
        *(_annotation(level, cause, repository) for cause in kept),
        *([_remainder(level, rest, repository)] if rest else []),
    ]


def _annotation(level: str, cause: Cause, repository: Repository) -> Annotation:
    facts = [*facts_of(cause), *([("page", cause.page)] if cause.page else [])]
    lines = [f"{labels(cause.targets)}: {cause.sentence}", *(_fact(label, text) for label, text in facts)]
    file, line = _place(cause.targets[0], repository)
    title = shorten(clause(cause.title), _LONGEST_TITLE)
    return Annotation(level, file, line, title, _message(lines))


def _fact(label: str, text: str) -> str:
    if label.startswith("fix"):
        # As it is to be pasted.
        return f"{label}:\n{text}"
    first, *more = text.split("\n")
    return "\n".join([f"{label}: {first}", *(f"  {line}" for line in more)])


def _message(lines: Sequence[str]) -> str:
    return shorten("\n".join(shorten(line, _LONGEST_LINE) for line in lines), _LONGEST_MESSAGE)


def _remainder(level: str, causes: Sequence[Cause], repository: Repository) -> Annotation:
    file, line = _place(causes[0].targets[0], repository)
    lines = [f"{cause.title} in {labels(cause.targets, 3)}: {shorten(cause.sentence, 160)}" for cause in causes]
    return Annotation(level, file, line, f"{counted(len(causes), 'more cause')}", _message(lines))


def _place(target: TargetData, repository: Repository) -> tuple[str, int]:
    file = repository.path_of(target["file"]) if target.get("file") else ""
    return file, int(target.get("line") or 0) if file else 0
