"""Nodes that a TensorFlow executes in another way than the one that wrote them, each with several that do the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import delimited, varint
from pytest_modelcompat.migration.saved_model.graph_node import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.saved_model.graph_node import GraphNode
    from pytest_modelcompat.migration.saved_model.wire import Chunks

_RESIZES = "resize_if_index_out_of_bounds"
_DT_INT32 = 3
# Numbers of fields: of `NodeDef`, `AttrValue`, `TensorProto`.
_NAME, _OP, _INPUT, _DEVICE, _ATTRIBUTE = 1, 2, 3, 4, 5
_TYPE, _TENSOR = 6, 8
_TENSOR_SHAPE, _INT_VALUES = 2, 7


@dataclass(frozen=True)
class Expansion:
    """Nodes in the place of one, in a function; in the main graph an older loop would not have them in its frame.

    Args:
        op: the op of the node.
        attribute: the one that goes with it.
        needs: the ops of the nodes.
        because: why they do the same.
        source: where that is known from.
        wrong_if: what would make it wrong.
        nodes: given a node, what is written instead; None where the node does not ask for it.
    """

    op: str
    attribute: str
    needs: tuple[str, ...]
    because: str
    source: str
    wrong_if: str
    nodes: Callable[[GraphNode], list[Chunks] | None]


def _resized_list(node: GraphNode) -> list[Chunks] | None:
    """A list made as long as the item's place demands, before the item is set."""
    attribute = node.attributes().get(_RESIZES)
    inputs = node.inputs()
    if attribute is None or text_of(attribute) != "true" or len(inputs) < 3:
        return None
    handle, index = inputs[:2]
    at = f"{node.name}/resized"
    new = [
        _node(node, f"{at}/one", "Const", (), _entry("dtype", _INT32) + _entry("value", _ONE)),
        _node(node, f"{at}/length", "TensorListLength", (handle,)),
        _node(node, f"{at}/needed", "AddV2", (index, f"{at}/one:output:0"), _entry("T", _INT32)),
        _node(node, f"{at}/size", "Maximum", (f"{at}/length:length:0", f"{at}/needed:z:0"), _entry("T", _INT32)),
        _node(node, at, "TensorListResize", (handle, f"{at}/size:z:0")),
    ]
    changed = node.with_first_input(f"{at}:output_handle:0", without=_RESIZES)
    chunks: list[Chunks] = [[each] for each in new]
    return [*chunks, changed]


_INT32 = varint(_TYPE << 3) + varint(_DT_INT32)
_ONE = delimited(
    _TENSOR, varint(1 << 3) + varint(_DT_INT32) + delimited(_TENSOR_SHAPE, b"") + delimited(_INT_VALUES, b"\x01")
)


def _entry(name: str, value: bytes) -> bytes:
    """A node's attribute."""
    return delimited(_ATTRIBUTE, delimited(1, name.encode()) + delimited(2, value))


def _node(beside: GraphNode, name: str, op: str, inputs: tuple[str, ...], attributes: bytes = b"") -> bytes:
    """A new node on the device of another."""
    given = b"".join(delimited(_INPUT, each.encode()) for each in inputs)
    device = delimited(_DEVICE, beside.device.encode()) if beside.device else b""
    return delimited(_NAME, name.encode()) + delimited(_OP, op.encode()) + given + device + attributes


EXPANSIONS = (
    Expansion(
        "TensorListSetItem",
        _RESIZES,
        needs=("Const", "TensorListLength", "AddV2", "Maximum", "TensorListResize"),
        because="a list that is made long enough first takes the item as the newer op does; TensorFlow up to 2.12 "
        "wrote such nodes itself",
        source="tensorflow/python/ops/list_ops.py",
        wrong_if="the list were made shorter, or longer than the item's place demands",
        nodes=_resized_list,
    ),
)
