"""Models that Keras 2 saves, edited for the Keras here: they load and predict the same; edited wrongly, they do not."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.migration.configuration.calls import references
from pytest_modelcompat.runtimes.names import all_names, parse_name
from tests.migration.planned import names_of, plan_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft

pytestmark = pytest.mark.needs_tensorflow

if importlib.util.find_spec("tf_keras") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras 2 is not installed beside Keras 3", allow_module_level=True)

import keras  # noqa: E402
import tf_keras  # noqa: E402

HERE = tuple(int(each) for each in keras.__version__.split(".")[:2])
layers = tf_keras.layers


def runtime_here() -> str:
    """A recorded runtime with the Keras of this process, or the newest before it."""
    recorded = [(parse_name(name).keras, name) for name in all_names()]
    found = [(version, name) for version, name in recorded if (3, 0) <= version <= HERE and "+" not in name]
    if not found:
        pytest.skip("this Keras is older than all Keras 3 that are recorded")
    return max(found)[1]


def twice() -> Any:
    tower = tf_keras.Sequential([layers.Input((4,)), layers.Dense(4, "tanh")], name="tower")
    first = tower(begin := layers.Input((4,)))
    second = tower(layers.Dense(4)(first))
    return tf_keras.Model(begin, layers.Subtract()([layers.Dense(4)(second), first]))


def ends_in_a_model() -> Any:
    inner = layers.Input((4,))
    tower = tf_keras.Model(inner, layers.Dense(3)(inner), name="tower")
    begin = layers.Input((4,))
    return tf_keras.Model(begin, [tower(begin), tower(layers.Dense(4)(begin))])


def attention() -> Any:
    query, value = layers.Input((5, 8)), layers.Input((6, 8))
    return tf_keras.Model([query, value], layers.MultiHeadAttention(2, 4)(query, value))


def initial_states() -> Any:
    words, other = layers.Input((5, 3)), layers.Input((6, 3))
    _, *states = layers.LSTM(4, return_state=True)(words)
    return tf_keras.Model([words, other], layers.LSTM(4)(other, initial_state=states))


def named_inputs() -> Any:
    one, two = layers.Input((4,), name="one"), layers.Input((4,), name="two")
    tower = tf_keras.Model({"one": one, "two": two}, layers.Subtract()([layers.Dense(4)(one), two]), name="tower")
    left, right = layers.Input((4,)), layers.Input((4,))
    return tf_keras.Model([left, right], tower({"one": left, "two": right}))


def several_axes() -> Any:
    return tf_keras.Sequential([layers.Input((5, 3)), layers.LayerNormalization(axis=[1, 2]), layers.LSTM(2)])


def encoded_once() -> Any:
    convolved = [layers.Input((8, 8, 3)), layers.SeparableConv2D(4, 3, depth_multiplier=2), layers.DepthwiseConv2D(3)]
    return tf_keras.Sequential([*convolved, layers.BatchNormalization(), layers.Flatten()])


def wrapped() -> Any:
    inner = tf_keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.BatchNormalization()])
    turned = layers.Bidirectional(layers.GRU(3, return_sequences=True))
    cells = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])
    return tf_keras.Sequential([layers.Input((5, 3)), layers.TimeDistributed(inner), turned, cells])


def one_output_in_a_list() -> Any:
    inner = layers.Input((4,))
    tower = tf_keras.Model(inner, layers.Dense(4, "relu")(inner))
    return tf_keras.Sequential([layers.Input((4,)), tower, layers.LayerNormalization(), layers.Dense(2)])


def with_slashes() -> Any:
    begin = layers.Input((4,))
    first = layers.Dense(4, name="block/one")(begin)
    return tf_keras.Model(begin, layers.Subtract()([layers.Dense(4, name="block/two")(first), first]))


def half_precision() -> Any:
    policy = tf_keras.mixed_precision.Policy("mixed_float16")
    return tf_keras.Sequential([layers.Input((4,)), layers.Dense(8, dtype=policy), layers.Dense(2, dtype="float32")])


def score_mode() -> Any:
    query, value = layers.Input((5, 4)), layers.Input((6, 4))
    return tf_keras.Model([query, value], layers.Attention(use_scale=True)([query, value]))


def thresholded() -> Any:
    return tf_keras.Sequential([layers.Input((4,)), layers.Dense(8), layers.ThresholdedReLU(0.5)])


def states_of_both_sides() -> Any:
    words, other = layers.Input((5, 3)), layers.Input((6, 3))
    _, *states = layers.Bidirectional(layers.GRU(4, return_state=True))(words)
    return tf_keras.Model([words, other], layers.Bidirectional(layers.GRU(4))(other, initial_state=states))


def other_threshold(draft: Draft) -> None:
    for node in draft.layers("ReLU"):
        node.config["threshold"] = 1.5


def another_call(draft: Draft) -> None:
    """Each nested model's second call in place of its first."""
    for node in nodes_of(draft.root["config"]):
        for each in references(node["inbound_nodes"]):
            each[1] = 1 if each[0] == "tower" else each[1]
    for each in references(draft.root["config"]["output_layers"]):
        each[1] = 2 if each[0] == "tower" else each[1]


def other_tensors(draft: Draft) -> None:
    """What a call is given, the other way round."""
    for node in nodes_of(draft.root["config"]):
        for call in node["inbound_nodes"]:
            if isinstance(call, dict) and "initial_state" in call["kwargs"]:
                call["kwargs"]["initial_state"].reverse()
            elif isinstance(call, dict) and "value" in call["kwargs"]:
                call["kwargs"]["value"] = call["args"][0]
            elif isinstance(call, dict):
                given = call["args"][0]
                given["one"], given["two"] = given["two"], given["one"]


def other_axes(draft: Draft) -> None:
    for node in draft.layers("LayerNormalization"):
        node.config["axis"] = [2]


def all_half(draft: Draft) -> None:
    for node in draft.layers("Dense"):
        node.config["dtype"] = "bfloat16"


def another_default(draft: Draft) -> None:
    for node in draft.layers("SeparableConv2D"):
        node.config["padding"] = "same"


def other_epsilon(draft: Draft) -> None:
    for node in draft.layers("BatchNormalization"):
        node.config["epsilon"] = 0.5


def other_activation(draft: Draft) -> None:
    for node in draft.layers("Dense"):
        node.config["activation"] = "tanh"


def other_scale(draft: Draft) -> None:
    for node in draft.layers("Attention"):
        node.config["use_scale"] = False


def same_name(draft: Draft) -> None:
    for model in draft.layers():
        for each in references([node.get("inbound_nodes") for node in nodes_of(model.config)]):
            each[0] = each[0].replace("block_two", "block_one")


class Case(NamedTuple):
    """A model of Keras 2.

    Args:
        build: makes it.
        edit: one that it needs.
        break_it: what makes another model of the draft.
        format: how it is saved.
        drifts: how far its outputs may be from those of Keras 2.
    """

    build: Callable[[], Any]
    edit: str
    break_it: Callable[[Draft], None]
    format: str = "h5"
    drifts: float = 1e-5


CASES = [
    Case(twice, "count-calls-from-0", another_call),
    Case(ends_in_a_model, "name-module-of-reader", another_call, "keras"),
    Case(attention, "arguments-of-calls", other_tensors),
    Case(attention, "arguments-of-calls", other_tensors, "keras"),
    Case(initial_states, "arguments-of-calls", other_tensors),
    Case(initial_states, "arguments-of-calls", other_tensors, "keras"),
    Case(named_inputs, "arguments-of-calls", other_tensors, "keras"),
    Case(thresholded, "class-of-same-values", other_threshold),
    Case(states_of_both_sides, "arguments-of-calls", other_tensors),
    Case(several_axes, "name-module-of-layer", other_axes),
    Case(encoded_once, "drop-default-argument", another_default),
    Case(encoded_once, "axis-as-number", another_default, "keras"),
    Case(wrapped, "drop-default-argument", other_epsilon),
    Case(wrapped, "axis-as-number", other_epsilon, "keras"),
    Case(one_output_in_a_list, "one-input-or-output-alone", other_activation),
    Case(with_slashes, "name-without-slash", same_name),
    Case(half_precision, "dtype-policy-by-name", all_half, drifts=2e-3),
    Case(score_mode, "name-module-of-layer", other_scale),
]


def outputs(model: Any, inputs: list[Any]) -> list[Any]:
    result = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(each) for each in (result if isinstance(result, list) else [result])]


def drift(one: list[Any], other: list[Any]) -> float:
    return max(float(np.abs(left.astype(float) - right).max()) for left, right in zip(one, other, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.build.__name__}-{case.format}")
def test_a_model_predicts_the_same(case: Case, tmp_path: Path) -> None:
    tf_keras.utils.set_random_seed(0)
    model = case.build()
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0.3, 0.3, each.shape).clip(0.05) for each in model.get_weights()])
    inputs = [random.normal(size=(2, *each.shape[1:])).astype("float32") for each in model.inputs]
    path = tmp_path / f"model.{case.format}"
    model.save(path)

    plan = plan_of(path, runtime_here())
    expected = outputs(model, inputs)
    migrated = keras.models.load_model(written(plan.draft, tmp_path), compile=False)

    assert not plan.left
    assert case.edit in names_of(plan)
    assert drift(expected, outputs(migrated, inputs)) < case.drifts

    case.break_it(plan.draft)
    assert differs(written(plan.draft, tmp_path), inputs, expected, case.drifts)


def differs(path: Path, inputs: list[Any], expected: list[Any], allowed: float) -> bool:
    """Whether a model does not load, or predicts something else."""
    try:
        found = outputs(keras.models.load_model(path, compile=False), inputs)
    except (ValueError, TypeError):
        return True
    return any(one.shape != other.shape for one, other in zip(expected, found, strict=True)) or (
        drift(expected, found) > allowed
    )
