"""Explanations as text and as data: the page of a kind, and the failures of a log."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import counted, listed
from pytest_modelcompat.report.layout import INDENT, labelled
from pytest_modelcompat.results.kind_codes import CODES, page_url
from pytest_modelcompat.results.kind_texts import KIND_TEXTS, thread_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.diagnosis.explanation import Explanation, Unexplained
    from pytest_modelcompat.results.finding import Kind

_WIDTH = 100
_MOST_LINES_NAMED = 6


def kind_page(kind: Kind) -> Iterator[str]:
    """What there is to say of a kind, for a terminal."""
    about = KIND_TEXTS[kind]
    yield f"{kind.value} {CODES[kind]}"
    yield ""
    for label, text in (("means", about.means), ("because", about.because), ("fix", about.fix)):
        yield from labelled(label, "\n".join(textwrap.wrap(text, _WIDTH, break_on_hyphens=False)))
    if about.threads:
        yield from labelled("threads", "\n".join(thread_url(thread) for thread, _ in about.threads))
    yield from labelled("page", page_url(kind))
    yield ""


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """One failure of a log: what it is, where the log reports it, the cause, the fix, and what was said."""
    finding = explanation.finding
    yield f"{finding.kind.value} {CODES[finding.kind]}: {finding.subject}"
    yield ""
    yield from labelled("line" if len(explanation.lines) == 1 else "lines", _numbers(explanation.lines))
    yield from labelled("probably" if explanation.is_guess else "because", finding.cause)
    for name, text in finding.details:
        yield from labelled(name, text)
    if finding.fix:
        yield from labelled("fix", "\n".join(finding.fix))
    if finding.quote:
        yield from labelled("it said", _said(explanation.raised, finding.quote))
    yield from labelled("about", f"modelcompat explain {CODES[finding.kind]}")
    yield ""


def unexplained_lines(unexplained: Sequence[Unexplained]) -> Iterator[str]:
    """The exceptions that nothing explains, and the known failures whose texts are like theirs."""
    for each in unexplained:
        yield f"{INDENT}not known: line {each.line}: {_said(each.raised, each.quote)}"
        if each.near:
            near = listed([f"{kind.value} ({CODES[kind]})" for kind in each.near], len(each.near), "or")
            yield f"{INDENT}           its words are like those of {near}"
    yield ""


def explanation_data(explanation: Explanation) -> dict[str, Any]:
    """One failure of a log as plain data."""
    finding = explanation.finding
    return {
        "kind": finding.kind.value,
        "kind_code": CODES[finding.kind],
        "subject": finding.subject,
        "cause": finding.cause,
        "is_guess": explanation.is_guess,
        "fix": list(finding.fix),
        "raised": explanation.raised,
        "quote": finding.quote,
        "lines": list(explanation.lines),
        "details": dict(finding.details),
        "page": page_url(finding.kind),
    }


def unexplained_data(unexplained: Unexplained) -> dict[str, Any]:
    """One exception that nothing explains as plain data: its kind is null."""
    near = [CODES[kind] for kind in unexplained.near]
    return {
        "kind": None,
        "raised": unexplained.raised,
        "quote": unexplained.quote,
        "lines": [unexplained.line],
        "near": near,
    }


def kind_data(kind: Kind) -> dict[str, Any]:
    """What there is to say of a kind as plain data."""
    about = KIND_TEXTS[kind]
    return {
        "kind": kind.value,
        "kind_code": CODES[kind],
        "means": about.means,
        "because": about.because,
        "fix": about.fix,
        "threads": [thread_url(thread) for thread, _ in about.threads],
        "page": page_url(kind),
    }


def _numbers(lines: Sequence[int]) -> str:
    more = len(lines) - _MOST_LINES_NAMED
    numbers = ", ".join(map(str, lines[:_MOST_LINES_NAMED]))
    return f"{numbers} and {counted(more, 'more line')}" if more > 0 else numbers


def _said(raised: str, quote: str) -> str:
    return f"{raised}: {quote}" if raised and not quote.startswith(raised) else quote
