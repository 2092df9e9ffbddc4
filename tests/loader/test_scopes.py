"""Which name scope is which call of which layer: only what the names and their order leave no doubt about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.loader.scopes import Match, ScopeTree, Search

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def matched(
    scopes: Sequence[str], calls: Sequence[str], unfit: Collection[tuple[str, str]] = (), body: str = ""
) -> dict[str, tuple[str, int, int]]:
    """For each call that is matched, `dense` or `dense#2`, its scope, and which of how many calls in it.

    Args:
        scopes: of the nodes of a graph, in their order.
        calls: those of a model's layers, in order.
        unfit: paths and scopes that do not fit.
        body: a scope that stands for the call of a function.
    """
    parts = [tuple(each.split("/")) for each in scopes]
    tree = ScopeTree(parts, {tuple(body.split("/"))} if body else set())
    wanted = [(path, int(number or 1)) for path, _, number in (each.partition("#") for each in calls)]
    found = Search(tree, wanted, lambda path, scope: (path, "/".join(scope)) not in unfit, 8).matches()
    return {
        f"{path}#{number}" if number > 1 else path: ("/".join(match.scope), match.position, match.calls)
        for (path, number), match in found.items()
    }


def named(found: dict[str, tuple[str, int, int]]) -> dict[str, str]:
    return {call: scope for call, (scope, _, _) in found.items()}


def test_a_layer_is_the_scope_of_its_name_or_of_its_name_and_a_number() -> None:
    found = matched(["m_1/first_1", "m_1/second"], ["first", "second"])
    assert found == {"first": ("m_1/first_1", 0, 1), "second": ("m_1/second", 0, 1)}


def test_names_that_numbers_make_the_same_are_matched_in_order() -> None:
    assert named(matched(["m/dense_1", "m/dense_1_2", "m/dense_2_1"], ["dense", "dense_1", "dense_2"])) == {
        "dense": "m/dense_1",
        "dense_1": "m/dense_1_2",
        "dense_2": "m/dense_2_1",
    }


def test_what_may_be_one_layer_or_another_is_left_out() -> None:
    assert matched(["m/act_1", "m/dense"], ["act", "act_1", "dense"]) == {"dense": ("m/dense", 0, 1)}
    fits = [("act", "m/act_1")]
    assert named(matched(["m/act_1", "m/dense"], ["act", "act_1", "dense"], fits)) == {
        "act_1": "m/act_1",
        "dense": "m/dense",
    }


def test_one_call_with_two_scopes_of_its_name_is_left_out() -> None:
    assert matched(["m/add", "m/add_1", "m/dense"], ["add", "dense"]) == {"dense": ("m/dense", 0, 1)}


def test_the_scopes_of_a_shared_layer_are_its_calls_in_order() -> None:
    found = matched(["m/shared_1", "m/shared_3"], ["shared", "shared#2"])
    assert named(found) == {"shared": "m/shared_1", "shared#2": "m/shared_3"}


def test_keras_2_has_one_scope_for_all_calls() -> None:
    found = matched(["m/block/dense", "m/block/dense"], ["block/dense", "block", "block/dense#2", "block#2"])
    assert found == {
        "block": ("m/block", 0, 2),
        "block#2": ("m/block", 1, 2),
        "block/dense": ("m/block/dense", 0, 2),
        "block/dense#2": ("m/block/dense", 1, 2),
    }


def test_layers_in_a_shared_model_are_found_in_the_scope_of_each_call() -> None:
    calls = ["block/dense", "block", "block/dense#2", "block#2"]
    assert named(matched(["m/block_1/dense_1", "m/block_3/dense_1"], calls)) == {
        "block": "m/block_1",
        "block#2": "m/block_3",
        "block/dense": "m/block_1/dense_1",
        "block/dense#2": "m/block_3/dense_1",
    }


def test_a_function_that_is_called_is_no_layer() -> None:
    assert named(matched(["Call/m/dense/MatMul"], ["dense"], body="Call")) == {"dense": "Call/m/dense"}


def test_a_model_that_is_there_twice_is_not_matched() -> None:
    assert matched(["m/dense", "m_1/dense"], ["dense"]) == {}


def test_characters_that_no_scope_has_are_underscores_in_it() -> None:
    assert named(matched(["m/my_layer_1"], ["my layer"])) == {"my layer": "m/my_layer_1"}


def test_of_more_calls_than_are_kept_the_first_are_matched() -> None:
    calls = ["dense", *(f"dense#{number}" for number in range(2, 9))]
    found = matched([f"m/dense_{number}" for number in range(1, 11)], calls)
    assert named(found) == {call: f"m/dense_{number}" for number, call in enumerate(calls, 1)}


def test_a_match_is_of_one_call_unless_it_says_more() -> None:
    assert Match(("m",)) == Match(("m",), 0, 1)
