"""The file of a report: plain data, strict JSON, written in one piece, and read with suspicion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from pytest_modelcompat.comparison.differences import Drift
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.report import json_report
from pytest_modelcompat.report.json_report import Report, ReportError, counts, portable, read_report, write_report
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.result import Result, ResultContext


def a_target(label: str = "test_ranker[h5]", runtime: str = "local", verdict: str = "passed", **more: Any) -> Any:
    """A target as it stands in a report; its kind and first line follow from what is given."""
    title = label if runtime.startswith("local") else label.removesuffix("]") + f"-{runtime}]"
    failed = verdict in ("failed", "expected")
    return {
        "nodeid": f"test_it.py::{title}",
        "started": "2026-03-01T10:00:00.000+00:00",
        "case": f"test_it/{label.partition('[')[0]}",
        "title": title,
        "format": label.partition("[")[2].rstrip("]").partition(":")[0] or None,
        "runtime": runtime,
        "frozen": label.partition(":")[2].rstrip("]") or None,
        "artifact": False,
        "verdict": verdict,
        "headline": f"UNKNOWN OP  {title}: it has no op Erf" if failed else None,
        "kinds": ["UNKNOWN OP"] if failed else [],
        "findings": [],
        "drifts": [],
        "golden": None,
        "seconds": 0.5,
        "peak_memory": None,
        **more,
    }


def a_report(*targets: Any, **more: Any) -> Report:
    started = more.pop("started", "2026-03-01T10:00:00.000+00:00")
    runtimes = more.pop("runtimes", {target["runtime"]: {} for target in targets})
    targets = tuple({**target, "started": started} for target in targets)
    return Report(started, more.pop("seconds", 2.0), more.pop("project", "shop"), runtimes, targets, **more)


def test_scalars_of_numpy_become_builtins() -> None:
    given = {"a": np.float32(0.5), "b": np.int64(3), "c": (np.str_("x"), b"y\xff"), "d": [None, True], 5: Path("p")}
    found = portable(given)
    assert found == {"a": 0.5, "b": 3, "c": ["x", "y\\xff"], "d": [None, True], "5": "p"}
    assert [type(found["a"]), type(found["b"]), type(found["c"]), type(found["c"][0])] == [float, int, list, str]


def test_what_is_no_finite_number_becomes_text() -> None:
    given = [float("nan"), np.float32("inf"), -float("inf")]
    assert portable(given) == ["nan", "inf", "-inf"]


def test_a_result_with_figures_of_numpy_and_none_at_all() -> None:
    figures = Drift(
        output="score",
        dtype="float32",
        shape=(2, None),
        total=cast("int", np.int64(4)),
        mismatched=1,
        max_abs=cast("float", np.float32(0.5)),
        max_abs_at=None,
        max_rel=float("inf"),
        max_rel_at=None,
        tolerance=Tolerance(0, 0, "marker"),
        nan_mismatched=0,
        inf_mismatched=1,
        identical=False,
        worst=(),
        allowance_used=float("inf"),
        passing_atol=None,
        passing_rtol=None,
    )
    note = Finding(Kind.STATE_LOST, "seed", severity=Severity.NOTE)
    result = Result("test_it[h5]", "test_it", "h5", "tf2.4", (note,), ResultContext("a.h5"), drifts=(figures,))
    found = portable(json_report.result_data(result, frozen="v1", seconds=0.12345))
    assert found["drifts"] == [
        {
            "output": "score",
            "dtype": "float32",
            "shape": [2, None],
            "max_abs": 0.5,
            "max_rel": "inf",
            "mismatched": 1,
            "total": 4,
            "holds": False,
            "nan_mismatched": 0,
            "inf_mismatched": 1,
            "identical": False,
            "rtol": 0,
            "atol": 0,
            "tolerance_from": "marker",
            "compared_by": None,
            "figures": None,
        }
    ]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["verdict"], found["kinds"], found["findings"][0]["kind"]) == ("passed", [], "STATE LOST")
    assert (found["frozen"], found["seconds"], found["peak_memory"], found["golden"]) == ("v1", 0.123, None, None)


def test_what_no_worker_could_send_is_spelt_out() -> None:
    assert portable({"\ud800": "a\ud800b"}) == {"\\ud800": "a\\ud800b"}


def test_paths_are_relative_to_the_project() -> None:
    given = {"/home/me/shop/a": ["in /home/me/shop/models/a.h5, not /home/me/shops"]}
    assert portable(given, "/home/me/shop") == {"a": ["in models/a.h5, not /home/me/shops"]}
    assert portable("/models/a.h5", "/") == "/models/a.h5"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    problems = ({"nodeid": "test_broken.py", "headline": "ImportError"},)
    targets = (a_target(), a_target("test_old[h5:v1.2]", "tf2.4", "failed"))
    report = a_report(*targets, stale=("test_it/test_gone",), problems=problems, complete=False)
    file = tmp_path / "made" / "report.json"
    write_report(report, file)
    assert read_report(file) == report
    assert [path.name for path in file.parent.iterdir()] == ["report.json"]
    assert json.loads(file.read_text())["counts"] == {
        "targets": 2, "passed": 1, "failed": 1, "expected": 0, "error": 0, "skipped": 0,
    }  # fmt: skip


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_report(a_report(a_target()), file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_report(a_report(a_target(seconds=float("nan"))), file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("verdict", "more", "failed"),
    [
        ("passed", {}, False),
        ("expected", {}, False),
        ("skipped", {}, False),
        ("failed", {}, True),
        ("error", {}, True),
        ("passed", {"complete": False}, True),
        ("passed", {"problems": ({"nodeid": "a", "headline": "b"},)}, True),
    ],
)
def test_whether_it_failed(verdict: str, more: Any, *, failed: bool) -> None:
    assert a_report(a_target(verdict=verdict), **more).failed is failed


def test_counts() -> None:
    targets = [a_target(verdict=verdict) for verdict in ("passed", "passed", "error")]
    assert counts(targets) == {"targets": 3, "passed": 2, "failed": 0, "expected": 0, "error": 1, "skipped": 0}


def altered(**changes: Any) -> bytes:
    document = json_report.document(a_report(a_target()), "pytest-modelcompat 9.9")
    return json.dumps({**document, **changes}).encode()


NO_REPORT = "is not a report of pytest --modelcompat-report"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"import os", f"{NO_REPORT}: it is not JSON"),
        (b"\xff\xfe", f"{NO_REPORT}: it is not JSON"),
        (b"[" * 100_000, f"{NO_REPORT}: it is not JSON"),
        (b"[]", NO_REPORT),
        (b'{"schema": 1}', NO_REPORT),
        (altered(schema=3), "is a report of schema 3, written by pytest-modelcompat 9.9, and this version reads"),
        (altered(targets=None), "is an incomplete report"),
        (altered(targets=[{"nodeid": "x"}]), "is an incomplete report: KeyError"),
        (altered(targets=[a_target(verdict="fine")]), "there is no verdict 'fine'"),
        (altered(targets=[a_target(title=3)]), "3 is no text"),
        (altered(targets=[a_target(kinds=[{}])]), "{} is no text"),
        (altered(runtimes=["local"]), "is an incomplete report: AttributeError"),
        (altered(seconds="long"), "is an incomplete report: ValueError"),
    ],
    ids=range(13),
)
def test_a_file_that_is_no_report_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)
    with pytest.raises(ReportError) as caught:
        read_report(file)
    assert str(caught.value).startswith(str(file))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"a\.json cannot be read: No such file or directory"):
        read_report(tmp_path / "a.json")


def test_a_report_may_replace_a_report_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "made" / "report.json"
    assert json_report.destination(file) == file.resolve()
    assert list(file.parent.iterdir()) == []
    write_report(a_report(a_target()), file)
    assert json_report.destination(file) == file.resolve()
    file.write_text("def test_it(): ...")
    with pytest.raises(ReportError, match="is there and is not a report"):
        json_report.destination(file)


def test_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(real)
    write_report(a_report(a_target()), json_report.destination(link))
    assert link.is_symlink()
    assert read_report(real) == read_report(link)
