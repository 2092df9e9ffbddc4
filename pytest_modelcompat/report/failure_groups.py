"""Failures of one cause in several targets of one test: the text of the first, and two lines for each of the others.

The cases of a parametrized test are taken together where what fails them has a name, such as a layer's class.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.report.failure_text import failure_text
from pytest_modelcompat.report.layout import INDENT, SUBJECT_LABELS, heading, labelled
from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.result import Result

# A failed target with its text, of strings alone: it travels from workers of pytest-xdist.
FailureData = dict[str, str]

# It is seen before anything is saved, and its figures are those of two calls that had to differ.
_WITHOUT_FIGURES = frozenset({Kind.NOT_DETERMINISTIC})
# Other words for the same, or the same for all targets.
_NOT_ITS_OWN = frozenset({"it said", "more", "fix", "accept"})
_TITLE = "\0"
_PARAMETERS = re.compile(r"\[[^/]*\]$")
_MOST_OTHERS = 4


def failure_data(result: Result, *, verbose: bool = False) -> FailureData:
    """A failed target as data: its text, and what is the same wherever its cause is.

    Args:
        result: the target's result.
        verbose: see `failure_text`.
    """
    return {
        "title": result.title,
        "target": result.target,
        "case": result.case,
        "heading": heading(result.errors[0]),
        "cause": _cause(result),
        "text": failure_text(result, verbose=verbose),
    }


def exception_data(name: str, text: str, *, title: str, target: str, where: str) -> FailureData:
    """A target whose model could not be built, as data.

    Args:
        name: the exception's class.
        text: what is shown of it.
        title: the target, as messages call it.
        target: the target, as a test's id has it.
        where: its case: what all its targets share.
    """
    cause = _digest((_PARAMETERS.sub("", where), name, text.replace(title, _TITLE)))
    return {"title": title, "target": target, "case": where, "heading": name, "cause": cause, "text": text}


def _cause(result: Result) -> str:
    """A digest that two targets of a test share if all that fails them is the same, the fixes included."""
    is_named = all(finding.kind in SUBJECT_LABELS for finding in result.errors)
    where = _PARAMETERS.sub("", result.case) if is_named else result.case
    said = [where, result.facts.expected, *(_same(finding, result.title) for finding in result.errors)]
    return _digest(said)


def _digest(said: object) -> str:
    return hashlib.sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()


def _same(finding: Finding, title: str) -> tuple[object, ...]:
    """What is equal in two findings of one cause. A test's own id stands in the commands of its fix."""
    texts = [each.replace(title, _TITLE) for each in (finding.subject, finding.cause, *finding.fix)]
    details = () if finding.kind in _WITHOUT_FIGURES else finding.details
    # Where a kind names its subject, the exception's words tell nothing else; elsewhere they may be the cause.
    is_known = finding.is_specific or finding.kind in SUBJECT_LABELS
    return (heading(finding), finding.stage, finding.runtime, *texts, details, "" if is_known else finding.quote)


def condensed(failures: Sequence[FailureData]) -> list[str]:
    """The texts of failures, each cause of a test once.

    Args:
        failures: in the order in which they are shown.

    Returns:
        A text for each. The first of a cause names the other targets; theirs say whose text is theirs too, and in
        what they differ from it.
    """
    groups: dict[str, list[FailureData]] = {}
    for failure in failures:
        groups.setdefault(failure["cause"], []).append(failure)
    return [_shown(failure, groups[failure["cause"]]) for failure in failures]


def _shown(failure: FailureData, group: Sequence[FailureData]) -> str:
    first, *others = group
    if failure is not first:
        head = f"{failure['heading']}  {failure['title']}: the same cause as {first['title']}, shown above"
        return "\n".join([head, *_own(failure, first)])
    if not others:
        return failure["text"]
    head, *rest = failure["text"].split("\n")
    name = "target" if all(other["case"] == first["case"] for other in others) else "title"
    names = [other[name] for other in others]
    also = f"{listed(names, _MOST_OTHERS)}: the same cause"
    if rest[:1] != [""]:
        return "\n".join([head, *rest, f"also in {also}"])
    return "\n".join([head, "", *labelled("also in", also), *rest[1:]])


def _own(failure: FailureData, first: FailureData) -> Iterator[str]:
    """The labelled facts of a text that another one does not have."""
    known = set(_blocks(first["text"]))
    for block in _blocks(failure["text"].replace(failure["title"], first["title"])):
        label = block[0][len(INDENT) :].partition("  ")[0].strip()
        if block not in known and label not in _NOT_ITS_OWN:
            yield from _without_versions(block, known) if label == "artifact" else block


def _without_versions(block: tuple[str, ...], known: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The line of an artifact, without what saved it where that is said above."""
    name, comma, saved = block[0].partition(", saved by ")
    is_known = any(other[0].endswith(comma + saved) for other in known)
    return (name,) if comma and is_known else block


def _blocks(text: str) -> Iterator[tuple[str, ...]]:
    """The labelled facts of a failure text: the line with the label, and those below it."""
    block: list[str] = []
    for line in text.split("\n")[1:]:
        if line.startswith(INDENT) and not line[len(INDENT) :].startswith(" "):
            if block:
                yield tuple(block)
            block = [line]
        elif block and line:
            block.append(line)
    if block:
        yield tuple(block)
