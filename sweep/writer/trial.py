"""Trial: one model that shows one construct."""

from typing import Any, Callable, List, NamedTuple, Sequence

from .kit import INPUTS, Kit

# (model, name of its inputs)
Built = Any


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
    """

    name: str
    kind: str
    build: Callable[[], Any]
    inputs: str
    declared: Sequence[str] = ()
    is_code: bool = False
    trains: bool = False


def sequential(kit: Kit, layers: List[Any], inputs: str) -> Any:
    """A Functional model of layers one after the other, whose names are the same in every version."""
    tensors = symbolic(kit, inputs)
    value = tensors[0] if len(tensors) == 1 else tensors
    for layer in layers:
        value = layer(value)
    return kit.keras.Model(tensors, value, name="model")


def symbolic(kit: Kit, inputs: str) -> List[Any]:
    """Keras' inputs for arrays of these names."""
    return [
        kit.keras.Input(
            array.shape[1:], dtype="string" if array.dtype == object else array.dtype.name, name="in%d" % number
        )
        for number, array in enumerate(INPUTS[inputs]())
    ]
