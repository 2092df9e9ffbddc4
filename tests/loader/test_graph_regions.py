"""The nodes of a name scope, and of one of the calls that share a scope."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_modelcompat.loader.flat_graphs import Node
from pytest_modelcompat.loader.graph_regions import Region, Regions
from pytest_modelcompat.loader.scopes import Match


def node(name: str, op: str, *inputs: str) -> Node:
    return Node(name, op, tuple(name.split("/")[:-1]), tuple((each, 0) for each in inputs))


def regions(*nodes: Node) -> Regions:
    flat: Any = SimpleNamespace(nodes=nodes)
    return Regions(flat, [(nodes[-1].name, 0)], ["kernel"])


def names(region: Region) -> tuple[list[str], list[str]]:
    return [name for name, _ in region.outputs], [name for name, _ in region.given]


CALLED_TWICE = (
    node("x", "Placeholder"),
    node("kernel", "Placeholder"),
    node("m/dense/Read", "ReadVariableOp", "kernel"),
    node("m/dense/MatMul", "MatMul", "x", "m/dense/Read"),
    node("m/dense/Read_1", "ReadVariableOp", "kernel"),
    node("m/dense/MatMul_1", "MatMul", "m/dense/MatMul", "m/dense/Read_1"),
)


def test_what_leaves_and_what_enters_a_scope() -> None:
    found = regions(*CALLED_TWICE).of(Match(("m", "dense")))
    assert names(found) == (["m/dense/MatMul_1"], ["x"])
    assert found.read == ["kernel"]
    assert found.last == 5


def test_calls_that_share_a_scope_have_the_same_ops_one_after_the_other() -> None:
    found = regions(*CALLED_TWICE)
    assert names(found.of(Match(("m", "dense"), 0, 2))) == (["m/dense/MatMul"], ["x"])
    assert names(found.of(Match(("m", "dense"), 1, 2))) == (["m/dense/MatMul_1"], ["m/dense/MatMul"])


def test_calls_with_other_ops_are_left_out() -> None:
    found = regions(*CALLED_TWICE[:3], node("m/dense/MatMul", "MatMul", "x"), node("m/dense/Tanh", "Tanh", "x"))
    assert names(found.of(Match(("m", "dense"), 0, 3))) == ([], [])
    assert names(found.of(Match(("m", "dense"), 0, 2))) == ([], [])


def test_what_is_cast_first_is_known_as_it_is_cast() -> None:
    nodes = (node("x", "Placeholder"), node("m/half/Cast", "Cast", "x"), node("m/half/Tanh", "Tanh", "m/half/Cast"))
    assert regions(*nodes).of(Match(("m", "half"))).cast == [("m/half/Cast", 0)]


def test_a_constant_is_no_output() -> None:
    nodes = (node("x", "Placeholder"), node("m/add/y", "Const"), node("m/add", "AddV2", "x", "m/add/y"))
    assert names(regions(*nodes).of(Match(("m", "add")))) == ([], [])
