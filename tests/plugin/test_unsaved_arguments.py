"""What a save loses without a word: seen in the summary of a run that passes, a failure where training is checked."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

HEAD = """
import keras
import numpy as np
import pytest
from keras import layers as L

roundtrip = pytest.mark.model_roundtrip

class Noisy(L.Layer):
    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, x, training=False):
        return keras.random.dropout(x, self.rate, seed=1) if training else x

    def get_config(self):
        return super().get_config()

def model(*layers, loss=None):
    made = keras.Sequential([keras.Input((3,)), *layers, L.Dense(3)])
    made.compile("sgd", loss or keras.losses.MeanSquaredError())
    return made
"""


def test_a_pass_shows_it_and_counts_it(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
@roundtrip(formats=["h5", "keras", "saved_model"], custom_objects={"Noisy": Noisy})
def test_layer():
    return model(Noisy(0.5, name="noise"))

@roundtrip(formats=["h5", "keras", "saved_model"])
def test_keras():
    return model(L.Dense(3, kernel_initializer=keras.initializers.Identity(gain=3)), loss=keras.losses.Huber(delta=5.0))
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        [
            "test_layer?h5? and 1 more target: warning: ARGUMENT NOT SAVED: Noisy(rate=0.5) is not saved: *",
            "test_keras?h5? and 1 more target: warning: ARGUMENT NOT SAVED: Identity(gain=3) is not saved: *",
            "test_keras?h5? and 1 more target: warning: ARGUMENT NOT SAVED: Huber(delta=5.0) is not saved: *",
            "6 targets, 0 failed, 3 warnings; goldens: *",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            "*: get_config() of test_it.Noisy does not return 'rate', so a load makes *noise* with rate=0.1; add *",
            "*a load makes the kernel_initializer of *dense* with gain=1.0; add *gain*: self.gain, to what *",
            "*of keras.losses.Huber does not return 'delta', so a load makes the loss of the compile config with *",
        ]
    )


def test_where_training_is_checked_it_fails_and_is_blamed(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
@roundtrip(formats=["h5", "keras"], checks=["predictions", "training"])
def test_cosine():
    return model(loss=keras.losses.CosineSimilarity(axis=0))

@roundtrip(formats=["keras"], checks=["predictions", "training"])
def test_fine():
    return model(L.BatchNormalization(), L.Dropout(0.5))
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "ARGUMENT NOT SAVED  test_cosine?h5?: CosineSimilarity(axis=0) is not saved: * (and 1 more)",
            "  argument   CosineSimilarity(axis=0)  (the loss of the compile config)",
            "  TRAINING CHANGED",
            "  because    the reloaded model does not train like *, as it lacks what is not saved: Cosine*(axis=0)",
            "  evaluated  loss: was *, is *",
            "             loss of a training step: was *, is *",
            "  targets    derived from the model's outputs and its loss",
        ]
    )


def test_targets_are_given_where_none_are_derived(project: Project) -> None:
    """The option is pasted as the warning prints it, but for the targets."""
    text = (
        HEAD
        + """
def own(y_true, y_pred):
    return keras.ops.mean((y_true[:, 6:] - y_pred) ** 2) + keras.ops.shape(y_true)[1] // 9

OWN = {"own": own}

@roundtrip(formats=["keras"], checks=["training"], custom_objects=OWN)
def test_own():
    return model(loss=own)
"""
    )
    project.write("test_it.py", text)
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1)
    printed = "@pytest.mark.model_roundtrip(train=np.zeros(...))"
    result.stdout.fnmatch_lines(
        [f"test_own?keras?: warning: no targets are derived, so that *were not compared: *; give them: {printed}"]
    )
    option = printed.removeprefix("@pytest.mark.model_roundtrip(").removesuffix(")").replace("...", "(4, 9)")
    project.write("test_it.py", text.replace("custom_objects=OWN", f"custom_objects=OWN, {option}"))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*no targets are derived*")
    project.write("test_it.py", text.replace("custom_objects=OWN", "custom_objects=OWN, train=np.zeros((4, 2))"))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["INPUTS NEEDED  test_own?keras?: the targets of option 'train' do not fit the *"])


@pytest.mark.parametrize(
    ("layers", "loss", "given"),
    [
        ("", "keras.losses.Huber(delta=5.0)", "Huber(delta=5.0)"),
        ("", "keras.losses.CosineSimilarity(axis=0)", "CosineSimilarity(axis=0)"),
        ("L.Dense(3, kernel_initializer=keras.initializers.Identity(gain=3))", "None", "Identity(gain=3)"),
    ],
)
def test_the_subclass_that_is_printed_is_pasted_and_passes(
    project: Project, layers: str, loss: str, given: str
) -> None:
    """As printed: the class above the test, its name in place of Keras' own, and the option on the marker."""
    test = f"""
@pytest.mark.model_roundtrip(OPTIONS)
def test_model():
    return model({layers}{", " if layers else ""}loss={loss})
"""
    options = 'formats=["keras"], checks=["predictions", "training"]'
    project.write("test_it.py", HEAD + test.replace("OPTIONS", options))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    lines = result.stdout.str().split("  fix        ", maxsplit=1)[1].split("\n\n", maxsplit=1)[0].splitlines()
    *code, sentence, option = textwrap.dedent("\n".join((f"{'':13}{lines[0]}", *lines[1:]))).splitlines()
    assert sentence.startswith(f"write Saved{given} in place of ")
    declared = option.removeprefix("@pytest.mark.model_roundtrip(").removesuffix(")")
    own = test.replace("OPTIONS", f"{options}, {declared}")
    for path in (f"keras.losses.{given}", f"keras.initializers.{given}"):
        own = own.replace(path, f"Saved{given}")
    project.write("test_it.py", "\n".join((HEAD, *code, own)))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*ARGUMENT NOT SAVED*")


def test_what_follows_refers_to_it_and_the_one_fix_passes(project: Project) -> None:
    """A layer that draws random numbers, which no trace of layers can name, and a loss that follows from it."""
    layer = """
class Spread(L.Layer):
    def __init__(self, noise=1.0, **kwargs):
        super().__init__(**kwargs)
        self.noise = noise

    def call(self, x):
        return x + self.noise * keras.random.normal(keras.ops.shape(x))

    def get_config(self):
        return super().get_config()
"""
    test = """
@roundtrip(formats=["keras"], checks=CHECKS, stochastic=["spread"], custom_objects={"Spread": Spread})
def test_spread():
    inputs = keras.Input((3,))
    made = keras.Model(inputs, {"spread": Spread(0.1, name="spread")(L.Dense(3)(inputs))})
    made.compile("sgd", {"spread": "mse"})
    return made
"""
    checks = '["predictions", "weights"]'
    project.write("test_it.py", HEAD + layer + test.replace("CHECKS", checks))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "ARGUMENT NOT SAVED  test_spread?keras?: Spread(noise=0.1) is not saved: * with noise=1.0 (and 1 more)",
            "  fix        in class Spread of test_it:",
            "  PREDICTIONS DRIFTED",
            "  because    Spread(noise=0.1) is not saved, see above: made again with it, the model predicts as before",
            "  decided by mean and spread over 128 calls: *",
            '  blame      the configuration of "spread"',
            "  fix        as above",
        ]
    )
    result.stdout.no_fnmatch_line("*the writer or the loader*")
    printed = result.stdout.str().split("of test_it:\n", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    saved = layer[: layer.index("    def get_config")] + textwrap.indent(textwrap.dedent(printed), "    ") + "\n"
    project.write("test_it.py", HEAD + saved + test.replace("CHECKS", checks))
    project.run("--modelcompat-update-golden").assert_outcomes(passed=1)
