"""The page of two artifacts: which rows stand side by side, what is marked; nothing in a file becomes markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.comparison.artifacts import compare_artifacts
from pytest_modelcompat.comparison.artifacts.layer_weights import weight_owners
from pytest_modelcompat.report.graph_page.alignment import aligned_places, places_in_order_of_use
from pytest_modelcompat.report.graph_page.lanes import MOST_LANES, drawn_lanes
from pytest_modelcompat.report.graph_page.layer_rows import LayerRows
from pytest_modelcompat.report.graph_page.layer_weights import LayerWeights, WeightLines
from pytest_modelcompat.report.graph_page.links import Links
from pytest_modelcompat.report.graph_page.other_rows import op_rows, weight_rows
from pytest_modelcompat.report.graph_page.rows import Fold, Row, Status, all_rows, folded
from tests import handmade

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INPUT = (handmade.layer("InputLayer", "x", batch_shape=[None, 4]), ())


def layer_rows(one: Path, other: Path) -> tuple[Row, ...]:
    inventories = read_inventory(one), read_inventory(other)
    lines = WeightLines(*inventories, compare_artifacts(*inventories))
    return LayerRows(*inventories, LayerWeights(*inventories, lines), Links()).rows()


def shown(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Status, old name and new name of each row, at any depth."""
    return [
        (row.status.value, row.old.name if row.old else "", row.new.name if row.new else "") for row in all_rows(rows)
    ]


def page(one: Path, other: Path) -> str:
    pytest.importorskip("jinja2")
    from pytest_modelcompat.report.graph_page.page import diff_page

    inventories = read_inventory(one), read_inventory(other)
    return diff_page(*inventories, compare_artifacts(*inventories))


class TestAlignment:
    def test_what_changed_its_order_stands_alone_twice(self) -> None:
        partners = {0: 1, 1: 0, 2: 2}
        places = list(aligned_places(3, 4, partners))
        assert places == [(0, None), (1, 0), (None, 1), (2, 2), (None, 3)]

    def test_an_order_of_use_has_all_side_by_side(self) -> None:
        # old: x, y, sum(x, y); new: y, x, drop(y), sum(x, drop)
        places = places_in_order_of_use([[], [], [0, 1]], [[], [], [0], [1, 2]], {0: 1, 1: 0, 2: 3})
        assert places == [(0, 1), (1, 0), (None, 2), (2, 3)]

    def test_uses_in_a_circle_have_no_such_order(self) -> None:
        assert places_in_order_of_use([[], [0]], [[], [0]], {0: 1, 1: 0}) is None

    def test_each_place_once(self) -> None:
        import random

        draw = random.Random(0)  # noqa: S311 - a shuffle
        for _ in range(200):
            old, new = draw.randrange(8), draw.randrange(8)
            count = draw.randint(0, min(old, new))
            partners = dict(zip(draw.sample(range(old), count), draw.sample(range(new), count), strict=True))
            for places in (
                list(aligned_places(old, new, partners)),
                places_in_order_of_use([[]] * old, [[]] * new, partners) or [],
            ):
                left, right = [a for a, _ in places], [b for _, b in places]
                assert sorted(each for each in left if each is not None) == list(range(old))
                assert sorted(each for each in right if each is not None) == list(range(new))


class TestLanes:
    def test_a_line_from_each_layer_to_those_that_use_it(self) -> None:
        lanes = drawn_lanes(["x", "a", "sum"], {"a": ["x"], "sum": ["x", "a"]})
        assert [each.path for each in lanes] == [
            "M0.5 1V2",
            "M0.5 0V2M0.5 0C0.5 .7 1.5 .3 1.5 1M1.5 1V2",
            "M0.5 0V1M1.5 0C1.5 .7 0.5 .3 0.5 1",
        ]
        assert [each.node for each in lanes] == [0, 1, 0]

    def test_what_is_not_in_the_rows_or_below_is_not_drawn(self) -> None:
        lanes = drawn_lanes(["shared", None, "b"], {"shared": ["b", "elsewhere"], "b": ["shared"]})
        assert [each.path for each in lanes] == ["M0.5 1V2", "M0.5 0V2", "M0.5 0V1"]

    def test_of_very_many_only_a_few(self) -> None:
        names = [f"i{number}" for number in range(20)]
        lanes = drawn_lanes([*names, "all"], {"all": names})
        assert {each.count for each in lanes} == {MOST_LANES}
        assert [each.node for each in lanes[:-1]] == [0, 1, 2, 3, 4, 5, *[None] * 14]


class TestLayers:
    def test_each_change_is_marked(self, tmp_path: Path) -> None:
        def model(units: int, *middle: Any) -> Any:
            names = [each["config"]["name"] for each in middle]
            chain = [(each, [before]) for each, before in zip(middle, ["dense", *names], strict=False)]
            return handmade.functional(
                INPUT, (handmade.dense(units=units), ["x"]), *chain, (handmade.layer("Add", "add"), ["x", *names[-1:]])
            )

        one = handmade.write_keras(
            tmp_path / "a.keras", model(2, handmade.layer("ReLU", "act"), handmade.layer("Dropout", "drop"))
        )
        other = handmade.write_keras(
            tmp_path / "b.keras", model(3, handmade.layer("PReLU", "act"), handmade.layer("Dense", "last"))
        )
        assert shown(layer_rows(one, other)) == [
            ("same", "x", "x"),
            ("changed", "dense", "dense"),
            ("changed", "act", "act"),
            ("removed", "drop", ""),
            ("added", "", "last"),
            ("changed", "add", "add"),
        ]

    def test_another_order_in_the_file_is_no_change(self, tmp_path: Path) -> None:
        first, second = (handmade.dense("first"), ["x"]), (handmade.dense("second"), ["x"])
        add = (handmade.layer("Add", "add"), ["first", "second"])
        one = handmade.write_keras(tmp_path / "a.keras", handmade.functional(INPUT, first, second, add))
        other = handmade.write_keras(tmp_path / "b.keras", handmade.functional(INPUT, second, first, add))
        assert [status for status, *_ in shown(layer_rows(one, other))] == ["same"] * 4

    def test_another_order_of_calls_is_one(self, tmp_path: Path) -> None:
        layers = handmade.dense("p"), handmade.layer("ReLU", "q")
        one = handmade.write_keras(tmp_path / "a.keras", handmade.sequential(*layers))
        other = handmade.write_keras(tmp_path / "b.keras", handmade.sequential(*layers[::-1]))
        assert shown(layer_rows(one, other)) == [("moved", "p", ""), ("same", "q", "q"), ("same", "p", "p")]

    def test_inside_of_each_other(self, tmp_path: Path) -> None:
        def saved(name: str, *inner: Any) -> Path:
            return handmade.write_keras(tmp_path / name, handmade.sequential(handmade.sequential(*inner, name="tower")))

        rows = layer_rows(saved("a.keras", handmade.dense()), saved("b.keras", handmade.dense(units=3)))
        assert shown(rows) == [("same", "tower", "tower"), ("changed", "dense", "dense")]
        assert rows[0].has_differences

    def test_one_without_layers_makes_none_of_them_removed(self, tmp_path: Path) -> None:
        one = handmade.write_keras(tmp_path / "a.keras", handmade.sequential(handmade.dense()))
        other = handmade.write_saved_model(tmp_path / "graph", {"NoOp": 1})
        assert shown(layer_rows(one, other)) == [("alone", "dense", "")]

    def test_two_layers_of_one_path(self, tmp_path: Path) -> None:
        one = handmade.write_keras(
            tmp_path / "a.keras", handmade.sequential(handmade.dense(), handmade.dense(), handmade.dense("c"))
        )
        other = handmade.write_keras(tmp_path / "b.keras", handmade.sequential(handmade.dense(), handmade.dense("c")))
        assert sum(new == "dense" for _, _, new in shown(layer_rows(one, other))) == 1


class TestWeights:
    @pytest.mark.usefixtures("tensorflow")
    def test_each_array_is_assigned_to_its_layer(self, tmp_path: Path) -> None:
        """Of a real model whose arrays all have another shape, in both formats."""
        import keras

        def dense(units: int, name: str) -> Any:
            return keras.layers.Dense(units, use_bias=False, name=name)

        tower = keras.Sequential([keras.Input((3,)), dense(4, "one"), dense(5, "two")], name="tower")
        inputs = keras.Input((3,))
        wrapped = keras.layers.TimeDistributed(dense(7, "each"), name="wrapped")(keras.layers.Reshape((1, 3))(inputs))
        joined = keras.layers.Concatenate()([tower(inputs), dense(6, "side")(inputs), keras.layers.Flatten()(wrapped)])
        model = keras.Model(inputs, dense(8, "last")(joined))
        held = {"one": (3, 4), "two": (4, 5), "side": (3, 6), "last": (18, 8)}
        for suffix in ("keras", "h5"):
            model.save(tmp_path / f"model.{suffix}")
            inventory = read_inventory(tmp_path / f"model.{suffix}")
            owners = weight_owners(inventory)
            shapes = {owners[weight.path][-1]: weight.shape for weight in inventory.weights if weight.path in owners}
            assert {name: shapes[name] for name in held} == held
            assert (3, 7) in (shapes.get("wrapped"), shapes.get("each"))
            assert len(owners) == 5

    def test_what_differs_in_values_alone_is_not_changed(self, tmp_path: Path) -> None:
        def saved(name: str, kernel: Any, bias: Any) -> Path:
            weights = {"dense/ranker/dense/kernel": kernel, "dense/ranker/dense/bias": bias}
            return handmade.write_h5(tmp_path / name, handmade.sequential(handmade.dense()), weights)

        zeros, ones = np.zeros((4, 2), np.float32), np.ones((4, 2), np.float32)
        one = saved("a.h5", zeros, zeros[0])
        (row,) = layer_rows(one, saved("b.h5", ones, zeros[0]))
        assert row.status is Status.VALUES
        assert row.new is not None
        assert [(line.key, line.value, line.is_changed) for line in row.new.lines] == [
            ("bias", "float32 (2,)", False),
            ("kernel", "float32 (4, 2), differs by up to 1", True),
        ]
        (row,) = layer_rows(one, saved("c.h5", np.zeros((5, 2), np.float32), zeros[0]))
        assert row.status is Status.CHANGED


class TestWithoutLayers:
    def test_the_names_of_weights_make_a_tree(self, tmp_path: Path) -> None:
        root = {"module": "shop", "class_name": "Tagger", "config": {}, "registered_name": "shop>Tagger"}

        def saved(name: str, units: int, *more: str) -> Any:
            paths = ("head/vars/0", "tower/layers/dense/vars/0", "vars/0", *more)
            weights = {path: np.zeros((4, units if "tower" in path else 2), np.float32) for path in paths}
            return read_inventory(handmade.write_keras(tmp_path / name, root, weights))

        one, other = saved("a.keras", 2), saved("b.keras", 3, "tower/layers/dense_1/vars/0")
        lines = WeightLines(one, other, compare_artifacts(one, other))
        rows = weight_rows(one, other, LayerWeights(one, other, lines), lines, Links())
        assert shown(rows) == [
            ("same", "weights", "weights"),
            ("same", "head", "head"),
            ("same", "tower", "tower"),
            ("changed", "dense", "dense"),
            ("added", "", "dense_1"),
        ]

    def test_ops_that_only_one_has_recorded_are_not_removed(self, tmp_path: Path) -> None:
        one = read_inventory(handmade.write_saved_model(tmp_path / "graph", {"NoOp": 1, "MatMul": 2}))
        other = read_inventory(handmade.write_saved_model(tmp_path / "other", {"NoOp": 3, "Relu": 1}))
        without = read_inventory(handmade.write_keras(tmp_path / "a.keras", handmade.sequential(handmade.dense())))
        assert {status for status, *_ in shown(op_rows(one, without, Links()))} == {"alone"}
        assert sorted(shown(op_rows(one, other, Links()))) == [
            ("added", "", "Relu"),
            ("changed", "NoOp", "NoOp"),
            ("removed", "MatMul", ""),
        ]


class TestFolds:
    def test_what_is_the_same_is_folded_but_beside_a_change(self) -> None:
        rows = [Row(Status.CHANGED if number == 10 else Status.SAME, f"r{number}", None, None) for number in range(20)]
        before, *middle, after = folded(rows, frozenset({Status.CHANGED}), is_left_out=False)
        assert isinstance(before, Fold)
        assert isinstance(after, Fold)
        assert (before.count, after.count) == (8, 7)
        assert [each.anchor for each in all_rows(middle)] == ["r8", "r9", "r10", "r11", "r12"]


class TestPage:
    def test_every_difference_of_layers_leads_to_its_row(self, tmp_path: Path) -> None:
        def saved(name: str, *layers: Any) -> Path:
            weights = {f"layers/dense/vars/{number}": np.full((4, 2), len(layers), np.float32) for number in range(2)}
            return handmade.write_keras(tmp_path / name, handmade.sequential(*layers), weights)

        text = page(
            saved("a.keras", handmade.dense(), handmade.layer("ReLU", "act")),
            saved(
                "b.keras", handmade.dense(units=3), handmade.layer("PReLU", "act"), handmade.layer("Dropout", "drop")
            ),
        )
        body = text.partition('id="changes"')[2]
        rows = re.findall(r'<tr role="row" class="(\w+)">.*?</tr>', body)
        assert rows == ["added", "changed", "changed", "values", "values"]
        anchors = re.findall(r'href="#(r\d+)"', body)
        assert len(anchors) == 5
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(anchors) <= set(ids)

    def test_nothing_in_a_file_becomes_markup(self, tmp_path: Path) -> None:
        bad = '</script><img src=x onerror="alert(1)">\u202e\x07\ud800{{ 7 * 7 }}'
        layer = handmade.layer(f"C{bad}", f"n{bad}", units=bad) | {"registered_name": bad}
        one = handmade.write_keras(tmp_path / "a&b.keras", handmade.sequential(handmade.dense(), name=bad))
        other = handmade.write_keras(
            tmp_path / "c<i>.keras", handmade.sequential(handmade.dense(units=3), layer, name=bad)
        )
        text = page(one, other)
        assert "<img" not in text
        assert "<i>" not in text
        assert "\u202e" not in text
        assert "\x07" not in text
        assert "49" not in re.sub(r"#\w+", "", text.partition("<main>")[2])
        assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in text
        text.encode()

    def test_a_page_needs_nothing_else(self, tmp_path: Path) -> None:
        one = handmade.write_keras(tmp_path / "a.keras", handmade.sequential(handmade.dense()))
        text = page(one, one)
        assert re.findall(r"""(?:src|href)=["'](?!#)""", text) == []
        assert "url(" not in text
        assert "There is none." in text

    def test_very_deep_and_very_many(self, tmp_path: Path) -> None:
        deep = handmade.dense()
        for number in range(100):
            deep = handmade.sequential(deep, name=f"m{number}")
        many = [handmade.layer("ReLU", f"r{number}") for number in range(6_000)]
        one = handmade.write_keras(tmp_path / "a.keras", handmade.sequential(deep, *many))
        other = handmade.write_keras(tmp_path / "b.keras", handmade.sequential(deep, *many[:3_000], *many[3_001:]))
        text = page(one, other)
        assert "are left out of this page" in text
        assert len(text) < 200_000
