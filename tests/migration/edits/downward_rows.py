"""The edits from Keras 3 to an older one: layers, calls and weights, and what `compile()` was given.

Keras 2 is `tf_keras`; what is written for a first Keras 3 the Keras of this process reads as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.migration.configuration.draft import Draft
from tests.migration.compile_drafts import h5_training
from tests.migration.edits import test_compile_edits, test_downward_edits
from tests.migration.edits.row import LOADING, OUTPUTS, TRAINING, Forbidden, Model, Row, compiled, swap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


KERAS_2, KERAS_3_3 = "tf2.21+tf_keras", "tf2.16"
WORDS = [np.array([[3], [5], [8], [8], [5], [3]])]


def saved(build: Callable[[Any], Any], form: str = "keras", **more: Any) -> Model:
    """A model that Keras 3 saves."""
    return Model(build, form, writer="keras", **{"data": (4,), **more})


def stack(*layers: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda kit: kit.Sequential([kit.Input((4,)), *(layer(kit.layers) for layer in layers)])


def dense(kit: Any, name: str = "dense", **more: Any) -> Any:
    return kit.Dense(4, name=name, **more)


def two_layers(kit: Any) -> Any:
    begin = kit.Input((4,), name="entry")
    first = dense(kit.layers, "first", activation="tanh")(begin)
    return kit.Model(begin, [dense(kit.layers, "last")(first)])


def twice(kit: Any) -> Any:
    """A layer that is called on what comes after it."""
    shared, begin = dense(kit.layers, "shared", activation="tanh"), kit.Input((4,), name="entry")
    between = dense(kit.layers, "between")(shared(begin))
    return kit.Model(begin, shared(between))


def attention(kit: Any) -> Any:
    begin = kit.Input((3, 4))
    return kit.Model(begin, kit.layers.MultiHeadAttention(2, 2, name="attention")(begin, begin))


def looked_up(kit: Any) -> Any:
    begin = kit.Input((1,), dtype="int64")
    return kit.Model(begin, kit.layers.IntegerLookup(vocabulary=[3, 5, 8], num_oov_indices=1)(begin))


def added(kit: Any) -> Any:
    begin = kit.Input((4,))
    return kit.Model(begin, dense(kit.layers)(begin + 2.0))


def summed(kit: Any) -> Any:
    begin = kit.Input((4, 4))
    return kit.Model(begin, kit.ops.sum(begin, axis=1))


def normalized(kit: Any) -> Any:
    return kit.Sequential([kit.Input((4, 4)), kit.layers.LayerNormalization(axis=[1, 2])])


def over_time(kit: Any) -> Any:
    inner = kit.Sequential([kit.Input((4,)), dense(kit.layers)])
    return kit.Sequential([kit.Input((3, 4)), kit.layers.TimeDistributed(inner)])


def over_time_for_keras(folder: Path) -> Draft:
    """One that the reader builds as it stands."""
    import keras

    over_time(keras).save(folder / "model.keras")
    return Draft.of(read_inventory(folder / "model.keras"))


def trained(optimizer: Callable[[Any], Any], form: str = "h5") -> Model:
    def build(kit: Any) -> Any:
        model = kit.Sequential([kit.Input((4,)), dense(kit.layers)])
        model.compile(loss="mean_squared_error", optimizer=optimizer(kit.optimizers))
        return model

    return saved(build, form, targets=((4,),), steps=2)


def doubled(values: Any) -> Any:
    """A function of the user's."""
    return 2.0 * values


def tripled(values: Any) -> Any:
    """Another one."""
    return 3.0 * values


def own_functions(_: Any) -> dict[str, Any]:
    return {"doubled": doubled, "tripled": tripled}


def spoil(class_name: str, **config: Any) -> Callable[[Draft], None]:
    """Layers of a class with other arguments."""

    def change(draft: Draft) -> None:
        for node in draft.layers(class_name):
            node.config.update(config)

    return change


def without(class_name: str, key: str) -> Callable[[Draft], None]:
    """Layers of a class without an argument."""

    def change(draft: Draft) -> None:
        for node in draft.layers(class_name):
            del node.config[key]

    return change


def elsewhere(class_name: str) -> Callable[[Draft], None]:
    """Layers of a class in a module that there is not."""

    def change(draft: Draft) -> None:
        for node in draft.layers(class_name):
            node.data["module"] = "keras.nowhere"

    return change


def optimizer_of(**config: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.training["optimizer_config"]["config"].update(config)

    return change


def other_source(draft: Draft) -> None:
    """The last layer is called on what comes in."""
    (last,) = (node for node in nodes_of(draft.root["config"]) if node["name"] == "last")
    last["inbound_nodes"] = [[["entry", 0, 0, {}]]]


def other_end(draft: Draft) -> None:
    draft.root["config"]["output_layers"] = [["first", 0, 0]]


def first_call(draft: Draft) -> None:
    """What the first call gives where the second one is meant."""
    draft.root["config"]["output_layers"] = [["shared", 0, 0]]


def other_number(draft: Draft) -> None:
    for node in nodes_of(draft.root["config"]):
        # Of an operation the calls have one list less around them than those of layers.
        for call in node["inbound_nodes"]:
            if isinstance(call[0], str) and "y" in call[3]:
                call[3]["y"] = 3.0


def with_learning_rate(draft: Draft) -> None:
    """Keras 2 then takes it for a variable of the first weight."""
    draft.moved.clear()


def with_setting(draft: Draft) -> None:
    """The optimizer stays, with what Keras 2 has no setting for."""
    draft.training = dict(draft.source.training)


def forbidden(edit: str) -> Forbidden:
    """The first model by hand that the edit's condition forbids."""
    case = next(each for each in test_downward_edits.FORBIDDEN if each.edit == edit)
    return Forbidden(lambda folder: _draft(case, folder), case.runtime, case.custom)


def _draft(case: Any, folder: Path) -> Draft:
    return test_downward_edits.edited(case, folder)[0]


def forbidden_training(edit: str) -> Forbidden:
    """The first compile configuration by hand that the edit's condition forbids."""
    _, training, more = next(each for each in test_compile_edits.FORBIDDEN if each[0] == edit)
    return compiled(training, **{"runtime": "tf2.21", **more})


def row(edit: str, model: Model, change: Callable[[Draft], None], seen_by: str, runtime: str = KERAS_2) -> Row:
    declared = tuple(model.declared(None)) if model.declared is not None else ()
    return Row(model, forbidden(edit), change, seen_by, runtime=runtime, custom=declared)


ROWS: dict[str, Row] = {
    "name-dtype-policy": row("name-dtype-policy", saved(stack(dense)), spoil("Dense", dtype="float16"), OUTPUTS),
    "move-class": row("move-class", saved(two_layers), elsewhere("Functional"), LOADING),
    "batch-input-shape": row(
        "batch-input-shape", saved(stack(dense)), spoil("InputLayer", batch_input_shape=[None, 5]), LOADING
    ),
    "list-single-end": row("list-single-end", saved(two_layers), other_end, OUTPUTS, KERAS_3_3),
    "older-argument-name": row(
        "older-argument-name",
        saved(stack(lambda layers: layers.LeakyReLU(0.2))),
        spoil("LeakyReLU", alpha=0.9),
        OUTPUTS,
    ),
    "drop-dtype-of-lookup": row(
        "drop-dtype-of-lookup",
        saved(looked_up, data=WORDS),
        spoil("IntegerLookup", vocabulary=[8, 5, 3]),
        OUTPUTS,
    ),
    "shapes-of-attention": row(
        "shapes-of-attention", saved(attention, data=(3, 4)), without("MultiHeadAttention", "query_shape"), LOADING
    ),
    "kind-of-lambda-function": row(
        "kind-of-lambda-function",
        saved(stack(lambda layers: layers.Lambda(doubled, output_shape=(4,))), declared=own_functions),
        spoil("Lambda", function="tripled"),
        OUTPUTS,
    ),
    "name-function": row(
        "name-function",
        saved(stack(lambda layers: dense(layers, activation=doubled)), "h5", declared=own_functions),
        spoil("Dense", activation="tripled"),
        OUTPUTS,
    ),
    "operation-as-tensorflow-function": row("operation-as-tensorflow-function", saved(added), other_number, OUTPUTS),
    "module-of-operation": row("module-of-operation", saved(added, "h5"), elsewhere("Add"), LOADING, KERAS_3_3),
    "drop-name-of-operation": row(
        "drop-name-of-operation", saved(summed, data=(4, 4)), spoil("Sum", axis=2), OUTPUTS, KERAS_3_3
    ),
    "module-of-layer-with-axis": row(
        "module-of-layer-with-axis",
        saved(normalized, "h5", data=(4, 4)),
        elsewhere("LayerNormalization"),
        LOADING,
        KERAS_3_3,
    ),
    "calls-to-try-again": row("calls-to-try-again", saved(twice), first_call, OUTPUTS, KERAS_3_3),
    "keras-2-connections": row("keras-2-connections", saved(two_layers), other_source, OUTPUTS),
    "built-when-called": Row(
        saved(over_time, data=(3, 4)),
        Forbidden(over_time_for_keras, "tf2.20"),
        spoil("Dense", activation="tanh"),
        OUTPUTS,
        runtime=KERAS_3_3,
    ),
    "parts-of-attention": Row(
        saved(attention, data=(3, 4)),
        forbidden("shapes-of-attention"),
        lambda draft: swap(draft, "query_dense/vars/0", "key_dense/vars/0"),
        OUTPUTS,
        runtime=KERAS_2,
    ),
    "optimizer-of-keras-2": Row(
        trained(lambda module: module.Adam(0.05)),
        forbidden_training("optimizer-of-keras-2"),
        optimizer_of(is_legacy_optimizer=True),
        LOADING,
        runtime=KERAS_2,
    ),
    "learning-rate-out-of-state": Row(
        trained(lambda module: module.Adam(0.05)),
        forbidden_training("learning-rate-out-of-state"),
        with_learning_rate,
        TRAINING,
        runtime=KERAS_2,
    ),
    "drop-state-of-keras-3": Row(
        trained(lambda module: module.Nadam(0.05)),
        # Keras 3 has a place for all of it.
        compiled(h5_training(), keras="3.3.3", weights=[("optimizer_weights/sgd/iteration", ())]),
        lambda draft: draft.training.update(loss="mean_absolute_error"),
        TRAINING,
        runtime=KERAS_2,
    ),
    "drop-optimizer-of-keras-3": Row(
        trained(lambda module: module.Adam(0.05, gradient_accumulation_steps=2)),
        forbidden_training("drop-optimizer-of-keras-3"),
        with_setting,
        LOADING,
        runtime=KERAS_2,
    ),
}
