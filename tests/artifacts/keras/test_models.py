"""What Keras models hold, whichever Keras saved them and in whichever format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import Inventory, read_inventory

if TYPE_CHECKING:
    from pathlib import Path

NESTED = ["nested.keras", "unzipped", "nested.h5", "nested_keras2.h5", "nested_keras2"]


def uses(inventory: Inventory, role: str) -> dict[str, tuple[str, ...]]:
    return {use.name: use.path for use in inventory.objects if use.role == role}


def places(inventory: Inventory, class_name: str) -> set[tuple[str, ...]]:
    return {layer.path for layer in inventory.layers if layer.class_name.rpartition(">")[2] == class_name}


@pytest.mark.parametrize("name", NESTED)
class TestNested:
    def test_custom_layers_at_any_depth(self, zoo: Path, name: str) -> None:
        inventory = read_inventory(zoo / name)
        assert places(inventory, "Scale") == {("scale_1",), ("td", "scale_td"), ("tower", "scale_2")}
        assert places(inventory, "Cell") == {("rnn", "cells", "cell_a")}
        assert places(inventory, "LSTMCell") == {("rnn", "cells", "cell_b")}
        assert places(inventory, "Gate") == {("gate",)}
        assert places(inventory, "Dense") == {("gate", "inside_dense"), ("tower", "tower_dense")}
        assert {path[0] for path in places(inventory, "GRU")} == {"bi"}
        assert places(inventory, "Sequential") == {("tower",)}
        assert inventory.model_class == "Functional"

    def test_nothing_is_counted_twice(self, zoo: Path, name: str) -> None:
        paths = [layer.path for layer in read_inventory(zoo / name).layers]
        assert len(paths) == len(set(paths)) == (16 if "keras2" in name else 17)

    def test_positions(self, zoo: Path, name: str) -> None:
        by_path = {layer.path: layer for layer in read_inventory(zoo / name).layers}
        where = {path: (layer.position, layer.siblings) for path, layer in by_path.items()}
        assert where["scale_1",] == (2, 7)
        assert where["tower", "scale_2"] == (3, 3)
        assert where["td", "scale_td"] == where["rnn", "cells", "cell_a"] == (0, 0)

    def test_custom_objects(self, zoo: Path, name: str) -> None:
        inventory = read_inventory(zoo / name)
        dense = ("tower", "tower_dense")
        assert uses(inventory, "activation")["swishy"] == dense
        assert uses(inventory, "initializer")["Halves"] == dense
        assert uses(inventory, "loss") == {"squared": ("compile",)}
        assert uses(inventory, "metric") == {"Share": ("compile",)}
        assert [use.rpartition(">")[2] for use in uses(inventory, "optimizer")] == ["Adam"]
        assert uses(inventory, "object") == {}
        assert inventory.compiled
        kinds = {use.name: use.is_class for use in inventory.objects}
        assert (kinds["swishy"], kinds["squared"], kinds["tanh"]) == (False, False, False)
        assert (kinds["Halves"], kinds["Share"]) == (True, True)

    def test_compute_dtype(self, zoo: Path, name: str) -> None:
        assert read_inventory(zoo / name).compute_dtypes == ("float32",)


@pytest.mark.parametrize("name", NESTED)
def test_configuration_as_stored(zoo: Path, name: str) -> None:
    inventory = read_inventory(zoo / name)
    assert inventory.root["class_name"] == inventory.model_class
    assert inventory.root["config"]["name"] == "outermost"
    assert "squared" in json.dumps(inventory.training["loss"])


@pytest.mark.parametrize("name", NESTED)
def test_weights(zoo: Path, name: str) -> None:
    weights = read_inventory(zoo / name).weights
    assert [weight.path for weight in weights] == sorted(weight.path for weight in weights)
    kernels = [weight for weight in weights if weight.shape == (3, 9)]
    # A GRU has two such matrices, and there are two of it.
    assert len(kernels) == 4
    assert {(kernel.dtype, kernel.nbytes) for kernel in kernels} == {("float32", 108)}


def test_keras_file_tells_modules_and_registered_names(zoo: Path) -> None:
    inventory = read_inventory(zoo / "nested.keras")
    by_path = {layer.path: layer for layer in inventory.layers}
    scale, cell = by_path["tower", "scale_2"], by_path["rnn", "cells", "cell_a"]
    assert (scale.class_name, scale.module, scale.registered_name) == ("Scale", "zoo", "shop>Scale")
    assert (cell.class_name, cell.module, cell.registered_name) == ("Cell", "zoo", "Cell")
    assert cell.config["units"] == 3
    halves = next(use for use in inventory.objects if use.name == "Halves")
    assert (halves.module, halves.registered_name) == ("zoo", "Halves")
    swishy = next(use for use in inventory.objects if use.name == "swishy")
    assert swishy.module == "builtins"


@pytest.mark.parametrize(
    ("name", "format_", "keras", "keys"),
    [
        ("nested.keras", "keras", "3.", {"keras"}),
        ("nested.h5", "h5", "3.", {"keras", "backend"}),
        ("nested_keras2.h5", "h5", "2.", {"keras", "backend"}),
        ("nested_keras2", "saved_model", "2.", {"keras", "backend", "tensorflow"}),
    ],
)
def test_saved_by(zoo: Path, name: str, format_: str, keras: str, keys: set[str]) -> None:
    inventory = read_inventory(zoo / name)
    assert inventory.path == zoo / name
    assert inventory.format == format_
    assert inventory.saved_by["keras"].startswith(keras)
    assert inventory.saved_by.keys() == keys


@pytest.mark.parametrize(("name", "format_"), [("nested.keras", "keras"), ("nested.h5", "h5")])
def test_format_is_reported_by_content(zoo: Path, tmp_path: Path, name: str, format_: str) -> None:
    renamed = tmp_path / "model.bin"
    renamed.write_bytes((zoo / name).read_bytes())
    assert read_inventory(renamed).format == format_


@pytest.mark.parametrize("name", ["mixed.keras", "mixed.h5", "mixed"])
def test_mixed_precision(zoo: Path, name: str) -> None:
    inventory = read_inventory(zoo / name)
    assert inventory.compute_dtypes == ("float16", "float32")
    assert not inventory.compiled


@pytest.mark.parametrize("name", ["mixed.keras", "mixed.h5"])
def test_dtype_policies_are_objects_only_where_serialized(zoo: Path, name: str) -> None:
    policies = [use for use in read_inventory(zoo / name).objects if use.role == "dtype policy"]
    assert {use.name for use in policies} == {"DTypePolicy"}
    assert "mixed_float16" in {use.config["name"] for use in policies}


def test_keras2_writes_plain_dtypes_without_objects(zoo: Path) -> None:
    assert not uses(read_inventory(zoo / "nested_keras2.h5"), "dtype policy").keys() - {"DTypePolicy"}
    assert not uses(read_inventory(zoo / "list_config.h5"), "dtype policy")


@pytest.mark.parametrize("name", ["lambdas.keras", "lambdas.h5", "lambdas_keras2.h5"])
def test_lambdas(zoo: Path, name: str) -> None:
    inventory = read_inventory(zoo / name)
    found = {use.path: use for use in inventory.lambdas}
    assert found.keys() == {("td", "code"), ("lambda_activation",), ("named",)}
    assert found["td", "code"].has_bytecode
    assert found["lambda_activation",].has_bytecode
    # Keras 2 marshals a named function too.
    keras2 = "keras2" in name
    assert found["named",].has_bytecode == keras2
    assert found["named",].function_name == (None if keras2 else "tripled")
    assert places(inventory, "Lambda") == {("td", "code"), ("named",)}


def test_sequential_whose_config_is_a_list(zoo: Path) -> None:
    inventory = read_inventory(zoo / "list_config.h5")
    assert [layer.path for layer in inventory.layers] == [
        ("dense_1",),
        ("Sequential",),
        ("Sequential", "scale_1"),
    ]
    assert (inventory.layers[0].position, inventory.layers[0].siblings) == (1, 2)
    assert uses(inventory, "activation") == {"hard_sigmoid": ("dense_1",)}
    assert inventory.saved_by == {"keras": "2.1.3", "backend": "tensorflow"}
    assert not inventory.compiled


def test_subclassed_model_tells_its_layers_by_metadata(zoo: Path) -> None:
    inventory = read_inventory(zoo / "subclassed_keras2")
    assert inventory.model_class == "Ranker"
    assert [(layer.class_name, layer.path) for layer in inventory.layers] == [
        ("shop>Scale", ("scale",)),
        ("Sequential", ("block",)),
        ("InputLayer", ("block", "deep_input")),
        ("Dense", ("block", "deep")),
    ]


@pytest.mark.parametrize("name", ["nested.weights.h5", "legacy_weights.h5"])
def test_weights_only(zoo: Path, name: str) -> None:
    inventory = read_inventory(zoo / name)
    assert inventory.weights_only
    assert inventory.layers == ()
    assert not read_inventory(zoo / "nested.h5").weights_only
