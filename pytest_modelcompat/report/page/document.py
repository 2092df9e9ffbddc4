"""The page as one text: data, templates, style and script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.report.json_report import counts, generator
from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.report.page.failures import entry_ids, groups
from pytest_modelcompat.report.page.overview import number_lines, result_rows
from pytest_modelcompat.report.page.view import CLASSES, GLYPHS, WORDS, Page
from pytest_modelcompat.report.remarks import remarks

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report

_ASSETS = Path(__file__).parent / "assets"


def page_text(report: Report, *, beginning: str, data: str = "", all_charts: bool = False) -> str:
    """A report as an HTML page.

    Args:
        report: of a run, or a merged one.
        beginning: the first lines of the file.
        data: the name of a JSON file of the same report, for the commands that the page shows; empty for none.
        all_charts: whether every chart is drawn that there is.
    """
    from jinja2 import Environment, FileSystemLoader

    # A test's name, an exception's text, a file's content: all of it is escaped.
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    page, names = _page(report, data, all_charts=all_charts)
    text = environment.get_template("page.html.j2").render(
        page=page,
        runtimes=names,
        style=(_ASSETS / "page.css").read_text(encoding="utf-8"),
        script=(_ASSETS / "page.js").read_text(encoding="utf-8"),
        glyphs=GLYPHS,
        words=WORDS,
        classes=CLASSES,
    )
    # A lone surrogate of a name has no place in UTF-8.
    return f"{beginning}\n{text}".encode("utf-8", "backslashreplace").decode("utf-8")


def _page(report: Report, data: str, *, all_charts: bool) -> tuple[Page, tuple[str, ...]]:
    names, table = result_rows(report.targets, tuple(report.runtimes), entry_ids(report.targets))
    count = counts(report.targets)
    page = Page(
        project=report.project,
        started=_minute(report.started),
        generator=generator(),
        counts=tuple((verdict, words, count[verdict]) for verdict, words in WORDS.items() if count[verdict]),
        failed=report.failed,
        remarks=tuple(remarks(report)),
        runtimes=tuple(
            (name, versions_text(made) if made else "nothing loaded") for name, made in report.runtimes.items()
        ),
        rows=table,
        groups=groups(report.targets, report.runtimes, data, all_charts=all_charts),
        numbers=tuple(number_lines(report.targets)),
    )
    return page, names


def _minute(started: str) -> str:
    """`2026-03-01 10:00 UTC`; a time that is written otherwise stays as it is."""
    return f"{started[:16].replace('T', ' ')} UTC" if started.endswith("+00:00") else started
