"""What a runtime in between saves again, and what Keras 2 does held against Keras 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
from pytest_modelcompat.migration.resave.saved_again import saved_again
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.runtimes.process import LoaderProcess

pytestmark = pytest.mark.needs_tensorflow

pytest.importorskip("tf_keras")


@pytest.fixture(scope="module")
def prover(loader: LoaderProcess) -> Iterator[Prover]:
    """One with the local runtime and its tf_keras alone."""
    made = Prover(ProofRequest("local", derivation(), mode="local", may_create=False), local=loader)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))


def of_keras_2(path: Path, activation: str) -> Inventory:
    import tf_keras

    tf_keras.utils.set_random_seed(4)
    model = tf_keras.Sequential([tf_keras.Input((3,)), tf_keras.layers.Dense(2, activation=activation, name="dense")])
    model.save(path)
    return read_inventory(path)


def test_what_keras_2_does_is_held_against_keras_3(tmp_path: Path, prover: Prover) -> None:
    old = of_keras_2(tmp_path / "old.h5", "hard_sigmoid")
    proof = prover.prove(old, old)
    assert proof.old.startswith("local tf_keras")
    assert proof.problem.startswith("the output 'dense' differs by up to 0.0")


@pytest.mark.parametrize("wanted", ["keras", "saved_model"])
def test_a_copy_that_tf_keras_saves_is_proven(wanted: str, tmp_path: Path, prover: Prover) -> None:
    old = of_keras_2(tmp_path / "old.h5", "relu")
    target = Target(load_profile("tf2.21"), dict(old.saved_by))
    (tmp_path / "through").mkdir()
    found = saved_again(old, target, prover.loaders, tmp_path / "through", wanted=wanted)
    assert found is not None
    assert found.through == "local tf_keras"
    assert found.inventory.format == wanted
    new = found.inventory
    if found.plan is not None and found.plan.edits:
        write(Rewrite.of(found.plan.draft), tmp_path / f"new.{wanted}")
        new = read_inventory(tmp_path / f"new.{wanted}")
    proof = prover.prove(old, new)
    assert proof.holds, proof.problem
    assert proof.weights == "2 arrays, equal bit for bit"


def test_no_copy_is_made_of_what_no_runtime_loads(tmp_path: Path, prover: Prover) -> None:
    old = of_keras_2(tmp_path / "old.h5", "relu")
    (tmp_path / "through").mkdir()
    (tmp_path / "old.h5").write_bytes(b"gone")
    target = Target(load_profile("tf2.21"), dict(old.saved_by))
    assert saved_again(old, target, prover.loaders, tmp_path / "through") is None
    assert not list((tmp_path / "through").iterdir())
