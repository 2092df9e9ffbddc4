"""Kinds of models from public reports, in the versions of the reports: what is predicted, what happens, what is said.

A kind whose versions are not among the chosen ones is skipped; with MODELCOMPAT_TEST_RUNTIMES=all none is.
"""

from __future__ import annotations

import platform
import re
import runpy
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.cli import main
from pytest_modelcompat.runtimes.names import runtime_name_of
from tests.other_versions.conftest import chosen
from tests.other_versions.reports import LOCAL, REPORTS, Load, Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

TEST = """
import numpy as np
import pytest
{imports}


@pytest.mark.model_artifact("{file}", runtimes=["{runtime}"], {options})
def test_it():
    return {inputs}
"""


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_verdict_reload_and_words(
    report: Report,
    project: Project,
    python_of: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at_hand = (LOCAL, *chosen())
    saver = next((name for name in report.savers if name in at_hand), "")
    loads = [load for load in report.loads if load.runtime in at_hand]
    if not saver or not loads:
        pytest.skip(f"needs {' or '.join(report.savers)}: MODELCOMPAT_TEST_RUNTIMES=all")
    monkeypatch.chdir(project.path)
    monkeypatch.syspath_prepend(project.path)
    save(report, saver, project, python_of)
    for load in loads:
        predicted(load, capsys)
        if load.runtime != LOCAL:
            python_of(load.runtime)
        reloaded(load, report.imports, project)


def save(report: Report, saver: str, project: Project, python_of: Callable[[str], Path]) -> None:
    for name, text in report.modules:
        project.write(name, text)
    script = project.write("save.py", report.script)
    if saver == LOCAL:
        runpy.run_path(str(script))
    else:
        subprocess.run([python_of(saver), script], check=True, capture_output=True)


def predicted(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict of `modelcompat check` begins as it has to, and its text has the words."""
    runtime = here() if load.runtime == LOCAL else load.runtime
    main(["check", load.file, "--runtime", runtime, *load.declared])
    out = capsys.readouterr().out
    verdict = re.search(rf"^  {re.escape(runtime)} +(.*)$", out, re.MULTILINE)
    assert verdict, out
    assert verdict[1].startswith(load.verdict), out
    assert all(words in " ".join(out.split()) for words in load.said), out


def here() -> str:
    """The runtime that pytest runs in, as `check` names it."""
    import keras
    import tensorflow as tf

    versions = {"tensorflow": tf.__version__, "keras": keras.__version__, "python": platform.python_version()}
    return runtime_name_of(versions)


def reloaded(load: Load, imports: str, project: Project) -> None:
    """The reload passes or fails as it has to, with the words; and it passes with what the text names."""

    def run(options: str) -> pytest.RunResult:
        words = {"imports": imports, "file": load.file, "runtime": load.runtime, "inputs": load.inputs}
        project.write("test_it.py", TEST.format(options=options, **words))
        return project.run("--modelcompat-update-golden", "test_it.py")

    result = run(load.options)
    result.assert_outcomes(**{"failed" if load.said else "passed": 1})
    text = " ".join(result.stdout.str().split())
    assert all(words in text for words in load.said), text
    assert "LOAD FAILED" not in text
    if load.mended:
        run(", ".join(filter(None, (load.options, load.mended)))).assert_outcomes(passed=1)


# The words of `check`, which leaves with 2 where a file is no model, and those of pytest where it runs the file.
NO_MODELS = {
    "frozen.pb": (0, "it is a graph alone, which load_model and tf.saved_model.load do not take"),
    "config.json": (2, "is the configuration of a model (Functional) without its weights"),
    "small.tflite": (2, "is a TensorFlow Lite model with"),
}
SAVE_NO_MODELS = """
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

inputs = tf.keras.Input((4,))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(2, activation="tanh")(inputs))
concrete = tf.function(model).get_concrete_function(tf.TensorSpec((None, 4)))
graph = convert_variables_to_constants_v2(concrete).graph.as_graph_def()
Path("frozen.pb").write_bytes(graph.SerializeToString())
Path("config.json").write_text(model.to_json())
Path("small.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
"""


def test_what_is_no_model_is_called_what_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.path)
    runpy.run_path(str(project.write("save.py", SAVE_NO_MODELS)))
    capfd.readouterr()
    for file, (code, words) in NO_MODELS.items():
        assert main(["check", file, "--runtime", here()]) == code
        captured = capfd.readouterr()
        assert words in captured.out + captured.err
    result = project.run("frozen.pb", "--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["FORMAT NOT READ  frozen.pb*is a GraphDef (a graph alone), which no loader here takes*"]
    )
