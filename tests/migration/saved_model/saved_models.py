"""SavedModels for the tests of their edits: by hand from protobuf's text format, and saved by TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from pytest_modelcompat.migration.saved_model.folder import write_saved_model
from pytest_modelcompat.migration.saved_model.graph_edits import EDITS
from pytest_modelcompat.migration.saved_model.graph_plan import SavedModelPlan, plan_saved_model
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.artifacts.saved_model.graphs import table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_modelcompat.migration.saved_model.graph_edit import GraphEdit


def by_hand(folder: Path, nodes: str = "", *, functions: str = "", ops: str = "", objects: str = "") -> Path:
    """A SavedModel of one graph.

    Args:
        folder: where it is written.
        nodes: nodes of the main graph.
        functions: functions of its library.
        ops: the ops as the writer knew them.
        objects: fields of its object graph.
    """
    text = f"""
        saved_model_schema_version: 1
        meta_graphs {{
          meta_info_def {{ tags: "serve" tensorflow_version: "2.21.0" stripped_op_list {{ {ops} }} }}
          graph_def {{ {nodes} library {{ {functions} }} versions {{ producer: 2474 min_consumer: 12 }} }}
          object_graph_def {{ {objects} }}
        }}"""
    (folder / "variables").mkdir(parents=True)
    # An empty checkpoint of one file.
    (folder / "variables" / "variables.index").write_bytes(table([(b"", b"\x08\x01")]))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(range(256)))
    (folder / "saved_model.pb").write_bytes(parse_text("SavedModel", text).SerializeToString())
    return folder


def plan_of(folder: Path, runtime: str, edits: Sequence[GraphEdit] = EDITS) -> SavedModelPlan:
    """The plan for a SavedModel in a runtime."""
    inventory = read_inventory(folder)
    return plan_saved_model(inventory, Target(load_profile(runtime), dict(inventory.saved_by)), edits)


def migrated(folder: Path, runtime: str, out: Path, edits: Sequence[GraphEdit] = EDITS) -> Path:
    """A SavedModel written again for a runtime."""
    write_saved_model(plan_of(folder, runtime, edits), out)
    return out


def graph_of(folder: Path) -> Any:
    """The parsed graph of a SavedModel."""
    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.saved_model.graph_file import read_meta_graphs

    return read_meta_graphs(folder, Budget())[0]


def ops_of(folder: Path) -> dict[str, int]:
    """How many nodes of each op a SavedModel has."""
    return {use.op: use.count for use in read_inventory(folder).ops}
