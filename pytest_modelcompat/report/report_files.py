"""The files that `--modelcompat-report` writes: the name of one says what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.report.code_quality import code_quality, is_code_quality_name
from pytest_modelcompat.report.json_report import write_report, write_text
from pytest_modelcompat.report.sarif_run import run_sarif

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.repository import Repository


def write_report_file(report: Report, file: Path, repository: Repository | None = None) -> None:
    """Write a report in the format of its file's name.

    Args:
        report: of a run, or of several merged ones.
        file: `out.sarif`, `gl-code-quality-report.json` or, in any other name, JSON of our own.
        repository: what the paths of the first two are shown in.

    Raises:
        ReportError: it cannot be written; what was there before still is.
    """
    if file.suffix == ".sarif":
        write_text(run_sarif(report, repository), file)
    elif is_code_quality_name(file.name):
        write_text(code_quality(report, repository), file)
    else:
        write_report(report, file)
