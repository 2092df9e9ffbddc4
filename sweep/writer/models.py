"""Trials of models in which layers stand in other ways than one by one, and of operations on their tensors."""

import functools
from typing import Any, Callable, Dict, Iterator, Tuple

from .kit import Kit
from .trial import Trial, sequential, symbolic
from .values import importable

# What is done to a tensor between two layers.
OPERATIONS: Dict[str, Callable[[Kit, Any], Any]] = {
    "tensor + number": lambda _, value: value + 1.0,
    "number - tensor": lambda _, value: 1.0 - value,
    "tensor * tensor": lambda _, value: value * value,
    "tensor / number": lambda _, value: value / 2.0,
    "tensor ** number": lambda _, value: value**2.0,
    "-tensor": lambda _, value: -value,
    "tensor[:, :1]": lambda _, value: value[:, :1],
    "tf.abs": lambda kit, value: kit.tf.abs(value),
    "tf.cast(tensor > number)": lambda kit, value: kit.tf.cast(value > 0.5, "float32"),
    "tf.concat": lambda kit, value: kit.tf.concat([value, value], axis=-1),
    "tf.einsum": lambda kit, value: kit.tf.einsum("ab,ac->abc", value, value),
    "tf.expand_dims": lambda kit, value: kit.tf.expand_dims(value, -1),
    "tf.nn.relu": lambda kit, value: kit.tf.nn.relu(value),
    "tf.reduce_mean": lambda kit, value: kit.tf.reduce_mean(value, axis=-1, keepdims=True),
    "tf.reshape": lambda kit, value: kit.tf.reshape(value, (-1, 2)),
    "tf.stack": lambda kit, value: kit.tf.stack([value, value], axis=1),
    "tf.where": lambda kit, value: kit.tf.where(value > 0.5, value, 0.0),
    "keras.ops.add": lambda kit, value: kit.keras.ops.add(value, 1.0),
    "keras.ops.cast": lambda kit, value: kit.keras.ops.cast(value > 0.5, "float32"),
    "keras.ops.concatenate": lambda kit, value: kit.keras.ops.concatenate([value, value], axis=-1),
    "keras.ops.einsum": lambda kit, value: kit.keras.ops.einsum("ab,ac->abc", value, value),
    "keras.ops.expand_dims": lambda kit, value: kit.keras.ops.expand_dims(value, -1),
    "keras.ops.mean": lambda kit, value: kit.keras.ops.mean(value, axis=-1, keepdims=True),
    "keras.ops.reshape": lambda kit, value: kit.keras.ops.reshape(value, (-1, 2)),
    "keras.ops.softmax": lambda kit, value: kit.keras.ops.softmax(value),
    "keras.ops.stack": lambda kit, value: kit.keras.ops.stack([value, value], axis=1),
    "keras.ops.where": lambda kit, value: kit.keras.ops.where(value > 0.5, value, 0.0),
}


def model_trials(kit: Kit) -> Iterator[Tuple[str, Trial]]:
    """Models in every form, then each operation between two layers."""
    for name, (make, inputs, declared) in FORMS.items():
        yield name, Trial(name, "model", functools.partial(make, kit), inputs, declared)
    for name, change in OPERATIONS.items():
        yield name, Trial(name, "model", functools.partial(_between, kit, change), "vectors")


def _between(kit: Kit, change: Callable[[Kit, Any], Any]) -> Any:
    tensors = symbolic(kit, "vectors")
    changed = change(kit, kit.layers.Dense(2, name="first")(tensors[0]))
    return kit.keras.Model(tensors[0], kit.layers.Dense(2, name="last")(changed), name="model")


def _dense(kit: Kit, name: str = "probe", **options: Any) -> Any:
    return kit.layers.Dense(2, name=name, **options)


def _sequential(kit: Kit) -> Any:
    return kit.keras.Sequential([kit.keras.Input((4,)), _dense(kit)], name="model")


def _with_shape(kit: Kit) -> Any:
    return kit.keras.Sequential([_dense(kit, input_shape=(4,))], name="model")


def _built_later(kit: Kit) -> Any:
    model = _never_built(kit)
    model.build((None, 4))
    return model


def _never_built(kit: Kit) -> Any:
    return kit.keras.Sequential([_dense(kit)], name="model")


def _shared(kit: Kit) -> Any:
    first, second = symbolic(kit, "two vectors")
    layer = _dense(kit)
    return kit.keras.Model([first, second], [layer(first), layer(second)], name="model")


def _of_lists(kit: Kit) -> Any:
    tensors = symbolic(kit, "vectors")
    return kit.keras.Model(tensors, [_dense(kit)(tensors[0])], name="model")


def _of_outputs(kit: Kit, outputs: Callable[[Any, Any], Any]) -> Any:
    (tensor,) = symbolic(kit, "vectors")
    return kit.keras.Model(tensor, outputs(_dense(kit, "one")(tensor), _dense(kit, "other")(tensor)), name="model")


def _added(kit: Kit) -> Any:
    (tensor,) = symbolic(kit, "vectors")
    first = _dense(kit, "first")(tensor)
    return kit.keras.Model(tensor, kit.layers.Add(name="added")([first, _dense(kit, "second")(first)]), name="model")


def _frozen(kit: Kit) -> Any:
    model = sequential(kit, [_dense(kit), kit.layers.BatchNormalization(name="norm")], "vectors")
    model.trainable = False
    return model


def _inner_sequential(kit: Kit) -> Any:
    return kit.keras.Sequential([kit.keras.Input((4,)), _dense(kit, "inner")], name="held")


def _inner_functional(kit: Kit) -> Any:
    inputs = kit.keras.Input((4,), name="held_input")
    return kit.keras.Model(inputs, _dense(kit, "inner")(inputs), name="held")


def _another(kit: Kit) -> Any:
    return kit.keras.Sequential([kit.keras.Input((2,)), _dense(kit, "last")], name="another")


def _nested(inner: Callable[[Kit], Any]) -> Callable[[Kit], Any]:
    return lambda kit: sequential(kit, [inner(kit), _dense(kit, "last")], "vectors")


def _flat(kit: Kit) -> Any:
    return kit.layers.Flatten(name="probe")


def _last(kit: Kit) -> Any:
    return _dense(kit, "last")


def _deeper(kit: Kit) -> Any:
    return kit.keras.Sequential([kit.keras.Input((4,)), _inner_functional(kit)], name="outer")


def _in_a_sequential(*inner: Callable[[Kit], Any]) -> Callable[[Kit], Any]:
    return lambda kit: kit.keras.Sequential([kit.keras.Input((4,)), *(each(kit) for each in inner)])


def _custom(name: str) -> Callable[[Kit], Any]:
    return lambda kit: sequential(kit, [getattr(importable("objects"), name)(name="probe")], "vectors")


def _chain(inputs: str, *layers: Callable[[Kit], Any]) -> Callable[[Kit], Any]:
    return lambda kit: sequential(kit, [make(kit) for make in layers], inputs)


def _embedding(kit: Kit) -> Any:
    return kit.layers.Embedding(8, 3, name="embedding")


def _lstm(kit: Kit) -> Any:
    return kit.layers.LSTM(2, name="probe")


def _words(kit: Kit) -> Any:
    return kit.layers.TextVectorization(vocabulary=list("abcd"), name="words")


def _letters(kit: Kit) -> Any:
    return kit.layers.StringLookup(vocabulary=list("abcd"), name="letters")


FORMS: Dict[str, Tuple[Callable[[Kit], Any], str, Tuple[str, ...]]] = {
    "Sequential": (_sequential, "vectors", ()),
    "Sequential with input_shape": (_with_shape, "vectors", ()),
    "Sequential built later": (_built_later, "vectors", ()),
    "Sequential never built": (_never_built, "vectors", ()),
    "a shared layer, two outputs": (_shared, "two vectors", ()),
    "a functional model of lists": (_of_lists, "vectors", ()),
    "two outputs in a list": (lambda kit: _of_outputs(kit, lambda one, other: [one, other]), "vectors", ()),
    "two outputs by name": (lambda kit: _of_outputs(kit, lambda one, other: {"a": one, "b": other}), "vectors", ()),
    "two branches added": (_added, "vectors", ()),
    "a frozen model": (_frozen, "vectors", ()),
    "Sequential in a model": (_nested(_inner_sequential), "vectors", ()),
    "a functional model in a model": (_nested(_inner_functional), "vectors", ()),
    "a model in a model in a model": (_nested(_deeper), "vectors", ()),
    "Sequential without weights": (_in_a_sequential(_flat), "vectors", ()),
    "a functional model in a Sequential": (_in_a_sequential(_inner_functional, _last), "vectors", ()),
    "a Sequential in a Sequential": (_in_a_sequential(_inner_sequential, _last), "vectors", ()),
    "two models in a Sequential": (_in_a_sequential(_inner_functional, _another), "vectors", ()),
    "ragged integers": (_chain("ragged integers", _embedding, _lstm), "ragged integers", ()),
    "ragged sequences": (_chain("ragged sequences", _lstm), "ragged sequences", ()),
    "sparse vectors": (_chain("sparse vectors", _dense), "sparse vectors", ()),
    "words": (_chain("strings", _words, _embedding, _lstm), "strings", ()),
    "letters": (_chain("strings", _letters, _embedding, _lstm), "strings", ()),
    "a custom layer": (_custom("PlainScale"), "vectors", ("PlainScale",)),
    "a registered layer": (_custom("RegisteredScale"), "vectors", ("RegisteredScale",)),
}
