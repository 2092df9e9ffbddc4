"""Attributes of ops as text, and what is known of each op."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import Inventory, read_inventory
from pytest_modelcompat.artifacts.saved_model.attributes import attribute_text, value_text
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from tests.artifacts.saved_model.graphs import write_graph

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("type: DT_FLOAT", "float32"),
        ("type: DT_HALF_REF", "float16"),
        ("b: true", "true"),
        ("b: false", "false"),
        ("i: -1", "-1"),
        ("f: 1", "1.0"),
        ("f: 0.001", "0.001"),
        ("f: 0.3", "0.3"),
        ("f: 1e-07", "1e-07"),
        ("f: 3.4028235e38", "3.4028235e+38"),
        ("f: 16777217", "16777216.0"),
        ("f: inf", "inf"),
        ("f: -inf", "-inf"),
        ("f: nan", "nan"),
        ('s: "SAME"', '"SAME"'),
        ('s: "a \\"b\\" \\n"', '"a \\"b\\" \\n"'),
        ('s: "\\377\\001"', '"\\\\xff\\u0001"'),
        ('s: "é"', '"é"'),
        (f's: "{"x" * 1001}"', f'"{"x" * 1000}" …'),
        ("list { type: DT_FLOAT type: DT_INT64 }", "[float32, int64]"),
        ('list { s: "a" s: "b" }', '["a", "b"]'),
        ("list { i: 1 i: 2 }", "[1, 2]"),
        ("list { f: 0.5 }", "[0.5]"),
        ("list { b: true b: false }", "[true, false]"),
        ("list { }", "[]"),
    ],
)
def test_values(value: str, text: str) -> None:
    message = parse_text("AttrValue", value)
    assert attribute_text(message) == text
    assert value_text(message) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("shape { dim { size: 2 } dim { size: -1 } }", "[2, ?]"),
        ("shape { unknown_rank: true }", "unknown shape"),
        ("shape { }", "[]"),
        ("tensor { dtype: DT_FLOAT }", "tensor"),
        ('func { name: "f" }', "function"),
        ("list { shape { dim { size: 2 } } shape { unknown_rank: true } }", "[[2], unknown shape]"),
        ('list { func { name: "f" } }', "[function]"),
        ('placeholder: "T"', "T"),
        ("", ""),
    ],
)
def test_what_chooses_nothing_is_text_but_no_value(value: str, text: str) -> None:
    message = parse_text("AttrValue", value)
    assert attribute_text(message) == text
    assert value_text(message) is None


GRAPH = """
meta_graphs {
  meta_info_def {
    tags: "serve"
    stripped_op_list {
      op {
        name: "Pad"
        attr { name: "T" type: "type" }
        attr { name: "mode" type: "string" default_value { s: "CONSTANT" } }
      }
      op { name: "Add" }
    }
  }
  graph_def {
    node { name: "a" op: "Pad" attr { key: "T" value { type: DT_FLOAT } } attr { key: "_class" value { s: "x" } } }
    node { name: "b" op: "Pad" attr { key: "T" value { type: DT_HALF } } attr { key: "mode" value { s: "SAME" } } }
    library {
      function {
        signature { name: "called" }
        node_def { name: "c" op: "Pad" attr { key: "T" value { type: DT_FLOAT } } }
        node_def {
          name: "d" op: "Mul" attr { key: "T" value { type: DT_BFLOAT16 } } attr { key: "s" value { shape {} } }
        }
        node_def { name: "e" op: "called" }
      }
    }
    versions { producer: 27 min_consumer: 12 bad_consumers: 13 bad_consumers: 14 }
  }
}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return read_inventory(write_graph(tmp_path, GRAPH))


def test_uses(inventory: Inventory) -> None:
    mul, pad = inventory.ops
    assert (pad.op, pad.count, pad.attributes, pad.always) == ("Pad", 3, ("T", "mode"), ("T",))
    assert pad.values == {"T": ("float16", "float32"), "mode": ('"SAME"',)}
    assert [(place.node, place.function) for place in pad.places] == [("a", None), ("b", None), ("c", "called")]
    assert (mul.attributes, mul.always, mul.values) == (("T", "s"), ("T", "s"), {"T": ("bfloat16",)})
    assert inventory.compute_dtypes == ("bfloat16",)


def test_definitions(inventory: Inventory) -> None:
    add, pad = inventory.op_definitions
    assert (add.op, add.attributes) == ("Add", {})
    assert (pad.op, pad.attributes) == ("Pad", {"T": None, "mode": '"CONSTANT"'})


def test_versions(inventory: Inventory) -> None:
    assert (inventory.producer, inventory.min_consumer, inventory.bad_consumers) == (27, 12, (13, 14))
    assert inventory.functions == 1


def test_names_are_no_values(tmp_path: Path) -> None:
    nodes = "".join(
        f'node {{ name: "v{number}" op: "VarHandleOp" attr {{ key: "shared_name" value {{ s: "v{number}" }} }}'
        f' attr {{ key: "few" value {{ i: {number % 100} }} }} }}'
        for number in range(101)
    )
    (use,) = read_inventory(write_graph(tmp_path, f"meta_graphs {{ graph_def {{ {nodes} }} }}")).ops
    assert use.always == ("few", "shared_name")
    assert use.values.keys() == {"few"}
    assert len(use.values["few"]) == 100
