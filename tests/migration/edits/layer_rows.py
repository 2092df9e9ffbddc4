"""Rows of the edits of containers, weights, classes, names, shapes, arguments, declared code, operations and calls."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.migration.configuration.calls import references
from pytest_modelcompat.migration.configuration.nodes import walk
from tests.compatibility.models import (
    K23,
    K33,
    K210,
    K213,
    K215,
    K315,
    attention,
    coded,
    connected,
    h5,
    keras,
    mixed,
    nested,
    small,
    stack,
    twice,
)
from tests.compatibility.writers import Part, chain
from tests.migration.edits.row import LOADING, OUTPUTS, Model, Row, aged, file, swap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft

_GROUP = "_layer_checkpoint_dependencies"


def stacked(shape: tuple[int | None, ...], *makes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A Sequential of layers, each made of `tf_keras.layers`."""
    return lambda keras: keras.Sequential([keras.Input(shape), *(make(keras.layers) for make in makes)])


def dense(units: int = 4, **more: Any) -> Callable[[Any], Any]:
    return lambda layers: layers.Dense(units, **more)


def put(class_name: str, **config: Any) -> Callable[[Draft], None]:
    """What gives every layer of a class other values; None for a key that is dropped."""

    def spoil(draft: Draft) -> None:
        found = list(draft.layers(class_name))
        assert found
        for node in found:
            node.config.update(config)
            for key in [key for key, value in config.items() if value is None]:
                del node.config[key]

    return spoil


def named(class_name: str, key: str, value: str) -> Callable[[Draft], None]:
    """What gives every node of a class another class or module."""

    def spoil(draft: Draft) -> None:
        found = [each for each in draft.nodes() if each.class_name == class_name]
        assert found
        for node in found:
            node.data[key] = value

    return spoil


def referring(before: str, after: str) -> Callable[[Draft], None]:
    """What takes the output of another layer wherever that of one is taken."""

    def spoil(draft: Draft) -> None:
        found = [
            each
            for model in draft.layers()
            for each in references([node.get("inbound_nodes") for node in nodes_of(model.config)])
            if each[0] == before
        ]
        assert found
        for each in found:
            each[0] = after

    return spoil


def towers(keras: Any) -> Any:
    layers = keras.layers
    tower = keras.Sequential([layers.Input((4,)), layers.Dense(4, "tanh")], name="tower")
    first = tower(begin := layers.Input((4,)))
    second = tower(layers.Dense(4)(first))
    return keras.Model(begin, layers.Subtract()([layers.Dense(4)(second), first]))


def another_call(draft: Draft) -> None:
    """The first call of the tower in place of its second one."""
    found = [
        each
        for node in nodes_of(draft.root["config"])
        for each in references(node["inbound_nodes"])
        if each[0] == "tower"
    ]
    assert {each[1] for each in found} == {0, 1}
    for each in found:
        each[1] = 0


def ending_alone(keras: Any) -> Any:
    layers = keras.layers
    inner = layers.Input((4,))
    hidden = layers.Dense(4, "relu", name="hidden")(inner)
    tower = keras.Model(inner, layers.Activation("tanh", name="end")(hidden))
    return keras.Sequential([layers.Input((4,)), tower, layers.LayerNormalization(), layers.Dense(2)])


def earlier_end(draft: Draft) -> None:
    for node in draft.layers("Functional"):
        node.config["output_layers"][0] = "hidden"


def asking(keras: Any) -> Any:
    layers = keras.layers
    query, value = layers.Input((5, 8)), layers.Input((5, 8))
    return keras.Model([query, value], layers.MultiHeadAttention(2, 4)(query, value))


def looking_around(keras: Any) -> Any:
    begin = keras.layers.Input((3, 5, 8))
    return keras.Model(begin, keras.layers.MultiHeadAttention(2, 4, attention_axes=(2,))(begin, begin))


def asked_itself(draft: Draft) -> None:
    """The query in the place of the value."""
    for node in nodes_of(draft.root["config"]):
        for call in node["inbound_nodes"]:
            call["kwargs"]["value"] = call["args"][0]


def slashed(keras: Any) -> Any:
    layers = keras.layers
    begin = layers.Input((4,))
    first = layers.Dense(4, name="block/one")(begin)
    return keras.Model(begin, layers.Subtract()([layers.Dense(4, name="block/two")(first), first]))


def chained(*names: str) -> Part:
    return chain(K210, K210.input(4), *(K210.dense(name, 4) for name in names), K210.dense("last"))


def with_added_loss(keras: Any) -> Any:
    import tensorflow as tf

    layers = keras.layers
    begin = layers.Input((4,))
    hidden = layers.Dense(4, name="hidden")(begin)
    cut = layers.ReLU(name="cut")(hidden)
    model = keras.Model(begin, layers.Dense(2, name="last")(cut))
    model.add_loss(tf.reduce_mean(cut))
    return model


def using_the_loss(folder: Path) -> Path:
    """What a layer takes is the output of an AddLoss layer."""
    node = K210.layer("AddLoss", "added", unconditional=False)
    return K210.h5(folder / "model.h5", chain(K210, K210.input(4), node, K210.dense("last")))


def computing(keras: Any) -> Any:
    begin = keras.layers.Input((4,))
    return keras.Model(begin, keras.layers.Dense(2)(begin * 2.5))


def other_number(draft: Draft) -> None:
    text = json.dumps(draft.root)
    assert "2.5" in text
    draft.root = json.loads(text.replace("2.5", "3.5"))


def of_unknown_dtype(folder: Path) -> Path:
    """A quotient of what may be integers."""
    config = {"name": "op", "function": "math.truediv", "trainable": True, "dtype": "float32"}
    divided = Part({"class_name": "TFOpLambda", "config": config}, calls=(["own", 0, 0, {"y": 2}],))
    own = K210.layer("Mine", "own")
    return K210.h5(folder / "model.h5", K210.functional((K210.input(4), []), (own, [[["input_1", 0]]]), (divided, [])))


def mean_and_variance(keras: Any) -> Any:
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(1).normal(2, 3, (20, 4)))
    return keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(2)])


def trained(build: Callable[[Any], Any], optimizer: str = "Adam") -> Callable[[Any], Any]:
    def make(keras: Any) -> Any:
        model = build(keras)
        model.compile(getattr(keras.optimizers, optimizer)(0.05), "mean_squared_error")
        return model

    return make


def words(keras: Any) -> Any:
    """Two lookups with vocabularies in files."""
    layers = keras.layers
    begin = layers.Input((1,), dtype="string")
    found = []
    for terms in (["a", "a", "a", "b", "b", "c"], ["b", "b", "b", "c", "c", "a"]):
        lookup = layers.StringLookup(output_mode="multi_hot")
        lookup.adapt(terms)
        found.append(lookup(begin))
    return keras.Model(begin, layers.Dense(2)(layers.Subtract()(found)))


def as_list(root: dict[str, Any]) -> None:
    """As Keras up to 2.2.2 writes a Sequential."""
    layers = root["config"]["layers"][1:]
    layers[0]["config"]["batch_input_shape"] = [None, 4]
    root["config"] = layers


def without_optional(root: dict[str, Any]) -> None:
    """Only the newest Keras 2, `tf_keras`, writes it."""
    for node in walk(root):
        node.config.pop("optional", None)


def without_input(root: dict[str, Any]) -> None:
    layers = root["config"]["layers"]
    shape = layers.pop(0)["config"]["batch_input_shape"]
    layers[0]["config"]["batch_input_shape"] = shape


def other_order(draft: Draft) -> None:
    layers = draft.root["config"]["layers"]
    layers[-1], layers[-2] = layers[-2], layers[-1]


def of_whole_numbers(draft: Draft) -> None:
    for node in draft.layers("InputLayer"):
        node.config["dtype"] = "int32"


def bare(root: dict[str, Any]) -> None:
    """As up to Keras 2.12, no inner layer names a module."""
    for node in walk(root):
        for key in ("module", "registered_name", "build_config"):
            node.data.pop(key, None)


def with_version(root: dict[str, Any]) -> None:
    for node in walk(root):
        if node.class_name == "BatchNormalization":
            node.data["class_name"] += "V1"


def hard(declared: str) -> Callable[[Draft], None]:
    """What names another function that is declared."""

    def spoil(draft: Draft) -> None:
        text = json.dumps(draft.root)
        assert declared in text
        draft.root = json.loads(text.replace(declared, "legacy>other"))

    return spoil


def functions(keras: Any) -> dict[str, Any]:
    ops = keras.ops
    other = {"legacy>other": lambda x: ops.clip(0.3 * x + 0.5, 0.0, 1.0)}
    return {
        "legacy>hard_sigmoid": lambda x: ops.clip(0.2 * x + 0.5, 0.0, 1.0),
        "legacy>double": lambda x: 2 * x,
    } | other


def turning(keras: Any) -> dict[str, Any]:
    class Turning(keras.layers.SimpleRNN):  # type: ignore[misc]
        def __init__(self, *arguments: Any, time_major: bool = False, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self.time_major = time_major

        def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
            turned = keras.ops.swapaxes(sequences, 0, 1) if self.time_major else sequences
            return super().call(turned, initial_state, mask, training)

    return {"legacy>SimpleRNN": Turning}


def in_a_folder(path: Path) -> None:
    """Unzipped by hand: the folder keeps the name."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    path.unlink()
    path.mkdir()
    for name, content in members.items():
        (path / name).parent.mkdir(exist_ok=True, parents=True)
        (path / name).write_bytes(content)


def suffixed(draft: Draft) -> None:
    draft.suffix = ".keras"


_TWO = stacked((4,), dense(4, activation="tanh"), dense(4))
_SCALED = stacked((3, 3), lambda layers: layers.BatchNormalization(axis=2), lambda layers: layers.Flatten(), dense(2))
_OWN_POLICY = {"class_name": "Policy", "config": {"name": "my_policy"}}
_RECURRENT = stacked((5, 3), lambda layers: layers.LSTM(4, go_backwards=True))
_TURNED = stack(K210, K210.lstm(time_major=True), shape=(5, 3))
_OF_2_13 = {f"layers/{name}": f"{_GROUP}/{name}" for name in ("dense", "string_lookup", "subtract")}
_OF_2_13 |= {"layers/input_layer": f"{_GROUP}/input_layer", "layers/dense_1": f"{_GROUP}/dense_2"}
_OF_2_13 |= {"layers/string_lookup_1": f"{_GROUP}/string_lookup_2"}

ROWS: dict[str, Row] = {
    "name-by-content": Row(Model(_TWO, name="old.keras", data=(4,)), file(h5(K210, small(K210))), suffixed, LOADING),
    "zip-folder": Row(
        Model(_TWO, "keras", age=in_a_folder, data=(4,)),
        file(keras(K215, small(K215)), "tf2.16"),
        lambda draft: swap(draft, "dense/vars/0", "dense_1/vars/0"),
        OUTPUTS,
        runtime="tf2.16",
    ),
    "keras-to-h5": Row(
        Model(_TWO, "keras", age=aged(without_optional, keras="2.15.0"), data=(4,)),
        file(keras(K215, small(K215)), "tf2.15"),
        lambda draft: swap(draft, "dense/vars/0", "dense_1/vars/0"),
        OUTPUTS,
        runtime="tf2.10",
    ),
    "keras-to-h5-without-state": Row(
        Model(trained(_TWO), "keras", age=aged(without_optional, keras="2.15.0"), data=(4,), targets=((4,),), steps=1),
        file(keras(K215, small(K215)), "tf2.15"),
        lambda draft: swap(draft, "dense/vars/0", "dense_1/vars/0"),
        OUTPUTS,
        runtime="tf2.10",
    ),
    "h5-to-keras": Row(
        Model(mean_and_variance, data=(4,)),
        file(h5(K210, small(K210)), "tf2.16"),
        lambda draft: swap(draft, "mean:0", "variance:0"),
        OUTPUTS,
        runtime="tf2.16",
    ),
    "h5-to-keras-without-state": Row(
        Model(trained(mean_and_variance, "Nadam"), data=(4,), targets=((2,),), steps=1),
        file(h5(K210, small(K210)), "tf2.16"),
        lambda draft: swap(draft, "mean:0", "variance:0"),
        OUTPUTS,
        runtime="tf2.16",
    ),
    "move-weights": Row(
        Model(_TWO, "keras", age=aged(groups=_OF_2_13), data=(4,)),
        file(keras(K215, small(K215))),
        lambda draft: swap(draft, "dense/vars/0", "dense_2/vars/0"),
        OUTPUTS,
    ),
    "move-assets": Row(
        Model(words, "keras", age=aged(groups=_OF_2_13), data=[np.array([["a"], ["b"], ["c"], ["d"], ["a"], ["b"]])]),
        file(keras(K215, small(K215))),
        lambda draft: swap(draft, "string_lookup/vocabulary.txt", "string_lookup_2/vocabulary.txt"),
        OUTPUTS,
    ),
    "class-of-same-values": Row(
        Model(stacked((4,), dense(8), lambda layers: layers.ThresholdedReLU(0.5)), data=(4,)),
        file(h5(K210, stack(K210, K210.layer("ThresholdedReLU", "above", theta=None), K210.dense()))),
        put("ReLU", threshold=1.5),
        OUTPUTS,
    ),
    "class-without-version": Row(
        Model(_SCALED, age=aged(with_version, keras="2.1.6"), data=(3, 3)),
        file(h5(K23, stack(K23, K23.layer("OwnV1", "own")))),
        named("BatchNormalization", "class_name", "Normalization"),
        LOADING,
    ),
    "name-module-of-reader": Row(
        Model(towers, "keras", data=(4,)),
        file(keras(K215, stack(K215, K215.layer("Whatever", "own")))),
        named("Functional", "module", "keras.src.engine.functional"),
        LOADING,
    ),
    "name-module-of-inner-layer": Row(
        Model(stacked((5, 3), lambda layers: layers.TimeDistributed(layers.Dense(2))), age=aged(bare), data=(5, 3)),
        file(h5(K210, connected(K210))),
        named("Dense", "module", "keras.losses"),
        LOADING,
    ),
    "name-module-of-layer": Row(
        Model(stacked((3, 3), lambda layers: layers.LayerNormalization(axis=[1, 2])), data=(3, 3)),
        file(h5(K210, stack(K210, K210.layer("LayerNormalization", "n", [(3,), (3,)], axis=[2]), shape=(5, 3)))),
        put("LayerNormalization", axis=[2]),
        LOADING,
    ),
    "name-of-initializer": Row(
        Model(_RECURRENT, age=aged(), data=(5, 3)),
        file(h5(K210, stack(K210, K210.lstm(), shape=(5, 3)))),
        named("OrthogonalInitializer", "class_name", "OrthogonalInitializerInitializer"),
        LOADING,
        runtime="tf2.16",
    ),
    "name-without-slash": Row(
        Model(slashed, data=(4,)),
        file(h5(K210, chained("block/one", "block_one"))),
        referring("block_two", "block_one"),
        LOADING,
    ),
    "name-sequential": Row(
        Model(_TWO, age=aged(as_list, keras="2.1.6"), data=(4,)),
        file(h5(K23, small(K23))),
        other_order,
        OUTPUTS,
    ),
    "input-layer-for-batch-shape": Row(
        Model(_TWO, age=aged(without_input, keras="2.2.4"), data=(4,)),
        file(h5(K210, small(K210))),
        of_whole_numbers,
        OUTPUTS,
    ),
    "axis-as-number": Row(
        Model(_SCALED, "keras", data=(3, 3)),
        file(h5(K210, stack(K210, K210.layer("BatchNormalization", "n", [(3,)] * 4, axis=[2]), shape=(5, 3)))),
        put("BatchNormalization", axis=1),
        OUTPUTS,
    ),
    "dtype-policy-by-name": Row(
        Model(stacked((4,), dense(8, dtype="mixed_float16"), dense(2, dtype="float32")), data=(4,)),
        file(h5(K210, mixed(K210, _OWN_POLICY))),
        put("Dense", dtype="float16"),
        OUTPUTS,
    ),
    "drop-default-argument": Row(
        Model(_RECURRENT, data=(5, 3)), file(h5(K210, _TURNED)), put("LSTM", go_backwards=None), OUTPUTS
    ),
    "drop-meaningless-argument": Row(
        Model(looking_around, data=(3, 5, 8)),
        file(h5(K210, _TURNED)),
        put("MultiHeadAttention", attention_axes=None),
        OUTPUTS,
    ),
    "use-declared-function": Row(
        Model(stacked((4,), dense(4, activation="hard_sigmoid")), data=(4,), declared=functions),
        file(h5(K213, stack(K213, K213.dense().but(activation="hard_sigmoid")))),
        hard("legacy>hard_sigmoid"),
        OUTPUTS,
        custom=("legacy>hard_sigmoid",),
    ),
    "use-declared-function-of-lambda": Row(
        Model(
            stacked((4,), lambda layers: layers.Lambda(lambda x: x * 2, name="double"), dense(2)),
            data=(4,),
            declared=functions,
        ),
        file(h5(K213, coded(K213, "3.11")), custom=("legacy>triple",)),
        hard("legacy>double"),
        OUTPUTS,
        custom=("legacy>double",),
    ),
    "use-declared-class": Row(
        Model(stacked((6, 3), lambda layers: layers.SimpleRNN(4, time_major=True)), data=(6, 3), declared=turning),
        file(
            h5(K210, stack(K210, K210.layer("SimpleRNN", "rnn", units=4, time_major=True), shape=(5, 3))),
            custom=("SimpleRNN",),
        ),
        put("legacy>SimpleRNN", time_major=False),
        OUTPUTS,
        custom=("legacy>SimpleRNN",),
    ),
    "drop-added-loss": Row(
        Model(with_added_loss, data=(4,)), file(using_the_loss), referring("cut", "hidden"), OUTPUTS
    ),
    "operation-of-keras-3": Row(Model(computing, data=(4,)), file(of_unknown_dtype), other_number, OUTPUTS),
    "count-calls-from-0": Row(Model(towers, "keras", data=(4,)), file(keras(K315, twice(K315))), another_call, OUTPUTS),
    "one-input-or-output-alone": Row(
        Model(ending_alone, data=(4,)), file(h5(K210, nested(K210)), "tf2.16"), earlier_end, OUTPUTS
    ),
    "arguments-of-calls": Row(
        Model(asking, data=((5, 8), (5, 8))), file(keras(K33, attention(K33))), asked_itself, OUTPUTS
    ),
}
