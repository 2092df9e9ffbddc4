"""Calling a live or reloaded model on NumPy inputs, and naming what comes out."""

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from . import tensors


class SignatureMismatchError(Exception):
    """The inputs do not fit a signature; the message says which inputs it takes."""


def to_tensor(leaf: Any, dtype: Optional[Any] = None) -> Any:
    """A leaf as a TensorFlow tensor, cast to `dtype` where one is given and both are numbers."""
    import tensorflow as tf

    if isinstance(leaf, tensors.Ragged):
        values = to_tensor(leaf.values, dtype)
        return tf.RaggedTensor.from_nested_row_splits(values, list(leaf.row_splits))
    if isinstance(leaf, tensors.Sparse):
        return tf.SparseTensor(leaf.indices, to_tensor(leaf.values, dtype), leaf.dense_shape)
    if leaf.dtype.kind == "O":
        return tf.constant(leaf.tolist(), dtype=tf.string, shape=leaf.shape)
    tensor = tf.constant(leaf)
    if dtype is None or tensor.dtype == dtype or dtype in (tf.string, tf.variant, tf.resource):
        return tensor
    return tf.cast(tensor, dtype)


def call_model(model: Any, inputs: Any) -> Any:
    """A Keras model's outputs at inference, every tensor a leaf; a stateful RNN starts from its first state."""
    reset_states(model)
    given = tensors.map_leaves(to_tensor, tensors.as_leaves(inputs))
    return tensors.as_leaves(model(nested_as(model, given), training=False))


def stateful_layers(model: Any) -> List[Any]:
    """The RNNs in a Keras model that keep their state from one call to the next."""
    flatten = getattr(model, "_flatten_layers", None)
    return [layer for layer in (flatten() if callable(flatten) else ()) if is_stateful_rnn(layer)]


def is_stateful_rnn(layer: Any) -> bool:
    """Whether a layer keeps its state from one call to the next, and can be reset.

    Others are called stateful too, such as preprocessing layers and metrics of Keras 2, whose reset would lose what
    they have learned: an RNN alone has `states`.
    """
    if not getattr(layer, "stateful", False) or not callable(getattr(layer, "reset_states", None)):
        return False
    return getattr(layer, "states", None) is not None


def reset_states(model: Any) -> None:
    """Set each stateful RNN of a Keras model back to its first state, so that each call starts the same."""
    for layer in stateful_layers(model):
        if not _has_none(layer.states):
            layer.reset_states()


def _has_none(states: Any) -> bool:
    """Whether an RNN was never called: Keras 2 then has None in place of its states."""
    return states is None or (isinstance(states, (list, tuple)) and any(map(_has_none, states)))


def nested_as(model: Any, inputs: Any) -> Any:
    """Inputs in the nesting that a functional model has, where no other is meant: Keras takes both, and warns of one.

    Args:
        model: the model; its nesting may be another than that of the model it was saved from.
        inputs: nested tensors.
    """
    struct = getattr(model, "_inputs_struct", None)
    if struct is None:
        return inputs
    names = [str(getattr(each, "name", "")) for each in flat_in_order(struct)]
    if isinstance(inputs, dict):
        if not isinstance(struct, dict) and sorted(names) == sorted(inputs):
            return tensors.map_leaves(lambda each: inputs[str(each.name)], struct)
    elif len(names) == 1 and len(flat_in_order(inputs)) == 1:
        (only,) = flat_in_order(inputs)
        return tensors.map_leaves(lambda _: only, struct)
    return inputs


def output_names(model: Any) -> Optional[List[str]]:
    """The names a Keras functional or sequential model gives its outputs; None where it names none."""
    names = getattr(model, "output_names", None)
    return [str(name) for name in names] if names else None


def call_signature(function: Any, name: str, inputs: Any, input_names: Sequence[str] = ()) -> Dict[str, Any]:
    """A signature's outputs by their own names, every tensor a leaf.

    Args:
        function: one of `tf.saved_model.load(...).signatures`.
        name: what the signature is called.
        inputs: a dict with exactly the signature's names, or values in the order TensorFlow numbers them
            (dict keys sorted): `inputs`, `inputs_1`, ...
        input_names: see `match_inputs`.

    Raises:
        SignatureMismatchError: the inputs cannot be matched to the signature's.
    """
    outputs = function(**arguments_of(function, name, inputs, input_names))
    return {str(key): tensors.as_leaf(value) for key, value in outputs.items()}


def arguments_of(function: Any, name: str, inputs: Any, input_names: Sequence[str] = ()) -> Dict[str, Any]:
    """The tensor that a signature is given for each of its inputs, by name; see `call_signature`."""
    specs = function.structured_input_signature[1]
    matched = match_inputs(specs, name, tensors.as_leaves(inputs), input_names)
    return {key: dense(leaf, specs[key], name, key) for key, leaf in matched.items()}


def dense(leaf: Any, spec: Any, signature: str, key: str) -> Any:
    """A leaf as the tensor that a signature takes: its inputs are dense, whatever the model's were.

    Args:
        leaf: what is given.
        spec: the input's, with its dtype.
        signature: what messages call the signature.
        key: what it calls the input.

    Raises:
        SignatureMismatchError: the leaf is ragged.
    """
    import tensorflow as tf

    if isinstance(leaf, tensors.Ragged):
        raise SignatureMismatchError(
            "signature {!r} takes its input {!r} as a dense tensor, and the model takes a ragged one: the SavedModel "
            "was written without the raggedness".format(signature, key)
        )
    tensor = to_tensor(leaf, spec.dtype)
    return tf.sparse.to_dense(tensor) if isinstance(leaf, tensors.Sparse) else tensor


def match_inputs(specs: Dict[str, Any], signature: str, inputs: Any, input_names: Sequence[str] = ()) -> Dict[str, Any]:
    """Each of a signature's inputs with its leaf, by name where the names agree, else in TensorFlow's order.

    Args:
        specs: the `tf.TensorSpec` of each input by its name.
        signature: what messages call the signature.
        inputs: nested leaves.
        input_names: what the live model calls its inputs, in TensorFlow's order.

    Raises:
        SignatureMismatchError: there is no such pairing.
    """
    if isinstance(inputs, dict) and set(inputs) == set(specs):
        return inputs
    if isinstance(inputs, dict) and set(inputs) == set(input_names):
        inputs = [inputs[key] for key in input_names]
    leaves = flat_in_order(inputs)
    if len(leaves) == len(input_names) and set(input_names) == set(specs):
        return dict(zip(input_names, leaves))
    if len(leaves) != len(specs):
        leaves = [part for leaf in leaves for part in components(leaf)]
    names = sorted(specs, key=tensors.natural)
    paired = _paired(specs, names, leaves)
    if paired is not None:
        return paired
    raise SignatureMismatchError(
        "signature {!r} takes {}, and the inputs given are {}".format(
            signature,
            ", ".join("{}: {} {}".format(key, specs[key].dtype.name, specs[key].shape) for key in names) or "none",
            ", ".join(_described(*item) for item in tensors.named_leaves(inputs, stem="input").items()) or "none",
        )
    )


def _paired(specs: Dict[str, Any], names: List[str], leaves: List[Any]) -> Optional[Dict[str, Any]]:
    if len(leaves) != len(names):
        return None
    ordered = dict(zip(names, leaves))
    if all(_fits(specs[key], leaf) for key, leaf in ordered.items()):
        return ordered
    if len(leaves) == 1 and _same_kind(specs[names[0]], leaves[0]):
        # There is nothing to confuse it with, and TensorFlow takes shapes that a signature does not tell.
        return ordered
    return _unique_fit(specs, names, leaves)


def components(leaf: Any) -> List[Any]:
    """The dense tensors a ragged or sparse leaf consists of, in the order TensorFlow passes them."""
    if isinstance(leaf, tensors.Ragged):
        return [leaf.values, *leaf.row_splits]
    if isinstance(leaf, tensors.Sparse):
        return [leaf.indices, leaf.values, np.array(leaf.dense_shape, np.int64)]
    return [leaf]


def flat_in_order(value: Any) -> List[Any]:
    """The leaves of a nested value in TensorFlow's order: lists as they stand, dicts by sorted key."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flat_in_order(value[key])]
    if tensors.is_container(value):
        return [leaf for item in value for leaf in flat_in_order(item)]
    return [] if value is None else [value]


def ordered_names(value: Any, names: List[str]) -> List[str]:
    """The names of a nested value's leaves, given in its own order, in TensorFlow's order."""
    labels = iter(names)
    return [str(label) for label in flat_in_order(tensors.map_leaves(lambda _: np.array(next(labels)), value))]


def _unique_fit(specs: Dict[str, Any], names: List[str], leaves: List[Any]) -> Optional[Dict[str, Any]]:
    chosen = {}
    for leaf in leaves:
        fitting = [name for name in names if _fits(specs[name], leaf)]
        if len(fitting) != 1 or fitting[0] in chosen:
            return None
        chosen[fitting[0]] = leaf
    return chosen


def _described(name: str, leaf: Any) -> str:
    if isinstance(leaf, (tensors.Ragged, tensors.Sparse)):
        return "{}: {} {}".format(name, type(leaf).__name__.lower(), _described("values", leaf.values).split(" ")[1])
    dtype = "string" if leaf.dtype.kind == "O" else leaf.dtype.name
    return "{}: {} {}".format(name, dtype, leaf.shape)


def _fits(spec: Any, leaf: Any) -> bool:
    if not _same_kind(spec, leaf):
        return False
    if isinstance(leaf, (tensors.Ragged, tensors.Sparse)):
        return True
    return bool(spec.shape.is_compatible_with(leaf.shape))


def _same_kind(spec: Any, leaf: Any) -> bool:
    values = leaf.values if isinstance(leaf, (tensors.Ragged, tensors.Sparse)) else leaf
    return bool((values.dtype.kind == "O") == (spec.dtype.name == "string"))


def rename_outputs(outputs: Dict[str, Any], wanted: Dict[str, Any]) -> Dict[str, Any]:
    """A signature's outputs under the live model's names; unchanged where they cannot be paired.

    Args:
        outputs: leaves by the signature's own names.
        wanted: `names`, the live model's leaf names in TensorFlow's order.
    """
    names = wanted["names"]
    if set(outputs) == set(names) or len(outputs) != len(names):
        return outputs
    return {name: outputs[key] for name, key in zip(names, sorted(outputs, key=tensors.natural))}
