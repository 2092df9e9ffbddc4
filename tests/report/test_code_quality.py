"""GitLab's Code Quality report, against https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.report import report_file
from pytest_modelcompat.report.code_quality import code_quality, is_code_quality_name
from pytest_modelcompat.report.repository import Repository
from pytest_modelcompat.results.finding import Kind
from tests.report.report_data import DRIFT, LOST, SCALE, failing, raising
from tests.report.test_json_report import a_report

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report

REPOSITORY = Repository(Path("/repo"), Path("/repo/services/ml"))


def entries_of(report: Report) -> Any:
    """The entries, each with exactly what the documentation lists."""
    entries = json.loads(code_quality(report, REPOSITORY))
    assert isinstance(entries, list)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert set(entry["location"]) == {"path", "lines"}
        assert set(entry["location"]["lines"]) == {"begin"}
        assert isinstance(entry["location"]["lines"]["begin"], int)
        path = entry["location"]["path"]
        assert not PurePosixPath(path).is_absolute()
        assert not path.startswith("./")
        assert all(isinstance(entry[name], str) and entry[name] for name in ("description", "check_name"))
    # Of two with one fingerprint GitLab shows the first.
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    return entries


def test_an_entry_for_each_problem_of_a_case() -> None:
    unsafe = replace(SCALE, kind=Kind.UNSAFE_CONTENT, code="U202", subject="op WriteFile")
    entries = entries_of(
        a_report(
            failing("test_a[h5]", SCALE, LOST),
            failing("test_a[keras]", SCALE, DRIFT),
            failing("test_b[h5]", unsafe, line=20),
            raising("test_c[h5]", "OSError: no data"),
            failing("test_d[h5]", SCALE, verdict="expected"),
        )
    )
    assert [(each["check_name"], each["severity"], each["location"]["lines"]["begin"]) for each in entries] == [
        ("unknown-layer", "major", 7),
        ("argument-not-saved", "minor", 7),
        ("predictions-drifted", "major", 7),
        ("U202", "critical", 20),
        ("model-test-error", "major", 9),
    ]
    assert {each["location"]["path"] for each in entries} == {"services/ml/tests/test_it.py"}
    assert entries[0]["description"].startswith("test_a[h5], test_a[keras]: unknown layer Scale (")


def test_a_run_without_problems_is_an_empty_array() -> None:
    assert entries_of(a_report(failing("test_a[h5]"))) == []


def test_fingerprints_do_not_depend_on_lines_words_or_formats() -> None:
    (before,) = entries_of(a_report(failing("test_a[h5]", SCALE)))
    (after,) = entries_of(a_report(failing("test_a[keras]", replace(SCALE, cause="other words"), line=99)))
    (other,) = entries_of(a_report(failing("test_b[h5]", SCALE)))
    assert before["fingerprint"] == after["fingerprint"] != other["fingerprint"]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("gl-code-quality-report.json", True),
        ("models.codequality.json", True),
        ("Code_Quality.JSON", True),
        ("report.json", False),
        ("code-quality.txt", False),
    ],
)
def test_the_name_of_the_file_asks_for_it(name: str, is_one: bool) -> None:
    assert is_code_quality_name(name) is is_one


def test_each_name_is_written_in_its_format_without_a_byte_order_mark(tmp_path: Path) -> None:
    report = a_report(failing("test_a[h5]", SCALE))
    first = {}
    for name in ("gl-code-quality-report.json", "out.sarif", "report.json"):
        report_file.write(report, tmp_path / name, repository=REPOSITORY)
        first[name] = (tmp_path / name).read_bytes()[:1]
    assert first == {"gl-code-quality-report.json": b"[", "out.sarif": b"{", "report.json": b"{"}
    assert json.loads((tmp_path / "report.json").read_text())["schema"] == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(first)
