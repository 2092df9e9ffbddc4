"""What TensorFlow saves predicts the same once it is edited, and something else where an edit is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.migration.saved_model.expansions import EXPANSIONS
from pytest_modelcompat.migration.saved_model.folder import write_saved_model
from pytest_modelcompat.migration.saved_model.graph_edit import GraphEdit
from pytest_modelcompat.migration.saved_model.graph_edits import EDITS, by_more_nodes, by_other_op
from pytest_modelcompat.migration.saved_model.replacements import REPLACEMENTS, Replacement
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import create
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from tests.migration.saved_model.saved_models import ops_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.saved_model.graph_changes import GraphChanges
    from pytest_modelcompat.migration.saved_model.graph_draft import GraphDraft
    from pytest_modelcompat.migration.target import Target

pytestmark = pytest.mark.needs_tensorflow

X = np.arange(12, dtype=np.float32).reshape(2, 3, 2) - 5
LACKING = {each.op for each in REPLACEMENTS}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel with ops and attributes that TensorFlow 2.4 does not have."""
    import tensorflow as tf

    kernel = tf.Variable(np.cos(np.arange(12, dtype=np.float32)).reshape(2, 3, 2), name="kernel")

    def serve(x: Any) -> dict[str, Any]:
        product = tf.raw_ops.BatchMatMulV3(x=x, y=kernel, Tout=tf.float32, adj_x=True)
        key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=tf.cast(x[0, 0], tf.int32))
        drawn = tf.raw_ops.StatelessRandomUniformV2(shape=[2], key=key, counter=counter, alg=1)
        array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for place in tf.range(3):
            array = array.write(2 * place, x * tf.cast(place, tf.float32))
        pooled = tf.nn.embedding_lookup_sparse(x[0], tf.sparse.from_dense([[1, 2], [2, 0]]), None, combiner="mean")
        return {
            "product": tf.nn.leaky_relu(product, alpha=0.5),
            "drawn": drawn,
            "array": array.stack()[::2],
            "pooled": pooled,
        }

    model = tf.Module()
    model.kernel = kernel
    model.serve = tf.function(serve, input_signature=[tf.TensorSpec((None, 3, 2), tf.float32)])
    folder = tmp_path_factory.mktemp("saved") / "model"
    tf.saved_model.save(model, str(folder), signatures=model.serve)
    return folder


@pytest.fixture(scope="module")
def saved_with_optimizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that restores an optimizer's slot variables, as Keras 2 wrote them."""
    import tensorflow as tf

    kernel, slot = tf.Variable([2.0, 3.0]), tf.Variable([1.0, 1.0])
    asked = {
        "_object_identifier": "optimizer",
        "get_slot_names": lambda _: ["momentum"],
        "get_slot": lambda _, variable, name: slot if variable is kernel and name == "momentum" else None,
    }
    model = tf.Module()
    model.kernel = kernel
    model.optimizer = type("Optimizer", (tf.Module,), asked)()
    model.serve = tf.function(lambda x: {"y": x * kernel}, input_signature=[tf.TensorSpec((2,), tf.float32)])
    folder = tmp_path_factory.mktemp("saved") / "model"
    tf.saved_model.save(model, str(folder), signatures=model.serve)
    return folder


def outputs(folder: Path) -> dict[str, Any]:
    """What the default signature gives."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    return {name: value.numpy() for name, value in loaded.signatures["serving_default"](x=tf.constant(X)).items()}


def test_it_loads_and_predicts_the_same(saved: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    plan = plan_of(saved, "tf2.4")
    assert not plan.left
    assert {each.name for each in plan.edits} == {
        *(by_other_op(each).name for each in REPLACEMENTS),
        *(by_more_nodes(each).name for each in EXPANSIONS),
        "drop-attribute-without-effect",
    }
    write_saved_model(plan, tmp_path / "out")
    assert not LACKING & ops_of(tmp_path / "out").keys()
    before, after = outputs(saved), outputs(tmp_path / "out")
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in ("drawn", "array", "pooled"))
    assert np.allclose(before["product"], after["product"], rtol=1e-6, atol=1e-6)
    # Its function that writes a checkpoint has lost ops, too.
    checkpoint = tf.saved_model.load(str(tmp_path / "out"))
    tf.saved_model.save(checkpoint, str(tmp_path / "again"), signatures=checkpoint.signatures)
    assert np.array_equal(outputs(tmp_path / "again")["drawn"], before["drawn"])


def _without_resizing(draft: GraphDraft, target: Target) -> GraphChanges:
    del target
    return draft.changes.dropping({"TensorListSetItem": {"resize_if_index_out_of_bounds": None}})


def _without_slope(draft: GraphDraft, target: Target) -> GraphChanges:
    del target
    return draft.changes.dropping({"LeakyRelu": {"alpha": None}})


SAME_DTYPE: dict[str, str | None] = {"Ta": "T", "Tb": None, "Tout": None}
WRONG = {
    "an attribute that is not at its default": GraphEdit("wrong", "", "", "", "", _without_slope),
    "an op that computes something else": by_other_op(
        Replacement("BatchMatMulV3", "BatchMatMulV2", "", "", "", attributes={**SAME_DTYPE, "Tout": "adj_y"})
    ),
    "a list that stays as long as it is": GraphEdit("wrong", "", "", "", "", _without_resizing),
    "a product that is not transposed": by_other_op(
        Replacement(
            "BatchMatMulV3",
            "BatchMatMulV2",
            "",
            "",
            "",
            attributes={"Ta": "T", "Tb": None, "Tout": None, "adj_x": None},
        )
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_edit_shows_in_the_outputs(wrong: GraphEdit, saved: Path, tmp_path: Path) -> None:
    from tensorflow.errors import OpError

    # Whatever a finding says: the edit is tried before one that answers the same finding.
    plan = plan_of(saved, "tf2.4", [_with(wrong, by_other_op(REPLACEMENTS[0])), *EDITS])
    write_saved_model(plan, tmp_path / "out")
    try:
        after = outputs(tmp_path / "out")
    except (OpError, ValueError):
        return
    before = outputs(saved)
    assert any(before[name].shape != after[name].shape or not np.allclose(before[name], after[name]) for name in before)


def _with(wrong: GraphEdit, right: GraphEdit) -> GraphEdit:
    """An edit that does something wrong besides what answers a finding."""

    def change(draft: GraphDraft, target: Target) -> GraphChanges | None:
        changes = wrong.change(draft, target)
        return None if changes is None else right.change(draft.with_changes(changes), target)

    return GraphEdit("wrong", "", "", "", "", change)


def test_a_model_without_slot_variables(loader: LoaderProcess, saved_with_optimizer: Path, tmp_path: Path) -> None:
    plan = plan_of(saved_with_optimizer, "tf2.21")
    assert [each.name for each in plan.edits] == ["drop-slot-variables"]
    assert plan.edits[0].loses
    write_saved_model(plan, tmp_path / "out")
    loaded = loader.run(_job(tmp_path / "out"))
    assert loaded.succeeded, loaded.error
    assert loaded.routes["serving_default"]["y"].tolist() == [2.0, 30.0]
    assert loaded.other_results["graph"].succeeded


@pytest.mark.runtimes
def test_where_no_class_takes_slot_variables(saved_with_optimizer: Path, tmp_path: Path) -> None:
    runtime = builtin_runtime("tf2.21")
    elsewhere = LoaderProcess(python=create(runtime, lambda _: None).python, environment=runtime.env)
    write_saved_model(plan_of(saved_with_optimizer, "tf2.21"), tmp_path / "out")
    try:
        before, after = elsewhere.run(_job(saved_with_optimizer)), elsewhere.run(_job(tmp_path / "out"))
    finally:
        elsewhere.close()
    assert before.error is not None
    assert "add_slot" in before.error["message"]
    assert after.succeeded, after.error
    assert after.routes["serving_default"]["y"].tolist() == [2.0, 30.0]


def _job(folder: Path) -> Job:
    return Job(
        folder,
        "saved_model",
        "",
        Declarations(),
        {"serving_default": np.array([1, 10], np.float32)},
        per_signature=True,
        saved_model_loaders=("graph",),
    )


def test_what_is_said_of_a_graph_in_text_form_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    node = 'node { name: "r" op: "DisableCopyOnRead" input: "v" }'
    text = f'saved_model_schema_version: 1 meta_graphs {{ meta_info_def {{ tags: "serve" }} graph_def {{ {node} }} }}'
    (tmp_path / "saved_model.pbtxt").write_text(text)
    (need,) = plan_of(tmp_path, "tf2.8").needs
    exec("\n".join(need.paste), {})  # noqa: S102 - it is what the text says to run
    assert [each.name for each in plan_of(tmp_path, "tf2.8").edits] == ["replace-disable-copy-on-read"]
