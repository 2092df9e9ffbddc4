"""Round trips, through the plugin, of every kind of model it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.loader import tensors
from tests.plugin.model_tests import recorded, write

if TYPE_CHECKING:
    from tests.conftest import Project


FUNCTIONAL = """
@roundtrip
def test_model():
    features = keras.Input((3,))
    return keras.Model(features, L.Dense(2)(L.Dense(4, activation="relu")(features)))
"""
SEQUENTIAL = """
@roundtrip
def test_model():
    return keras.Sequential([keras.Input((3,)), L.Dense(2)])
"""
UNBUILT = """
@roundtrip(inputs=full(1.0, 2, 3))
def test_model():
    return keras.Sequential([L.Dense(2)])
"""
SUBCLASSED = """
class Ranker(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = L.Dense(2)

    def call(self, inputs):
        return {"score": self.dense(inputs), "twice": 2 * self.dense(inputs)}

@roundtrip(formats=["keras", "saved_model"], custom_objects={"Ranker": Ranker})
def test_model():
    return Ranker(), full(1.0, 2, 3)
"""
IMAGES = """
@roundtrip
def test_model():
    image = keras.Input((8, 8, 3), dtype="uint8")
    return keras.Model(image, L.Conv2D(2, 3)(L.Rescaling(1 / 255)(image)))
"""
INTEGERS = """
@roundtrip
def test_model():
    ids = keras.Input((3,), dtype="int32", name="ids")
    return keras.Model(ids, L.Add(name="doubled")([ids, ids]))
"""
FLOAT64 = """
@roundtrip
def test_model():
    features = keras.Input((3,), dtype="float64")
    return keras.Model(features, L.Dense(2, dtype="float64", name="score")(features))
"""
BFLOAT16 = """
@roundtrip(formats=["keras", "saved_model"])
def test_model():
    features = keras.Input((3,))
    return keras.Model(features, L.Dense(2, dtype="bfloat16", name="score")(features))
"""
MIXED_LAYER = """
@roundtrip
def test_model():
    features = keras.Input((3,))
    hidden = L.Dense(8, dtype="mixed_float16")(features)
    return keras.Model(features, L.Dense(2, dtype="float32")(hidden))
"""
STATES = """
@roundtrip
def test_model():
    series = keras.Input((4, 3))
    return keras.Model(series, L.LSTM(2, return_state=True, return_sequences=True)(series))
"""
WRAPPERS = """
@roundtrip
def test_model():
    both = L.Bidirectional(L.GRU(2, return_sequences=True))
    return keras.Sequential([keras.Input((4, 3)), both, L.TimeDistributed(L.Dense(2))])
"""
CELL = """
class Cell(L.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, inputs, states, training=False):
        output = tf.tanh(inputs @ self.kernel + states[0] @ self.recurrent)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}

@roundtrip(custom_objects={"Cell": Cell})
def test_model():
    return keras.Sequential([keras.Input((4, 3)), L.RNN(Cell(2))])
"""
CUSTOM_NESTED = """
class Gain(L.Layer):
    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gain")

    def call(self, inputs):
        return inputs * self.gain

class Block(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Gain()

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs):
        return self.inner(inputs) + 1

@roundtrip(custom_objects={"Block": Block, "Gain": Gain})
def test_model():
    features = keras.Input((3,))
    tower = keras.Sequential([keras.Input((3,)), Block(), Block()], name="tower")
    return keras.Model(features, tower(features))
"""
SPARSE = """
@roundtrip
def test_model():
    features = keras.Input((6,), sparse=True)
    return keras.Model(features, L.Dense(2)(features))
"""
KINDS = {
    "functional": (FUNCTIONAL, 3),
    "sequential": (SEQUENTIAL, 3),
    "unbuilt": (UNBUILT, 3),
    "subclassed": (SUBCLASSED, 2),
    "images": (IMAGES, 3),
    "integers": (INTEGERS, 3),
    "float64": (FLOAT64, 3),
    "bfloat16": (BFLOAT16, 2),
    "mixed-layer": (MIXED_LAYER, 3),
    "states": (STATES, 3),
    "wrappers": (WRAPPERS, 3),
    "cell": (CELL, 3),
    "custom-nested": (CUSTOM_NESTED, 3),
    "sparse": (SPARSE, 3),
}


@pytest.mark.parametrize(("source", "targets"), KINDS.values(), ids=KINDS)
def test_round_trip(project: Project, source: str, targets: int) -> None:
    write(project, source)
    result = project.record()
    result.assert_outcomes(passed=targets)
    outputs = tensors.named_leaves(recorded(project))
    assert outputs
    assert all(np.asarray(leaf).astype("float64").std() > 0 for leaf in outputs.values())


@pytest.mark.parametrize("inputs", ["[big, small]", '{"b": big, "a": small}'], ids=["list", "dict"])
def test_inputs_of_one_shape_are_not_swapped(project: Project, inputs: str) -> None:
    """`b` comes before `a`, so that whoever sorts names, or numbers them by hand, gets -4."""
    write(
        project,
        f"""
        @roundtrip(formats=["h5", "keras", "saved_model", "export"])
        def test_model():
            b, a = keras.Input((2,), name="b"), keras.Input((2,), name="a")
            big, small = full(5.0, 1, 2), full(1.0, 1, 2)
            return keras.Model([b, a], L.Subtract(name="difference")([b, a])), {inputs}
        """,
    )
    project.record().assert_outcomes(passed=4)
    assert recorded(project)["difference"].tolist() == [[4.0, 4.0]]


def test_dicts_and_nested_inputs_and_outputs_keep_their_names(project: Project) -> None:
    write(
        project,
        """
        def parts():
            return [keras.Input((2,), name=name) for name in ("zeta", "alpha", "mid")]

        @roundtrip(formats=["h5", "keras", "saved_model", "export"])
        def test_flat():
            zeta, alpha, mid = parts()
            outputs = {"z": L.Subtract()([zeta, alpha]), "a": L.Subtract()([alpha, mid])}
            inputs = {"zeta": full(5.0, 1, 2), "alpha": full(1.0, 1, 2), "mid": full(9.0, 1, 2)}
            return keras.Model({"zeta": zeta, "alpha": alpha, "mid": mid}, outputs), inputs

        @roundtrip(formats=["keras", "saved_model", "export"])
        def test_nested():
            zeta, alpha, mid = parts()
            model = keras.Model(
                {"pair": {"zeta": zeta, "alpha": alpha}, "mid": mid},
                [L.Subtract(name="second")([zeta, alpha]), L.Subtract(name="first")([alpha, mid])],
            )
            return model, {"pair": {"zeta": full(5.0, 1, 2), "alpha": full(1.0, 1, 2)}, "mid": full(9.0, 1, 2)}
        """,
    )
    project.record().assert_outcomes(passed=7)
    assert {name: leaf[0, 0] for name, leaf in recorded(project, "test_flat").items()} == {"z": 4.0, "a": -8.0}
    assert {name: leaf[0, 0] for name, leaf in recorded(project, "test_nested").items()} == {
        "second": 4.0,
        "first": -8.0,
    }


def test_eleven_inputs_stay_in_order(project: Project) -> None:
    write(
        project,
        """
        @roundtrip(formats=["saved_model", "export"])
        def test_model():
            inputs = [keras.Input((1,), name=f"i{number}") for number in range(11)]
            values = [full(number, 1, 1) for number in range(11)]
            return keras.Model(inputs, L.Concatenate(name="all")(inputs)), values
        """,
    )
    project.record().assert_outcomes(passed=2)
    assert recorded(project)["all"].tolist() == [[float(number) for number in range(11)]]


RAGGED = """
@roundtrip(formats=["keras", "h5", "saved_model"])
def test_model():
    ids = keras.Input((None,), ragged=True, dtype="int64", name="ids")
    return keras.Model(ids, L.Embedding(5, 2, name="vectors")(ids))
"""


def test_ragged(project: Project) -> None:
    """Keras 3 writes a dense signature for a ragged input, and that is what the SavedModel's failure says."""
    write(project, RAGGED)
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "FORMAT CANNOT HOLD  test_model?saved_model?: *takes its input 'inputs' as a dense tensor*ragged*",
            '*model_roundtrip(formats=?"h5", "keras"?)',
        ]
    )
    assert isinstance(recorded(project)["vectors"], tensors.Ragged)
    ids = recorded(project, part="inputs")
    assert isinstance(ids, tensors.Ragged)
    assert 0 <= ids.values.min() <= ids.values.max() < 5


def test_lookups_and_vocabularies(project: Project) -> None:
    write(
        project,
        """
        @roundtrip
        def test_strings():
            words = keras.Input((2,), dtype="string")
            return keras.Model(words, L.StringLookup(vocabulary=["ant", "bee"], name="ids")(words))

        @roundtrip
        def test_integers():
            codes = keras.Input((2,), dtype="int64")
            return keras.Model(codes, L.IntegerLookup(vocabulary=[50, 70], name="ids")(codes))

        @roundtrip
        def test_texts():
            texts = keras.Input((1,), dtype="string")
            vectorize = L.TextVectorization(vocabulary=["cat", "dog"], output_sequence_length=6, name="ids")
            return keras.Model(texts, vectorize(texts))

        @roundtrip(inputs=np.array([["bee"], ["wasp"]]))
        def test_given():
            words = keras.Input((1,), dtype="string")
            return keras.Model(words, L.StringLookup(vocabulary=["ant", "bee"], name="ids")(words))
        """,
    )
    project.record().assert_outcomes(passed=12)
    assert set(recorded(project, "test_strings", "inputs").ravel()) == {b"ant", b"bee"}
    assert set(recorded(project, "test_integers", "inputs").ravel()) == {50, 70}
    assert {len(text.split()) for text in recorded(project, "test_texts", "inputs").ravel()} == {6}
    for test in ("test_strings", "test_integers"):
        assert set(recorded(project, test)["ids"].ravel()) == {1, 2}, "an unknown word would be 0"
    assert set(recorded(project, "test_texts")["ids"].ravel()) == {2, 3}
    assert recorded(project, "test_given")["ids"].tolist() == [[2], [0]]


def test_embedding_indices_stay_in_range_also_in_nested_models(project: Project) -> None:
    write(
        project,
        """
        @roundtrip(formats=["keras"])
        def test_plain():
            return keras.Sequential([keras.Input((50,)), L.Embedding(3, 2), L.Flatten()])

        @roundtrip(formats=["keras"])
        def test_nested():
            inner_ids = keras.Input((50,), dtype="int32")
            inner = keras.Model(inner_ids, L.Embedding(3, 2)(inner_ids))
            ids = keras.Input((50,), dtype="int32")
            return keras.Model(ids, L.Flatten()(inner(ids)))
        """,
    )
    project.record().assert_outcomes(passed=2)
    for test in ("test_plain", "test_nested"):
        assert set(recorded(project, test, "inputs").ravel().tolist()) == {0, 1, 2}
