"""Recording goldens: when it is refused, what it writes, what it says it moved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

MODEL = """
    import numpy as np
    import pytest
    import tensorflow as tf

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_model():
        inputs = keras.Input((3,), name="features")
        layer = keras.layers.Dense(2, name="score", kernel_initializer=keras.initializers.Constant({kernel}))
        return keras.Model(inputs, layer(inputs)), np.full((2, 3), {filled}, "float32")
"""


def write_model(project: Project, kernel: float = 1.0, filled: float = 1.0) -> None:
    project.write("test_it.py", MODEL.format(kernel=kernel, filled=filled))


def content(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of change of each file, so that a file rewritten with its own bytes is seen too."""
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_update_is_refused_in_ci_unless_allowed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(project)
    monkeypatch.setenv("CI", "true")
    result = project.run("--modelcompat-update-golden")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: modelcompat: --modelcompat-update-golden is refused because the environment variable CI is set: *"]
    )
    assert not (project.path / "golden").exists()

    project.write("pytest.ini", "[pytest]\nmodelcompat_update_in_ci = true\n")
    project.record().assert_outcomes(passed=2)


def test_a_second_update_changes_no_byte(project: Project) -> None:
    write_model(project)
    first = project.record()
    first.stdout.fnmatch_lines(["*2 targets, 0 failed; goldens: 0 matched, 1 written, 0 stale"])
    golden = project.path / "golden"
    before = content(golden)
    assert set(before) == {"test_it/test_model/golden.json", "test_it/test_model/arrays.npz"}

    second = project.record()
    second.stdout.fnmatch_lines(["*2 targets, 0 failed; goldens: 0 matched, 0 written, 1 unchanged, 0 stale"])
    assert content(golden) == before
    project.run().assert_outcomes(passed=2)
    assert content(golden) == before


def test_an_update_says_what_moved_from_old_to_new(project: Project) -> None:
    write_model(project)
    project.record()
    write_model(project, kernel=1.5)
    result = project.record()
    # 3 * 1.5 - 3 * 1.0, in each of the 2 x 2 elements, said once though both formats agree on it
    result.stdout.fnmatch_lines(
        [
            "test_model?h5?: golden score moved by up to 1.5 in 4 of 4 elements beyond tolerance, old to new",
            "*2 targets, 0 failed; goldens: 0 matched, 0 written, 1 updated, 0 stale",
        ]
    )
    assert result.stdout.str().count("moved by") == 1
    project.run().assert_outcomes(passed=2)


def test_nothing_is_written_while_the_round_trip_fails(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        import tensorflow as tf

        keras = tf.keras

        class Scale(keras.layers.Layer):
            def call(self, inputs):
                return inputs * 2.0

        @pytest.mark.model_roundtrip(formats=["h5", "keras"])
        def test_model():
            return keras.Sequential([keras.Input((3,)), Scale()])
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["UNKNOWN LAYER  test_model?h5?: *"])
    result.stdout.fnmatch_lines(["*2 targets, 2 failed; goldens: 0 matched, 0 written, 0 stale"])
    assert not (project.path / "golden").exists()


def test_other_inputs_are_told_of_and_recorded_anew(project: Project) -> None:
    write_model(project)
    project.record()
    write_model(project, filled=2.0)
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_model?h5?: *",
            "*weights *equal the golden's, all 2",
            "*inputs *differ from those the golden was recorded with",
            "*accept *pytest test_it.py::test_model --modelcompat-update-golden",
        ]
    )
    project.record()
    project.run().assert_outcomes(passed=2)


def test_other_inputs_with_the_same_outputs_are_told_of_too(project: Project) -> None:
    write_model(project, kernel=0.0)
    project.record()
    write_model(project, kernel=0.0, filled=2.0)
    result = project.run("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["test_model?h5?: note: the inputs differ from those the golden was recorded with*"])
    project.record().stdout.fnmatch_lines(["*goldens: 0 matched, 0 written, 1 updated, 0 stale"])
    assert "note:" not in project.run("-v").stdout.str()


def test_a_format_that_the_golden_lacks_is_said_and_added(project: Project) -> None:
    write_model(project)
    project.record("--modelcompat-format", "h5")
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "GOLDEN MISSING  test_model?keras?: the golden of this case was recorded without the format keras",
            "*fix *pytest test_it.py::test_model --modelcompat-update-golden",
        ]
    )
    arrays = content(project.path / "golden")["test_it/test_model/arrays.npz"]
    project.record()
    assert content(project.path / "golden")["test_it/test_model/arrays.npz"] == arrays
    project.run().assert_outcomes(passed=2)
