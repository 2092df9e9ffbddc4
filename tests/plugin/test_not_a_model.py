"""Artifacts that are no whole model, given to pytest as a path, by a pattern or by a marker: named as what they are."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`frozen.pb`, `model.tflite`, `a.weights.h5`, a checkpoint in `tracked` and an unzipped model."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    folder = tmp_path_factory.mktemp("others")
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2, name="score")])
    concrete: Any = tf.function(model).get_concrete_function(tf.TensorSpec((None, 3)))
    tf.io.write_graph(convert_variables_to_constants_v2(concrete).graph, str(folder), "frozen.pb", as_text=False)
    (folder / "model.tflite").write_bytes(handmade.tflite(["FlexErf"]))
    model.save_weights(folder / "a.weights.h5")
    model.save(folder / "unzipped", zipped=False)
    tf.train.Checkpoint(model=model).save(str(folder / "tracked" / "ckpt"))
    return folder


SENTENCES = {
    "frozen.pb": [
        "FORMAT NOT READ  *frozen.pb is a GraphDef (a graph alone), which no loader here takes: *",
        "*export the model as a SavedModel, or load the graph in code:",
        "*tf.graph_util.import_graph_def*",
    ],
    "model.tflite": ["ARTIFACT BROKEN  *model.tflite is a TensorFlow Lite model*tf.lite.Interpreter(model_path=path)"],
    "a.weights.h5": [
        "ARTIFACT BROKEN  *a.weights.h5 holds weights only, no model*",
        '*model.load_weights("models/a.weights.h5")',
    ],
    "tracked/ckpt-1.index": [
        "ARTIFACT BROKEN  *ckpt-1.index holds weights only*",
        "*tf.train.Checkpoint(model=model)*",
    ],
}


@pytest.mark.parametrize(("name", "lines"), SENTENCES.items(), ids=SENTENCES)
@pytest.mark.parametrize("given", ["path", "marker", "pattern"])
def test_is_named_as_what_it_is(project: Project, others: Path, name: str, lines: list[str], given: str) -> None:
    shutil.copytree(others, project.path / "models")
    if given == "path":
        result = project.run(f"models/{name}")
    elif given == "marker":
        marked = f'@pytest.mark.model_artifact("models/{name}")\ndef test_it():\n    return None\n'
        project.write("test_it.py", f"import pytest\n{marked}")
        result = project.run("test_it.py")
    else:
        project.write("pytest.ini", f"[pytest]\nmodelcompat_artifacts = models/**/{name.rpartition('/')[2]}\n")
        result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(lines)


def test_a_pattern_of_everything_means_models(project: Project, others: Path) -> None:
    shutil.copytree(others, project.path / "models")
    project.write("pytest.ini", "[pytest]\nmodelcompat_artifacts = models/**\n")
    result = project.run("--collect-only", "-q")
    assert "frozen.pb" not in result.stdout.str()
    assert "ckpt" not in result.stdout.str()


def test_an_unzipped_model_is_reloaded_from_its_folder(project: Project, others: Path) -> None:
    shutil.copytree(others / "unzipped", project.path / "unzipped")
    project.record("unzipped").assert_outcomes(passed=1)
    project.run("unzipped").assert_outcomes(passed=1)
