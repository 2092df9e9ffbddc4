"""A vocabulary that .h5 loses: which layer lost it, and its own constructor in a fix that works as it is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

HEAD = """
import keras
import numpy as np
import pytest
from keras import layers as L

TERMS = np.array(["ant", "bee", "cat"])
CODES = np.array([10, 20, 30])
MARK = pytest.mark.model_roundtrip(formats=["h5"], imports=[__name__])


@keras.saving.register_keras_serializable()
class Tagger(L.StringLookup):
    pass


@keras.saving.register_keras_serializable()
class Encoder(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = L.StringLookup()

    def call(self, x):
        return self.lookup(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, "int64")


def adapted_to(terms, layer):
    layer.adapt(terms)
    return layer


def with_codes(layer):
    layer.set_vocabulary(CODES)
    return layer


def model_of(layer, inputs):
    x = keras.Input(inputs.shape[1:], dtype="int64" if inputs.dtype.kind == "i" else "string")
    return keras.Model(x, layer(x)), inputs


ANT_DOG = np.array([["ant"], ["dog"]])
"""
TEST = """
@MARK
def test_{name}():
    adapted = {adapted}
    layer = {layer}
    return model_of({used}, {inputs})
"""
NUMBERS = "np.array([[10], [99]])"
# What is adapted, the inputs, and how the layer that has it is used.
GIVEN_AGAIN = {
    "integers": ("adapted_to(CODES, L.IntegerLookup())", NUMBERS, "layer"),
    "arguments": ('adapted_to(TERMS, L.StringLookup(output_mode="multi_hot", num_oov_indices=2))', "ANT_DOG", "layer"),
    "set": ("with_codes(L.IntegerLookup())", NUMBERS, "layer"),
    "file": ('L.StringLookup(vocabulary="terms.txt", mask_token="")', "ANT_DOG", "layer"),
    "inverted": ("adapted_to(TERMS, L.StringLookup(invert=True))", "np.array([[1], [2]])", "layer"),
    "text": ('adapted_to(TERMS, L.TextVectorization(standardize="lower", ngrams=2))', "ANT_DOG", "layer"),
    "derived": ('adapted_to(TERMS, Tagger(oov_token="none"))', "ANT_DOG", "layer"),
    "wrapped": ("adapted_to(TERMS, L.StringLookup())", 'np.array([[["ant"], ["dog"]]])', "L.TimeDistributed(layer)"),
    "beside": (
        "adapted_to(CODES, L.IntegerLookup())",
        NUMBERS,
        'keras.Sequential([layer, L.IntegerLookup(vocabulary=[0, 1], name="kept")])',
    ),
}
CLASSES = dict.fromkeys(GIVEN_AGAIN, "StringLookup") | {
    **dict.fromkeys(("integers", "set", "beside"), "IntegerLookup"),
    "text": "TextVectorization",
    "derived": "Tagger",
}


def write(project: Project, constructors: dict[str, str]) -> None:
    tests = [
        TEST.format(name=name, adapted=adapted, layer=constructors.get(name, "adapted"), used=used, inputs=inputs)
        for name, (adapted, inputs, used) in GIVEN_AGAIN.items()
    ]
    project.write("test_it.py", HEAD + "".join(tests))
    project.write("terms.txt", "ant\nbee\n")


def failures(text: str) -> dict[str, str]:
    """What a run says of each test that fails."""
    blocks = re.split(r"^(?=[A-Z ]+  test_\w+\[\w+\]: )", text, flags=re.MULTILINE)[1:]
    return {re.findall(r"test_(\w+)\[", block)[0]: block for block in blocks}


@pytest.mark.usefixtures("tensorflow")
def test_the_layer_that_lost_it_and_its_constructor(project: Project) -> None:
    write(project, {})
    found = failures(project.run("--modelcompat-update-golden").stdout.str())
    assert found.keys() == GIVEN_AGAIN.keys()
    constructors = {}
    for name, text in found.items():
        assert re.search(rf'the vocabulary of {CLASSES[name]} "\w+(/\w+)?" is lost', text), text
        assert "kept" not in text
        constructor = re.search(rf"^ +((?:keras\.layers\.)?{CLASSES[name]}\(vocabulary=.*\))$", text, re.MULTILINE)
        assert constructor, text
        constructors[name] = constructor[1]
    write(project, constructors)
    project.record().assert_outcomes(passed=len(GIVEN_AGAIN))


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize(
    ("adapted", "lost"),
    [
        ('adapted_to(TERMS, L.TextVectorization(output_mode="tf_idf", name="it"))', 'TextVectorization "it"'),
        ('Encoder(name="it"); adapted.lookup.adapt(TERMS)', 'a lookup layer inside Encoder "it"'),
    ],
)
def test_where_no_constructor_gives_it_the_format_is_left(project: Project, adapted: str, lost: str) -> None:
    test = TEST.format(name="model", adapted=adapted, layer="adapted", used="layer", inputs="ANT_DOG")
    project.write("test_it.py", HEAD + test)
    text = failures(project.run("--modelcompat-update-golden").stdout.str())["model"]
    assert f"the vocabulary of {lost} is lost" in text
    assert "get_vocabulary" not in text
    fix = re.search(r"^ +fix +@pytest\.mark\.model_roundtrip\((formats=.*)\)$", text, re.MULTILINE)
    assert fix, text
    project.write("test_it.py", (HEAD + test).replace('formats=["h5"]', fix[1]))
    project.record().assert_outcomes(passed=2)


OWN = """
import keras
import tensorflow as tf

LOOKUP = keras.layers.StringLookup()


class Looking(keras.layers.Layer):
    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, "int64")

    def call(self, x):
        return self.table.lookup(x)


@keras.saving.register_keras_serializable()
class Shared(Looking):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # here

    def call(self, x):
        return LOOKUP(x)


@keras.saving.register_keras_serializable()
class Dense(Looking):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = tf.lookup.experimental.DenseHashTable(tf.string, tf.int64, -1, "", "none")


@keras.saving.register_keras_serializable()
class Mutable(Looking):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)


@keras.saving.register_keras_serializable()
class Static(Looking):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        entries = tf.lookup.KeyValueTensorInitializer(["ant"], tf.constant([5], tf.int64))
        self.table = tf.lookup.StaticHashTable(entries, -1)
"""
OWN_TESTS = """
import keras
import numpy as np
import own
import pytest
import tensorflow as tf


def model_of(layer):
    x = keras.Input((1,), dtype="string")
    return keras.Model(x, layer(x)), np.array([["ant"], ["dog"]])


def filled(layer):
    layer.table.insert(tf.constant(["ant"]), tf.constant([7], tf.int64))
    return layer


@pytest.mark.model_roundtrip(formats=["keras"], imports=["own"])
def test_shared():
    own.LOOKUP.adapt(np.array(["ant"]))
    return model_of(own.Shared())


@pytest.mark.model_roundtrip(formats=FORMATS, imports=["own"])
def test_dense():
    return model_of(filled(own.Dense(name="coder")))


@pytest.mark.model_roundtrip(formats=FORMATS, imports=["own"])
def test_mutable():
    return model_of(keras.Sequential([keras.Input((1,), dtype="string"), filled(own.Mutable(name="coder"))]))


@pytest.mark.model_roundtrip(formats=["keras"], imports=["own"])
def test_static():
    return model_of(own.Static())
"""


@pytest.mark.usefixtures("tensorflow")
def test_a_table_of_ones_own_that_comes_back_empty(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("own.py", OWN)
    project.write("test_it.py", OWN_TESTS.replace("FORMATS", '["keras"]'))
    found = failures(project.run("--modelcompat-update-golden").stdout.str())
    assert "a layer of class StringLookup looks terms up in a table that is empty after loading" in found["shared"]
    assert "self.lookup = ... in its __init__" in found["shared"]
    assert 'the table of Dense "coder" (DenseHashTable) comes back empty' in found["dense"]
    assert 'the table of Mutable "coder" (MutableHashTable) comes back empty' in found["mutable"]
    assert "static" not in found
    fix = re.search(r"^ +fix +a SavedModel holds them: (.*)$", found["mutable"], re.MULTILINE)
    assert fix, found["mutable"]
    project.write("own.py", OWN.replace("# here", "self.lookup = LOOKUP"))
    project.write(
        "test_it.py", OWN_TESTS.replace('@pytest.mark.model_roundtrip(formats=FORMATS, imports=["own"])', fix[1])
    )
    project.record().assert_outcomes(passed=4)
