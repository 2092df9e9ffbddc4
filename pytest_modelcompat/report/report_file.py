"""A report as a file: which formats there are, by the suffix of its name, and writing one."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.report import json_report
from pytest_modelcompat.report.code_quality import is_code_quality_name
from pytest_modelcompat.report.json_report import ReportError
from pytest_modelcompat.report.markdown_report import MARKDOWN_BEGINNING, markdown_text

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.repository import Repository

HTML_BEGINNING = "<!doctype html>\n<!-- a report of pytest-modelcompat -->"
# How a file of each format begins; what begins otherwise is never replaced.
BEGINNINGS = {".json": "{", ".html": HTML_BEGINNING, ".md": MARKDOWN_BEGINNING, ".sarif": "{"}
# What the page is made with: the name of each package, as it is imported.
_PAGE_PACKAGES = {"jinja2": "jinja2", "altair": "altair", "vl-convert-python": "vl_convert"}
INSTALL = 'pip install "pytest-modelcompat[report]"'


def destination(path: Path) -> Path:
    """Where a report is to be written, after making sure that it can be; missing folders are made.

    Args:
        path: as it was given; its suffix is the format.

    Raises:
        ReportError: it cannot be written there, something else is there, its suffix is none of those known, or a
            package that the format needs is not installed.
    """
    suffix = path.suffix.lower()
    # What is there is refused first: with another suffix it would be, too.
    beginning = "[" if is_code_quality_name(path.name) else BEGINNINGS.get(suffix, "{")
    file = json_report.destination(path, beginning) if path.exists() or suffix in BEGINNINGS else None
    if file is None or suffix not in BEGINNINGS:
        known = listed(BEGINNINGS, conjunction="or")
        raise ReportError(f"{path} has no suffix that names a format of a report: give it {known}")
    if suffix == ".html":
        check_page_packages(path)
    return file


def check_page_packages(path: Path) -> None:
    """Refuse a page where what makes it is not installed.

    Args:
        path: of the page.

    Raises:
        ReportError: a package is missing.
    """
    missing = [name for name, module in _PAGE_PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ReportError(f"{path} needs {listed(missing, conjunction='and')}: {INSTALL}")


def write(
    report: Report, file: Path, *, data: str = "", all_charts: bool = False, repository: Repository | None = None
) -> None:
    """Write a report in the format of the file's suffix, in one piece.

    Args:
        report: what is written.
        file: where to.
        data: the name of a JSON file of the same report, for the commands that a page shows; empty for none.
        all_charts: whether a page draws every chart that there is.
        repository: what paths are relative to where CI services read them; None leaves them relative to the project.

    Raises:
        ReportError: it cannot be written; what was there before still is.
    """
    text = _for_services(report, file, repository) or _for_people(report, file, data, all_charts=all_charts)
    json_report.write_whole(text, file)


def _for_services(report: Report, file: Path, repository: Repository | None) -> str:
    """What code scanning and GitLab read; empty for a file of another format."""
    if file.suffix.lower() == ".sarif":
        from pytest_modelcompat.report.sarif_run import run_sarif

        return run_sarif(report, repository) + "\n"
    if is_code_quality_name(file.name):
        from pytest_modelcompat.report.code_quality import code_quality

        return code_quality(report, repository) + "\n"
    return ""


def _for_people(report: Report, file: Path, data: str, *, all_charts: bool) -> str:
    suffix = file.suffix.lower()
    if suffix == ".html":
        from pytest_modelcompat.report.page.document import page_text

        return page_text(report, beginning=HTML_BEGINNING, data=data, all_charts=all_charts)
    if suffix == ".md":
        return markdown_text(report)
    return json_report.json_text(report)


def is_own_json(file: Path) -> bool:
    """Whether a report is stored there, in JSON of our own, which other formats can be made of again."""
    return file.suffix.lower() == ".json" and not is_code_quality_name(file.name)


def in_order(files: list[Path]) -> list[Path]:
    """Files in the order in which they are written: those first of which the others can be made again."""
    return sorted(files, key=lambda file: not is_own_json(file))
