"""Failures and warnings of a report, grouped by what caused them: many targets often fail for one reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    TargetData = Mapping[str, Any]
    FindingData = Mapping[str, Any]

# Their subjects are an output, a layer's weights, a golden: things of one case, whatever they are called.
_OF_CASE = frozenset(
    {
        Kind.PREDICTIONS_DRIFTED,
        Kind.PREDICTION_FAILED,
        Kind.STRUCTURE_CHANGED,
        Kind.WEIGHTS_CHANGED,
        Kind.WEIGHTS_DO_NOT_FIT,
        Kind.WEIGHTS_MOVED,
        Kind.TRAINING_CHANGED,
        Kind.STATE_LOST,
        Kind.NOT_DETERMINISTIC,
        Kind.LOADERS_DISAGREE,
        Kind.MODEL_CHANGED_BY_SAVING,
        Kind.GOLDEN_BROKEN,
        Kind.GOLDEN_NOT_WRITTEN,
        Kind.GOLDEN_DEGENERATE,
        Kind.INPUTS_CHANGED,
        Kind.INPUTS_NEEDED,
        Kind.NO_MODEL,
        Kind.SAVE_FAILED,
        Kind.LOAD_FAILED,
        Kind.ARTIFACT_BROKEN,
        Kind.LOADER_CRASHED,
        Kind.LOADER_EXITED,
        Kind.LOADER_TIMED_OUT,
        Kind.NEVER_ENDS,
        Kind.OUT_OF_MEMORY,
        Kind.UNEXPECTED_PASS,
    }
)
# Of the details of a finding, what is long, or only tells findings apart.
_AT_LENGTH = frozenset({"role", "argument", "count", "name", "accepted", "output", "worst", "figures", "layers"})
_MOST_LABELS = 12
_MOST_SUBJECTS = 3
_MOST_FIXES = 3


@dataclass(frozen=True)
class Cause:
    """One reason for which targets failed, or were warned about.

    Args:
        heading: what it is called: `MC101 UNKNOWN LAYER`, `TEST ERROR`.
        sentence: why, of the first target.
        members: its targets in the order of the report, each with its finding, or None where a test raised.
    """

    heading: str
    sentence: str
    members: tuple[tuple[TargetData, FindingData | None], ...]

    @property
    def targets(self) -> tuple[TargetData, ...]:
        """Its targets, in the order of the report."""
        return tuple(target for target, _ in self.members)

    @property
    def finding(self) -> FindingData | None:
        """The finding of the first target; None where a test raised."""
        return self.members[0][1]

    @property
    def subject(self) -> str:
        """What is wrong; empty where a test raised."""
        subjects = (subject_of(finding, target) for target, finding in self.members if finding is not None)
        return listed(dict.fromkeys(filter(None, subjects)), _MOST_SUBJECTS)

    @property
    def title(self) -> str:
        """`MC101 UNKNOWN LAYER Scale`."""
        return f"{self.heading} {self.subject}".rstrip()

    @property
    def page(self) -> str:
        """Where its kind is explained; empty where it has none."""
        kind = kind_of(self.finding) if self.finding is not None else None
        return page_url(kind) if kind is not None else ""

    @property
    def fixes(self) -> dict[tuple[str, ...], list[TargetData]]:
        """What to write or run, a line each, with the targets that it is for: a test's own way to declare a class."""
        found: dict[tuple[str, ...], list[TargetData]] = {}
        for target, finding in self.members:
            if finding is not None and finding["fix"]:
                found.setdefault(tuple(finding["fix"]), []).append(target)
        return found

    def by_place(self) -> Iterator[Cause]:
        """The same for each line of a file that its targets are of, apart."""
        places: dict[tuple[object, object], list[tuple[TargetData, FindingData | None]]] = {}
        for target, finding in self.members:
            places.setdefault((target.get("file"), target.get("line")), []).append((target, finding))
        yield from (_cause(self.heading, members) for members in places.values())


def failure_causes(targets: Iterable[TargetData]) -> tuple[Cause, ...]:
    """Why targets failed that nobody expected to, the cause of the most targets first.

    Args:
        targets: as they stand in a report.
    """
    return _grouped(_of_failure(target) for target in targets if fails(target))


def warning_causes(targets: Iterable[TargetData]) -> tuple[Cause, ...]:
    """What targets were warned about, in the same order."""
    found = ((target, finding) for target in targets for finding in target["findings"])
    return _grouped(
        (_heading(finding), target, finding) for target, finding in found if finding["severity"] == "warning"
    )


def errors_of(target: TargetData) -> list[FindingData]:
    """The findings that fail a target."""
    return [finding for finding in target["findings"] if finding["severity"] == "error"]


def kind_of(finding: FindingData) -> Kind | None:
    """A finding's kind; None where a later version has written one that this one does not know."""
    return next((kind for kind in Kind if kind.value == finding["kind"]), None)


def subject_of(finding: FindingData, target: TargetData) -> str:
    """The thing that is wrong; empty where that is the target itself, which differs from format to format."""
    return "" if finding["subject"] == target["title"] else str(finding["subject"])


def labels(targets: Iterable[TargetData], most: int = _MOST_LABELS) -> str:
    """`test_ranker[h5], test_ranker[keras] and 3 more`: targets by their titles, each once."""
    return listed(dict.fromkeys(str(target["title"]) for target in targets), most)


def _grouped(found: Iterable[tuple[str, TargetData, FindingData | None]]) -> tuple[Cause, ...]:
    groups: dict[tuple[object, ...], list[tuple[TargetData, FindingData | None]]] = {}
    for heading, target, finding in found:
        members = groups.setdefault((heading, *_key(target, finding)), [])
        # A target may be warned twice about the same.
        if not members or members[-1][0] is not target:
            members.append((target, finding))
    causes = [_cause(str(key[0]), members) for key, members in groups.items()]
    return tuple(sorted(causes, key=lambda cause: -len(cause.members)))


def _cause(heading: str, members: Sequence[tuple[TargetData, FindingData | None]]) -> Cause:
    target, finding = members[0]
    said = finding["cause"] if finding is not None else ""
    return Cause(heading, str(said or target["headline"] or "no reason is known"), tuple(members))


def _key(target: TargetData, finding: FindingData | None) -> tuple[object, ...]:
    """The same for targets of one cause: versions differ from runtime to runtime, figures from format to format."""
    if finding is None:
        return (target["headline"], target["case"] if target["kinds"] else "")
    kind = kind_of(finding)
    of_case = target["case"] if kind is None or kind in _OF_CASE else ""
    subject = "" if kind is Kind.GOLDEN_MISSING else subject_of(finding, target)
    return finding["code"], subject, of_case, re.sub(r"\d[\d.,e+-]*", "#", str(finding["cause"]))


def _of_failure(target: TargetData) -> tuple[str, TargetData, FindingData | None]:
    errors = errors_of(target)
    if errors and target["verdict"] == "failed":
        return _heading(errors[0]), target, errors[0]
    # A test that passes although it is marked to fail has a kind and no finding.
    return str(next(iter(target["kinds"]), "TEST ERROR")), target, None


def _heading(finding: FindingData) -> str:
    kind, code = kind_of(finding), finding["code"]
    parts = (CODES[kind] if kind is not None else "", str(finding["kind"]), f"[{code}]" if code else "")
    return " ".join(filter(None, parts))


def facts_of(cause: Cause) -> Iterator[tuple[str, str]]:
    """What is known of a cause, as labels with texts: places, details, fixes, what else its first target has."""
    finding = cause.finding
    if finding is None:
        return
    if finding["where"]:
        yield "where", "; ".join(finding["where"])
    yield from ((label, text) for label, text in finding["details"].items() if label not in _AT_LENGTH)
    fixes = cause.fixes
    for fix, targets in list(fixes.items())[:_MOST_FIXES]:
        yield "fix" if len(fixes) == 1 else f"fix of {labels(targets, 3)}", "\n".join(fix)
    if len(fixes) > _MOST_FIXES:
        yield "more", f"{len(fixes) - _MOST_FIXES} others have a fix of their own, which pytest prints"
    others = [f"{each['kind']} {each['subject']}" for each in errors_of(cause.targets[0])[1:]]
    if others and finding["severity"] == "error":
        yield "also", listed(dict.fromkeys(others), _MOST_SUBJECTS)
