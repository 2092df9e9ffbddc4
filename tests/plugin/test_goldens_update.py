"""Recording goldens: when it is refused, what it writes, what it says it moved."""

from __future__ import annotations

import hashlib
import json
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
    first.stdout.fnmatch_lines(["*2 targets, 0 failed*; goldens: 0 matched, 1 written, 0 stale"])
    golden = project.path / "golden"
    before = content(golden)
    assert set(before) == {"test_it/test_model/golden.json", "test_it/test_model/arrays.npz"}

    second = project.record()
    second.stdout.fnmatch_lines(["*2 targets, 0 failed*; goldens: 0 matched, 0 written, 1 unchanged, 0 stale"])
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
            "*2 targets, 0 failed*; goldens: 0 matched, 0 written, 1 updated, 0 stale",
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


def test_other_inputs_are_reported_and_recorded_again(project: Project) -> None:
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


def test_other_inputs_with_the_same_outputs_are_reported_too(project: Project) -> None:
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


def test_weights_that_moved_within_tolerance_are_recorded(project: Project) -> None:
    write_model(project)
    project.record()
    recorded = project.path / "golden" / "test_it" / "test_model" / "golden.json"
    before = json.loads(recorded.read_text())
    write_model(project, kernel=1.000001)
    project.run().assert_outcomes(passed=2)
    project.record().stdout.fnmatch_lines(["*2 targets, 0 failed*; goldens: 0 matched, 0 written, 1 updated, 0 stale"])
    after = json.loads(recorded.read_text())
    assert [each["sha256"] for each in after["weights"]] != [each["sha256"] for each in before["weights"]]
    assert after["arrays"] != before["arrays"]
    assert set(after["formats"]) == {"h5", "keras"}

    # The golden's weights are the model's now, so that another output is nobody's fault but the numerics'.
    project.write("test_it.py", MODEL.format(kernel=1.000001, filled=1.0).replace("Dense(2", "Dense(2, 'tanh'"))
    project.run().stdout.fnmatch_lines(["*weights *equal the golden's, all 2"])


def test_several_workers_record_the_same_bytes_as_one_process(project: Project) -> None:
    recorded = []
    for run in (project.run, project.run_apart):
        write_model(project)
        project.record()
        write_model(project, kernel=1.000001)
        workers = ("-n", "2") if run == project.run_apart else ()
        run("--modelcompat-update-golden", *workers).assert_outcomes(passed=2)
        recorded.append({name: digest for name, (digest, _) in content(project.path / "golden").items()})
    assert recorded[0] == recorded[1]


UNSEEDED = """
    import numpy as np
    import pytest
    import tensorflow as tf

    keras = tf.keras
    random = np.random.default_rng()

    @pytest.mark.model_roundtrip(formats=["keras", "saved_model"])
    def test_model():
        initializer = keras.initializers.Constant(random.uniform(1, 2))
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=initializer)])
"""


def test_targets_of_one_case_that_record_different_models_fail(project: Project) -> None:
    project.write("test_it.py", UNSEEDED)
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "NOT DETERMINISTIC  test_model?*?: the builder gives another model each time it is called, as one does *",
            "*weights *differ*",
            "*fix *create its random values inside the builder, from a fixed seed, as np.random.default_rng(0),",
            "*2 targets, 1 failed; goldens: 0 matched, 1 written, 0 stale",
        ]
    )
    # A new session may record whatever the model has become.
    project.run("--modelcompat-update-golden").assert_outcomes(passed=1, failed=1)
    project.write("test_it.py", UNSEEDED.replace("random.uniform(1, 2)", "np.random.default_rng(1).uniform(1, 2)"))
    project.record().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ("Dense(2, kernel_initializer='zeros')", "every element is 0.0"),
        ("Dense(2, kernel_initializer='zeros', activation='sigmoid')", "every element is 0.5"),
        ("Rescaling(float('nan'))", "every element is NaN"),
    ],
)
def test_a_golden_that_says_little_is_recorded_with_a_warning(project: Project, layer: str, why: str) -> None:
    project.write(
        "test_it.py",
        f"""
        import keras
        import pytest

        @pytest.mark.model_roundtrip(formats=["keras", "h5"])
        def test_model():
            return keras.Sequential([keras.Input((3,)), keras.layers.{layer}])
        """,
    )
    warning = f"test_model?keras?: warning: the golden of output * says little of the model, as {why}*"
    recorded = project.record().stdout
    recorded.fnmatch_lines([warning])
    assert recorded.str().count("says little") == 1
    # Whoever has recorded it knows.
    assert "says little" not in project.run().stdout.str()
