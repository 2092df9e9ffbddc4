"""A given or frozen model that does not load says the command that migrates it, and the command makes it pass."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.cli import main as modelcompat
from pytest_modelcompat.golden.release_serialization import digest_of

pytest.importorskip("tf_keras")

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

FIX = "  fix        migrate it: "
RANKER = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_ranker():
        return keras.Sequential([keras.Input((5, 3)), keras.layers.GRU(4), keras.layers.Dense(2)])
"""


def save_by_keras_2(path: Path, weights: list[Any] | None = None) -> None:
    """The ranker of `RANKER` as an .h5 of Keras 2, whose GRU has arguments that Keras 3 does not take."""
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential([tf_keras.Input((5, 3)), layers.GRU(4), layers.Dense(2)])
    if weights is not None:
        model.set_weights(weights)
    model.save(path)


def run_advised(result: pytest.RunResult) -> None:
    """Run the command that a failure text gives as its fix."""
    line = next(line for line in result.stdout.lines if line.startswith(FIX))
    words = shlex.split(line.removeprefix(FIX))
    assert words[0] == "modelcompat"
    assert modelcompat(words[1:]) == 0


def test_the_command_that_is_advised_makes_a_model_that_loads(project: Project) -> None:
    (project.path / "models").mkdir()
    save_by_keras_2(project.path / "models" / "ranker.h5")
    result = project.run("models/ranker.h5", "--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{FIX}modelcompat migrate models/ranker.h5 --runtime tf2.21*", "  * or load it *"])
    run_advised(result)
    written = next((project.path / "models").glob("ranker.tf2.21*.h5"))
    project.run(str(written), "--modelcompat-update-golden").assert_outcomes(passed=1)


def test_a_release_is_held_by_its_migrated_copy_and_to_the_same_golden(project: Project) -> None:
    import keras

    project.write("test_it.py", RANKER)
    project.record("--modelcompat-freeze", "v1").assert_outcomes(passed=1)
    frozen = project.path / "golden" / "test_it" / "test_ranker" / "frozen" / "v1"
    weights = keras.models.load_model(frozen / "model.h5").get_weights()
    save_by_keras_2(frozen / "model.h5", weights)
    freeze_again(frozen)
    result = project.run("-k", "v1")
    result.assert_outcomes(failed=1)
    run_advised(result)
    project.run("-k", "v1").assert_outcomes(passed=1)
    # What the copy was made of is another artifact then.
    save_by_keras_2(frozen / "model.h5", [each * 2 for each in weights])
    freeze_again(frozen)
    project.run("-k", "v1").assert_outcomes(failed=1)


def test_what_no_edit_answers_has_no_such_fix(project: Project) -> None:
    import tf_keras

    (project.path / "models").mkdir()
    layers = tf_keras.layers
    tf_keras.Sequential([tf_keras.Input((5, 3)), layers.LocallyConnected1D(2, 3)]).save(
        project.path / "models" / "ranker.h5"
    )
    result = project.run("models/ranker.h5")
    result.assert_outcomes(failed=1)
    assert "modelcompat migrate" not in result.stdout.str()


def freeze_again(folder: Path) -> None:
    """Say in a release's record that its artifact is what it is now."""
    file = folder / "frozen.json"
    record = json.loads(file.read_text("utf-8"))
    record["formats"]["h5"]["sha256"], record["formats"]["h5"]["size"] = digest_of(folder / "model.h5")
    file.write_text(json.dumps(record), encoding="utf-8")
