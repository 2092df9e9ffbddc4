"""Round trips, through the plugin, of every kind of model it takes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.loader import tensors
from tests.plugin.model_tests import recorded, write

if TYPE_CHECKING:
    from tests.conftest import Project


def text_of(result: pytest.RunResult) -> str:
    return result.stdout.str()


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


def test_one_dtype_for_all_ways_to_give_inputs(project: Project) -> None:
    write(
        project,
        """
        ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]

        def build():
            features = keras.Input((3,))
            return keras.Model(features, L.Dense(2, name="score")(features))

        @pytest.mark.parametrize("way", ["lists", "array64", "tensor", "function"])
        @roundtrip(formats=["keras", "saved_model"], name="shared")
        def test_model(way):
            return build(), {
                "lists": ROWS, "array64": np.array(ROWS), "tensor": tf.constant(ROWS), "function": np.array(ROWS, "f4"),
            }[way]

        @roundtrip(formats=["keras"], inputs=lambda: ROWS)
        def test_callable():
            return build()
        """,
    )
    project.record().assert_outcomes(passed=9)
    expected = recorded(project, "test_callable")["score"]
    assert expected.dtype == np.float32
    for way in ("lists", "array64", "tensor", "function"):
        np.testing.assert_array_equal(recorded(project, f"shared[{way}]")["score"], expected)


def test_global_mixed_policy_and_its_tolerance(project: Project) -> None:
    """Outputs are float32, computed in float16: a drift of 5e-4 is its noise, the same drift in float32 is none."""
    source = """
        class Shifted(keras.initializers.Initializer):
            def __call__(self, shape, dtype=None):
                return tf.constant({value}, dtype, shape)

        def build(policy):
            keras.mixed_precision.set_global_policy(policy)
            try:
                features = keras.Input((3,))
                hidden = L.Dense(8, kernel_initializer="ones")(features)
                return keras.Model(features, L.Dense(2, kernel_initializer=Shifted(), dtype="float32")(hidden))
            finally:
                keras.mixed_precision.set_global_policy("float32")

        @roundtrip(formats=["keras"], custom_objects={{"Shifted": Shifted}})
        def test_half():
            return build("mixed_float16"), full(1.0, 1, 3)

        @roundtrip(formats=["keras"], custom_objects={{"Shifted": Shifted}})
        def test_single():
            return build("float32"), full(1.0, 1, 3)
    """
    write(project, source.format(value=1.0))
    project.record().assert_outcomes(passed=2)
    write(project, source.format(value=1.0005))
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_single?keras?*", "*from dtype float32*"])
    write(project, source.format(value=1.01))
    project.run("-k", "half").stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_half?keras?*", "*from dtype float16*"])


def test_whole_numbers_are_compared_exactly(project: Project) -> None:
    source = """
        @roundtrip(formats=["keras"])
        def test_model():
            ids = keras.Input((1,), dtype="int64", name="ids")
            words = [str(number) for number in range({first}, {first} + 9)]
            lookup = L.IntegerLookup(vocabulary=[7, 8], num_oov_indices={first}, name="index")
            return keras.Model(ids, lookup(ids)), np.array([[8]])
    """
    write(project, source.format(first=1))
    project.record()
    write(project, source.format(first=2))
    project.run().stdout.fnmatch_lines(["PREDICTIONS DRIFTED*", "*index*int64*", "*allowed 0, from dtype int64*"])


def test_seeds_give_the_same_weights_and_names_whatever_ran_before(project: Project) -> None:
    source = """
        @roundtrip(formats=["h5", "keras"])
        def test_{name}():
            return keras.Sequential([keras.Input((3,)), L.Dense(4), L.Dropout(0.5), L.Dense(2)])
    """
    write(project, "".join(textwrap.dedent(source.format(name=name)) for name in ("a", "b")))
    project.record("test_it.py::test_b")
    project.record("test_it.py::test_a")
    before = {path: path.read_bytes() for path in (project.path / "golden").rglob("golden.json")}
    assert len(before) == 2
    assert all(b'"dense/kernel"' in content.replace(b"sequential/", b"") for content in before.values())
    project.run().assert_outcomes(passed=4)
    project.record().assert_outcomes(passed=4)
    assert {path: path.read_bytes() for path in before} == before
    result = project.run("--modelcompat-seed=1")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*inputs *differ from those the golden was recorded with*"])


def test_training_state(project: Project) -> None:
    """Keras 3 brings an .h5's optimizer back without its momenta, which no prediction would show."""
    write(
        project,
        """
        @roundtrip(checks=["predictions", "training"])
        def test_model():
            model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
            model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
            model.fit(full(1.0, 4, 3), full(2.0, 4, 2), verbose=0)
            return model
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "TRAINING CHANGED  test_model?h5?: *",
            "*optimizer variables: 4 of 6 are not as saved*",
            "  fix        if you only predict with it, *",
        ]
    )


def test_training_state_that_is_lost(project: Project) -> None:
    """An optimizer whose step size does not get into its config: predictions agree, further training would not."""
    write(
        project,
        """
        class Forgetful(keras.optimizers.SGD):
            def get_config(self):
                return {**super().get_config(), "momentum": 0.0}

        @pytest.mark.parametrize("checks", [["predictions"], ["training"]], ids=["predictions", "training"])
        def test_model(model_roundtrip, checks):
            model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
            model.compile(Forgetful(0.01, momentum=0.9), keras.losses.MeanSquaredError())
            model.fit(full(1.0, 4, 3), full(2.0, 4, 2), verbose=0)
            model_roundtrip(model, formats=["keras"], checks=checks, custom_objects={"Forgetful": Forgetful})
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["TRAINING CHANGED  test_model*training*", "*optimizer variables: * are not as saved*"])


def test_tolerances_by_output(project: Project) -> None:
    source = """
        @roundtrip(formats=["keras"], rtol={{"{loose}": 1.0}}, atol={{"{loose}": 1.0}})
        def test_model():
            features = keras.Input((1,))
            ones = dict(kernel_initializer=keras.initializers.Constant({value}))
            outputs = [L.Dense(1, name=name, **ones)(features) for name in ("left", "right")]
            return keras.Model(features, outputs), full(1.0, 1, 1)
    """
    write(project, source.format(value=1.0, loose="left"))
    project.record()
    write(project, source.format(value=1.1, loose="left"))
    text = text_of(project.run())
    assert "PREDICTIONS DRIFTED" in text
    assert "output     right" in text
    assert "output     left" not in text
    write(project, source.format(value=1.0, loose="lft"))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["BAD OPTION  test_model?keras?: rtol is given for output 'lft'*left, right"])


def test_a_model_made_once_in_a_fixture(project: Project) -> None:
    write(
        project,
        """
        @pytest.fixture(scope="session")
        def model():
            return keras.Sequential([keras.Input((3,)), L.Dense(2, name="score")])

        @roundtrip
        def test_marked(model):
            return model

        def test_called(model, model_roundtrip):
            result = model_roundtrip(model, inputs=full(1.0, 2, 3))
            assert [target.format for target in result.targets] == ["keras", "saved_model", "h5"]
            assert result.drift.max_abs < 1e-6
        """,
    )
    project.record().assert_outcomes(passed=4)
    project.run().assert_outcomes(passed=4)
