"""What every readable page is made of: labelled facts, and a finding as a block of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned, listed, shorten
from pytest_modelcompat.results.finding import Kind, Severity
from pytest_modelcompat.results.kind_codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.results.finding import Finding

LABEL_WIDTH = 11
# Of the page of one artifact, unless all of it is asked for. The longest of real models has some hundred lines.
_MOST_LINES, _LONGEST_OF_PAGE, _MOST_CHARACTERS = 4000, 2000, 200_000
INDENT = "  "
_LONGEST_LINE = 160
# Of findings shown together, so many subjects stand in the heading; the places are all below it.
MOST_SUBJECTS = 3
_WIDEST_SUBJECT = 32

SUBJECT_LABELS = {
    Kind.UNKNOWN_LAYER: "layer",
    Kind.UNKNOWN_OP: "op",
    Kind.PYTHON_FUNCTION: "op",
    Kind.CANNOT_REBUILD: "class",
    Kind.NEW_OP: "op",
    Kind.NEW_LAYER: "layer",
    Kind.LAMBDA_REFUSED: "layer",
    Kind.SAFE_MODE_REFUSED: "layer",
    Kind.CLASS_NOT_SEEN: "class",
    Kind.PACKAGE_NEEDED: "package",
    Kind.NOT_IMPORTABLE: "declared",
    Kind.UNKNOWN_ATTRIBUTE: "attribute",
    Kind.MISSING_ATTRIBUTE: "attribute",
    Kind.UNKNOWN_ARGUMENT: "argument",
    Kind.MISSING_ARGUMENT: "argument",
    Kind.MODULE_MOVED: "class",
    Kind.NO_KERNEL: "op",
    Kind.PYTHON_BYTECODE: "layer",
    Kind.VOCABULARY_LOST: "layer",
    Kind.UNSAFE_CONTENT: "content",
    Kind.ARGUMENT_NOT_SAVED: "argument",
}
WHERE_LABELS = {Kind.NOT_DETERMINISTIC: "suspects"}
_SEVERITY_TEXTS = {Severity.CHANGE: "it loads, but is changed there", Severity.NOTE: "for information only"}
# They only serve to tell findings apart, or stand in the subject's line.
_UNSEEN_DETAILS = frozenset({"role", "argument", "count", "name"})


def heading(finding: Finding) -> str:
    """What heads a finding: its kind, with the code of its rule where that has one."""
    return f"{finding.kind.value} [{finding.code}]" if finding.code else finding.kind.value


def about_kinds(findings: Iterable[Finding]) -> Iterator[str]:
    """The line that says which command explains the kinds of findings, by their codes."""
    codes = dict.fromkeys(CODES[finding.kind] for finding in findings)
    if codes:
        yield from labelled("about", f"modelcompat explain {' '.join(codes)}")


def labelled(label: str, text: str) -> Iterator[str]:
    """A label and its text, further lines of the text below its first."""
    first, *rest = text.split("\n")
    yield f"{INDENT}{label.ljust(LABEL_WIDTH)}{first}"
    yield from (f"{INDENT}{' ' * LABEL_WIDTH}{line}" for line in rest)


def bounded_page(lines: Iterable[str], *, in_full: bool = False) -> Iterator[str]:
    """The lines of one artifact's page, as many as somebody reads.

    Args:
        lines: all of them.
        in_full: whether they are wanted, however many and however long.
    """
    if in_full:
        yield from lines
        return
    left = _MOST_CHARACTERS
    for number, line in enumerate(lines):
        shown = shorten(line, _LONGEST_OF_PAGE)
        left -= len(shown) + 1
        if left < 0 or number == _MOST_LINES:
            yield f"{INDENT}… and more; --all shows all of it"
            return
        yield shown


def finding_block(finding: Finding, *, with_cause: bool = True, with_fix: bool = True) -> Iterator[str]:
    """A finding's facts: the subject and its places, the cause, what else is known, the fix.

    Args:
        finding: what was found.
        with_cause: whether the cause is said; False where a heading has said it.
        with_fix: whether the fix is said; False where the next block says the same.
    """
    label = SUBJECT_LABELS.get(finding.kind) or dict(finding.details).get("role")
    inline = f"  ({'; '.join(finding.where)})" if finding.where else ""
    fits = len(finding.subject + inline) <= _LONGEST_LINE
    if label:
        yield from labelled(label, finding.subject + (inline if fits else ""))
    if finding.where and not (label and fits):
        yield from labelled(WHERE_LABELS.get(finding.kind, "where"), "\n".join(finding.where))
    if finding.runtime and finding.stage is None:
        yield from labelled("means", _SEVERITY_TEXTS[Severity.CHANGE])
    if finding.cause and with_cause:
        yield from labelled("because", finding.cause)
    yield from _fix_lines(finding, with_fix=with_fix)


def finding_lines(finding: Finding, runtimes: Sequence[str] = (), alike: Sequence[Finding] = ()) -> Iterator[str]:
    """A finding on its own: a heading with its subject, its facts, and an empty line.

    Args:
        finding: what was found.
        runtimes: those it was found for, where there are several to tell apart.
        alike: others of which the same is to say; their subjects and places are listed with its own.
    """
    all_alike = (finding, *alike)
    subjects = listed(dict.fromkeys(each.subject for each in all_alike), MOST_SUBJECTS)
    yield f"{heading(finding)}{'  in ' if runtimes else ''}{', '.join(runtimes)}: {subjects}"
    yield ""
    if finding.severity in _SEVERITY_TEXTS:
        yield from labelled("means", _SEVERITY_TEXTS[finding.severity])
    where = _places_by_subject(all_alike) if alike else finding.where
    if where:
        yield from labelled("where", "\n".join(where))
    if finding.cause:
        yield from labelled("because", finding.cause)
    yield from _fix_lines(finding)
    if finding.source not in ("", "measured"):
        yield from labelled("source", finding.source)
    yield ""


def _places_by_subject(findings: Sequence[Finding]) -> list[str]:
    """A line for each finding: its subject, and its places."""
    return list(aligned([(each.subject, "; ".join(each.where)) for each in findings], widest=_WIDEST_SUBJECT))


def _same_to_say(finding: Finding) -> tuple[object, ...]:
    """What two findings share that differ in their subjects and places alone."""
    details = tuple(each for each in finding.details if each[0] not in _UNSEEN_DETAILS)
    return finding.kind, finding.code, finding.severity, finding.cause, finding.fix, finding.source, details


def _fix_lines(finding: Finding, *, with_fix: bool = True) -> Iterator[str]:
    for name, text in finding.details:
        if name not in _UNSEEN_DETAILS:
            yield from labelled(name, text)
    if finding.fix and with_fix:
        yield from labelled("fix", "\n".join(finding.fix))


def together(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of which the same is to say, as one group each, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_same_to_say(finding), []).append(finding)
    return list(groups.values())


def versions_text(made_by: Mapping[str, str]) -> str:
    """`Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7` as far as it is known."""
    names = (("keras", "Keras"), ("tensorflow", "TensorFlow"), ("python", "Python"))
    return ", ".join(f"{title} {made_by[key]}" for key, title in names if made_by.get(key)) or "an unknown version"
