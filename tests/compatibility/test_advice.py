"""What a fix recommends to load with is judged first: no version stays that fails as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.compatibility.advice import held_to_facts, recommended_runtime
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind
from tests.compatibility.models import K24, K315, code, h5, keras, stack, with_own_layer

OWN_LAYER = "write the function as a layer of its own, or register it: @keras.utils.register_keras_serializable()"


@pytest.mark.parametrize(
    ("line", "runtime"),
    [
        ("load it with Keras 3.6.0", "tf2.21+keras3.6"),
        ("load it with Keras 3.6.0 or newer (TensorFlow 2.16 or newer)", "tf2.21+keras3.6"),
        ("upgrade Keras there to 3.14 or newer", "tf2.21+keras3.14"),
        ("try Keras 3.6.0, which saved the file; this is Keras 3.3.3", "tf2.21+keras3.6"),
        ("load it with Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1", "tf2.21+tf_keras"),
        ("or load the file with Keras 2: install tf_keras", "tf2.21+tf_keras"),
        ("load it with tf_keras 2.16.0", "tf2.16+tf_keras"),
        ("load it with TensorFlow 2.13 or newer", "tf2.13"),
        ("upgrade TensorFlow and tf_keras there to 2.17 or newer", "tf2.17+tf_keras"),
        ("load it with Keras 2.15.0", "tf2.15"),
        ("load it with Keras 3 (TensorFlow 2.16 or newer, without TF_USE_LEGACY_KERAS)", "tf2.21"),
        ("load it with Python 3.11", ""),
        ("load it with Keras 9.9", ""),
        ("upgrade TensorFlow there", ""),
        ("upgrade TensorFlow there to 2.16 or newer", "tf2.16"),
        ("load it with Keras", "tf2.21+tf_keras"),
        ("load it with Keras 3.0", "tf2.21"),
        ("load it with Keras 3.1", "tf2.21+keras3.1"),
        ("load it with Keras 2.16", "tf2.16+tf_keras"),
        ("save the model as .keras or SavedModel", ""),
        ("export it with Keras 3.6 or newer", ""),
    ],
)
def test_what_a_line_recommends(line: str, runtime: str) -> None:
    assert recommended_runtime(line) == runtime


def hashing(keras: str) -> Inventory:
    """A layer whose dtype Keras 3.0 to 3.3 cannot read, and writes so."""
    layer = LayerUse("Hashing", ("hashing",), "keras.layers", config={"num_bins": 3, "dtype": {"class_name": "x"}})
    return Inventory(Path("model.keras"), "keras", {"keras": keras}, layers=(layer,), root={"class_name": "Model"})


def fixes(inventory: Inventory, runtime: str, *more: Finding) -> list[tuple[str, ...]]:
    profile = load_profile(runtime)
    found = more or check_compatibility(inventory, profile).findings
    return [each.fix for each in held_to_facts(found, inventory, profile)]


def test_a_version_that_fails_too_is_not_recommended() -> None:
    profile, inventory = load_profile("tf2.16"), hashing("3.3.3")
    (before,) = check_compatibility(inventory, profile).findings
    assert before.fix[0] == "load it with Keras 3.3.3"
    ((first, *_),) = fixes(inventory, "tf2.16")
    assert first == "build the model in code, and load what that Keras writes with model.save_weights(path)"


def test_a_version_that_loads_it_is() -> None:
    ((first, *_),) = fixes(hashing("3.6.0"), "tf2.16")
    assert first == "upgrade Keras there to 3.6 or newer"


@pytest.mark.parametrize(("saved", "kept"), [("3.3.3", False), ("3.6.0", True)])
def test_what_was_raised_is_advised_on_the_same_terms(saved: str, kept: bool) -> None:
    line = f"try Keras {saved}, which saved the file; this is Keras 3.0.5"
    raised = Finding(Kind.LOAD_FAILED, "model.keras", fix=(line, "or ask"))
    ((first, *_),) = fixes(hashing(saved), "tf2.16+keras3.0", raised)
    assert first == (line if kept else "ask")


def of_lambdas(tmp_path: Path, *pythons: str) -> Inventory:
    layers = (K24.code(f"of_{number}", code(python, "arithmetic")) for number, python in enumerate(pythons))
    return read_inventory(h5(K24, stack(K24, *layers, K24.dense()))(tmp_path))


@pytest.mark.parametrize(
    ("pythons", "first"),
    [
        (["3.8"], "load it with Python 3.9 or 3.10"),
        (["3.7"], OWN_LAYER),  # TensorFlow 2.15 is published for none that runs it
        (["3.8", "3.11"], OWN_LAYER),  # and the other one runs here alone
    ],
)
def test_a_python_is_recommended_where_the_file_loads(tmp_path: Path, pythons: list[str], first: str) -> None:
    ((line, *_),) = fixes(of_lambdas(tmp_path, *pythons), "tf2.15")
    assert line == first


def test_another_runtime_is_judged_only_where_one_is_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_modelcompat.compatibility.advice.check_compatibility", None)
    other = Finding(Kind.LOAD_FAILED, "model.keras", fix=("save the model as .keras or SavedModel",))
    assert fixes(hashing("3.3.3"), "tf2.16", other) == [other.fix]


def test_the_lines_that_stay_keep_their_order() -> None:
    lines = ("try Keras 3.3.3, which saved the file", "or ask", "or ask again", "or give up")
    raised = Finding(Kind.LOAD_FAILED, "model.keras", fix=lines)
    assert fixes(hashing("3.3.3"), "tf2.16+keras3.0", raised) == [("ask", "or ask again", "or give up")]
    alone = Finding(Kind.LOAD_FAILED, "model.keras", fix=lines[:1])
    assert fixes(hashing("3.3.3"), "tf2.16+keras3.0", alone) == [()]


def test_what_is_declared_and_trusted_is_so_in_the_other_runtime_too(tmp_path: Path) -> None:
    layers = (K315.code("double", code("3.13", "arithmetic")), with_own_layer(K315).inside[1])
    inventory = read_inventory(keras(K315, stack(K315, *layers))(tmp_path))
    line = "upgrade Keras there to 3.15 or newer"
    raised = Finding(Kind.LOAD_FAILED, "model.keras", fix=(line, "or ask"))
    profile = load_profile("tf2.20")

    def first(*custom: str, **more: bool) -> str:
        (finding,) = held_to_facts([raised], inventory, profile, custom=custom, **more)
        return finding.fix[0]

    assert first("Scale", safe_mode=False) == line
    assert first("Scale") == "ask"
    assert first(safe_mode=False) == "ask"


def test_a_version_is_recommended_for_what_is_gone_there_though_other_things_stay() -> None:
    dense = LayerUse("Dense", ("dense",), "keras.layers", config={"units": 2, "quantization_config": None})
    held = replace(hashing("3.6.0"), layers=(*hashing("3.6.0").layers, dense))
    of_dense, of_hashing = fixes(held, "tf2.16")
    assert of_hashing[0] == "upgrade Keras there to 3.6 or newer"
    assert of_dense[0] == "save the model with Keras 3.3"
    old = LayerUse("ThresholdedReLU", ("old",), config={"theta": 1.0})
    named = Inventory(Path("model.h5"), "h5", {"keras": "2.15.0"}, layers=(old,), root={"class_name": "Model"})
    ((first, *_),) = fixes(named, "tf2.16")
    assert first.startswith("load it with Keras 2 there")
