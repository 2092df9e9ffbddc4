"""`--modelcompat-report` in several formats: of real runs of every verdict, and with workers."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.cli import main
from tests.plugin.test_report import BAD, CALLS, GOOD, MODEL, UNREACHED, read

if TYPE_CHECKING:
    from tests.conftest import Project

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/report-schema-2.json").read_text(encoding="utf-8"))
DRIFTS = """
    import os

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_drifts():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((24,)), keras.layers.Dense(16), keras.layers.Dense(12, name="score")])
        if os.environ.get("CHANGED"):
            kernel, bias = model.layers[1].get_weights()
            kernel[:, 5] += 0.5
            model.layers[1].set_weights([kernel, bias])
        return model
"""


def problems(report: dict[str, Any]) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(report)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def test_reports_of_every_verdict_are_as_the_schema_says(project: Project) -> None:
    project.write("test_it.py", MODEL + GOOD + BAD + UNREACHED + CALLS)
    project.write("test_broken.py", "import nothing_of_that_name")
    project.run("--modelcompat-update-golden", "--continue-on-collection-errors", "--modelcompat-report=r.json")
    report = read(project, "r.json")
    assert {target["verdict"] for target in report["targets"]} == {"passed", "failed", "expected", "error", "skipped"}
    assert problems(report) == []
    (raised,) = (each for each in report["targets"] if each["title"] == "test_raises[h5]")
    assert 'raise ValueError("no model today' in raised["text"]
    # The schema says something: a field that it does not know is refused.
    report["targets"][0]["colour"] = "red"
    assert problems(report)


def test_a_drift_has_pictures_layers_and_a_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("test_it.py", MODEL + GOOD + DRIFTS)
    project.record()
    monkeypatch.setenv("CHANGED", "1")
    names = ("r.html", "r.json", "out/r.md", "r.sarif")
    result = project.run(*(f"--modelcompat-report={name}" for name in names))
    result.stdout.fnmatch_lines(["*- model compatibility report: r.json, r.html, out/r.md, r.sarif -*"])
    report = read(project, "r.json")
    assert problems(report) == []
    good, drifted, _ = report["targets"]
    assert (good["text"], good["pictures"], good["accept"]) == (None, [], None)
    assert good["inventory"]["layer_classes"]["Dense"] == 1
    assert good["timings"]["load"] > 0
    assert drifted["accept"] == "pytest test_it.py::test_drifts --modelcompat-update-golden"
    (picture,) = drifted["pictures"]
    assert (picture["output"], picture["against"], picture["total"]) == ("output", "golden", 48)
    assert picture["heat_map"]["by_column"].index(max(picture["heat_map"]["by_column"])) == 5
    assert [each["is_first"] for each in drifted["findings"][0]["layers"]] == [False, True]
    # Few kilobytes a target, log and text included.
    assert len(json.dumps(drifted)) < 20_000

    page = (project.path / "r.html").read_text(encoding="utf-8")
    assert page.count("<svg role=") == 2
    assert "test_drifts[h5]</a>" not in page
    assert "and 1 more" in page
    assert "PREDICTIONS DRIFTED" in (project.path / "out/r.md").read_text(encoding="utf-8")
    assert json.loads((project.path / "r.sarif").read_bytes())["runs"][0]["results"]


def test_without_a_report_nothing_is_binned(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("test_it.py", MODEL + DRIFTS)
    project.write(
        "conftest.py",
        """
        from pathlib import Path

        def pytest_modelcompat_result(result):
            with Path("pictures.txt").open("a") as stream:
                stream.write(f"{len(result.pictures)} {len(result.inventory)}\\n")
        """,
    )
    project.record()
    monkeypatch.setenv("CHANGED", "1")
    (project.path / "pictures.txt").unlink()
    project.run().assert_outcomes(failed=2)
    assert (project.path / "pictures.txt").read_text() == "0 0\n0 0\n"
    project.run("--modelcompat-report=r.md").assert_outcomes(failed=2)
    assert (project.path / "pictures.txt").read_text().endswith("1 10\n1 10\n")


def test_workers_draw_the_same_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("test_it.py", MODEL + GOOD + DRIFTS)
    project.record()
    monkeypatch.setenv("CHANGED", "1")
    project.run("--modelcompat-report=alone.json")
    result = project.run_apart("-n", "2", "--modelcompat-report=apart.json", "--modelcompat-report=apart.html")
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    alone, apart = (read(project, name)["targets"] for name in ("alone.json", "apart.json"))
    assert [each["pictures"] for each in apart] == [each["pictures"] for each in alone]
    assert [each["inventory"] for each in apart] == [each["inventory"] for each in alone]
    assert (project.path / "apart.html").read_text(encoding="utf-8").count("<svg role=") == 2


@pytest.mark.parametrize("has_data", [True, False])
def test_the_command_that_a_page_shows_draws_the_other_charts(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, has_data: bool
) -> None:
    project.write("test_it.py", MODEL + DRIFTS)
    project.record()
    monkeypatch.setenv("CHANGED", "1")
    project.run("--modelcompat-report=r.html", *(["--modelcompat-report=r.json"] if has_data else []))
    page = (project.path / "r.html").read_text(encoding="utf-8")
    shown = re.findall(r"<pre tabindex=0>([^<]*charts\.html)</pre>", page)[-1]
    *run, command = (shlex.split(line) for line in unescape(shown).splitlines())
    if has_data:
        assert not run
    else:
        assert run[0][0] == "pytest"
        project.run(*run[0][1:]).assert_outcomes(failed=1)
    assert command[0] == "modelcompat"
    capsys.readouterr()
    assert main(command[1:]) == 1
    assert capsys.readouterr().out == "charts.html: 1 target\n"
    assert (project.path / "charts.html").read_text(encoding="utf-8").count("<svg role=") == 4
    assert "test_drifts[keras]" not in (project.path / "charts.html").read_text(encoding="utf-8")


def test_an_unknown_suffix_is_said_at_the_start(project: Project) -> None:
    project.write("test_it.py", "def test_it(): ...")
    result = project.run("--modelcompat-report=r.json", "--modelcompat-report=out.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            (
                "ERROR: modelcompat: --modelcompat-report: out.txt has no suffix that names a format of a report: "
                "give it .json, .html, .md or .sarif"
            )
        ]
    )
