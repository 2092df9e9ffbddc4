"""`--modelcompat-report` of real runs, in the formats of services that show problems beside the source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.sarif_schema import problems_of_log

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Project

TESTS = """
    import pytest
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_bad():
        return tf.keras.Sequential([tf.keras.Input((3,)), Scale(), tf.keras.layers.Dense(2)])

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_raises():
        raise ValueError("no model")
"""
FILE, LINE = "services/ml/tests/test_it.py", 9


def run_in_a_subfolder(project: Project, monkeypatch: pytest.MonkeyPatch, report: str) -> str:
    """What a run writes whose project is a folder of the repository that a CI service has checked out."""
    project.write("services/ml/pytest.ini", "[pytest]\n")
    project.write("services/ml/tests/test_it.py", TESTS)
    monkeypatch.setenv("CI_PROJECT_DIR", str(project.path))
    monkeypatch.chdir(project.path / "services" / "ml")
    project.run(f"--modelcompat-report={report}").assert_outcomes(failed=3)
    # What a run of before has written is a report too, which may be written again.
    project.run(f"--modelcompat-report={report}").assert_outcomes(failed=3)
    return (project.path / "services" / "ml" / report).read_text(encoding="utf-8")


def test_sarif(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    text = run_in_a_subfolder(project, monkeypatch, "out.sarif")
    assert problems_of_log(text) == []
    (run,) = json.loads(text)["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["properties"]["targets"]) == ("unknown-layer", ["test_bad[h5]", "test_bad[keras]"])
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == (FILE, {"startLine": LINE})
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "test_raises[h5]: ValueError: no model"


def test_code_quality(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = json.loads(run_in_a_subfolder(project, monkeypatch, "gl-code-quality-report.json"))
    assert [(each["check_name"], each["severity"]) for each in entries] == [
        ("unknown-layer", "major"),
        ("model-test-error", "major"),
    ]
    assert entries[0]["location"] == {"path": FILE, "lines": {"begin": LINE}}
    assert entries[0]["description"].startswith("test_bad[h5], test_bad[keras]: unknown layer Scale (")
