"""Reading a graph that is no SavedModel: a frozen graph, one without its values, or that of a TF1 checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.detection import INDEX, head_of
from pytest_modelcompat.artifacts.dtypes import dtype_name
from pytest_modelcompat.artifacts.inventory import (
    VARIABLE_OPS,
    Asset,
    BrokenArtifactError,
    Inventory,
    Signature,
    TensorSpec,
)
from pytest_modelcompat.artifacts.saved_model.checkpoint import Variables, read_index
from pytest_modelcompat.artifacts.saved_model.graph import read_op_definitions, read_ops
from pytest_modelcompat.artifacts.saved_model.graph_file import read_message, read_text_message
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.artifacts.saved_model.signatures import read_shape, read_signatures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import OpUse

# What the inputs and outputs that a graph's edges show are called, in place of a signature's name.
EDGES = "graph"
_INPUTS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
# They end nothing: they have no output, or hold values, or start what a session runs first.
_NO_OUTPUTS = _INPUTS | VARIABLE_OPS | {"NoOp", "Const", "Assert", "Print", "SaveV2", "RestoreV2", "HashTableV2"}
_DTYPES = ("T", "dtype", "DstT", "Tout", "output_type", "out_type")
# What tf.compat.v1.train.Saver adds to a graph, to save it and to restore it.
_SAVER = "save/"
# A graph that is not meant to be called, such as that of a training, ends in thousands of nodes.
_MOST_ENDS = 50
_BINARY = (b"\x08", b"\x0a")


def read_graph_def(path: Path, budget: Budget) -> Inventory:
    """Reads a graph alone; its weights, if it has any, are constants in it, and stay unread.

    Args:
        path: a `GraphDef` in binary or text form.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
    """
    graph = _message(path, "GraphDef", "a GraphDef", budget)
    inputs, outputs = _inputs(path, graph), _outputs(path, graph)
    ops, dtypes = _ops(path, graph, budget)
    return Inventory(
        path=path,
        format="graph_def",
        ops=ops,
        functions=len(graph.library.function),
        signatures=(Signature(EDGES, inputs, outputs),) if inputs or outputs else (),
        compute_dtypes=dtypes,
        producer=graph.versions.producer,
        min_consumer=graph.versions.min_consumer,
        bad_consumers=tuple(graph.versions.bad_consumers),
    )


def read_meta_graph(path: Path, budget: Budget) -> Inventory:
    """Reads the graph of a TensorFlow 1 checkpoint, and describes the variables in the checkpoint beside it.

    Args:
        path: a `MetaGraphDef` in binary or text form.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: it is damaged, or larger than any model's.
    """
    meta = _message(path, "MetaGraphDef", "a MetaGraphDef", budget)
    ops, dtypes = _ops(path, meta.graph_def, budget, meta)
    version, versions = meta.meta_info_def.tensorflow_version, meta.graph_def.versions
    variables = _variables(path, ops, budget)
    return Inventory(
        path=path,
        format="meta_graph",
        saved_by={"tensorflow": version} if version else {},
        ops=ops,
        functions=len(meta.graph_def.library.function),
        signatures=read_signatures(meta.signature_def),
        compute_dtypes=dtypes,
        producer=versions.producer,
        min_consumer=versions.min_consumer,
        bad_consumers=tuple(versions.bad_consumers),
        tags=(tuple(meta.meta_info_def.tags),) if meta.meta_info_def.tags else (),
        op_definitions=read_op_definitions(meta.meta_info_def.stripped_op_list),
        weights=variables.weights,
        assets=variables.missing,
    )


def _message(path: Path, name: str, what: str, budget: Budget) -> Any:
    is_binary = head_of(path).startswith(_BINARY)
    return (read_message if is_binary else read_text_message)(path, name, what, budget)


def _ops(path: Path, graph: Any, budget: Budget, meta: Any = None) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    try:
        return read_ops(graph, budget, meta)
    except ValueError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> BrokenArtifactError:
    return BrokenArtifactError(f"{path} is corrupt: an attribute of a node of its graph does not parse")


def _variables(path: Path, ops: tuple[OpUse, ...], budget: Budget) -> Variables:
    index = path.with_suffix(INDEX)
    if index.is_file():
        return read_index(index, budget)
    is_needed = any(use.op in VARIABLE_OPS for use in ops)
    return Variables(missing=(Asset(index.name, is_present=False),) if is_needed else ())


def _inputs(path: Path, graph: Any) -> tuple[TensorSpec, ...]:
    nodes = [node for node in graph.node if node.op in _INPUTS and not node.name.startswith(_SAVER)][:_MOST_ENDS]
    return _sorted(_spec(path, node, ("dtype",), has_shape=True) for node in nodes)


def _outputs(path: Path, graph: Any) -> tuple[TensorSpec, ...]:
    """The nodes that no other takes anything from, which are what a frozen graph computes."""
    taken = {name.lstrip("^").partition(":")[0] for node in graph.node for name in node.input}
    ends = (
        node
        for node in graph.node
        if node.name not in taken and node.op not in _NO_OUTPUTS and not node.name.startswith(_SAVER)
    )
    return _sorted(_spec(path, node, _DTYPES) for _, node in zip(range(_MOST_ENDS), ends, strict=False))


def _sorted(specs: Iterator[TensorSpec]) -> tuple[TensorSpec, ...]:
    return tuple(sorted(specs, key=lambda spec: spec.name))


def _spec(path: Path, node: Any, dtypes: tuple[str, ...], *, has_shape: bool = False) -> TensorSpec:
    try:
        attributes = {entry.key: entry.value for entry in (parse("AttrEntry", packed) for packed in node.attr)}
    except ValueError as error:
        raise _damaged(path) from error
    named = [attributes[name] for name in dtypes if name in attributes]
    number = next((value.type for value in named if value.WhichOneof("value") == "type"), 0)
    shape = attributes.get("shape") if has_shape else None
    known = shape.shape if shape is not None and shape.WhichOneof("value") == "shape" else None
    return TensorSpec(node.name, dtype_name(number), None if known is None else read_shape(known))
