"""Reading a SavedModel: ops, signatures and versions from its graph, layers from Keras 2's metadata."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.dtypes import FLOATS, dtype_name
from pytest_modelcompat.artifacts.inventory import (
    BrokenArtifactError,
    Inventory,
    OpPlace,
    OpUse,
    Signature,
    TensorSpec,
)
from pytest_modelcompat.artifacts.keras_metadata import read_keras_metadata
from pytest_modelcompat.artifacts.recognition import explain_text
from pytest_modelcompat.artifacts.schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_PLACES = 5
_INIT_SIGNATURES = frozenset({"__saved_model_init_op", ""})
# They carry or hold values, whatever the dtype; the rest of the ops with a float `T` compute in it.
_MOVING_OPS = frozenset(
    {
        *(
            "Identity",
            "IdentityN",
            "Snapshot",
            "StopGradient",
            "PreventGradient",
            "PlaceholderWithDefault",
            "DeepCopy",
        ),
        *("Assign", "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit"),
        *("NextIteration", "RefNextIteration", "RefIdentity", "Print", "CheckNumerics", "Copy", "CopyHost"),
        *(
            "Reshape",
            "Squeeze",
            "ExpandDims",
            "Transpose",
            "ConjugateTranspose",
            "Shape",
            "ShapeN",
            "Size",
            "Rank",
        ),
        *("Pack", "Unpack", "Concat", "ConcatV2", "Split", "SplitV", "Slice", "StridedSlice", "Tile", "Pad"),
        *(
            "PadV2",
            "MirrorPad",
            "Reverse",
            "ReverseV2",
            "Fill",
            "ZerosLike",
            "OnesLike",
            "BroadcastTo",
            "Bitcast",
        ),
        *("Select", "SelectV2", "Where", "Unique", "UniqueV2", "DynamicPartition", "DynamicStitch"),
        *(
            "InvertPermutation",
            "LinSpace",
            "EnsureShape",
            "DebugIdentity",
            "SpaceToBatchND",
            "BatchToSpaceND",
        ),
        *("ReverseSequence", "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "Roll"),
    }
)


@dataclass
class _Tally:
    """What is known of one op so far."""

    count: int = 0
    places: list[OpPlace] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)


def read_saved_model(path: Path) -> Inventory:
    """Reads a SavedModel's graph and signatures; the variables stay untouched.

    Args:
        path: a folder that holds saved_model.pb.

    Raises:
        BrokenArtifactError: saved_model.pb or keras_metadata.pb does not parse.
    """
    graph = _serving_graph(path)
    keras = read_keras_metadata(path)
    ops, dtypes = _ops(graph.graph_def)
    signatures = _signatures(graph.signature_def)
    return Inventory(
        path=path,
        format="saved_model",
        saved_by={**_saved_by(graph), **keras.saved_by},
        model_class=keras.contents.model_class,
        layers=tuple(keras.contents.layers),
        objects=tuple(keras.contents.objects),
        lambdas=tuple(keras.contents.lambdas),
        ops=ops,
        functions=len(graph.graph_def.library.function),
        signatures=signatures,
        compute_dtypes=dtypes or _output_dtypes(signatures),
        compiled=keras.compiled,
        producer=graph.graph_def.versions.producer,
        min_consumer=graph.graph_def.versions.min_consumer,
    )


def _serving_graph(path: Path) -> Any:
    """The graph that `serve` loads: a TF1 SavedModel may hold others, for training or for a TPU."""
    file = path / "saved_model.pb"
    data = file.read_bytes()
    never_delivered = explain_text(file, data[:512])
    if never_delivered:
        raise BrokenArtifactError(never_delivered)
    try:
        graphs = parse("SavedModel", data).meta_graphs
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is truncated or corrupt: it does not parse as a SavedModel") from error
    if not graphs:
        raise BrokenArtifactError(f"{file} is corrupt: it is a SavedModel without a graph")
    return min(graphs, key=lambda graph: _distance_from_serving(graph.meta_info_def.tags))


def _distance_from_serving(tags: Iterable[str]) -> int:
    return len({"serve"} ^ set(tags))


def _saved_by(graph: Any) -> dict[str, str]:
    version = graph.meta_info_def.tensorflow_version
    return {"tensorflow": version} if version else {}


def _ops(graph: Any) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    dtypes: set[int] = set()
    for function, nodes in _bodies(graph):
        for node in nodes:
            op, attributes = node.op, node.attr
            tally = tallies[op]
            tally.count += 1
            tally.attributes.update(attributes)
            if len(tally.places) < _PLACES:
                tally.places.append(OpPlace(node.name, function))
            if op not in _MOVING_OPS and "T" in attributes:
                dtypes.add(attributes["T"].type)
    # A node may call a function by naming it as its op; that is no op to look up.
    for function in graph.library.function:
        tallies.pop(function.signature.name, None)
    floats = {dtype_name(number) for number in dtypes} & FLOATS
    return tuple(_op_use(op, tallies[op]) for op in sorted(tallies)), tuple(sorted(floats))


def _bodies(graph: Any) -> Iterator[tuple[str | None, Any]]:
    yield None, graph.node
    for function in graph.library.function:
        yield function.signature.name, function.node_def


def _op_use(op: str, tally: _Tally) -> OpUse:
    attributes = (name for name in tally.attributes if not name.startswith("_"))
    return OpUse(op, tally.count, tuple(tally.places), tuple(sorted(attributes)))


def _signatures(definitions: Mapping[str, Any]) -> tuple[Signature, ...]:
    return tuple(
        Signature(name, _tensors(definitions[name].inputs), _tensors(definitions[name].outputs))
        for name in sorted(definitions)
        if name not in _INIT_SIGNATURES
    )


def _tensors(infos: Mapping[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(_tensor(name, infos[name]) for name in sorted(infos))


def _tensor(name: str, info: Any) -> TensorSpec:
    kind = "dense"
    if info.HasField("coo_sparse"):
        kind = "sparse"
    elif info.HasField("composite_tensor"):
        kind = "composite"
    shape = _shape(info.tensor_shape) if info.HasField("tensor_shape") else None
    return TensorSpec(name, dtype_name(info.dtype), shape, kind)


def _shape(shape: Any) -> tuple[int | None, ...] | None:
    if shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)


def _output_dtypes(signatures: Iterable[Signature]) -> tuple[str, ...]:
    return tuple(sorted({output.dtype for each in signatures for output in each.outputs} & FLOATS))
