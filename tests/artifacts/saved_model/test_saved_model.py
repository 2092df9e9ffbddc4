"""What a SavedModel's graph holds."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import Inventory, read_inventory
from pytest_modelcompat.artifacts.inventory import TensorSpec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def flow(zoo: Path) -> Inventory:
    return read_inventory(zoo / "flow")


def test_ops_in_branches_loops_and_python_functions(flow: Inventory) -> None:
    ops = {use.op: use for use in flow.ops}
    for op in ("Erf", "Digamma", "Lgamma", "EagerPyFunc"):
        assert ops[op].count == 1
        place = ops[op].places[0]
        assert place.function
        assert place.node
    assert "cond_true" in (ops["Erf"].places[0].function or "")
    assert "cond_false" in (ops["Digamma"].places[0].function or "")
    assert "while_body" in (ops["Lgamma"].places[0].function or "")
    assert [use.op for use in flow.ops] == sorted(ops)


def test_ops_are_all_counted_and_some_placed(flow: Inventory) -> None:
    constants = next(use for use in flow.ops if use.op == "Const")
    assert constants.count > 5
    assert len(constants.places) == 5
    functions = {place.function for use in flow.ops for place in use.places}
    assert None in functions
    assert flow.functions == 10


def test_attributes(flow: Inventory) -> None:
    attributes = {use.op: use.attributes for use in flow.ops}
    assert attributes["EagerPyFunc"] == ("Tin", "Tout", "token")
    assert attributes["Const"] == ("dtype", "value")


def test_signatures(flow: Inventory) -> None:
    assert [signature.name for signature in flow.signatures] == ["branch", "odd"]
    branch, odd = flow.signatures
    assert branch.inputs == (TensorSpec("x", "float32", (None, 3)),)
    assert branch.outputs == (TensorSpec("spare", "float16", (1,)), TensorSpec("y", "float32", (None, 3)))
    words = next(spec for spec in odd.inputs if spec.name == "words")
    assert words == TensorSpec("words", "string", None)
    assert TensorSpec("total", "int64", ()) in odd.outputs


def test_a_constant_nobody_computes_with_is_no_compute_dtype(flow: Inventory) -> None:
    assert flow.compute_dtypes == ("float32",)


def test_double_precision(zoo: Path) -> None:
    assert read_inventory(zoo / "double").compute_dtypes == ("float64",)


def test_outputs_tell_the_dtype_where_nothing_computes(zoo: Path) -> None:
    assert read_inventory(zoo / "moving").compute_dtypes == ("bfloat16",)


def test_a_function_called_by_name_is_no_op(zoo: Path) -> None:
    inventory = read_inventory(zoo / "two_graphs")
    assert inventory.functions == 1
    assert not [use.op for use in inventory.ops if "called_by_name" in use.op]


def test_without_keras_metadata(flow: Inventory) -> None:
    assert flow.model_class is None
    assert flow.layers == ()
    assert flow.saved_by.keys() == {"tensorflow"}
    assert flow.producer > 1000
    assert flow.min_consumer == 12


def test_the_serving_graph_is_read(zoo: Path) -> None:
    inventory = read_inventory(zoo / "two_graphs")
    ops = {use.op for use in inventory.ops}
    assert "Erf" in ops
    assert "Lgamma" not in ops


def test_tensors_that_are_not_dense(zoo: Path) -> None:
    (signature,) = read_inventory(zoo / "two_graphs").signatures
    assert signature.inputs == (TensorSpec("sparse", "float32", (None, 7), "sparse"),)
    assert signature.outputs[0].kind == "composite"
    assert signature.outputs[0].name == "ragged"


def test_reads_the_same_beside_tensorflow(zoo: Path, flow: Inventory) -> None:
    beside = json.loads((zoo / "read_beside_tensorflow.json").read_text())
    assert beside == [use.op for use in flow.ops]


def test_reading_is_quick(zoo: Path) -> None:
    read_inventory(zoo / "nested_keras2")
    start = time.perf_counter()
    read_inventory(zoo / "nested_keras2")
    assert time.perf_counter() - start < 0.5
