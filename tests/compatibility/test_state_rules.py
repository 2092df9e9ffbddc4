"""State, containers and axes: what is tracked beside the graph, what opens a file, and what it drops of a layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import (
    Asset,
    Inventory,
    LayerUse,
    OpUse,
    Signature,
    TensorSpec,
    WeightUse,
)
from pytest_modelcompat.compatibility.rules import axes, container, imported, safe_mode, state
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file, saved_model

WEIGHT = WeightUse("kernel", "float32", (2,), 8)


@pytest.mark.parametrize(
    ("slots", "classes", "is_lost"),
    [(4, {"optimizer": 1}, True), (0, {"optimizer": 1}, False), (4, {"Optimizer": 1}, False), (0, {}, False)],
)
def test_slot_variables(slots: int, classes: dict[str, int], is_lost: bool) -> None:
    held = saved_model(slot_variables=slots, object_classes=classes)
    found = list(state.lost_slot_variables(before(held, "tf2.16")))
    assert [(each.where, each.stage) for each in found] == [
        (("4 slot variables in the object graph",), Stage.GRAPH),
    ] * is_lost
    assert not list(state.lost_slot_variables(before(held, "tf2.15")))
    assert not list(state.lost_slot_variables(before(held, "tf2.16+tf_keras")))


@pytest.mark.parametrize(
    ("runtime", "count", "is_found"),
    [("tf2.5", 2, True), ("tf2.6", 2, False), ("tf2.5", 0, False), ("tf2.5", None, False)],
)
def test_captured_tensors(runtime: str, count: int | None, is_found: bool) -> None:
    held = saved_model(object_classes={} if count is None else {"captured tensor": count})
    found = list(state.captured_tensors(before(held, runtime)))
    assert [each.where for each in found] == [("2 in the object graph",)] * is_found


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (saved_model(assets=(Asset("a.txt", is_present=False), Asset("b.txt"))), ["a.txt"]),
        (keras_file(assets=(Asset("a.txt", is_present=False),)), []),
        (saved_model(assets=(Asset("a.txt"),)), []),
    ],
)
def test_missing_files(held: Inventory, missing: list[str]) -> None:
    found = list(state.missing_files(before(held, "tf2.21")))
    assert [each.subject for each in found] == missing
    assert all(each.cause == f"the SavedModel needs {each.subject}, and it is not there" for each in found)


def signature(*names: str, dtype: str = "float32") -> Signature:
    return Signature("serve", tuple(TensorSpec(name, dtype, (None, 4)) for name in names), ())


@pytest.mark.parametrize(
    ("names", "is_numbered"),
    [
        (("inputs", "inputs_1"), True),
        (("inputs", "inputs_1", "inputs_2"), True),
        (("inputs",), False),
        (("price", "stock"), False),
        (("inputs", "inputs_2"), False),
        (("inputs", "inputs_1", "inputs_3"), False),
        (("inputs_1", "inputs_2"), False),
        ((), False),
    ],
)
def test_inputs_without_names(names: tuple[str, ...], is_numbered: bool) -> None:
    found = list(state.unnamed_inputs(before(saved_model(signatures=(signature(*names),)), "tf2.21")))
    assert [(each.subject, each.where, each.severity) for each in found] == [
        ("serve", names, Severity.NOTE),
    ] * is_numbered


@pytest.mark.parametrize(
    ("dtype", "weights", "is_half"),
    [
        ("float16", ("float32",), True),
        ("float16", ("float32", "int64"), True),
        ("float16", ("float16",), False),
        ("float16", ("float16", "float32"), False),
        ("float16", (), False),
        ("float32", ("float32",), False),
    ],
)
def test_half_inputs(dtype: str, weights: tuple[str, ...], is_half: bool) -> None:
    held = saved_model(
        signatures=(signature("a", "b", dtype=dtype), signature("c")),
        weights=tuple(replace(WEIGHT, dtype=each) for each in weights),
    )
    found = list(state.half_inputs(before(held, "tf2.16")))
    assert [(each.kind, each.where, each.stage, each.severity) for each in found] == [
        (Kind.PREDICTION_FAILED, ("a", "b"), Stage.FIRST_CALL, Severity.NOTE),
    ] * is_half


@pytest.mark.parametrize(
    ("writer", "runtime", "takes"),
    [
        ("2.10.0", "tf2.16", "load_model of Keras 3.3 takes no SavedModel;"),
        ("2.10.0", "tf2.5", "does not find the configuration where Keras 2.10.0 puts it"),
        ("2.6.0", "tf2.5", "does not find the configuration where Keras 2.6.0 puts it"),
        ("2.5.0", "tf2.5", ""),
        ("2.10.0", "tf2.6", ""),
        ("2.10.0", "tf2.15", ""),
    ],
)
def test_what_load_model_takes_of_a_saved_model(writer: str, runtime: str, takes: str) -> None:
    held = saved_model(saved_by={"keras": writer}, root={"class_name": "Sequential"})
    found = list(state.by_keras(before(held, runtime)))
    assert len(found) == bool(takes)
    for each in found:
        assert takes in each.cause
        assert (each.kind, each.subject, each.severity) == (Kind.FORMAT_NOT_READ, "model", Severity.NOTE)
        assert each.fix[0].startswith("load it with tf.saved_model.load")
    assert not list(state.by_keras(before(saved_model(saved_by={"keras": writer}), runtime)))


@pytest.mark.parametrize(
    ("held", "is_lost"),
    [
        (keras_file("3.6.0", training={"loss": "mse"}), True),
        (keras_file("3.6.0", training={"loss": "mse", "optimizer": {}}), False),
        (keras_file("2.15.0", training={"loss": "mse"}), False),
        (keras_file("3.6.0"), False),
        (h5("3.6.0", training={"loss": "mse"}), False),
    ],
)
def test_an_optimizer_that_is_not_in_the_file(held: Inventory, is_lost: bool) -> None:
    assert bool(list(state.lost_optimizer(before(held, "tf2.18")))) is is_lost


GRAPH = Inventory(Path("model.pb"), "graph_def")


@pytest.mark.parametrize(
    ("ops", "weights", "are_elsewhere"),
    [
        (("VarHandleOp",), (), True),
        (("VariableV2",), (), True),
        (("VarHandleOp",), (WEIGHT,), False),
        (("Relu",), (), False),
        ((), (), False),
    ],
)
def test_a_graph_whose_values_are_elsewhere(
    ops: tuple[str, ...], weights: tuple[WeightUse, ...], are_elsewhere: bool
) -> None:
    held = replace(GRAPH, ops=tuple(OpUse(op, 1, ()) for op in ops), weights=weights)
    found = list(container.values_elsewhere(before(held, "tf2.21")))
    assert [(each.kind, each.severity) for each in found] == [(Kind.STATE_LOST, Severity.CHANGE)] * are_elsewhere


def not_opened(held: Inventory, runtime: str) -> str:
    """Why a container is not opened; empty where it is."""
    found: list[Finding] = list(container.not_opened(before(held, runtime)))
    assert all((each.kind, each.stage) == (Kind.FORMAT_NOT_READ, Stage.OPEN) for each in found)
    return "".join(each.cause for each in found)


@pytest.mark.parametrize(
    ("held", "runtime", "why"),
    [
        (keras_file("2.13.0"), "tf2.11", "it is a .keras zip, which Keras 2.11 cannot open"),
        (keras_file("2.13.0"), "tf2.12", ""),
        (h5(), "tf2.4", ""),
        (replace(h5(), path=Path("model.keras")), "tf2.16", "it is an HDF5 file with the suffix .keras"),
        (replace(h5(), path=Path("model.keras")), "tf2.15", ""),
        (replace(keras_file(), path=Path("model.h5")), "tf2.16", "it is a .keras zip with the suffix of an HDF5 file"),
        (replace(keras_file(), path=Path("model.hdf5")), "tf2.15", "it is a .keras zip with the suffix of an HDF5"),
        (replace(keras_file(), path=Path("model.zip")), "tf2.16", ""),
        (h5(weights_only=True), "tf2.15", "it holds weights and no model"),
        (saved_model(), "tf2.21", ""),
    ],
)
def test_containers_that_are_not_opened(held: Inventory, runtime: str, why: str) -> None:
    assert not_opened(held, runtime).startswith(why)
    assert bool(not_opened(held, runtime)) is bool(why)


@pytest.mark.parametrize(("runtime", "is_opened"), [("tf2.16+keras3.3", False), ("tf2.16+keras3.4", True)])
def test_a_folder_is_opened_from_a_version_on(runtime: str, is_opened: bool, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    held = replace(keras_file(), path=tmp_path)
    assert bool(not_opened(held, runtime)) is not is_opened


def axis(class_name: str, value: Any, path: tuple[str, ...] = ("layer",)) -> LayerUse:
    return LayerUse(class_name, path, config={"axis": value}, position=1, siblings=1)


@pytest.mark.parametrize(
    ("layer", "runtime", "severity"),
    [
        (axis("Softmax", 1), "tf2.16+keras3.8", Severity.CHANGE),
        (axis("Softmax", 1), "tf2.16+keras3.9", None),
        (axis("Softmax", -1), "tf2.16+keras3.8", None),
        (axis("Softmax", [1, 2]), "tf2.21", Severity.CHANGE),
        (axis("Softmax", [1]), "tf2.16", None),
        (axis("Softmax", None), "tf2.16", None),
        (axis("Softmax", 1), "tf2.15", None),
        (axis("BatchNormalization", 1), "tf2.16", Severity.ERROR),
        (axis("LayerNormalization", [1, 2]), "tf2.21", Severity.ERROR),
        (axis("GroupNormalization", 1), "tf2.16", Severity.ERROR),
        (axis("Normalization", [1, 2]), "tf2.16", Severity.ERROR),
        (axis("Softmax", 1, ("each", "inner")), "tf2.16", None),
    ],
)
def test_an_axis_that_keras_3_drops(layer: LayerUse, runtime: str, severity: Severity | None) -> None:
    root = {"class_name": "Sequential", "config": {"layers": []}}
    found = list(axes.lost_axes(before(h5(root=root, layers=(layer,)), runtime)))
    # Those of a .keras file of Keras 2.12 name no module, and are read the same way.
    old = list(axes.lost_axes(before(keras_file("2.12.0", root=root, layers=(layer,)), runtime)))
    assert [each.severity for each in old] == [each.severity for each in found]
    assert all("when it reads a .keras file that names no modules" in each.cause for each in old)
    assert [each.severity for each in found] == ([severity] if severity else [])
    for each in found:
        assert each.subject == f"{layer.class_name}(axis=…)"
        assert each.stage is (Stage.WEIGHTS if severity is Severity.ERROR else None)
        assert each.cause.endswith("the stored weights are not") is (severity is Severity.ERROR)
    new = replace(layer, module="keras.layers")
    assert not list(axes.lost_axes(before(keras_file("2.15.0", root=root, layers=(new,)), runtime)))


def test_axes_of_layers_with_and_without_weights_are_two_findings() -> None:
    root = {"class_name": "Sequential", "config": {"layers": []}}
    layers = (axis("Softmax", 1, ("a",)), axis("BatchNormalization", 1, ("b",)), axis("Concatenate", 1, ("c",)))
    found = list(axes.lost_axes(before(h5(root=root, layers=layers), "tf2.16")))
    assert [(each.subject, len(each.where)) for each in found] == [
        ("BatchNormalization(axis=…)", 1),
        ("Softmax(axis=…)", 2),
    ]


def hub(name: str, module: str | None, path: str = "layer") -> LayerUse:
    return LayerUse(name, (path,), module=module, registered_name=name, position=1, siblings=1)


@pytest.mark.parametrize(
    ("module", "package", "install"),
    [
        ("keras_hub.src.layers", "keras_hub", "pip install keras-hub"),
        ("keras_nlp.layers", "keras_nlp", "pip install keras-nlp"),
        ("keras_cv", "keras_cv", "pip install keras-cv"),
        ("keras_hubs", "", ""),
        ("shop.keras_hub", "", ""),
        (None, "", ""),
    ],
)
def test_packages_that_keras_imports(module: str | None, package: str, install: str) -> None:
    held = keras_file(layers=(hub("Scale", module),))
    found = list(imported.imported_packages(before(held, "tf2.18")))
    assert [(each.subject, each.fix, each.severity) for each in found] == [
        (package, (install,), Severity.NOTE),
    ] * bool(package)
    assert not list(imported.imported_packages(before(held, "tf2.15")))
    assert not list(imported.imported_packages(before(held, "tf2.18", "Scale")))
    assert not list(imported.imported_packages(before(replace(held, format="h5"), "tf2.18")))


def test_a_package_is_named_once_with_a_few_of_its_names() -> None:
    layers = [hub(name, "keras_hub.src", f"at_{name}") for name in ("A", "B", "C", "D", "E", "A")]
    others = (hub("F", "keras_cv.layers", "last"), hub("G", "keras_cv.models", "very_last"))
    held = keras_file(layers=(*layers, *others))
    first, second = imported.imported_packages(before(held, "tf2.18"))
    assert first.cause.startswith("Keras 3.6 imports A, B, C and 2 more from keras_hub by itself")
    assert second.cause.startswith("Keras 3.6 imports F and G from keras_cv by itself")


@pytest.mark.parametrize(
    ("class_name", "config", "runtime", "outside"),
    [
        ("TFSMLayer", {"filepath": "/x"}, "tf2.21", "it is a SavedModel beside the file"),
        ("TFSMLayer", {}, "tf2.21", ""),
        ("TFSMLayer", {"filepath": "/x"}, "tf2.16", ""),
        ("TorchModuleWrapper", {"module": "gA"}, "tf2.16+keras3.11", "it is a pickled PyTorch module"),
        ("TorchModuleWrapper", {"module": "gA"}, "tf2.16+keras3.10", ""),
        ("TorchModuleWrapper", {}, "tf2.21", ""),
        ("StringLookup", {"vocabulary": "/x.txt"}, "tf2.21", "its vocabulary is the file /x.txt"),
        ("StringLookup", {"vocabulary": ["a"]}, "tf2.21", ""),
        ("Dense", {"filepath": "/x", "module": "gA", "vocabulary": "/x.txt"}, "tf2.21", ""),
    ],
)
def test_what_safe_mode_refuses(class_name: str, config: dict[str, Any], runtime: str, outside: str) -> None:
    layer = LayerUse(class_name, ("layer",), "keras.layers", config=config, position=1, siblings=1)
    held = keras_file(layers=(layer,))
    found = list(safe_mode.refused_outside(before(held, runtime)))
    assert [each.cause.partition(", which")[0] for each in found] == [outside] * bool(outside)
    assert all(each.kind is Kind.SAFE_MODE_REFUSED and each.stage is Stage.CONFIG for each in found)
    assert not list(safe_mode.refused_outside(before(held, runtime, safe_mode=False)))
    assert not list(safe_mode.refused_outside(before(held, runtime, refuses={}))) or "Torch" in class_name
    assert not list(safe_mode.refused_outside(before(held, runtime, refuses=None))) or "Torch" in class_name
