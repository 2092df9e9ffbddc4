"""Edits of SavedModels: where each applies, and where its condition forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_modelcompat.artifacts.containers.wire_format import delimited
from pytest_modelcompat.migration.saved_model.graph_edits import EDITS
from pytest_modelcompat.results.finding import Kind
from tests.migration.saved_model.saved_models import by_hand, graph_of, migrated, ops_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = """name: "v" op: "VarHandleOp" attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "shape" value { shape { } } } %s"""
DEBUG_NAME = """attr { key: "debug_name" value { s: "kernel" } }"""
ASSIGN = """name: "a" op: "AssignVariableOp" input: "v" input: "x" attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "validate_shape" value { b: %s } }"""
ASSIGN_DEFINED = """op { name: "AssignVariableOp" attr { name: "validate_shape" default_value { b: false } } }"""
READ = """name: "r" op: "DisableCopyOnRead" input: "v" input: "^x" """
SCATTER = """name: "s" op: "ScatterNd" attr { key: "T" value { type: DT_FLOAT } }
    attr { key: "Tindices" value { type: DT_INT32 } } attr { key: "bad_indices_policy" value { s: "%s" } }"""
SCATTER_DEFINED = """op { name: "ScatterNd" attr { name: "bad_indices_policy" default_value { s: "" } } }"""
PRODUCT = """name: "p" op: "BatchMatMulV3" input: "x" input: "y" attr { key: "Ta" value { type: DT_FLOAT } }
    attr { key: "Tb" value { type: %s } } attr { key: "Tout" value { type: DT_FLOAT } }
    attr { key: "adj_x" value { b: true } }"""
KEY = """name: "k" op: "StatelessRandomGetKeyCounter" input: "x" attr { key: "Tseed" value { type: DT_INT32 } }"""
MEAN = """name: "m" op: "SparseSegmentMean" attr { key: "T" value { type: DT_FLOAT } } %s"""
MEAN_GRADIENT = """attr { key: "sparse_gradient" value { b: true } }"""
SET_ITEM = """name: "t" op: "TensorListSetItem" input: "l" input: "i" input: "x" input: "^c" device: "/CPU:0"
    attr { key: "element_dtype" value { type: DT_FLOAT } }
    attr { key: "resize_if_index_out_of_bounds" value { b: %s } }"""
OPTIMIZER = """nodes { children { node_id: 1 local_name: "optimizer" } user_object { identifier: "model" } }
    nodes { slot_variables { } slot_variables { } user_object { identifier: "%s" } }"""


class Case(NamedTuple):
    """A graph, a runtime, the edit that is to answer its findings, and what is written."""

    edit: str
    runtime: str
    node: str
    written: str = ""
    ops: str = ""
    objects: str = ""


APPLIES = [
    Case("replace-disable-copy-on-read", "tf2.8", READ, 'name: "r" op: "NoOp" input: "^x"'),
    Case(
        "replace-batch-mat-mul-v3",
        "tf2.4",
        PRODUCT % "DT_FLOAT",
        """name: "p" op: "BatchMatMulV2" input: "x" input: "y" attr { key: "T" value { type: DT_FLOAT } }
        attr { key: "adj_x" value { b: true } }""",
    ),
    Case(
        "replace-stateless-random-get-key-counter",
        "tf2.4",
        KEY,
        KEY.replace("GetKeyCounter", "GetKeyCounterAlg"),
    ),
    Case(
        "drop-default-attribute",
        "tf2.4",
        ASSIGN % "false",
        ASSIGN.partition('attr { key: "validate')[0],
        ASSIGN_DEFINED,
    ),
    Case("drop-attribute-without-effect", "tf2.13", MEAN % MEAN_GRADIENT, MEAN % ""),
    Case("drop-attribute-without-effect", "tf2.4", VARIABLE % DEBUG_NAME, VARIABLE % ""),
    Case("drop-attribute-without-effect", "tf2.4", ASSIGN % "true", ASSIGN.partition('attr { key: "validate')[0]),
    Case("drop-slot-variables", "tf2.21", VARIABLE % "", VARIABLE % "", objects=OPTIMIZER % "optimizer"),
]
FORBIDDEN = [
    # It is known there.
    Case("replace-disable-copy-on-read", "tf2.10", READ),
    # The dtypes differ.
    Case("replace-batch-mat-mul-v3", "tf2.4", PRODUCT % "DT_HALF"),
    # It chooses what happens to a wrong index, and is not at its default.
    Case("drop-default-attribute", "tf2.4", SCATTER % "IGNORE", ops=SCATTER_DEFINED),
    # The writer did not say what its default is.
    Case("drop-default-attribute", "tf2.4", ASSIGN % "false"),
    Case("drop-attribute-without-effect", "tf2.4", SCATTER % "IGNORE"),
    # The runtime has Keras 2, which has the class.
    Case("drop-slot-variables", "tf2.15", VARIABLE % "", objects=OPTIMIZER % "optimizer"),
    # TensorFlow restores what is no optimizer's.
    Case("drop-slot-variables", "tf2.21", VARIABLE % "", objects=OPTIMIZER % "_generic_user_object"),
]


def saved(case: Case, folder: Path) -> Path:
    """The case's node in the main graph and in a function."""
    functions = f'function {{ signature {{ name: "f" }} node_def {{ {case.node} }} }}'
    return by_hand(folder, f"node {{ {case.node} }}", functions=functions, ops=case.ops, objects=case.objects)


@pytest.mark.parametrize("case", APPLIES, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_an_edit_applies_in_the_graph_and_in_every_function(case: Case, tmp_path: Path) -> None:
    source = saved(case, tmp_path / "source")
    plan = plan_of(source, case.runtime)
    assert [each.name for each in plan.edits] == [case.edit]
    assert not plan.left
    assert plan.edits[0].answers == plan.findings
    assert plan.edits[0].changes
    written = migrated(source, case.runtime, tmp_path / "out")
    wanted = saved(case._replace(node=case.written), tmp_path / "wanted")
    assert graph_of(written).graph_def == graph_of(wanted).graph_def
    assert not [node for node in graph_of(written).object_graph_def.nodes if node.slot_variables]
    assert not plan_of(written, case.runtime).findings


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_where_its_condition_forbids_an_edit_nothing_is_planned(case: Case, tmp_path: Path) -> None:
    plan = plan_of(saved(case, tmp_path / "source"), case.runtime, [each for each in EDITS if each.name == case.edit])
    assert not plan.edits
    assert len(plan.needs) == len(plan.left) == len(plan.findings)


def test_nodes_take_the_place_of_one_in_a_function(tmp_path: Path) -> None:
    functions = f'function {{ signature {{ name: "f" }} node_def {{ {SET_ITEM % "true"} }} }}'
    source = by_hand(tmp_path / "source", functions=functions)
    plan = plan_of(source, "tf2.12")
    assert [each.name for each in plan.edits] == ["expand-tensor-list-set-item"]
    assert not plan.left
    (function,) = graph_of(migrated(source, "tf2.12", tmp_path / "out")).graph_def.library.function
    assert [(node.name, node.op, list(node.input)) for node in function.node_def] == [
        ("t/resized/one", "Const", []),
        ("t/resized/length", "TensorListLength", ["l"]),
        ("t/resized/needed", "AddV2", ["i", "t/resized/one:output:0"]),
        ("t/resized/size", "Maximum", ["t/resized/length:length:0", "t/resized/needed:z:0"]),
        ("t/resized", "TensorListResize", ["l", "t/resized/size:z:0"]),
        ("t", "TensorListSetItem", ["t/resized:output_handle:0", "i", "x", "^c"]),
    ]


def test_a_list_of_the_main_graph_is_left_as_it_is(tmp_path: Path) -> None:
    plan = plan_of(by_hand(tmp_path / "source", f"node {{ {SET_ITEM % 'true'} }}"), "tf2.12")
    assert not plan.edits
    assert "no equal in TensorFlow 2.12" in plan.needs[0].text


def test_an_attribute_is_dropped_from_those_nodes_alone_that_have_the_default(tmp_path: Path) -> None:
    nodes = "".join(f"node {{ {SCATTER % policy} }}" for policy in ("", "IGNORE"))
    plan = plan_of(by_hand(tmp_path / "source", nodes, ops=SCATTER_DEFINED), "tf2.4")
    assert [each.kind for each in plan.left] == [Kind.UNKNOWN_ATTRIBUTE]
    assert "no equal in TensorFlow 2.4" in plan.needs[0].text


def test_an_op_without_an_equal_is_named(tmp_path: Path) -> None:
    plan = plan_of(by_hand(tmp_path / "source", 'node { name: "x" op: "DecodeWebP" }'), "tf2.15")
    assert [each.subject for each in plan.left] == ["DecodeWebP"]
    assert plan.needs[0].text.startswith("the op DecodeWebP has no equal in TensorFlow 2.15: export the model again")


def test_the_op_of_a_package_is_to_be_registered(tmp_path: Path) -> None:
    plan = plan_of(by_hand(tmp_path / "source", 'node { name: "x" op: "Addons>ImageProjectiveTransformV3" }'), "tf2.15")
    text = plan.needs[0].text
    assert text.startswith("register the op Addons>ImageProjectiveTransformV3: pip install")
    assert "before loading tf.load_op_library(" in text


def test_fields_that_no_edit_knows_are_kept(tmp_path: Path) -> None:
    source = by_hand(tmp_path / "source", f"node {{ {READ} }}")
    file = source / "saved_model.pb"
    strange = delimited(700, b"of a later version")
    file.write_bytes(file.read_bytes() + strange)
    written = migrated(source, "tf2.8", tmp_path / "out")
    assert (written / "saved_model.pb").read_bytes().endswith(strange)


def test_every_graph_is_edited_whatever_its_tags(tmp_path: Path) -> None:
    source = by_hand(tmp_path / "source", f"node {{ {READ} }}")
    other = by_hand(tmp_path / "other", f"node {{ {READ} }}")
    file = source / "saved_model.pb"
    file.write_bytes(file.read_bytes() + (other / "saved_model.pb").read_bytes().replace(b"serve", b"train"))
    written = migrated(source, "tf2.8", tmp_path / "out")
    assert b"DisableCopyOnRead" not in (written / "saved_model.pb").read_bytes()
    assert ops_of(written) == {"NoOp": 1}


# What the parts of a schema do not have is given in wire format: objects, and functions bound to them.
PLAIN = delimited(1, delimited(4, delimited(1, b"_generic_user_object")))
CAPTURED = delimited(1, delimited(12, delimited(1, b"x:0") + delimited(2, b"outer")))
CALLED = delimited(1, delimited(6, delimited(1, b"outer")))


def bound(name: bytes, inputs: bytes) -> bytes:
    """A function of an object graph, bound to objects."""
    return delimited(2, delimited(1, name) + delimited(2, inputs))


def with_objects(folder: Path, objects: bytes) -> Path:
    """A SavedModel with an object graph."""
    file = by_hand(folder) / "saved_model.pb"
    file.write_bytes(delimited(2, delimited(1, delimited(4, b"serve")) + delimited(2, b"") + delimited(7, objects)))
    return folder


@pytest.mark.parametrize("inputs", [delimited(2, b"\x01\x02"), b"\x10\x01\x10\x02"], ids=["packed", "one by one"])
def test_captured_tensors_become_plain_objects(inputs: bytes, tmp_path: Path) -> None:
    kept = bound(b"outer", delimited(2, b"\x01"))
    objects = PLAIN + PLAIN + CAPTURED + CALLED + kept + bound(b"gradient", inputs)
    source = with_objects(tmp_path / "source", objects)
    plan = plan_of(source, "tf2.4")
    assert [each.name for each in plan.edits] == ["drop-captured-tensors"]
    assert not plan.left
    graph = graph_of(migrated(source, "tf2.4", tmp_path / "out")).object_graph_def
    assert [node.HasField("captured_tensor") for node in graph.nodes] == [False] * 4
    assert graph.nodes[2].user_object.identifier == "_generic_user_object"
    assert list(graph.concrete_functions) == ["outer"]


@pytest.mark.parametrize(
    ("runtime", "called"),
    [("tf2.6", b"outer"), ("tf2.4", b"gradient")],
    ids=["it knows them", "an object calls the function"],
)
def test_captured_tensors_stay(runtime: str, called: bytes, tmp_path: Path) -> None:
    calls = delimited(1, delimited(6, delimited(1, called)))
    objects = PLAIN + CAPTURED + calls + bound(b"gradient", delimited(2, b"\x01"))
    plan = plan_of(with_objects(tmp_path / "source", objects), runtime)
    assert not plan.edits


def test_nothing_is_planned_for_what_loads(tmp_path: Path) -> None:
    source = by_hand(tmp_path / "source", f"node {{ {VARIABLE % DEBUG_NAME} }}")
    plan = plan_of(source, "tf2.8")
    assert not plan.findings
    assert not plan.edits


def test_a_graph_in_text_form_names_the_way(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pbtxt").write_text(
        f'meta_graphs {{ meta_info_def {{ tags: "serve" }} graph_def {{ node {{ {READ} }} }} }}'
    )
    plan = plan_of(tmp_path, "tf2.8")
    assert plan.draft is None
    assert "the graph is text" in plan.needs[0].text
