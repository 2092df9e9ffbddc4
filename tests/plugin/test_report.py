"""`--modelcompat-report`: what stands in the file, whatever becomes of the tests, with and without workers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.report.failure_text import CANNOT_LOAD

if TYPE_CHECKING:
    from tests.conftest import Project

MODEL = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build(*more):
        return keras.Sequential([keras.Input((3,)), *more, keras.layers.Dense(2, name="score")])
"""
GOOD = """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_good():
        return build()
"""
BAD = """
    @pytest.mark.model_roundtrip(formats=["keras", pytest.param("h5", marks=pytest.mark.xfail(reason="known"))])
    def test_bad():
        return build(Scale())
"""
UNREACHED = """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_raises():
        raise ValueError("no model today\\nnor tomorrow")

    @pytest.mark.model_roundtrip(formats=["h5"])
    @pytest.mark.xfail
    def test_raises_as_expected():
        raise ValueError("no model today")

    @pytest.fixture
    def broken():
        raise OSError("no data")

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_setup(broken):
        return build()

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_no_such_fixture(nothing):
        return build()

    @pytest.mark.skip(reason="not now")
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_skipped():
        return build()

    @pytest.mark.xfail(run=False, reason="it hangs")
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_not_run():
        return build()

    @pytest.mark.skip(reason="not now")
    def test_skipped_call(model_roundtrip):
        model_roundtrip(build())

    def test_ordinary():
        raise ValueError("of no interest here")
"""
CALLS = """
    def test_calls(model_roundtrip):
        model_roundtrip(build, formats=["h5", "keras"])

    def test_looks_itself(model_roundtrip):
        model_roundtrip(build, formats=["h5"])
        assert False, "not what I want"

    def test_wants_it_to_fail(model_roundtrip):
        with pytest.raises(AssertionError):
            model_roundtrip(lambda: build(Scale()), formats=["h5"])

    @pytest.mark.xfail(strict=True, reason="known")
    def test_is_fixed(model_roundtrip):
        model_roundtrip(build, formats=["h5"])
"""


def read(project: Project, name: str = "report.json") -> dict[str, Any]:
    """The report, which must be strict JSON."""

    def refuse(literal: str) -> None:
        raise AssertionError(f"{literal} is not JSON")

    found: dict[str, Any] = json.loads((project.path / name).read_bytes(), parse_constant=refuse)
    return found


def verdicts(report: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {target["title"]: (target["verdict"], target["headline"]) for target in report["targets"]}


PASSED: dict[str, Any] = {
    "nodeid": "test_it.py::test_good[h5]",
    "case": "test_it/test_good",
    "title": "test_good[h5]",
    "format": "h5",
    "runtime": "local",
    "frozen": None,
    "artifact": False,
    "verdict": "passed",
    "headline": None,
    "kinds": [],
    "findings": [],
    "golden_drifts": [],
    "golden": "written",
    "file": "test_it.py",
    "line": 14,
    "text": None,
    "accept": None,
    "pictures": [],
}
NO_DRIFT: dict[str, Any] = {
    "output": "output",
    "dtype": "float32",
    "shape": [4, 2],
    "max_abs": 0.0,
    "max_rel": 0.0,
    "mismatched": 0,
    "total": 8,
    "holds": True,
    "nan_mismatched": 0,
    "inf_mismatched": 0,
    "identical": True,
    "rtol": 1.3e-06,
    "atol": 1e-05,
    "tolerance_from": "dtype float32",
    "compared_by": None,
    "figures": None,
}


def test_a_target_that_fails_one_expected_to_and_one_that_passes(project: Project) -> None:
    project.write("test_it.py", MODEL + GOOD + BAD)
    result = project.run(
        "--modelcompat-update-golden", "--modelcompat-report", "made/report.json", "--junitxml=out.xml"
    )
    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*- model compatibility report: made/report.json -*"])
    report = read(project, "made/report.json")

    assert (report["schema"], report["generator"].split()[0]) == (2, "pytest-modelcompat")
    assert (report["project"], report["complete"]) == (project.path.name, True)
    assert report["counts"] == {"targets": 3, "passed": 1, "failed": 1, "expected": 1, "error": 0, "skipped": 0}
    assert list(report["runtimes"]) == ["local"]
    assert set(report["runtimes"]["local"]) >= {"keras", "tensorflow", "python"}
    assert report["seconds"] > 0

    good, bad, known = report["targets"]
    (drift,) = good.pop("drifts")
    assert 0 < good.pop("seconds") < report["seconds"]
    assert good.pop("peak_memory") > 2**20
    assert good.pop("timings")["load"] > 0
    assert good.pop("golden_made_by") == good.pop("saved_by") == report["runtimes"]["local"]
    inventory = good.pop("inventory")
    assert (inventory["model_class"], inventory["layer_classes"]["Dense"], inventory["parameters"]) == (
        "Sequential",
        1,
        8,
    )
    assert good == {**PASSED, "started": report["started"]}
    assert drift == NO_DRIFT
    assert (bad["verdict"], bad["headline"]) == ("failed", f"UNKNOWN LAYER  test_bad[keras]: {CANNOT_LOAD}")
    assert (known["verdict"], known["headline"]) == ("expected", f"UNKNOWN LAYER  test_bad[h5]: {CANNOT_LOAD}")
    assert bad["text"].startswith(bad["headline"])
    assert 'custom_objects={"Scale": Scale}' in bad["text"]
    assert bad["kinds"] == known["kinds"] == ["UNKNOWN LAYER"]
    assert (bad["findings"][0]["subject"], bad["findings"][0]["severity"]) == ("Scale", "error")

    text = (project.path / "made/report.json").read_text()
    assert str(project.path) not in text
    # What is of any size stays out of JUnit XML.
    names = {each.get("name") for each in ET.parse(project.path / "out.xml").iter("property")}  # noqa: S314
    assert "modelcompat.findings" not in names


def test_targets_that_were_not_reached(project: Project) -> None:
    project.write("test_it.py", MODEL + UNREACHED)
    project.run("--modelcompat-report=report.json")
    assert verdicts(read(project)) == {
        "test_raises[h5]": ("error", "ValueError: no model today"),
        "test_raises_as_expected[h5]": ("expected", "ValueError: no model today"),
        "test_setup[h5]": ("error", "OSError: no data"),
        "test_no_such_fixture[h5]": ("error", "fixture 'nothing' not found"),
        "test_skipped[h5]": ("skipped", "not now"),
        "test_not_run[h5]": ("skipped", "[NOTRUN] it hangs"),
        "test_skipped_call": ("skipped", "not now"),
    }
    skipped, *_, call = (each for each in read(project)["targets"] if each["verdict"] == "skipped")
    assert (skipped["case"], skipped["format"], skipped["runtime"]) == ("test_it/test_skipped", "h5", "local")
    assert (call["case"], call["format"], call["runtime"]) == ("test_it/test_skipped_call", None, "local")


def test_calls_of_the_fixture(project: Project) -> None:
    project.write("test_it.py", MODEL + CALLS)
    project.run("--modelcompat-update-golden", "--modelcompat-report=report.json")
    report = read(project)
    assert verdicts(report) == {
        "test_calls[h5]": ("passed", None),
        "test_calls[keras]": ("passed", None),
        "test_looks_itself[h5]": ("error", "AssertionError: not what I want"),
        "test_wants_it_to_fail[h5]": (
            "expected",
            f"UNKNOWN LAYER  test_wants_it_to_fail[h5]: {CANNOT_LOAD}",
        ),
        "test_is_fixed[h5]": ("failed", "[XPASS(strict)] known"),
    }
    assert [each["kinds"] for each in report["targets"] if each["title"] == "test_is_fixed[h5]"] == [
        ["UNEXPECTED PASS"]
    ]


def test_artifacts_builders_and_releases(project: Project) -> None:
    project.write("shop.py", MODEL)
    project.write("test_it.py", MODEL + GOOD)
    project.run("--modelcompat-update-golden", "-p", "no:randomly").assert_outcomes(passed=1)
    project.run("--modelcompat-freeze=v1.0").assert_outcomes(passed=1)
    project.run("--modelcompat-keep=kept").assert_outcomes(passed=2)
    (model,) = (project.path / "kept").rglob("*.h5")
    model.rename(project.path / "ranker.h5")

    names = ("--modelcompat-model=shop:build", "--modelcompat-format=h5", "test_it.py", "ranker.h5")
    project.run("--modelcompat-update-golden", "--modelcompat-report=report.json", *names).assert_outcomes(passed=4)
    found = {
        each["nodeid"]: (each["title"], each["case"], each["frozen"], each["artifact"], each["golden"])
        for each in read(project)["targets"]
    }
    assert found == {
        "test_it.py::test_good[h5]": ("test_good[h5]", "test_it/test_good", None, False, "unchanged"),
        "test_it.py::test_good[h5:v1.0]": (
            "test_good[h5:v1.0]",
            "test_it/test_good",
            "v1.0",
            "golden/test_it/test_good/frozen/v1.0/model.h5",
            "matched",
        ),
        "ranker.h5::ranker.h5[h5]": ("ranker.h5[h5]", "ranker.h5", None, "ranker.h5", "written"),
        "shop:build[h5]": ("build[h5]", "shop:build", None, False, "written"),
    }


def test_stale_goldens_and_modules_that_cannot_be_imported(project: Project) -> None:
    project.write("test_it.py", MODEL + GOOD + GOOD.replace("good", "gone"))
    project.record()
    project.write("test_it.py", MODEL + GOOD)
    project.run("--modelcompat-report=report.json")
    assert read(project)["stale"] == ["test_it/test_gone"]

    project.write("test_broken.py", "import nothing_of_that_name")
    project.run("--modelcompat-report=report.json", "--continue-on-collection-errors")
    report = read(project)
    assert report["stale"] == []
    (problem,) = report["problems"]
    assert problem["nodeid"] == "test_broken.py"
    assert problem["headline"] == "ModuleNotFoundError: No module named 'nothing_of_that_name'"


@pytest.mark.parametrize("ends", ["pytest.exit('enough')", "raise KeyboardInterrupt"])
def test_an_interrupted_session_has_what_there_is_so_far(project: Project, ends: str) -> None:
    project.write("test_it.py", MODEL + GOOD + f"\n    def test_ends():\n        {ends}\n" + BAD)
    project.run_apart("--modelcompat-update-golden", "--modelcompat-report=report.json")
    report = read(project)
    assert report["complete"] is False
    assert verdicts(report) == {"test_good[h5]": ("passed", None)}


def test_a_session_that_stops_at_the_first_failure_is_not_complete(project: Project) -> None:
    project.write("test_it.py", MODEL + BAD + GOOD)
    project.run("-x", "--modelcompat-report=report.json")
    report = read(project)
    assert (report["complete"], [each["title"] for each in report["targets"]]) == (False, ["test_bad[keras]"])


def test_workers_report_what_one_process_does(project: Project) -> None:
    more = "\n    def test_dies():\n        import os\n        os._exit(3)\n"
    project.write("test_it.py", MODEL + GOOD + BAD + CALLS + UNREACHED)
    project.run("--modelcompat-update-golden", "--modelcompat-report=alone.json")
    project.write("test_dies.py", more)
    result = project.run_apart("-n", "2", "--modelcompat-report=apart.json")
    alone, apart = read(project, "alone.json"), read(project, "apart.json")
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    moving = ("started", "seconds", "peak_memory", "golden", "golden_made_by", "timings", "drifts", "golden_drifts")
    told = [
        [{name: value for name, value in each.items() if name not in moving} for each in report["targets"]]
        for report in (alone, apart)
    ]
    assert [each["title"] for each in told[1]] == [each["title"] for each in told[0]]
    assert [_without_logs(each) for each in told[1]] == [_without_logs(each) for each in told[0]]
    assert apart["runtimes"] == alone["runtimes"]
    assert apart["targets"][0]["drifts"][0]["total"] == 8
    (problem,) = apart["problems"]
    assert problem["nodeid"] == "test_dies.py::test_dies"
    assert "crashed while running" in problem["headline"]


def _without_logs(target: dict[str, Any]) -> dict[str, Any]:
    # Of what a test raises, pytest-xdist prints which worker it ran in.
    text = None if target["verdict"] == "error" else target["text"]
    return {**target, "text": text, "findings": [{**each, "log": ""} for each in target["findings"]]}


def test_a_session_without_model_tests_has_none(project: Project) -> None:
    project.write("test_it.py", "def test_it(): ...")
    project.run("--modelcompat-report=report.json").assert_outcomes(passed=1)
    assert (read(project)["targets"], read(project)["complete"]) == ([], True)


def test_nothing_is_written_where_nothing_runs(project: Project) -> None:
    project.write("test_it.py", MODEL + GOOD)
    project.run("--collect-only", "--modelcompat-report=made/report.json")
    assert not (project.path / "made").exists()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("test_it.py", "test_it.py is there and is not a report, so it is not overwritten; name another file"),
        ("tests", "tests is a folder; name a file in it, such as tests/report.json"),
        ("", ". is a folder; name a file in it, such as report.json"),
        ("test_it.py/report.json", "test_it.py/report.json cannot be written: *"),
        ("/dev/null", "/dev/null is there and is not a report, so it is not overwritten; name another file"),
    ],
)
def test_what_cannot_be_written_is_said_at_the_start(project: Project, path: str, told: str) -> None:
    test = project.write("test_it.py", "def test_it(): ...")
    project.write("tests/__init__.py", "")
    result = project.run(f"--modelcompat-report={path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: modelcompat: --modelcompat-report: {told}"])
    assert test.read_text() == "def test_it(): ..."


def test_what_can_no_longer_be_written_fails_the_session(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        from pathlib import Path

        def test_it():
            Path("report.json").mkdir()
        """,
    )
    result = project.run("--modelcompat-report=report.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["modelcompat: --modelcompat-report: * cannot be written: *"])
    assert [path.name for path in project.path.glob(".*.tmp")] == []
