"""Trial: one model that shows one construct."""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from .kit import INPUTS, Kit

# Kinds of trials that are given to compile(), and trained with.
TRAINED = ("loss", "metric", "optimizer", "schedule")
# The first word of the name of inputs that are no plain tensors, and what makes them of one.
LAYOUTS: Dict[str, Callable[[Any, Any], Any]] = {
    "ragged": lambda tf, tensor: tf.RaggedTensor.from_tensor(tensor, lengths=_lengths(tf, tensor)),
    "sparse": lambda tf, tensor: tf.sparse.from_dense(tensor),
}


class Trial(NamedTuple):
    """One model that shows one construct.

    Args:
        name: the construct that it is made for, as `Dense.activation=object LeakyReLU`.
        kind: which part of the sweep made it, as `layer`, `loss`.
        build: makes the model, again each time.
        inputs: the name of what it is called with, of `INPUTS`.
        declared: names of `sweep.objects` that its readers are given.
        is_code: whether it holds Python bytecode, so that it is loaded without safe mode.
        trains: whether a training step is compared too.
        is_name: whether Keras is given a name, of which it may find out late that it means nothing.
        part: the layer, argument and value that it is made of, for models of two of them; None for others.
        is_as_is: whether its weights are what matters, and stay as they are.
        history: what was done with it before it is saved, which its configuration does not tell.
    """

    name: str
    kind: str
    build: Callable[[], Any]
    inputs: str
    declared: Sequence[str] = ()
    is_code: bool = False
    trains: bool = False
    is_name: bool = False
    is_as_is: bool = False
    history: str = ""
    part: Any = None


def sequential(kit: Kit, layers: List[Any], inputs: str) -> Any:
    """A model of layers one after the other, whose names are the same in every version.

    Keras 3 reads no functional model from a .keras file of Keras 2, whatever is in it: there it is a Sequential.
    """
    tensors = symbolic(kit, inputs)
    given = tensors[0] if len(tensors) == 1 else tensors
    value = given
    for layer in layers:
        value = layer(value)
    if kit.names_modules and given is tensors[0] and not isinstance(value, (list, tuple, dict)):
        return kit.keras.Sequential([given, *layers], name="model")
    return kit.keras.Model(given, value, name="model")


def move_weights(model: Any) -> None:
    """Moves weights off the values that every initializer gives them, so that a lost weight shows."""
    for number, weight in enumerate(model.weights if model.built else ()):
        if getattr(weight, "dtype", None) is None:
            continue
        name = getattr(weight.dtype, "name", weight.dtype)
        if str(name) in ("float32", "float64", "float16", "bfloat16"):
            random = np.random.RandomState(number)
            weight.assign(random.uniform(0.1, 0.9, tuple(weight.shape)).astype("float32"))


def symbolic(kit: Kit, inputs: str) -> List[Any]:
    """Keras' inputs for arrays of these names."""
    layout = inputs.split(maxsplit=1)[0]
    options = {layout: True} if layout in LAYOUTS else {}
    return [
        kit.keras.Input(
            (None, *array.shape[2:]) if layout == "ragged" else array.shape[1:],
            dtype="string" if array.dtype == object else array.dtype.name,
            name="in%d" % number,
            **options,
        )
        for number, array in enumerate(INPUTS[inputs]())
    ]


def tensors_of(kit: Kit, inputs: str) -> Any:
    """What a model is called with: a tensor, or a list of them."""
    tensors = [kit.tf.constant(value) for value in INPUTS[inputs]()]
    layout = inputs.split(maxsplit=1)[0]
    if layout in LAYOUTS:
        tensors = [LAYOUTS[layout](kit.tf, each) for each in tensors]
    return tensors[0] if len(tensors) == 1 else tensors


def called(kit: Kit, model: Any, inputs: str) -> Optional[List[Any]]:
    """What a model makes of its inputs, as `[dtype, shape, values]` each; None where it cannot be called here."""
    try:
        outputs = model(tensors_of(kit, inputs), training=False)
        return [portable(each) for each in kit.tf.nest.flatten(outputs)]
    except Exception:  # noqa: BLE001 - such as layouts of images that this processor has no kernel for
        return None


def portable(value: Any) -> List[Any]:
    """An array as JSON."""
    if hasattr(value, "to_tensor"):
        value = value.to_tensor()
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    if array.dtype.kind in "OSU":
        return ["string", list(array.shape), [str(each) for each in array.ravel().tolist()]]
    kind = array.dtype.name
    return [kind, list(array.shape), [float(each) for each in array.ravel().astype("float64")]]


def _lengths(tf: Any, tensor: Any) -> Any:
    """How many of the entries of each row are there before its zeros begin."""
    there = tf.cast(tf.not_equal(tensor, 0), "int64")
    while len(there.shape) > 2:
        there = tf.reduce_max(there, axis=-1)
    return tf.reduce_sum(tf.math.cumprod(there, axis=1), axis=1)
