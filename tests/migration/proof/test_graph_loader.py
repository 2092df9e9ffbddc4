"""A SavedModel that `tf.saved_model.load` takes, and TensorFlow 1 and TensorFlow Serving do not, is not proven."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.proof.evidence.attempts import Attempts, LoadOptions
from pytest_modelcompat.migration.proof.evidence.batches import Batch, Part
from pytest_modelcompat.migration.proof.evidence.graph_loader import graph_loader_agreement
from pytest_modelcompat.migration.proof.evidence.outputs import tolerances_for
from pytest_modelcompat.migration.proof.hosts import host_named
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult

CALL = "tf.compat.v1.saved_model.load"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    import tensorflow as tf

    kernel = tf.Variable(np.cos(np.arange(6, dtype=np.float32)).reshape(3, 2))
    model = tf.Module()
    model.kernel = kernel
    spec = tf.TensorSpec((None, 3), tf.float32, name="x")
    model.serve = tf.function(lambda x: {"y": tf.nn.softmax(x @ kernel)}, input_signature=[spec])
    folder = tmp_path_factory.mktemp("saved") / "model"
    tf.saved_model.save(model, str(folder), signatures=model.serve)
    return folder


def changed(folder: Path, out: Path, change: Callable[[Any], object]) -> Path:
    """A copy whose first graph is another."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    shutil.copytree(folder, out)
    message = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    change(message.meta_graphs[0])
    (out / "saved_model.pb").write_bytes(message.SerializeToString())
    return out


def op_of_another_version(graph: Any) -> None:
    """As an edit leaves it that sees the functions alone."""
    graph.graph_def.node[0].op = "OfAnotherVersion"


def output_that_is_not_there(graph: Any) -> None:
    graph.signature_def["serving_default"].outputs["y"].name = "nothing:0"


def value_of_another_output(graph: Any) -> None:
    """The signature of the main graph gives what it is given."""
    signature = graph.signature_def["serving_default"]
    signature.outputs["y"].name = signature.inputs["x"].name


CHANGES = {
    "op": op_of_another_version,
    "output": output_that_is_not_there,
    "value": value_of_another_output,
}
BATCH = Batch({"serving_default": np.arange(6, dtype=np.float32).reshape(2, 3)}, (Part(0, 2),))


@pytest.fixture(scope="module")
def loads(saved: Path, loader: LoaderProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadResult]:
    """The load of each, and of what is no SavedModel."""
    root = tmp_path_factory.mktemp("changed")
    folders = {"saved": saved, **{name: changed(saved, root / name, change) for name, change in CHANGES.items()}}
    host = host_named("local")
    found = {
        name: Attempts(read_inventory(folder), host, loader, LoadOptions()).call(BATCH.values, digests=True)
        for name, folder in folders.items()
    }
    return {**found, "no SavedModel": replace(found["saved"], other_results={})}


@pytest.mark.parametrize(
    ("old", "new", "words", "problem"),
    [
        ("saved", "saved", f"{CALL} takes the new artifact, too, and gives the same", ""),
        ("saved", "op", "", f"{CALL}, which is strict as TensorFlow Serving, refuses the new artifact: "),
        ("saved", "output", "", f"{CALL}, which is strict as TensorFlow Serving, loads and does not run the new "),
        ("saved", "value", "", f"in {CALL}, the output 'y' has another shape"),
        ("output", "saved", f"{CALL} takes the new artifact, too", ""),
        ("op", "output", f"{CALL} refuses both", ""),
        ("value", "value", f"{CALL} takes the new artifact, too", ""),
        ("no SavedModel", "saved", f"{CALL} takes the new artifact, too", ""),
        ("no SavedModel", "output", "", f"{CALL}, which is strict as TensorFlow Serving, loads and does not run "),
        ("saved", "no SavedModel", "", ""),
    ],
)
def test_the_new_one_beside_the_old_one(
    loads: dict[str, LoadResult], old: str, new: str, words: str, problem: str
) -> None:
    """The loader of TensorFlow 2 reads the functions alone, and finds nothing wrong in any of them."""
    assert [each.error for each in loads.values()] == [None] * len(loads)
    found = graph_loader_agreement(loads[old], loads[new], BATCH, tolerances_for((), None, None))
    assert (found.words.startswith(words), found.problem.startswith(problem)) == (True, True)
    assert (bool(found.words), bool(found.problem)) == (bool(words), bool(problem))


def test_a_proof_asks_it(saved: Path, tmp_path: Path, loader: LoaderProcess) -> None:
    new = changed(saved, tmp_path / "new", output_that_is_not_there)
    prover = Prover(ProofRequest("local", derivation(), "local", may_create=False), local=loader)
    proof = prover.prove(read_inventory(saved), read_inventory(new))
    prover.close()
    assert proof.problem.startswith(CALL)
    assert all(figure.startswith("equal, bit for bit") for figure in proof.figures.values())
