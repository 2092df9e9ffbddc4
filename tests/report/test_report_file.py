"""A report in the format of its file's suffix."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.report import report_file
from pytest_modelcompat.report.json_report import ReportError, read_report
from tests.report.test_json_report import a_report, a_target

SUFFIXES = (".json", ".html", ".md", ".sarif")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_report_may_replace_one_of_its_format(tmp_path: Path, suffix: str) -> None:
    file = report_file.destination(tmp_path / "made" / f"report{suffix}")
    report_file.write(a_report(a_target()), file)
    assert report_file.destination(file) == file
    report_file.write(a_report(a_target(verdict="failed")), file)
    assert "UNKNOWN OP" in file.read_text()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_anything_else_is_never_replaced(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"notes{suffix}"
    file.write_text("<!doctype html>\n<p>mine")
    with pytest.raises(ReportError, match="is there and is not a report, so it is not overwritten"):
        report_file.destination(file)


@pytest.mark.parametrize("name", ["report.txt", "report", "report.htm", "made/report.xml"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportError) as caught:
        report_file.destination(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name} has no suffix that names a format of a report: give it .json, .html, .md or .sarif"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_suffix_in_capitals(tmp_path: Path) -> None:
    file = report_file.destination(tmp_path / "REPORT.HTML")
    report_file.write(a_report(a_target()), file)
    assert file.read_text().startswith("<!doctype html>")


def test_without_its_packages_a_page_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    gone = ("altair", "vl_convert")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in gone else find(name))
    with pytest.raises(ReportError) as caught:
        report_file.destination(tmp_path / "report.html")
    assert str(caught.value) == (
        f'{tmp_path / "report.html"} needs altair and vl-convert-python: pip install "pytest-modelcompat[report]"'
    )
    assert report_file.destination(tmp_path / "report.md")


def test_the_extra_has_what_the_page_needs() -> None:
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    extra = text.partition("\nreport = [")[2].partition("\n]")[0]
    assert [line.strip(' ",').partition(">")[0] for line in extra.strip().splitlines()] == [
        "altair",
        "jinja2",
        "vl-convert-python",
    ]


def test_json_is_written_first() -> None:
    files = [Path("a.html"), Path("b.json"), Path("c.md")]
    assert report_file.in_order(files) == [Path("b.json"), Path("a.html"), Path("c.md")]


def test_markdown_has_the_table_the_remarks_and_the_texts(tmp_path: Path) -> None:
    failed = a_target(verdict="failed", text="UNKNOWN OP  it:\n```\n  <b>said</b>")
    report = a_report(a_target("test_b[h5]"), failed, stale=("old",), complete=False)
    file = tmp_path / "report.md"
    report_file.write(report, file)
    text = file.read_text()
    assert "| `test_ranker[h5]` | UNKNOWN OP |" in text
    assert "not complete" in text
    assert "stale golden: old" in text
    # Backticks of the text do not end its fence, and nothing of it is HTML.
    assert "\n````\nUNKNOWN OP  it:\n```\n  <b>said</b>\n````\n" in text
    assert "<summary>test_it.py::test_ranker[h5]</summary>" in text


def test_a_report_of_the_first_schema_is_read_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    report_file.write(a_report(a_target(verdict="failed"), a_target("test_b[h5]")), file)
    old: dict[str, Any] = {**json.loads(file.read_bytes()), "schema": 1}
    file.write_text(json.dumps(old))
    report = read_report(file)
    assert report.targets[0]["pictures"] == []
    page = tmp_path / "old.html"
    report_file.write(report, page)
    assert "it has no op Erf" in page.read_text()
