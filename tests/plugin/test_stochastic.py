"""Outputs that draw random numbers, and RNNs that keep their state: what passes, what fails, and what is offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

LAYERS = """
import keras
import tensorflow as tf

@keras.saving.register_keras_serializable("shop")
class Sampling(keras.layers.Layer):
    def __init__(self, noise=1.0, **kwargs):
        super().__init__(**kwargs)
        self.noise = noise
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_var = inputs
        drawn = keras.random.normal(keras.ops.shape(mean), seed=self.seed_generator)
        return mean + self.noise * keras.ops.exp(0.5 * log_var) * drawn

    def get_config(self):
        # It forgets `noise`.
        return super(Sampling, self).get_config()

@keras.saving.register_keras_serializable("shop")
class OldSampling(Sampling):
    def call(self, inputs):
        mean, log_var = inputs
        return mean + self.noise * tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))

def encoder(layer):
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(16, "relu")(inputs)
    mean = keras.layers.Dense(2, name="z_mean")(hidden)
    log_var = keras.layers.Dense(2, name="z_log_var")(hidden)
    return keras.Model(inputs, [mean, log_var, layer([mean, log_var])])
"""
UPDATE = "--modelcompat-update-golden"
TEST = """
import keras
import pytest
from layers import OldSampling, Sampling, encoder

@pytest.mark.model_roundtrip({options})
def test_model():
    return encoder({layer})
"""
DECLARED = 'imports=["layers"], stochastic=["z"], formats=["{}"]'


def write(project: Project, layer: str, options: str) -> None:
    project.write("layers.py", LAYERS)
    project.write("test_it.py", TEST.format(layer=layer, options=options))


@pytest.mark.parametrize(
    ("layer", "format_"),
    [("Sampling", "keras"), ("Sampling", "export"), ("OldSampling", "saved_model"), ("OldSampling", "h5")],
)
def test_an_encoder_that_samples_passes_and_its_golden_sees_noise_that_doubles(
    project: Project, layer: str, format_: str
) -> None:
    write(project, f'{layer}(name="z")', DECLARED.format(format_))
    project.record().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)
    if format_ != "saved_model":
        return
    write(project, f'{layer}(2.0, name="z")', DECLARED.format(format_))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_model?saved_model?: *",
            "  output     z   float32 (4, 2)",
            "  decided by mean and spread over 128 calls: the spread is *, expected *, * times as much*",
            "  reloaded   equals the model that was saved, within tolerance: serialization is not the cause",
        ]
    )


def test_a_reload_that_halves_the_noise_fails(project: Project) -> None:
    write(project, 'Sampling(2.0, name="z")', DECLARED.format("keras"))
    result = project.run(UPDATE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "ARGUMENT NOT SAVED  test_model?keras?: Sampling(noise=2.0) is not saved: *",
            "  PREDICTIONS DRIFTED",
            "  decided by mean and spread over 128 calls: the spread is *, expected *, 0.* times as much*",
        ]
    )
    # A layer that draws gives something else at each call: where it moved is not known.
    result.stdout.no_fnmatch_line("  moved *")


def test_what_is_not_deterministic_prints_the_option_and_a_saved_model_the_format(project: Project) -> None:
    write(project, 'Sampling(name="z")', 'imports=["layers"], formats=["saved_model"]')
    result = project.run(UPDATE)
    result.assert_outcomes(failed=1)
    (option,) = re.findall(r"or, if this output is meant to be random: @\S+roundtrip\((.*)\)", result.stdout.str())
    assert option == 'stochastic=["z"]'

    write(project, 'Sampling(name="z")', f'imports=["layers"], formats=["saved_model"], {option}')
    result = project.run(UPDATE)
    result.stdout.fnmatch_lines(["SAVE FAILED  *", "*save it with model.export(), whose SavedModel has the seed*"])
    (option,) = re.findall(r"^ +@\S+roundtrip\((formats=.*)\)", result.stdout.str(), re.MULTILINE)

    write(project, 'Sampling(name="z")', f'imports=["layers"], stochastic=["z"], {option}')
    project.record().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            'stochastic=["zz"]',
            "BAD OPTION *stochastic is given for output 'zz', and the model's outputs are z_mean, *; did you mean 'z'?",
        ),
        (
            'stochastic=["z", "z_mean"]',
            "*warning: stochastic has output 'z_mean', which was the same in all 128 calls; leave it out, *",
        ),
    ],
)
def test_what_is_declared_in_vain_is_said(project: Project, options: str, said: str) -> None:
    write(project, 'OldSampling(name="z")', f'imports=["layers"], formats=["keras"], {options}')
    project.run(UPDATE).stdout.fnmatch_lines([said])


STATEFUL = """
import keras
import pytest

@pytest.mark.model_roundtrip
def test_model():
    inputs = keras.Input(batch_shape=(2, 4, 3))
    return keras.Model(inputs, keras.layers.{rnn}(inputs))

@pytest.mark.model_roundtrip(formats=["export"])
def test_exported():
    return test_model()
"""


@pytest.mark.parametrize("rnn", ["LSTM(2, stateful=True)", "Bidirectional(keras.layers.GRU(2, stateful=True))"])
def test_a_stateful_rnn_passes(project: Project, rnn: str) -> None:
    project.write("test_it.py", STATEFUL.format(rnn=rnn))
    project.record().assert_outcomes(passed=4)
    project.run().assert_outcomes(passed=4)


COUNTS = """
import keras
import pytest

class Counts(keras.layers.Layer):
    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.calls.assign_add(1.0)
        return inputs + {step} * self.calls

@pytest.mark.model_roundtrip(formats=["keras"])
def test_model():
    inputs = keras.Input((3,))
    return keras.Model(inputs, Counts(name="counts")(inputs))
"""


def test_a_model_that_counts_its_calls_is_not_blamed_on_an_rnn(project: Project) -> None:
    project.write("test_it.py", COUNTS.format(step="1.0"))
    result = project.run(UPDATE)
    result.stdout.fnmatch_lines(["NOT DETERMINISTIC  test_model?keras?: *", "  suspects   counts (Counts, of test_it)"])
    assert "stateful" not in result.stdout.str()
    project.write("test_it.py", COUNTS.format(step="2e-5"))
    result = project.run(UPDATE)
    result.stdout.fnmatch_lines(["  may be     additions in another order at each call, *: a guess. If"])
