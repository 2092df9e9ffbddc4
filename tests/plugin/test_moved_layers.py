"""Where predictions moved: the first layer that gives something else, of a reloaded model and from a golden alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

MODULE = """
    import keras
    from keras import layers as L


    class Moved(L.Dense):
        def load_own_variables(self, store):
            super().load_own_variables(store)
            kernel = self.kernel.numpy()
            kernel[1, 1] += 1e-3
            self.kernel.assign(kernel)


    def tower(moved=-1):
        inputs = x = keras.Input((4,))
        for number in range(5):
            cls = Moved if number == moved else L.Dense
            x = cls(4, name=f"dense_{number}", activation="tanh")(x)
        return keras.Model(inputs, x, name="tower")


    def model(moved=-1, bias=0.0, activation="tanh"):
        inputs = keras.Input((4,), name="features")
        x = tower(moved)(L.Dense(4, name="first")(inputs))
        made = keras.Model(inputs, L.Dense(2, name="score", activation=activation)(x))
        made.get_layer("tower").get_layer("dense_2").bias.assign([bias, 0.0, 0.0, 0.0])
        return made
"""
TEST = """
    import numpy as np
    import pytest

    import {module} as own

    @pytest.mark.model_roundtrip(formats=["keras", "h5"], custom_objects={{"Moved": own.Moved}})
    def test_model():
        return own.model({arguments}), np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
"""


def write(project: Project, module: str, arguments: str = "") -> None:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write(f"{module}.py", MODULE)
    project.write("test_it.py", TEST.format(module=module, arguments=arguments))


def findings(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """The errors of the first target, with their details."""
    project.run("--modelcompat-report", "report.json", *arguments)
    document = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["targets"][0]["findings"]
    return [each for each in found if each["severity"] == "error"]


def rows(finding: dict[str, Any]) -> list[list[str]]:
    """The table of layers, without its heading, a row as its words."""
    return [line.split() for line in finding["details"]["layers"].splitlines()[1:]]


def test_the_layer_whose_weight_comes_back_otherwise_is_named(project: Project) -> None:
    write(project, "moved_weights", "moved=2")
    drifted, weights = findings(project, "-k", "keras")[:2]
    assert drifted["kind"] == "PREDICTIONS DRIFTED"
    assert drifted["details"]["moved"].splitlines()[:2] == [
        'first in "tower/dense_2" (Moved): its inputs are the same bit for bit, its output is not',
        "of its weights dense_2/kernel is not the same",
    ]
    assert rows(drifted)[0] == ["tower/dense_1", "Dense", "equal"]
    assert rows(drifted)[1][:2] == ["tower/dense_2", "Moved"]
    assert rows(drifted)[-1][0] == "score"
    assert drifted["details"]["blame"] == "serialization: the writer or the loader"
    assert "moved" not in weights["details"]


def test_the_layer_is_named_where_only_the_golden_is_left(project: Project) -> None:
    write(project, "moved_from_golden")
    project.record()
    write(project, "moved_from_golden", "bias=1e-2")
    (drifted,) = findings(project, "-k", "h5")
    assert drifted["blame"] == "model code"
    assert drifted["details"]["moved"].splitlines()[:2] == [
        'first in "tower/dense_2" (Dense): its inputs are the same bit for bit, its output is not',
        "of its weights dense_2/bias is not the same",
    ]
    write(project, "moved_from_golden", "activation='relu'")
    (drifted,) = findings(project, "-k", "h5")
    assert drifted["blame"] == "model code"
    assert drifted["cause"].startswith('the model has the golden\'s weights, and "score" (Dense) gives another output')
    assert "look for" not in drifted["details"]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_golden_of_before_passes_and_the_next_update_adds_the_layers_and_nothing_else(project: Project) -> None:
    write(project, "golden_of_before")
    project.record()
    folder = project.path / "golden/test_it/test_model"
    record = folder / "golden.json"
    recorded = json.loads(record.read_bytes())
    assert list(recorded["layers"]["outputs"])[:2] == ["first", "tower/dense_0"]
    text = record.read_text(encoding="utf-8")
    start, end = text.index(' "layers": {\n  "made_by"'), text.index(' "arrays"')
    record.write_text(text[:start] + text[end:], encoding="utf-8", newline="\n")
    before = content(folder)
    project.run().assert_outcomes(passed=2)
    assert content(folder) == before

    project.record()
    assert content(folder) == {**before, "golden.json": text.encode()}
    project.record()
    assert content(folder) == {**before, "golden.json": text.encode()}


def test_an_update_completes_layers_of_the_same_versions_alone(project: Project) -> None:
    """Another Keras names and counts its layers in another way: what holds stays as it was recorded."""
    write(project, "layers_of_versions")
    project.record("-k", "keras")
    record = project.path / "golden/test_it/test_model/golden.json"
    for version, is_added in (("2.15.0", False), (None, True)):
        document = json.loads(record.read_bytes())
        document["layers"]["made_by"]["keras"] = version or document["made_by"]["keras"]
        document["layers"]["outputs"].pop("first", None)
        record.write_text(json.dumps(document), encoding="utf-8")
        project.record("-k", "keras")
        assert ("first" in json.loads(record.read_bytes())["layers"]["outputs"]) is is_added


def test_a_golden_of_an_artifact_names_the_layer_too(project: Project) -> None:
    write(project, "moved_artifact")
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_artifact("model.h5")
        def test_model():
            return None
        """,
    )
    save = "import sys; import moved_artifact; moved_artifact.model(bias=float(sys.argv[1])).save('model.h5')"
    _in_project(project, save, "0")
    project.record()
    _in_project(project, save, "1e-2")
    (drifted,) = findings(project)
    assert drifted["details"]["moved"].startswith('first in "tower/dense_2" (Dense): its inputs are the same')


def _in_project(project: Project, code: str, *arguments: str) -> None:
    import subprocess
    import sys

    seeded = f"import keras; keras.utils.set_random_seed(0); {code}"
    subprocess.run([sys.executable, "-c", seeded, *arguments], cwd=project.path, check=True, capture_output=True)


@pytest.mark.parametrize(
    "entry", ['"Dense"', '["Dense", "float32 (2)", "ab", "cd", ["x"]]', '["Dense", 1, "ab", "cd", []]']
)
def test_a_golden_whose_layers_are_something_else_is_broken(project: Project, entry: str) -> None:
    write(project, "hostile_layers")
    project.record("-k", "keras")
    record = project.path / "golden/test_it/test_model/golden.json"
    document = json.loads(record.read_bytes())
    document["layers"]["outputs"]["first"] = json.loads(entry)
    record.write_text(json.dumps(document), encoding="utf-8")
    (broken,) = findings(project, "-k", "keras")
    assert broken["kind"] == "GOLDEN BROKEN"
