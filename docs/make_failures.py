"""Writes `failures.md`: makes failures happen in a project of its own, and keeps what pytest prints of them.

Run it with the plugin and TensorFlow installed: `python docs/make_failures.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).with_name("failures.md")

INTRODUCTION = """
# What a failure looks like

Each text below is what pytest prints, word for word. `docs/make_failures.py` makes these failures happen and writes
this page. The first line is a sentence, and pytest's short summary begins with its kind and what it is about. `because`
is the cause; `fix` is what to write or run; `it said` quotes the last line of the original exception, and `pytest -vv`
shows the rest of it. `also in` names other targets of the test with the same cause: they say in two lines in what they
differ. Lines are as wide as the terminal; what is to be pasted is never wrapped. The *loader* is the fresh process in
which the saved model is loaded, with nothing but what the test declares.
"""

LAYERS = """
import ctypes
import tensorflow as tf

keras = tf.keras


class Scale(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


class Shift(keras.layers.Layer):
    def call(self, inputs):
        return inputs + 1.0


class Projection(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.units))

    def call(self, inputs):
        return tf.matmul(inputs, self.kernel)


class Noise(keras.layers.Layer):
    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


class Crashing(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    @classmethod
    def from_config(cls, config):
        ctypes.string_at(0)


class Tower(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.score = keras.layers.Dense(1)

    def call(self, inputs):
        return self.score(inputs)


class Rounder(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def __call__(self, x):
        rounded = tf.py_function(lambda each: tf.round(each), [x], tf.float32)
        return {"rounded": tf.ensure_shape(rounded, [None, 3])}


class Gain(keras.layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return super().get_config()
"""

HEAD = """
import numpy as np
import pytest
import tensorflow as tf

from layers import *

keras = tf.keras
FEATURES = np.arange(6, dtype="float32").reshape(2, 3)
"""


class Failure(NamedTuple):
    """A section of the page.

    Args:
        title: its heading.
        explanation: two lines below it.
        test: the code of the test, whose name ends in `_` and the section's number.
        begins: what the printed text must begin with.
        recorded: the test as it was when its golden was recorded; empty if it has none.
    """

    title: str
    explanation: str
    test: str
    begins: str
    recorded: str = ""


CLASSIFIER = """
@pytest.mark.model_roundtrip(formats=["{format}"])
def {test}():
    inputs = keras.Input((3,), name="features")
    hidden = keras.layers.Dense(4, kernel_initializer="{start}", activation={activation}, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones", name="score")(hidden)), FEATURES
"""

AMPLIFIED = """
@pytest.mark.model_roundtrip(formats=["keras"], custom_objects={"Gain": Gain})
def test_amplified():
    first = keras.layers.Dense(3, kernel_initializer="ones", name="first")
    return keras.Sequential([keras.Input((3,), name="features"), first, Gain(3.0, name="gain")]), FEATURES
"""

SAVES_FACTOR = """
class Gain(Gain):
    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

"""

FAILURES = (
    Failure(
        "A custom layer that the test does not declare",
        "Production would fail the same way: a saved model names its classes and does not hold them. Every unknown\n"
        "class is listed at once, wherever it is nested, each with its own declaration.",
        """
@pytest.mark.model_roundtrip(formats=["h5"])
def test_ranker():
    tower = keras.Sequential([keras.Input((3,)), Scale(name="scale_inside"), Shift(name="shift")], name="tower")
    inputs = keras.Input((3,), name="features")
    return keras.Model(inputs, Scale(name="scale")(tower(inputs)))
""",
        "UNKNOWN LAYER  test_ranker[h5]",
    ),
    Failure(
        "A custom layer that cannot be rebuilt",
        "The layer is declared, but Keras cannot rebuild it from its saved configuration: `Projection` has\n"
        "`def __init__(self, units)` and no `get_config()`.",
        """
@pytest.mark.model_roundtrip(formats=["keras"], custom_objects={"Projection": Projection})
def test_projection():
    return keras.Sequential([keras.Input((3,)), Projection(4), keras.layers.Dense(1)])
""",
        "CANNOT REBUILD  test_projection[keras]",
    ),
    Failure(
        "A Lambda layer",
        "A Python lambda is saved as bytecode, which only the Python version that wrote it can run, and which Keras\n"
        "does not run unless `safe_mode=False` is given. Such bytecode can crash another Python.",
        """
@pytest.mark.model_roundtrip(formats=["keras"])
def test_doubled():
    return keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0, name="double")])
""",
        "LAMBDA REFUSED  test_doubled[keras]",
    ),
    Failure(
        "A format that cannot hold the model",
        "`.h5` describes a model by its layers. A subclassed model is Python code, and only `.keras` and SavedModel\n"
        "can restore it.",
        """
@pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Tower": Tower})
def test_tower():
    return Tower(), FEATURES
""",
        "FORMAT CANNOT HOLD  test_tower[h5]",
    ),
    Failure(
        "A metric or loss given as a string, in .h5",
        "Keras 3 saves such a model as `.h5` without a warning, and cannot load it again.\n"
        "Metrics and losses given as objects are read back.",
        """
@pytest.mark.model_roundtrip(formats=["h5"])
def test_regressor():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", loss="mse", metrics=["mse"])
    return model
""",
        "FORMAT CANNOT HOLD  test_regressor[h5]",
    ),
    Failure(
        "A vocabulary that the file does not hold",
        "This one loads without an error and fails at its first prediction, which is why loading proves nothing and\n"
        "every reloaded model is also called.",
        """
@pytest.mark.model_roundtrip(formats=["h5"])
def test_words():
    words = keras.layers.TextVectorization(output_mode="int", output_sequence_length=3, name="words")
    words.adapt(["red shoes", "blue hat"])
    return keras.Sequential([keras.Input((1,), dtype="string"), words]), np.array([["red hat"]], dtype=object)
""",
        "PREDICTION FAILED  test_words[h5]",
    ),
    Failure(
        "A Python function in a SavedModel",
        "`tf.py_function` and `tf.numpy_function` put a number into the graph that identifies a function of\n"
        "the running process. In every other process this number has no meaning.",
        """
@pytest.mark.model_roundtrip(formats=["saved_model"])
def test_rounder():
    return Rounder()
""",
        "PYTHON FUNCTION  test_rounder[saved_model]",
    ),
    Failure(
        "A constructor argument that is not saved",
        "Keras saves of a layer what its `get_config()` returns, and says nothing of what is missing there. The\n"
        "model is made again with the argument, to prove that it is the cause; what follows from it refers to it.",
        AMPLIFIED,
        "ARGUMENT NOT SAVED  test_amplified[keras]",
        SAVES_FACTOR + AMPLIFIED,
    ),
    Failure(
        "Predictions that differ from the golden's",
        "Three facts show the cause: whether the reloaded model equals the saved one, and whether the weights and the\n"
        "layers are those of the golden. Here the initializer was changed; its layer is named,\n"
        "with how the difference grows from there.",
        CLASSIFIER.format(format="keras", test="test_classifier", start="zeros", activation='"relu"'),
        "PREDICTIONS DRIFTED  test_classifier[keras]",
        CLASSIFIER.format(format="keras", test="test_classifier", start="ones", activation='"relu"'),
    ),
    Failure(
        "An op that the golden does not have",
        "The predictions are the same, and the SavedModel now needs an op that the runtime in production may not\n"
        "have. Accept it with a reason, or record the golden again.",
        CLASSIFIER.format(format="saved_model", test="test_served", start="ones", activation='"relu"'),
        "NEW OP  test_served[saved_model]",
        CLASSIFIER.format(format="saved_model", test="test_served", start="ones", activation="None"),
    ),
    Failure(
        "A model that does not predict the same twice",
        "A prediction that changes with every call cannot be compared with a golden. The failure names the layers\n"
        "that can cause it.",
        """
@pytest.mark.model_roundtrip(formats=["keras"], custom_objects={"Noise": Noise})
def test_noisy():
    return keras.Sequential([keras.Input((3,)), Noise(name="hiss")])
""",
        "NOT DETERMINISTIC  test_noisy[keras]",
    ),
    Failure(
        "A save that changes the model",
        "In Keras 3 a save as `.h5` removes the optimizer from the compile configuration of the live model. If the\n"
        "same object is then saved as `.keras`, that file trains with RMSprop.",
        """
def test_exported(model_roundtrip):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer=keras.optimizers.SGD(0.125), loss=keras.losses.MeanSquaredError())
    model_roundtrip(model, formats=["h5"])
    model_roundtrip(model, formats=["keras"])
""",
        "MODEL CHANGED BY SAVING  test_exported[keras]",
        """
def test_exported(model_roundtrip):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model_roundtrip(model, formats=["h5", "keras"])
""",
    ),
    Failure(
        "A load that kills its process",
        "Loading happens in a process of its own, so a crash is a result like any other, and the tests after it run.\n"
        "Memory that runs out, a load that never ends and a call of `sys.exit()` are reported the same way.",
        """
@pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Crashing": Crashing})
def test_crashing():
    return keras.Sequential([keras.Input((3,)), Crashing(name="trap")])
""",
        "LOADER CRASHED  test_crashing[h5]",
    ),
)


def main() -> None:
    """Make the failures and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "shop")
        project.mkdir()
        (project / "layers.py").write_text(LAYERS.lstrip(), encoding="utf-8")
        _run(project, [failure.recorded for failure in FAILURES if failure.recorded], "--modelcompat-update-golden")
        printed = _run(project, [failure.test for failure in FAILURES])
        page = _page(_texts(printed))
        for place in {folder, str(Path.cwd()), str(Path.home()), sys.prefix}:
            assert place not in page, f"{place} is in the page"  # noqa: S101 - a check of this script itself
    PAGE.write_text(page, encoding="utf-8")


def _run(project: Path, tests: list[str], *arguments: str) -> str:
    (project / "test_models.py").write_text(HEAD.lstrip() + "\n" + "\n".join(tests), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    environment.update(COLUMNS="120", TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, "-m", "pytest", "--color=no", "--show-capture=no", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment, check=False, capture_output=True, encoding="utf-8", errors="replace"
    )
    return done.stdout


def _texts(printed: str) -> dict[str, str]:
    """The failure texts by the words they begin with."""
    body = re.split(r"^=+ FAILURES =+$", printed, maxsplit=1, flags=re.MULTILINE)[1]
    body = re.split(r"^=+ .* =+$", body, maxsplit=1, flags=re.MULTILINE)[0]
    texts = [text.strip() for text in re.split(r"^_+ \S+ _+$", body, flags=re.MULTILINE)[1:]]
    return {text.split(": ")[0]: text for text in texts}


def _page(texts: dict[str, str]) -> str:
    sections = [
        f"## {failure.title}\n\n{failure.explanation}\n\n```text\n{texts[failure.begins]}\n```\n"
        for failure in FAILURES
    ]
    return "\n".join([textwrap.dedent(INTRODUCTION).lstrip(), *sections])


if __name__ == "__main__":
    main()
