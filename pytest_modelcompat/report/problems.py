"""The problems of a run, each of one case, for formats that list them by file and line and follow them over time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.causes import errors_of, kind_of, labels, subject_of
from pytest_modelcompat.report.json_report import fails

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.report.repository import Repository
    from pytest_modelcompat.results.finding import Kind

    TargetData = Mapping[str, Any]
    FindingData = Mapping[str, Any]

# Of a test that raised, or what it needs, or that passed although it is marked to fail.
TEST_ERROR = "model-test-error"


@dataclass(frozen=True)
class Problem:
    """A finding of a case, with the targets that have it; or what a test raised.

    Args:
        severity: `error` or `warning`.
        case: the case's name.
        sentence: why, or what was raised.
        targets: in the order of the report.
        finding: of the first of them; None where a test raised.
    """

    severity: str
    case: str
    sentence: str
    targets: tuple[TargetData, ...]
    finding: FindingData | None = None

    @property
    def kind(self) -> Kind | None:
        """Its kind; None where a test raised."""
        return kind_of(self.finding) if self.finding is not None else None

    @property
    def code(self) -> str:
        """The code of the rule that found it, where rules have codes."""
        return str(self.finding["code"]) if self.finding is not None else ""

    @property
    def text(self) -> str:
        """What is wrong, in which targets, why, and the fix."""
        titles = labels(self.targets)
        if self.finding is None:
            return f"{titles}: {self.sentence}"
        what = f"{str(self.finding['kind']).lower()} {subject_of(self.finding, self.targets[0])}".rstrip()
        where = f" ({'; '.join(self.finding['where'])})" if self.finding["where"] else ""
        first = f"{titles}: {what}{where}: {self.sentence}"
        return "\n".join([first, *(["Fix: " + "\n".join(self.finding["fix"])] if self.finding["fix"] else [])])

    @property
    def fingerprint(self) -> str:
        """The same in every run that has this problem, wherever the test has moved and whatever else is said of it."""
        subject = subject_of(self.finding, self.targets[0]) if self.finding is not None else ""
        kind = self.finding["kind"] if self.finding is not None else TEST_ERROR
        parts = (str(kind), self.code, subject, self.case, self.severity)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def place(self, repository: Repository | None) -> tuple[str, int]:
        """The file and the line of its test, or of its artifact or builder where it has none.

        Args:
            repository: what the file is relative to; None leaves it as the report has it.
        """
        target = self.targets[0]
        file = str(target.get("file") or str(target["nodeid"]).partition("::")[0])
        inside = repository.path_of(file) if repository is not None else ""
        return inside or file, int(target.get("line") or 1)


def problems_of(targets: Iterable[TargetData]) -> tuple[Problem, ...]:
    """The problems of a report's targets; what somebody expects to fail is none.

    Args:
        targets: as they stand in a report.
    """
    found: dict[str, Problem] = {}
    for target in targets:
        for problem in _of_target(target):
            known = found.get(problem.fingerprint)
            found[problem.fingerprint] = replace(known, targets=(*known.targets, target)) if known else problem
    return tuple(found.values())


def _of_target(target: TargetData) -> Iterator[Problem]:
    case = str(target["case"])
    errors = errors_of(target) if target["verdict"] == "failed" else []
    if fails(target) and not errors:
        yield Problem("error", case, str(target["headline"] or "no reason is known"), (target,))
    warnings = [finding for finding in target["findings"] if finding["severity"] == "warning"]
    seen = set()
    for finding in (*errors, *warnings):
        problem = Problem(str(finding["severity"]), case, str(finding["cause"]), (target,), finding)
        if problem.kind is not None and problem.fingerprint not in seen:
            seen.add(problem.fingerprint)
            yield problem
