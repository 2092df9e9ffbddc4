"""Trial: one model that shows one construct."""

from typing import Any, Callable, List, NamedTuple, Optional, Sequence

import numpy as np

from .kit import INPUTS, Kit


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
    part: Any = None


def sequential(kit: Kit, layers: List[Any], inputs: str) -> Any:
    """A Functional model of layers one after the other, whose names are the same in every version."""
    tensors = symbolic(kit, inputs)
    value = tensors[0] if len(tensors) == 1 else tensors
    for layer in layers:
        value = layer(value)
    return kit.keras.Model(tensors, value, name="model")


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
    return [
        kit.keras.Input(
            array.shape[1:], dtype="string" if array.dtype == object else array.dtype.name, name="in%d" % number
        )
        for number, array in enumerate(INPUTS[inputs]())
    ]


def called(kit: Kit, model: Any, inputs: str) -> Optional[List[Any]]:
    """What a model makes of its inputs, as `[dtype, shape, values]` each; None where it cannot be called here."""
    try:
        tensors = [kit.tf.constant(value) for value in INPUTS[inputs]()]
        outputs = model(tensors[0] if len(tensors) == 1 else tensors, training=False)
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
