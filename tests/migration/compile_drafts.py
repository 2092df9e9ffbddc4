"""Artifacts made by hand that hold a compile configuration, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import Inventory, WeightUse
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.plan import DraftPlan, plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def model_node(outputs: int = 1) -> dict[str, Any]:
    """A Sequential of one layer, as Keras 3 writes it; or a network that claims to have several outputs."""
    entry = {"batch_shape": [None, 4], "dtype": "float32", "name": "entry"}
    dense = {"name": "dense", "trainable": True, "dtype": "float32", "units": 2, "activation": "linear"}
    layers = [
        {"class_name": "InputLayer", "module": "keras.layers", "registered_name": None, "config": entry},
        {"class_name": "Dense", "module": "keras.layers", "registered_name": None, "config": dense},
    ]
    config: dict[str, Any] = {"name": "sequential", "layers": layers}
    if outputs > 1:
        config["output_layers"] = [["dense", 0, 0], *([f"end{number}", 0, 0] for number in range(1, outputs))]
    return {"class_name": "Sequential", "module": "keras", "registered_name": None, "config": config}


def inventory(
    training: dict[str, Any],
    form: str = "h5",
    keras: str = "2.8.0",
    weights: Iterable[tuple[str, tuple[int, ...]]] = (),
    outputs: int = 1,
) -> Inventory:
    """An artifact with this compile configuration, as a static read of it would find it.

    Args:
        training: what `compile()` was given, as it is stored.
        form: `h5` or `keras`.
        keras: the version that wrote it.
        weights: path and shape of datasets.
        outputs: how many the model has.
    """
    root = model_node(outputs)
    if form == "keras":
        root["compile_config"] = training
    stored = tuple(WeightUse(path, "float32", shape, 4) for path, shape in weights)
    bare = Inventory(
        Path(f"m.{form}"),
        form,
        {"keras": keras},
        root=root,
        training=training,
        weights=stored,
        model_class="Sequential",
    )
    return Draft.of(bare).inventory()


def target(runtime: str = "tf2.21", keras: str = "2.8.0", custom: Iterable[str] = ()) -> Target:
    """The runtime to migrate to."""
    return Target(load_profile(runtime), {"keras": keras}, frozenset(custom))


def plan_of(
    training: dict[str, Any], form: str = "h5", keras: str = "2.8.0", runtime: str = "tf2.21", **more: Any
) -> DraftPlan:
    """What is planned for it."""
    return plan_edits(inventory(training, form, keras, **more), target(runtime, keras))


def names(plan: DraftPlan) -> list[str]:
    """The names of the edits."""
    return [each.name for each in plan.edits]


def h5_training(optimizer: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What an .h5 holds of `compile()`."""
    plain = {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.01, "decay": 0.0, "momentum": 0.0}}
    given = {"loss": "mean_squared_error", "metrics": None, "weighted_metrics": None, "loss_weights": None}
    return {**given, "optimizer_config": dict(optimizer or plain), **more}


def keras_training(optimizer: Any = "sgd", **more: Any) -> dict[str, Any]:
    """What a .keras file of Keras 2 holds of `compile()`."""
    given = dict.fromkeys(("metrics", "weighted_metrics", "loss_weights", "run_eagerly", "steps_per_execution"))
    return {**given, "jit_compile": None, "loss": "mean_squared_error", "optimizer": optimizer, **more}
