"""Reading a SavedModel: ops, signatures and versions from its graph, layers from Keras 2's metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import VARIABLE_OPS, BrokenArtifactError, Inventory
from pytest_modelcompat.artifacts.keras.metadata import read_keras_metadata
from pytest_modelcompat.artifacts.saved_model.checkpoint import read_variables
from pytest_modelcompat.artifacts.saved_model.files import read_assets, read_fingerprint, read_surroundings
from pytest_modelcompat.artifacts.saved_model.graph import read_op_definitions, read_ops
from pytest_modelcompat.artifacts.saved_model.graph_file import read_meta_graphs
from pytest_modelcompat.artifacts.saved_model.object_graph import count_slot_variables, read_object_classes
from pytest_modelcompat.artifacts.saved_model.signatures import output_dtypes, read_signatures

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import OpUse


def read_saved_model(path: Path, budget: Budget) -> Inventory:
    """Reads a SavedModel's graph and signatures; the variables stay untouched.

    Args:
        path: a folder that holds saved_model.pb or saved_model.pbtxt.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: one of its files is damaged.
    """
    return inventory_of(path, read_meta_graphs(path, budget), budget)


def inventory_of(path: Path, graphs: Any, budget: Budget) -> Inventory:
    """What a SavedModel would hold with these graphs in the place of its own.

    Args:
        path: the SavedModel, of which everything but the graphs is read.
        graphs: `MetaGraphDef` messages, at least one.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: one of its files is damaged.
    """
    graph = min(graphs, key=lambda each: _distance_from_serving(each.meta_info_def.tags))
    keras = read_keras_metadata(path, graph.object_graph_def, budget)
    ops, dtypes = _ops(path, graph, budget)
    signatures = read_signatures(graph.signature_def)
    versions = graph.graph_def.versions
    variables = read_variables(path, budget, is_needed=any(use.op in VARIABLE_OPS for use in ops))
    assets, hazards = read_assets(path, graph)
    hazards = (*hazards, *read_surroundings(path, budget))
    return Inventory(
        path=path,
        format="saved_model",
        saved_by={**_saved_by(graph), **keras.saved_by},
        model_class=keras.contents.model_class,
        layers=tuple(keras.contents.layers),
        objects=tuple(keras.contents.objects),
        lambdas=tuple(keras.contents.lambdas),
        references=tuple(keras.contents.references),
        ops=ops,
        functions=len(graph.graph_def.library.function),
        signatures=signatures,
        compute_dtypes=dtypes or output_dtypes(signatures),
        compiled=bool(keras.training),
        producer=versions.producer,
        min_consumer=versions.min_consumer,
        bad_consumers=tuple(versions.bad_consumers),
        tags=tuple(tuple(each.meta_info_def.tags) for each in graphs),
        has_object_graph=graph.HasField("object_graph_def"),
        op_definitions=read_op_definitions(graph.meta_info_def.stripped_op_list),
        weights=variables.weights,
        assets=(*variables.missing, *assets),
        hazards=hazards,
        fingerprint=read_fingerprint(path),
        root=keras.root,
        training=keras.training,
        object_classes=read_object_classes(graph.object_graph_def),
        slot_variables=count_slot_variables(graph.object_graph_def),
        others=tuple(_other(path, each, budget) for each in graphs if each is not graph),
    )


def _other(path: Path, graph: Any, budget: Budget) -> Inventory:
    """What a graph with other tags computes with, which loaders take only if they are asked for it."""
    tags = ", ".join(graph.meta_info_def.tags)
    assets, hazards = read_assets(path, graph)
    return Inventory(
        path=path,
        format="saved_model",
        part=f"the graph with the tags {tags}" if tags else "a graph without tags",
        ops=_ops(path, graph, budget)[0],
        functions=len(graph.graph_def.library.function),
        assets=assets,
        hazards=hazards,
    )


def _distance_from_serving(tags: Iterable[str]) -> int:
    """How unlike `serve` the tags are: a TF1 SavedModel may hold other graphs, for training or for a TPU."""
    return len({"serve"} ^ set(tags))


def _ops(path: Path, graph: Any, budget: Budget) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    try:
        return read_ops(graph.graph_def, budget, graph)
    except ValueError as error:
        raise BrokenArtifactError(f"{path} is corrupt: an attribute of a node of its graph does not parse") from error


def _saved_by(graph: Any) -> dict[str, str]:
    version = graph.meta_info_def.tensorflow_version
    return {"tensorflow": version} if version else {}
