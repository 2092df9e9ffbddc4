"""The whole way in this TensorFlow: Keras 2 (`tf_keras`) writes, edits or Keras 2 change, both are asked the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.artifact_plan import plan_artifact
from pytest_modelcompat.migration.custom import custom_of
from pytest_modelcompat.migration.output.place import OutputPlace
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
from pytest_modelcompat.migration.request import MigrationRequest
from pytest_modelcompat.migration.resave.through import load_options
from pytest_modelcompat.migration.run import Migration
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.migration import MigrationResult, Outcome, Way
from pytest_modelcompat.runtimes.installed import installed_versions
from pytest_modelcompat.runtimes.names import runtime_name_of
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess

RIGHT = "keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)"
WRONG = "keras.ops.clip(0.2 * x + 0.51, 0.0, 1.0)"
LEGACY = """
from tensorflow import keras


@keras.utils.register_keras_serializable(package="legacy")
def hard_sigmoid(x):
    return {}
"""


@pytest.fixture(autouse=True)
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is declared is found in the folder of the test."""
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.fixture(scope="module")
def old(loader: LoaderProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of Keras 2 with an argument that is gone, and an activation that means something else in Keras 3."""
    import tf_keras

    path = tmp_path_factory.mktemp("old") / "old.h5"
    layers = tf_keras.layers
    blur = layers.DepthwiseConv2D(2, input_shape=(4, 4, 2), name="blur")
    tf_keras.Sequential([blur, layers.Flatten(), layers.Dense(3, activation="hard_sigmoid")]).save(path)
    return path


@pytest.fixture(scope="module")
def request_here() -> MigrationRequest:
    name = runtime_name_of(installed_versions(LOCAL_RUNTIME))
    return MigrationRequest(name, load_profile(name), prove="local")


@pytest.fixture(scope="module")
def prover(loader: LoaderProcess, request_here: MigrationRequest) -> Iterator[Prover]:
    """Its loaders serve for every test: two imports of TensorFlow in all."""
    prover = Prover(ProofRequest(request_here.runtime, derivation(), "local", may_create=False), local=loader)
    yield prover
    prover.close()


def migrated(old: Path, out: Path, request: MigrationRequest, prover: Prover) -> MigrationResult:
    """What becomes of a file; the loaders are those of another prover, which was asked for the same runtime."""
    own = Prover(ProofRequest(request.runtime, derivation(), "local", options=load_options(request), may_create=False))
    own.loaders = prover.loaders
    made = plan_artifact(read_inventory(old), request, OutputPlace(out, "new"))
    return Migration(request, own, own.loaders).run(made)


@pytest.mark.parametrize(
    ("computes", "outcome"),
    [(RIGHT, Outcome.PROVEN), (WRONG, Outcome.UNPROVEN)],
    ids=["right", "wrong"],
)
def test_a_function_that_is_declared_is_proven_or_not(
    old: Path,
    tmp_path: Path,
    request_here: MigrationRequest,
    prover: Prover,
    computes: str,
    outcome: Outcome,
) -> None:
    (tmp_path / "legacy.py").write_text(LEGACY.format(computes))
    names = ["new.h5", "new.h5.migration.json"]
    if outcome is Outcome.UNPROVEN:
        names = ["new.h5.unproven", "new.h5.unproven.migration.json"]
    custom = custom_of(["legacy>hard_sigmoid"], ["legacy"])
    request = replace(request_here, custom=custom.names, declared=custom.declared)
    result = migrated(old, tmp_path / "out", request, prover)
    assert result.outcome is outcome
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert result.proof is not None
    assert bool(result.proof.problem) is (outcome is Outcome.UNPROVEN)
    assert result.proof.figures


def test_without_the_function_nothing_is_written(
    old: Path, tmp_path: Path, request_here: MigrationRequest, prover: Prover
) -> None:
    result = migrated(old, tmp_path / "out", request_here, prover)
    assert (result.outcome, result.written) == (Outcome.NEEDS, None)
    assert not (tmp_path / "out").exists()


def test_another_format_is_written_by_a_runtime_in_between(
    tmp_path: Path, request_here: MigrationRequest, prover: Prover
) -> None:
    import tf_keras

    path = tmp_path / "old.h5"
    tf_keras.Sequential([tf_keras.layers.GRU(3, input_shape=(3, 2), name="gru")]).save(path)
    result = migrated(path, tmp_path, replace(request_here, format="saved_model"), prover)
    assert (result.outcome, result.written) == (Outcome.PROVEN, tmp_path / "new")
    assert result.plan is not None
    assert (result.plan.way, result.plan.path) == (Way.RESAVE, path)
    assert "tf_keras" in result.plan.through
