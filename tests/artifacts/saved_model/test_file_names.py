"""Where the nodes that save, restore and fill tables get the names of their files from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.saved_model import file_names
from pytest_modelcompat.compatibility.unsafe.ops import unsafe_ops
from tests.artifacts.saved_model.graphs import write_graph

if TYPE_CHECKING:
    from pathlib import Path

PATH = 'node { name: "path" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING } } } }'
PLACEHOLDER = 'node { name: "saver_filename" op: "Placeholder" }'


def call(function: str, *inputs: str, op: str = "StatefulPartitionedCall") -> str:
    """A node that calls a function."""
    given = " ".join(f'input: "{each}"' for each in inputs)
    return f'node {{ name: "call" op: "{op}" {given} attr {{ key: "f" value {{ func {{ name: "{function}" }} }} }} }}'


def function(name: str, nodes: str, *arguments: str) -> str:
    """A function of a graph's library."""
    taken = " ".join(f'input_arg {{ name: "{each}" type: DT_STRING }}' for each in arguments)
    return f'library {{ function {{ signature {{ name: "{name}" {taken} }} {nodes} }} }}'


def save(source: str, name: str = "save") -> str:
    """A node of a function that saves to where a text says."""
    return f'node_def {{ name: "{name}" op: "SaveV2" input: "{source}" input: "names:output:0" }}'


def places(folder: Path, graph: str, more: str = "") -> list[tuple[str, str]]:
    """The nodes with a file of their own: node and source."""
    text = f"meta_graphs {{ graph_def {{ {graph} }} {more} }}"
    uses = read_inventory(write_graph(folder, text)).ops
    return [(each.place.node, each.source.value) for use in uses for each in use.files]


@pytest.mark.parametrize("name", ["__inference__traced_save_1", "anything"])
def test_a_path_in_the_function_itself(tmp_path: Path, name: str) -> None:
    constant = 'node_def { name: "path" op: "Const" }'
    assert places(tmp_path, function(name, f"{constant} {save('path:output:0')}")) == [("save", "constant")]


def test_a_saver_that_is_given_its_path(tmp_path: Path) -> None:
    joined = 'node_def { name: "join" op: "StringJoin" input: "file_prefix" input: "part:output:0" }'
    part = 'node_def { name: "part" op: "Const" }'
    shard = 'node_def { name: "shard" op: "ShardedFilename" input: "join:output:0" input: "part:output:0" }'
    merge = 'node_def { name: "merge" op: "MergeV2Checkpoints" input: "shard:filename:0" input: "file_prefix" }'
    body = f"{joined} {part} {shard} {merge} {save('shard:filename:0')}"
    assert places(tmp_path, function("f", body, "file_prefix")) == []
    called = f"{PLACEHOLDER} {call('f', 'saver_filename')} {function('f', body, 'file_prefix')}"
    assert places(tmp_path, called) == []


@pytest.mark.parametrize(
    ("calling", "source"),
    [
        (call("f", "path"), "constant"),
        (call("f", "^saver_filename", "path"), "constant"),
        (call("f", "path", op="While"), "constant"),
        (call("f", "saver_filename", "path", op="If"), "constant"),
        (call("f", "path", op="MapDataset"), "unknown"),
        ('node { name: "call" op: "f" input: "path" }', "constant"),
    ],
)
def test_a_saver_that_is_called_with_a_path_of_the_graph(tmp_path: Path, calling: str, source: str) -> None:
    graph = f"{PATH} {PLACEHOLDER} {calling} {function('f', save('file_prefix'), 'file_prefix')}"
    assert places(tmp_path, graph) == [("save", source)]


def test_a_node_without_its_function_hides_no_other_of_its_op(tmp_path: Path) -> None:
    idle = function("idle", 'node_def { name: "call" op: "MapDataset" }')
    maps = call("f", "path:output:0", op="MapDataset").replace("node {", "node_def {")
    graph = f"{PATH} {idle} {function('live', maps)} {function('f', save('file_prefix'), 'file_prefix')}"
    assert places(tmp_path, graph) == [("save", "unknown")]


def test_a_name_that_is_passed_on_too_often_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 'node { name: "a" op: "Identity" input: "saver_filename" } node { name: "b" op: "Identity" input: "a" }'
    graph = f'{PLACEHOLDER} {passed} node {{ name: "save" op: "SaveV2" input: "b" }}'
    (tmp_path / "known").mkdir()
    assert places(tmp_path / "known", graph) == []
    monkeypatch.setattr(file_names, "_MOST_STEPS", 2)
    assert places(tmp_path, graph) == [("save", "unknown")]


def test_a_path_that_is_read_from_a_file(tmp_path: Path) -> None:
    read = 'node_def { name: "read" op: "ReadFile" input: "file_prefix" }'
    graph = function("f", f"{read} {save('read:contents:0')}", "file_prefix")
    assert places(tmp_path, graph) == [("save", "unknown")]


def table(*more: str) -> str:
    """A table that is filled from a file, and what stands beside it."""
    return " ".join(('node { name: "fill" op: "InitializeTableFromTextFileV2" input: "table" input: "path" }', *more))


def test_a_table_of_an_asset_and_one_of_another_file(tmp_path: Path) -> None:
    assert places(tmp_path, table(PATH)) == [("fill", "constant")]
    asset = 'asset_file_def { tensor_info { name: "path:0" } filename: "words.txt" }'
    assert places(tmp_path, table(PATH), asset) == []


@pytest.mark.parametrize(("asset", "found"), [("asset", []), ("path", [("fill", "constant")])])
def test_a_table_of_a_variable_that_loading_sets(tmp_path: Path, asset: str, found: list[tuple[str, str]]) -> None:
    graph = (
        'node { name: "fill" op: "InitializeTableFromTextFileV2" input: "table" input: "read" }'
        ' node { name: "read" op: "ReadVariableOp" input: "variable" } node { name: "variable" op: "VarHandleOp" }'
        f' node {{ name: "set" op: "AssignVariableOp" input: "variable" input: "{asset}" }} {PATH}'
        ' node { name: "asset" op: "Placeholder" }'
    )
    given = 'asset_file_def { tensor_info { name: "asset:0" } filename: "words.txt" }'
    assert places(tmp_path, graph, given) == found


@pytest.mark.parametrize(
    ("held", "found"), [("asset { asset_file_def_index: 0 }", []), ('constant { operation: "path" }', ["constant"])]
)
def test_a_table_of_what_a_function_is_bound_to(tmp_path: Path, held: str, found: list[str]) -> None:
    fill = 'node_def { name: "fill" op: "InitializeTableFromTextFileV2" input: "table" input: "file" }'
    graph = f"{PATH} {function('f', fill, 'table', 'file')}"
    bound = 'concrete_functions { key: "f" value { bound_inputs: 0 } }'
    objects = f"object_graph_def {{ nodes {{ {held} }} {bound} }}"
    assert [source for _, source in places(tmp_path, graph, objects)] == found


@pytest.mark.parametrize(("asset", "own"), [(True, 1), (False, 0)])
def test_reading_the_own_assets(tmp_path: Path, asset: bool, own: int) -> None:
    graph = f'{PATH} node {{ name: "read" op: "ReadFile" input: "path" }}'
    given = 'asset_file_def { tensor_info { name: "path:0" } filename: "words.txt" }' if asset else ""
    inventory = read_inventory(write_graph(tmp_path, f"meta_graphs {{ graph_def {{ {graph} }} {given} }}"))
    assert [use.own for use in inventory.ops if use.op == "ReadFile"] == [own]
    assert bool(list(unsafe_ops(inventory))) != asset


def test_functions_that_call_each_other_without_end(tmp_path: Path) -> None:
    loop = call("f", "a:output:0").replace("node {", "node_def {") + ' node_def { name: "a" op: "Identity" input: "x" }'
    assert places(tmp_path, function("f", f"{loop} {save('x')}", "x")) == [("save", "unknown")]
    circle = 'node_def { name: "a" op: "Identity" input: "a:output:0" }'
    assert places(tmp_path, function("f", f"{circle} {save('a:output:0')}", "x")) == [("save", "unknown")]


def test_each_node_is_judged_however_many_there_are(tmp_path: Path) -> None:
    savers = " ".join(save("file_prefix", f"save_{number}") for number in range(200))
    graph = f'{function("f", savers, "file_prefix")} {PATH} node {{ name: "last" op: "SaveV2" input: "path" }}'
    assert places(tmp_path, graph) == [("last", "constant")]


def test_graphs_with_other_tags_are_read(tmp_path: Path) -> None:
    other = 'meta_graphs { meta_info_def { tags: "train" } graph_def { node { name: "a" op: "WriteFile" } } }'
    inventory = read_inventory(write_graph(tmp_path, f'meta_graphs {{ meta_info_def {{ tags: "serve" }} }} {other}'))
    assert inventory.ops == ()
    (read,) = inventory.others
    assert (read.part, [use.op for use in read.ops]) == ("the graph with the tags train", ["WriteFile"])


def test_a_path_beside_the_name_that_stands_for_none(tmp_path: Path) -> None:
    texts = 'string_val: "model" string_val: "/x"'
    value = f'attr {{ key: "value" value {{ tensor {{ dtype: DT_STRING {texts} }} }} }}'
    node = (
        f'node {{ name: "path" op: "Const" {value} }} node {{ name: "merge" op: "MergeV2Checkpoints" input: "path" }}'
    )
    assert places(tmp_path, node) == [("merge", "constant")]
    only = node.replace(' string_val: "/x"', "")
    assert not places(tmp_path, only)
