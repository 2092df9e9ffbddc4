"""Pairing inputs with a signature's, and its outputs with the live model's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import calls
from pytest_modelcompat.loader.tensors import Ragged, Sparse

pytestmark = pytest.mark.needs_tensorflow

BIG, SMALL, WIDE = np.full((1, 2), 5.0), np.full((1, 2), 1.0), np.zeros((1, 7))
WORDS = np.array([b"a"], dtype=object)


def specs(**shapes: Any) -> dict[str, Any]:
    return {name: tf.TensorSpec(shape, tf.float32) for name, shape in shapes.items()}


def match(wanted: dict[str, Any], inputs: Any, *names: str) -> dict[str, Any]:
    return calls.match_inputs(wanted, "serving_default", inputs, names)


NUMBERED = specs(inputs=[None, 2], inputs_1=[None, 2])
NAMED = specs(a=[None, 2], b=[None, 2])


def test_by_name() -> None:
    assert match(NAMED, {"b": BIG, "a": SMALL})["b"] is BIG


@pytest.mark.parametrize("inputs", [[BIG, SMALL], {"b": BIG, "a": SMALL}], ids=["list", "dict"])
@pytest.mark.parametrize(("wanted", "first"), [(NUMBERED, "inputs"), (NAMED, "b")], ids=["numbered", "named"])
def test_a_model_built_from_b_and_a_gets_b_first(inputs: Any, wanted: dict[str, Any], first: str) -> None:
    matched = match(wanted, inputs, "b", "a")
    assert matched.pop(first) is BIG
    (other,) = matched.values()
    assert other is SMALL


def test_numbers_are_counted_not_spelt() -> None:
    wanted = specs(inputs=[1], **{f"inputs_{number}": [1] for number in range(1, 12)})
    leaves = [np.full(1, float(number)) for number in range(12)]
    assert match(wanted, leaves)["inputs_10"] is leaves[10]


def test_nested_inputs_go_in_sorted_order() -> None:
    matched = match(specs(inputs=[1, 2], inputs_1=[1, 2], inputs_2=[1, 7]), {"p": {"y": SMALL, "x": BIG}, "q": [WIDE]})
    assert matched["inputs"] is BIG
    assert matched["inputs_1"] is SMALL


def test_shapes_tell_inputs_apart_where_the_order_does_not() -> None:
    assert match(specs(inputs=[None, 7], inputs_1=[None, 2]), [BIG, WIDE])["inputs"] is WIDE


def test_the_only_input_may_have_another_shape() -> None:
    assert match(specs(x=[1]), WIDE)["x"] is WIDE


def test_ragged_and_sparse_arguments_go_in_parts() -> None:
    splits = np.array([0, 2], np.int64)
    matched = match(
        {"x": tf.TensorSpec([None]), "x_1": tf.TensorSpec([None], tf.int64)}, {"rows": Ragged(np.ones(2), (splits,))}
    )
    assert matched["x_1"] is splits
    sparse = Sparse(np.zeros((1, 2), np.int64), np.ones(1, np.float32), (1, 2))
    assert [part.shape for part in calls.components(sparse)] == [(1, 2), (1,), (2,)]


@pytest.mark.parametrize("inputs", [[BIG], [BIG, SMALL, WIDE], [WIDE, WIDE], [BIG, WORDS], {"a": BIG}])
def test_what_does_not_fit_is_reported_with_both_sides(inputs: Any) -> None:
    with pytest.raises(calls.SignatureMismatchError) as raised:
        match(NAMED, inputs)
    assert str(raised.value).startswith(
        "signature 'serving_default' takes a: float32 (None, 2), b: float32 (None, 2), and the inputs given are "
    )


def test_given_inputs_are_described() -> None:
    with pytest.raises(calls.SignatureMismatchError, match=r"given are words: string \(1,\), big: float64 \(1, 2\)$"):
        match(specs(a=[1]), {"words": WORDS, "big": BIG})


def test_a_ragged_leaf_for_a_dense_input_is_refused_and_a_sparse_one_filled() -> None:
    class Restored:
        structured_input_signature = ((), {"x": tf.TensorSpec([None, 2], tf.float32)})

        def __call__(self, x: Any) -> Any:
            return {"y": tf.function(lambda dense: 2 * dense)(x)}

    sparse = Sparse(np.array([[0, 1]], np.int64), np.array([3.0], np.float32), (1, 2))
    assert calls.call_signature(Restored(), "s", sparse)["y"].tolist() == [[0.0, 6.0]]
    ragged = Ragged(np.ones(2, np.float32), (np.array([0, 2], np.int64),))
    with pytest.raises(calls.SignatureMismatchError, match="dense tensor, and the model takes a ragged one"):
        calls.call_signature(Restored(), "s", ragged)


def test_outputs_take_the_live_models_names_in_its_order() -> None:
    outputs = {"output_10": 10, "output_2": 2, "output_0": 0}
    assert calls.rename_outputs(outputs, {"names": ["z", "a", "m"]}) == {"z": 0, "a": 2, "m": 10}
    assert calls.rename_outputs({"a": 1, "z": 2}, {"names": ["z", "a"]}) == {"a": 1, "z": 2}
    assert calls.rename_outputs({"y": 1}, {"names": ["a", "b"]}) == {"y": 1}, "a missing output must be seen"


def test_names_of_a_dict_are_ordered_as_tensorflow_flattens_it() -> None:
    value = {"z": np.ones(1), "a": [np.ones(1), np.ones(1)]}
    assert calls.ordered_names(value, ["z", "a/0", "a/1"]) == ["a/0", "a/1", "z"]


def test_numbers_are_cast_and_strings_kept() -> None:
    assert calls.to_tensor(np.array([1.7]), tf.int32).numpy().tolist() == [1]
    assert calls.to_tensor(WORDS, tf.float32).dtype == tf.string
    ragged = calls.to_tensor(Ragged(np.array([1, 2]), (np.array([0, 0, 2], np.int64),)), tf.float32)
    assert ragged.to_list() == [[], [1.0, 2.0]]
    assert ragged.dtype == tf.float32


@pytest.mark.filterwarnings("error:The structure of `inputs`")
@pytest.mark.parametrize("nesting", [lambda x: x, lambda x: [x], lambda x: (x,), lambda x: {"x": x}])
@pytest.mark.parametrize("given", [BIG, [BIG]], ids=["plain", "list"])
def test_the_only_input_is_nested_as_the_model_has_it(nesting: Any, given: Any) -> None:
    """A file of Keras 2 has a list of one where the live model had a plain input."""
    only = tf.keras.Input((2,), name="x")
    model = tf.keras.Model(nesting(only), tf.keras.layers.Rescaling(2.0)(only))
    np.testing.assert_array_equal(calls.call_model(model, given), BIG * 2)


@pytest.mark.filterwarnings("error:The structure of `inputs`")
def test_inputs_by_name_go_to_a_model_that_has_a_list() -> None:
    b, a = tf.keras.Input((2,), name="b"), tf.keras.Input((2,), name="a")
    model = tf.keras.Model([b, a], tf.keras.layers.Subtract()([b, a]))
    np.testing.assert_array_equal(calls.call_model(model, {"a": SMALL, "b": BIG}), BIG - SMALL)
