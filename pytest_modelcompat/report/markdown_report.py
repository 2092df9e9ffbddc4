"""A report in Markdown: the table, why its cells failed, and each failure's text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.report.matrix import markdown_lines
from pytest_modelcompat.report.remarks import count_sentence, remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_modelcompat.report.json_report import Report

MARKDOWN_BEGINNING = "<!-- a report of pytest-modelcompat -->"
# GitHub shows a megabyte of a step's summary; so many texts, the others are in the report's data.
_MOST_TEXTS = 50
_LONGEST_FENCE = 32


def markdown_text(report: Report) -> str:
    """A report as Markdown, which GitHub and GitLab show.

    Args:
        report: of a run, or a merged one.
    """
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from (MARKDOWN_BEGINNING, "# Model compatibility", "", f"{_plain(report.project)}, {report.started}", "")
    yield from (f"- `{name}`: {versions_text(made) if made else 'nothing loaded'}" for name, made in _runtimes(report))
    yield ""
    if report.targets:
        yield from (*markdown_lines(report.targets, tuple(report.runtimes)), "")
    for remark in remarks(report):
        yield from (_plain(remark), "")
    yield from (count_sentence(report), "")
    with_text = [target for target in report.targets if fails(target) and target.get("text")]
    for target in with_text[:_MOST_TEXTS]:
        yield from _text_lines(target)
    if len(with_text) > _MOST_TEXTS:
        yield f"{len(with_text) - _MOST_TEXTS} more failures are not shown here."


def _runtimes(report: Report) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield from ((name.replace("`", "'"), made) for name, made in report.runtimes.items())


def _text_lines(target: Mapping[str, Any]) -> Iterator[str]:
    """A failure's text, folded; a fence is longer than any row of backticks in it."""
    text = str(target["text"])
    fence = next(("`" * size for size in range(3, _LONGEST_FENCE) if "`" * size not in text), "~" * _LONGEST_FENCE)
    yield from (f"<details><summary>{_plain(target['nodeid'])}</summary>", "", fence, text, fence, "", "</details>", "")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
