"""A proof, by real loads: it holds for what is equal, and says what a wrong edit has changed."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
from pytest_modelcompat.results.migration import Lost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.results.migration import Proof
    from pytest_modelcompat.runtimes.process import LoaderProcess

    Config = dict[str, Any]

pytestmark = pytest.mark.needs_tensorflow


def two_branches() -> Any:
    import keras

    keras.utils.set_random_seed(1)
    given = keras.Input((3,), name="given")
    left = keras.layers.Dense(3, activation="relu", name="left")(given)
    right = keras.layers.Dense(3, activation="tanh", name="right")(given)
    both = keras.layers.Softmax(axis=-1, name="soft")(
        keras.layers.Reshape((3, 2))(keras.layers.concatenate([left, right]))
    )
    model = keras.Model(given, [both, right], name="both")
    for each in model.weights:
        each.assign(np.random.default_rng(len(each.path)).normal(size=each.shape))
    return model


def sequence() -> Any:
    import keras

    keras.utils.set_random_seed(2)
    ids = keras.Input((6,), dtype="int32", name="ids")
    embedded = keras.layers.Embedding(50, 3, mask_zero=True, name="words")(ids)
    return keras.Model(ids, keras.layers.GRU(2, name="rnn")(embedded))


def trained() -> Any:
    import keras

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="dense")])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), verbose=0)
    return model


def constant() -> Any:
    import keras

    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="zeros")])


MODELS = (two_branches, sequence, trained, constant)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("saved")
    for build in MODELS:
        build().save(folder / f"{build.__name__}.keras")
    return {build.__name__: folder / f"{build.__name__}.keras" for build in MODELS}


def layer(config: Config, name: str) -> Config:
    return next(each["config"] for each in config["config"]["layers"] if each["config"]["name"] == name)


def rewritten(path: Path, change: Callable[[Config], object], target: Path) -> Path:
    """An archive again, with another configuration."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as archive:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            archive.writestr(member, content)
    return target


def proof_of(old: Path, new: Path, loader: LoaderProcess, *lost: str, **options: Any) -> Proof:
    request = ProofRequest("local", derivation(), **{"mode": "local", **options})
    prover = Prover(request, local=loader)
    try:
        return prover.prove(read_inventory(old), read_inventory(new), [Lost(each) for each in lost])
    finally:
        prover.close()


def swapped_outputs(config: Config) -> None:
    config["config"]["output_layers"].reverse()


def input_renamed(config: Config) -> None:
    text = json.dumps(config).replace('"ids"', '"numbers"')
    config.clear()
    config.update(json.loads(text))


def optimizer_setting(config: Config) -> None:
    # The learning rate stands among the optimizer's variables, too, and those win.
    config["compile_config"]["optimizer"]["config"]["beta_1"] = 0.5


def mask_lost(config: Config) -> None:
    nodes = next(each["inbound_nodes"] for each in config["config"]["layers"] if each["config"]["name"] == "rnn")
    # Keras gives the mask with the call, and by itself.
    assert nodes[0]["kwargs"].pop("mask")
    layer(config, "words")["mask_zero"] = False


def same(_: Config) -> None:
    pass


WRONG = [
    ("two_branches", lambda config: layer(config, "left").update(activation="linear"), "the output 'soft' differs"),
    ("two_branches", lambda config: layer(config, "soft").update(axis=1), "the output 'soft' differs"),
    ("two_branches", swapped_outputs, "the outputs have another order: soft, right became right, soft"),
    (
        "two_branches",
        lambda config: layer(config, "right")["dtype"]["config"].update(name="float64"),
        "the output 'right' has another dtype: float32 became float64",
    ),
    ("sequence", mask_lost, "the output 'rnn' differs"),
    ("trained", optimizer_setting, "the optimizer has another setting: beta_1 was 0.9, is 0.5"),
    ("trained", lambda config: config["compile_config"].update(loss="mae"), "on one batch, loss was"),
    ("trained", lambda config: config["compile_config"].update(loss="no_loss"), "the new model cannot be evaluated"),
    ("trained", lambda config: config.pop("compile_config"), "has nothing of what compile() was given"),
    ("constant", same, "says nothing of the model: every element is 0.0"),
]


@pytest.mark.parametrize(("name", "change", "problem"), WRONG)
def test_a_wrong_edit_is_not_proven(
    name: str,
    change: Callable[[Config], object],
    problem: str,
    saved: dict[str, Path],
    tmp_path: Path,
    loader: LoaderProcess,
) -> None:
    proof = proof_of(saved[name], rewritten(saved[name], change, tmp_path / "new.keras"), loader)
    assert not proof.holds
    assert problem in proof.problem


def test_an_equal_model_is_proven_with_figures(saved: dict[str, Path], tmp_path: Path, loader: LoaderProcess) -> None:
    new = rewritten(saved["sequence"], input_renamed, tmp_path / "new.keras")
    proof = proof_of(saved["sequence"], new, loader)
    assert proof.holds, proof.problem
    assert proof.figures == {
        "rnn": "equal, bit for bit; 1e-05 and 1.3e-06 of the value is allowed (dtype float32)",
    }
    assert proof.weights == "4 arrays, equal bit for bit"
    assert "below 50, from Embedding's input_dim" in proof.inputs


def test_a_trained_model_is_evaluated_and_trained_for_a_step(saved: dict[str, Path], loader: LoaderProcess) -> None:
    proof = proof_of(saved["trained"], saved["trained"], loader)
    assert proof.holds, proof.problem
    assert proof.training == "equal on one batch: loss, mae; a step of training is equal, too"


def test_what_was_dropped_knowingly_is_not_asked_for(
    saved: dict[str, Path], tmp_path: Path, loader: LoaderProcess
) -> None:
    new = rewritten(saved["trained"], lambda config: config.pop("compile_config"), tmp_path / "new.keras")
    proof = proof_of(saved["trained"], new, loader, "the optimizer")
    assert proof.holds, proof.problem
    assert proof.training == "not compared, as it is lost: the optimizer"


def test_weights_of_two_layers_of_one_shape_that_change_places(
    saved: dict[str, Path], tmp_path: Path, loader: LoaderProcess
) -> None:
    model = two_branches()
    left, right = (model.get_layer(name).get_weights() for name in ("left", "right"))
    model.get_layer("left").set_weights(right)
    model.get_layer("right").set_weights(left)
    model.save(tmp_path / "new.keras")
    proof = proof_of(saved["two_branches"], tmp_path / "new.keras", loader)
    assert "differs by up to" in proof.problem


def test_the_tolerance_may_be_given(saved: dict[str, Path], tmp_path: Path, loader: LoaderProcess) -> None:
    new = rewritten(
        saved["two_branches"], lambda config: layer(config, "left").update(activation="linear"), tmp_path / "new.keras"
    )
    proof = proof_of(saved["two_branches"], new, loader, atol=1e9)
    assert proof.holds, proof.problem
    assert "(command line)" in proof.figures["soft"]


def test_inputs_may_be_given(saved: dict[str, Path], tmp_path: Path, loader: LoaderProcess) -> None:
    np.savez(tmp_path / "inputs.npz", ids=np.arange(12).reshape(2, 6).astype("int32"))
    proof = proof_of(saved["sequence"], saved["sequence"], loader, inputs=tmp_path / "inputs.npz")
    assert proof.holds, proof.problem
    assert proof.inputs == "2 examples of inputs.npz"
