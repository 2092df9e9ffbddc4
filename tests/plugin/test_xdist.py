"""Several workers: the same ids, the same section, the same failure texts, the same goldens."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

MODELS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    @pytest.mark.parametrize("text", ["a/b", "x" * 120])
    def test_good(text):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(len(text))])

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_bad():
        return keras.Sequential([keras.Input((3,)), Scale()])

    def test_calls(model_roundtrip):
        model_roundtrip(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]), formats=["h5", "keras"])
"""


def outcomes(result: pytest.RunResult) -> set[str]:
    return {
        word
        for line in result.outlines
        for word in line.split()
        if "test_it.py::" in word and ("PASSED" in line or "FAILED" in line) and " - " not in line
    }


def section(result: pytest.RunResult) -> list[str]:
    start = next(place for place, line in enumerate(result.outlines) if "model compatibility" in line)
    lines = result.outlines[start + 1 :]
    return sorted(lines[: next(place for place, line in enumerate(lines) if line.startswith("="))])


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_workers_run_the_same_ids_write_the_same_bytes_and_tell_the_same(project: Project) -> None:
    project.write("test_it.py", MODELS)
    golden = project.path / "golden"
    project.run("--modelcompat-update-golden", "-k", "test_calls")
    (golden / "test_it/test_calls").rename(golden / "test_it/test_gone")
    shutil.copytree(golden, project.path / "start")

    alone = project.run("-v", "--modelcompat-update-golden")
    golden.rename(project.path / "alone")
    (project.path / "start").rename(golden)
    apart = project.run_apart("-v", "-n", "2", "--modelcompat-update-golden")

    for result in (alone, apart):
        result.assert_outcomes(passed=5, failed=1)
        result.stdout.fnmatch_lines(
            [
                "UNKNOWN LAYER  test_bad?keras?: the saved model cannot be loaded again with what the test declares",
                "FAILED test_it.py::test_bad?keras? - UNKNOWN LAYER Scale: the saved model cannot *",
            ]
        )
    assert outcomes(apart) == outcomes(alone)
    assert len(outcomes(alone)) == 6
    assert section(apart) == section(alone)
    assert "stale golden: test_it/test_gone (no test claims it)" in section(apart)
    assert digests(golden) == digests(project.path / "alone")
    assert len(digests(golden)) == 2 * 4


def test_a_builder_that_is_not_there_is_reported_by_the_workers_too(project: Project) -> None:
    result = project.run_apart("-n", "2", "--modelcompat-model", "nowhere:build")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["--modelcompat-model nowhere:build: there is no module 'nowhere' on the path or in *"])
