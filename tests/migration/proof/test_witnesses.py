"""The runtimes in which an old artifact is loaded, and what a proof says where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.proof.hosts import host_named
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
from pytest_modelcompat.migration.proof.witnesses import distance, nearest_to_create, witnesses
from pytest_modelcompat.migration.resave.saved_again import formats_of, plan_of, through_runtimes
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.handmade import write_h5

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory

ALONE = frozenset[str]()


@pytest.fixture(autouse=True)
def nothing_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No runtime is there but the local one."""
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))


def plain(class_name: str, **config: Any) -> dict[str, Any]:
    """A layer without weights, as Keras 2 writes it."""
    return {"class_name": class_name, "config": {"name": class_name.lower(), "trainable": True, **config}}


def old(tmp_path: Path, *layers: Any, keras: str = "2.8.0", training: Any = None) -> Inventory:
    path = tmp_path / "model.h5"
    named = {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "name": "given"}
    given = {"class_name": "InputLayer", "config": named}
    shown = layers or (plain("Activation", activation="relu"),)
    root = {"class_name": "Sequential", "config": {"name": "ranker", "layers": [given, *shown]}}
    write_h5(path, root, keras=keras, training=training)
    return read_inventory(path)


@pytest.mark.parametrize(
    ("writer", "nearer", "further"),
    [
        ((2, 8), (2, 8), (2, 10)),
        ((2, 8), (2, 10), (2, 4)),
        ((2, 8), (2, 4), (3, 3)),
        ((2, 2), (2, 4), (2, 6)),
        ((1, 2), (2, 4), (3, 3)),
        ((3, 12), (3, 13), (3, 6)),
        ((3, 12), (3, 6), (2, 15)),
        ((0, 0), (2, 15), (3, 3)),
    ],
)
def test_what_is_near_to_a_writer(writer: Any, nearer: Any, further: Any) -> None:
    assert distance(nearer, writer) < distance(further, writer)


def test_the_runtime_to_create_is_that_of_the_writer(tmp_path: Path) -> None:
    assert nearest_to_create(old(tmp_path), ALONE) == "tf2.8"
    assert nearest_to_create(old(tmp_path, keras="2.1.6"), ALONE) == "tf2.4"
    assert nearest_to_create(old(tmp_path, plain("Scale")), ALONE) == ""
    assert nearest_to_create(old(tmp_path, plain("Scale")), frozenset({"Scale"})) == "tf2.8"


def test_a_runtime_that_reads_it_as_something_else_is_no_witness(tmp_path: Path) -> None:
    hard = old(tmp_path, plain("Activation", activation="hard_sigmoid"))
    assert {host.reader[0] for host in witnesses(hard, ALONE)} == {2}
    assert {host.reader[0] for host in witnesses(old(tmp_path), ALONE)} == {2, 3}


def test_formats_of_a_runtime_in_between() -> None:
    new, older = (Target(load_profile(name), {"keras": "2.8.0"}) for name in ("tf2.21", "tf2.8"))
    assert formats_of(host_named("tf2.15"), new, "keras") == ("keras", "h5")
    assert formats_of(host_named("tf2.15"), new, "h5") == ("h5", "keras")
    assert formats_of(host_named("tf2.8"), new, "keras") == ("h5",)
    assert formats_of(host_named("tf2.15"), older, "keras") == ("h5",)
    assert formats_of(host_named("tf2.15"), new, "saved_model") == ("saved_model",)


def test_the_last_keras_2_saves_again_for_keras_3(tmp_path: Path) -> None:
    inventory = old(tmp_path)
    target = Target(load_profile("tf2.21"), dict(inventory.saved_by))
    names = [host.name for host in through_runtimes(inventory, target, may_create=True) if not host.is_there]
    assert names[:2] == ["tf2.15", "tf2.14"]
    assert not [each for each in through_runtimes(inventory, target) if not each.is_there]


def test_what_no_finding_shows_is_edited_in_a_copy_that_is_written_anyway(tmp_path: Path) -> None:
    accuracy = {"name": "accuracy", "dtype": "float32", "fn": "binary_accuracy"}
    metric = {"class_name": "MeanMetricWrapper", "config": accuracy}
    settings = {"name": "SGD", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False}
    optimizer = {"class_name": "SGD", "config": settings}
    training = {"loss": "mean_squared_error", "metrics": [[metric]], "weighted_metrics": None, "loss_weights": None}
    copy = old(tmp_path, training={**training, "optimizer_config": optimizer})
    target = Target(load_profile("tf2.21"), dict(copy.saved_by))
    assert plan_edits(copy, target).edits == ()
    plan = plan_of(copy, target)
    assert plan is not None
    assert [each.name for each in plan.edits] == ["function-in-metric"]


def problem_of(inventory: Inventory, **options: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    prover = Prover(ProofRequest("local", derivation(), may_create=False, **options))
    proof = prover.prove(inventory, inventory)
    prover.close()
    assert not proof.holds
    return proof.problem, proof.details


@pytest.mark.needs_tensorflow
def test_what_a_proof_lacks(tmp_path: Path) -> None:
    unknown = old(tmp_path, plain("Scale"))
    assert problem_of(unknown)[0] == "no runtime is known that loads the old artifact with what is declared"
    assert problem_of(old(tmp_path), mode="none")[0] == "no proof was asked for"
    assert "'tf2.99' is not a known runtime" in problem_of(old(tmp_path), mode="tf2.99")[0]


@pytest.mark.needs_tensorflow
def test_a_runtime_that_is_asked_for_and_not_there(tmp_path: Path) -> None:
    problem, details = problem_of(old(tmp_path), mode="tf2.8")
    assert problem == "runtime 'tf2.8' has not been created"
    assert details == (("fix", "modelcompat runtimes create tf2.8"),)


@pytest.mark.parametrize(("keras", "created"), [("2.21.0", "tf2.21+tf_keras"), ("2.15.0", "tf2.15")])
def test_a_runtime_to_create_is_one_of_the_same_keras_2(tmp_path: Path, keras: str, created: str) -> None:
    inventory = replace(old(tmp_path), saved_by={"keras": keras})
    assert nearest_to_create(inventory, ALONE) == created
