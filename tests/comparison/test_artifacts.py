"""How two artifacts differ, by artifacts made by hand: each change is found, named, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.comparison.artifacts import ArtifactComparison, Difference, compare_artifacts
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = np.arange(8, dtype=np.float32).reshape(4, 2)
BIAS = np.zeros(2, np.float32)
H5_WEIGHTS = {"dense/ranker/dense/kernel": KERNEL, "dense/ranker/dense/bias": BIAS}
KERAS_WEIGHTS = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS}


def compared(one: Path, other: Path) -> ArtifactComparison:
    return compare_artifacts(read_inventory(one), read_inventory(other))


def differences(one: Path, other: Path) -> list[Difference]:
    return list(compared(one, other).differences)


def of(*layers: Any) -> Any:
    return handmade.sequential(*layers)


class TestLayers:
    def test_the_same_model_twice(self, tmp_path: Path) -> None:
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), H5_WEIGHTS)
        other = handmade.write_h5(tmp_path / "b.h5", of(handmade.dense()), H5_WEIGHTS)
        assert compared(one, other) == ArtifactComparison((), (), equal_weights=2)

    def test_added_removed_and_replaced(self, tmp_path: Path) -> None:
        drop, act = handmade.layer("Dropout", "drop", rate=0.5), handmade.layer("ReLU", "act")
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.dense(), drop, act))
        norm = handmade.layer("BatchNormalization", "norm")
        other = handmade.write_keras(tmp_path / "b.keras", of(handmade.dense(), handmade.layer("PReLU", "act"), norm))
        assert differences(one, other) == [
            Difference("layer", "drop", old="Dropout"),
            Difference("layer", "norm", new="BatchNormalization"),
            Difference("layer", "act", "ReLU", "PReLU"),
        ]

    def test_renamed_as_keras_does_when_a_model_is_built_again(self, tmp_path: Path) -> None:
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.dense("dense"), handmade.layer("ReLU", "r")))
        other = handmade.write_keras(
            tmp_path / "b.keras", of(handmade.dense("dense_7", 3), handmade.layer("ReLU", "r"))
        )
        assert differences(one, other) == [
            Difference("layer", "dense", "Dense dense", "Dense dense_7"),
            Difference("config", "Dense.units", "2", "3", ('"dense"',)),
        ]

    def test_nested(self, tmp_path: Path) -> None:
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.sequential(handmade.dense("inner"), name="tower")))
        other = handmade.write_keras(
            tmp_path / "b.keras", of(handmade.sequential(handmade.dense("inner", 9), name="tower"))
        )
        assert differences(one, other) == [Difference("config", "Dense.units", "2", "9", ('"inner" inside "tower"',))]

    def test_changes_that_many_layers_share_are_one(self, tmp_path: Path) -> None:
        def model(rate: float) -> Any:
            return of(*(handmade.layer("Dropout", f"d{number}", rate=rate) for number in range(6)))

        one = handmade.write_keras(tmp_path / "a.keras", model(0.5))
        other = handmade.write_keras(tmp_path / "b.keras", model(0.25))
        (change,) = differences(one, other)
        assert change == Difference(
            "config", "Dropout.rate", "0.5", "0.25", ('"d0"', '"d1"', '"d2"', '"d3"', "and 2 more")
        )

    def test_objects_within_a_configuration_key_by_key(self, tmp_path: Path) -> None:
        changed = handmade.dense()
        changed["config"]["kernel_initializer"] = {
            "module": "shop.init",
            "class_name": "Halves",
            "config": {"seed": 3, "scale": 0.5},
        }
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.dense()))
        other = handmade.write_keras(tmp_path / "b.keras", of(changed))
        assert [(each.name, each.old, each.new) for each in differences(one, other)] == [
            ("Dense.kernel_initializer", "GlorotUniform", "Halves"),
            ("Dense.kernel_initializer.seed", "null", "3"),
            ("Dense.kernel_initializer.module", "", '"shop.init"'),
            ("Dense.kernel_initializer.scale", "", "0.5"),
        ]

    def test_dtype_policies_and_tuples_are_what_they_mean(self, tmp_path: Path) -> None:
        new, old = handmade.layer("ReLU", "act", shape=[1, 2]), handmade.layer("ReLU", "act")
        policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
        old["config"] |= {"dtype": policy, "shape": {"class_name": "__tuple__", "items": [1, 2]}}
        one, other = handmade.write_h5(tmp_path / "a.h5", of(old)), handmade.write_h5(tmp_path / "b.h5", of(new))
        assert differences(one, other) == []

    def test_wiring(self, tmp_path: Path) -> None:
        def model(*sources: str) -> Any:
            first, second, add = handmade.dense("first"), handmade.dense("second"), handmade.layer("Add", "add")
            return handmade.functional(
                (handmade.layer("InputLayer", "x", batch_shape=[None, 2]), []),
                *((each, ["x"]) for each in (first, second)),
                (add, sources),
            )

        one = handmade.write_keras(tmp_path / "a.keras", model("first", "second"))
        other = handmade.write_keras(tmp_path / "b.keras", model("first", "x"))
        assert differences(one, other) == [Difference("wiring", "add", "first, second", "first, x")]

    @pytest.mark.parametrize("is_nested", [False, True])
    def test_the_order_of_a_sequential_model(self, tmp_path: Path, is_nested: bool) -> None:
        layers = [handmade.layer("InputLayer", "x"), handmade.dense(), *(handmade.layer("ReLU", each) for each in "pq")]

        def saved(name: str, *order: int) -> Path:
            model = of(*(layers[each] for each in order))
            return handmade.write_keras(tmp_path / name, of(model) if is_nested else model)

        one = saved("a.keras", 0, 1, 2, 3)
        name = "ranker" if is_nested else "the model"
        assert differences(one, saved("b.keras", 0, 2, 1, 3)) == [
            Difference("wiring", f"order of {name}", "dense, p", "p, dense")
        ]
        added = saved("c.keras", 0, 2, 3)
        assert [each.what for each in differences(added, one)] == ["layer"]
        without_input = saved("d.keras", 1, 2, 3)
        assert [each.what for each in differences(one, without_input)] == ["layer"]

    def test_what_compile_was_given(self, tmp_path: Path) -> None:
        def training(rate: float) -> Any:
            config = {"name": f"adam_{rate}", "learning_rate": rate}
            return {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": config}}

        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), training=training(0.1))
        other = handmade.write_h5(tmp_path / "b.h5", of(handmade.dense()), training=training(0.2))
        assert differences(one, other) == [Difference("compile", "optimizer_config.learning_rate", "0.1", "0.2")]


class TestWeights:
    def test_by_name_with_the_greatest_difference(self, tmp_path: Path) -> None:
        changed = KERNEL.copy()
        changed[1, 1] += 0.25
        changed[0, 0] -= 0.125
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), H5_WEIGHTS)
        other = handmade.write_h5(
            tmp_path / "b.h5", of(handmade.dense()), {**H5_WEIGHTS, "dense/ranker/dense/kernel": changed}
        )
        found = compared(one, other)
        assert found.differences == (
            Difference(
                "weight",
                "dense/ranker/dense/kernel",
                *("float32 (4, 2)",) * 2,
                greatest=0.25,
                differing=2,
                total=8,
            ),
        )
        assert found.equal_weights == 1

    def test_nan_in_one_of_them_is_a_difference(self, tmp_path: Path) -> None:
        broken = np.array([0, np.nan], np.float32)
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), {"dense/bias": BIAS})
        other = handmade.write_h5(tmp_path / "b.h5", of(handmade.dense()), {"dense/bias": broken})
        (change,) = differences(one, other)
        assert (change.greatest, change.differing) == (0.0, 1)
        assert differences(other, other) == []

    def test_added_removed_and_of_another_shape(self, tmp_path: Path) -> None:
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), {"a": KERNEL, "b": BIAS})
        other = handmade.write_h5(tmp_path / "b.h5", of(handmade.dense()), {"a": KERNEL.T.copy(), "c": np.ones(3)})
        assert differences(one, other) == [
            Difference("weight", "a", "float32 (4, 2)", "float32 (2, 4)"),
            Difference("weight", "b", old="float32 (2,)"),
            Difference("weight", "c", new="float64 (3,)"),
        ]

    def test_under_the_names_of_another_format_by_their_values(self, tmp_path: Path) -> None:
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), H5_WEIGHTS)
        other = handmade.write_keras(
            tmp_path / "b.keras", of(handmade.dense()), {**KERAS_WEIGHTS, "optimizer/vars/0": np.int64(3)}
        )
        assert compared(one, other) == ArtifactComparison((), (), equal_weights=2)

    def test_that_changed_are_paired_by_shape_and_order(self, tmp_path: Path) -> None:
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), H5_WEIGHTS)
        other = handmade.write_keras(
            tmp_path / "b.keras", of(handmade.dense()), {**KERAS_WEIGHTS, "layers/dense/vars/0": KERNEL + 1}
        )
        (change,) = differences(one, other)
        assert change.name == "dense/ranker/dense/kernel = layers/dense/vars/0"
        assert change.greatest == 1.0

    @pytest.mark.parametrize("dtype", [">f4", "<f8", "<i8", "|u1", "<f2", "?", "<c8"])
    def test_of_any_dtype_are_read_as_h5py_reads_them(self, tmp_path: Path, dtype: str) -> None:
        values = np.arange(6).reshape(2, 3).astype(dtype)
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), {"w": values})
        other = handmade.write_h5(tmp_path / "b.h5", of(handmade.dense()), {"w": values})
        assert compared(one, other).equal_weights == 1
        values = values.copy()
        values[1, 0] = 0
        third = handmade.write_h5(tmp_path / "c.h5", of(handmade.dense()), {"w": values})
        (change,) = differences(one, third)
        assert change.greatest == (1.0 if dtype == "?" else 3.0)

    def test_that_somebody_compressed(self, tmp_path: Path) -> None:
        one, other = (self.packed(tmp_path / name, values) for name, values in (("a.h5", KERNEL), ("b.h5", KERNEL + 2)))
        assert compared(one, one) == ArtifactComparison((), (), equal_weights=1)
        assert [each.greatest for each in differences(one, other)] == [2.0]

    def test_that_somebody_compressed_are_equal_to_those_that_nobody_did(self, tmp_path: Path) -> None:
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()), {"packed": KERNEL})
        other = self.packed(tmp_path / "b.h5", KERNEL)
        assert compared(one, other) == ArtifactComparison((), (), equal_weights=1)
        weights = {"layers/dense/vars/0": KERNEL}
        renamed = handmade.write_keras(tmp_path / "c.keras", of(handmade.dense()), weights)
        assert compared(other, renamed) == ArtifactComparison((), (), equal_weights=1)

    def test_of_bfloat16_that_somebody_compressed_are_those_numbers(self, tmp_path: Path) -> None:
        def written(name: str, bits: list[int], **options: str) -> Path:
            path = handmade.write_h5(tmp_path / name, of(handmade.dense()))
            with h5py.File(path, "a") as file:
                values = np.array(bits, np.uint16).view("V2")
                file["model_weights"].create_dataset("w", data=values, **options).attrs["dtype"] = "bfloat16"
            return path

        one, two, nan = 0x3F80, 0x4000, 0x7FC0
        plain, packed = written("a.h5", [one, two, nan]), written("b.h5", [one, two, nan], compression="gzip")
        assert compared(plain, packed).equal_weights == 1
        (change,) = differences(packed, written("c.h5", [two, two, two]))
        assert (change.greatest, change.differing) == (1.0, 2)

    def test_of_a_damaged_chunk_are_said_not_to_be_compared(self, tmp_path: Path) -> None:
        one = self.packed(tmp_path / "a.h5", np.random.default_rng(0).random((64, 64)))
        with h5py.File(one) as file:
            start = file["model_weights/packed"].id.get_chunk_info(0).byte_offset
        data = bytearray(one.read_bytes())
        data[start + 100 : start + 200] = bytes(100)
        other = tmp_path / "b.h5"
        other.write_bytes(data)
        for pair in ((one, other), (other, one)):
            found = compared(*pair)
            assert (found.equal_weights, found.unread_weights, found.is_same) == (0, 1, True)
            assert f"values of {other} are not compared: packed" in found.notes

    def test_that_lie_in_another_file_are_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(bytes(64))
        one = handmade.write_h5(tmp_path / "a.h5", of(handmade.dense()))
        with h5py.File(one, "a") as file:
            file["model_weights"].create_dataset("w", (8,), "f4", external=[(str(tmp_path / "secret"), 0, 32)])
        found = compared(one, one)
        assert (found.equal_weights, found.unread_weights, found.is_conclusive) == (0, 1, False)
        assert found.notes[0] == f"values of {one} are not compared: w"

    def packed(self, path: Path, values: Any) -> Path:
        handmade.write_h5(path, of(handmade.dense()))
        with h5py.File(path, "a") as file:
            file["model_weights"].create_dataset("packed", data=values, compression="gzip")
        return path

    def test_of_a_file_cut_off_are_one_sentence(self, tmp_path: Path) -> None:
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.dense()), {"w": np.zeros(5000)})
        data = one.read_bytes()
        one.write_bytes(data[: len(data) // 2])
        with pytest.raises(BrokenArtifactError, match="truncated"):
            compared(one, one)


class TestGraphs:
    def test_ops_and_signatures(self, tmp_path: Path) -> None:
        one = handmade.write_saved_model(tmp_path / "a", {"MatMul": 2, "Relu": 1}, {"x": (-1, 4)})
        other = handmade.write_saved_model(tmp_path / "b", {"MatMul": 3, "Erf": 1}, {"x": (-1, 8), "mask": (-1,)})
        assert differences(one, other) == [
            Difference("signature", "serving_default input mask", new="float32 (?,)"),
            Difference("signature", "serving_default input x", "float32 (?, 4)", "float32 (?, 8)"),
            Difference("op", "Erf", new="1"),
            Difference("op", "MatMul", "2", "3"),
            Difference("op", "Relu", old="1"),
        ]

    def test_what_only_one_format_records_is_said_not_to_be_compared(self, tmp_path: Path) -> None:
        one = handmade.write_saved_model(tmp_path / "a", {"MatMul": 2})
        other = handmade.write_keras(tmp_path / "b.keras", of(handmade.dense()))
        found = compared(one, other)
        assert found.differences == ()
        assert [note.partition(":")[0] for note in found.notes] == [
            *("layers are not compared", "ops and signatures are not compared"),
        ]


class TestAssets:
    def test_by_their_content(self, tmp_path: Path) -> None:
        words = "assets/layers/lookup/vocabulary.txt"
        one = handmade.write_keras(tmp_path / "a.keras", of(handmade.dense()), members={words: "cat\ndog\n"})
        other = handmade.write_keras(tmp_path / "b.keras", of(handmade.dense()), members={words: "dog\ncat\n"})
        (change,) = differences(one, other)
        assert (change.what, change.name) == ("asset", words)
        assert change.old != change.new
        assert change.old.startswith("8 bytes")
