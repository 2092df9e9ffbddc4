"""Failures and warnings of a report, grouped by what caused them: many targets often fail for one reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.matrix import mark
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
        Kind.GOLDEN_MISSING,
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
_MOST_LABELS = 12


@dataclass(frozen=True)
class Cause:
    """One reason for which targets failed, or were warned about.

    Args:
        kind: the kind of the finding; None where a test or what it needs raised an error.
        code: the code of the rule that found it, where it has one.
        heading: what it is called: `MC101 UNKNOWN LAYER`, `ERROR`.
        subject: the thing that is wrong; empty where a test raised.
        sentence: what to say of it in one sentence.
        finding: the finding of the first target; None where there is none.
        targets: all that have it, in the order of the report.
    """

    kind: Kind | None
    code: str
    heading: str
    subject: str
    sentence: str
    finding: FindingData | None
    targets: tuple[TargetData, ...]

    @property
    def title(self) -> str:
        """`MC101 UNKNOWN LAYER Scale`."""
        return f"{self.heading} {self.subject}".rstrip()

    @property
    def page(self) -> str:
        """Where its kind is explained; empty where it has none."""
        return page_url(self.kind) if self.kind is not None else ""

    @property
    def fix(self) -> tuple[str, ...]:
        """What to write or run, a line each."""
        return tuple(self.finding["fix"]) if self.finding is not None else ()


def failure_causes(targets: Iterable[TargetData]) -> tuple[Cause, ...]:
    """Why targets failed that nobody expected to, the cause of the most targets first.

    Args:
        targets: as they stand in a report.
    """
    found = ((_of_failure(target), target) for target in targets if fails(target))
    return _grouped(found)


def warning_causes(targets: Iterable[TargetData]) -> tuple[Cause, ...]:
    """What targets were warned about, in the same order."""
    found = (
        (_of_finding(finding, target), target)
        for target in targets
        for finding in target["findings"]
        if finding["severity"] == "warning"
    )
    return _grouped(found)


def errors_of(target: TargetData) -> list[FindingData]:
    """The findings that fail a target."""
    return [finding for finding in target["findings"] if finding["severity"] == "error"]


def kind_of(finding: FindingData) -> Kind | None:
    """A finding's kind; None where a later version has written one that this one does not know."""
    return next((kind for kind in Kind if kind.value == finding["kind"]), None)


def labels(targets: Iterable[TargetData], most: int = _MOST_LABELS) -> str:
    """`test_ranker[h5], test_ranker[keras] and 3 more`: targets by their titles, each once."""
    return listed(dict.fromkeys(str(target["title"]) for target in targets), most)


def _grouped(found: Iterable[tuple[Cause, TargetData]]) -> tuple[Cause, ...]:
    groups: dict[tuple[object, ...], tuple[Cause, list[TargetData]]] = {}
    for cause, target in found:
        members = groups.setdefault(_key(cause, target), (cause, []))[1]
        if not members or members[-1] is not target:
            members.append(target)
    causes = [
        Cause(one.kind, one.code, one.heading, one.subject, one.sentence, one.finding, tuple(members))
        for one, members in groups.values()
    ]
    return tuple(sorted(causes, key=lambda cause: -len(cause.targets)))


def _key(cause: Cause, target: TargetData) -> tuple[object, ...]:
    """The same for targets of one cause: versions differ from runtime to runtime, figures from format to format."""
    if cause.finding is None:
        return cause.heading, cause.sentence
    of_case = target["case"] if cause.kind is None or cause.kind in _OF_CASE else ""
    fix = () if of_case else cause.fix
    return cause.heading, cause.code, cause.subject, of_case, _without_numbers(str(cause.finding["cause"])), fix


def _without_numbers(text: str) -> str:
    return re.sub(r"\d[\d.,e+-]*", "#", text)


def _of_failure(target: TargetData) -> Cause:
    errors = errors_of(target)
    if errors and target["verdict"] == "failed":
        return _of_finding(errors[0], target)
    # A test that passes although it is marked to fail has a kind and no finding.
    heading = str(next(iter(target["kinds"]), "")) or mark(target).upper()
    subject = str(target["title"]) if target["kinds"] else ""
    return Cause(None, "", heading, subject, str(target["headline"] or "no reason is known"), None, (target,))


def _of_finding(finding: FindingData, target: TargetData) -> Cause:
    sentence = str(finding["cause"] or target["headline"] or "")
    kind, code = kind_of(finding), str(finding["code"])
    heading = " ".join(filter(None, (CODES.get(kind, "") if kind else "", str(finding["kind"]), code and f"[{code}]")))
    return Cause(kind, code, heading, str(finding["subject"]), sentence, finding, (target,))


def lines_of(cause: Cause) -> Iterator[tuple[str, str]]:
    """What is known of a cause, as labels with texts: its places, the fix, what else the first target has."""
    finding = cause.finding
    if finding is None:
        return
    where: Sequence[str] = finding["where"]
    if where:
        yield "where", "; ".join(where)
    if cause.fix:
        yield "fix", "\n".join(cause.fix)
    others = [f"{each['kind']} {each['subject']}" for each in errors_of(cause.targets[0])[1:]]
    if others and finding["severity"] == "error":
        yield "also", listed(dict.fromkeys(others), 5)
