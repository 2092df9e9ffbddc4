"""What follows from an argument that is not saved: proven by making the model again with it, and with one fix."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.evaluation import BLAME_HERE, RELOADED_DIFFERS
from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument, unsaved_arguments
from pytest_modelcompat.roundtrip.unsaved.consequences import with_consequences
from pytest_modelcompat.roundtrip.unsaved.findings import subject_of, unsaved_findings, with_unsaved_first
from pytest_modelcompat.roundtrip.unsaved.restoration import decisive_arguments, predicts_as

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow

INPUTS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
CLASSES = """
import keras
import tensorflow as tf
from keras import layers as L

OFFSET = [0.0]

class Forgets(L.Layer):
    def get_config(self):
        return super().get_config()

class Scale(Forgets):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

class Grown(Forgets):
    def __init__(self, power=1, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def build(self, shape):
        self.table = [self.power + each for each in range(shape[-1])]

    def call(self, x):
        return x * keras.ops.convert_to_tensor(self.table, "float32")

class Kept(Forgets):
    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, x, training=False):
        return x

class Sized(Forgets):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))

    def call(self, x):
        return x @ self.kernel

class Given(Forgets):
    def __init__(self, function=None, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x) if self.function else x

class Counts(Forgets):
    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        OFFSET[0] += 1.0
        self.offset = OFFSET[0]

    def call(self, x):
        return x + self.offset

class Clipped(Forgets):
    def __init__(self, least=0, **kwargs):
        super().__init__(**kwargs)
        self.least = least

    def call(self, x):
        return keras.ops.full_like(x, 5.0) if self.least else x

class Noise(Forgets):
    def __init__(self, noise=1.0, **kwargs):
        super().__init__(**kwargs)
        self.noise = noise

    def call(self, x):
        return x + self.noise * tf.random.normal(tf.shape(x))

def around(*layers):
    return keras.Sequential([keras.Input((3,)), L.Dense(3, name="first"), *layers], name="whole")
"""


@pytest.fixture(scope="module")
def own(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    file: Path = tmp_path_factory.mktemp("own") / "consequence_classes.py"
    file.write_text(CLASSES, encoding="utf-8")
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module
    exec(compile(CLASSES, str(file), "exec"), vars(module))  # noqa: S102 - written in this file
    yield module
    sys.modules.pop(file.stem, None)


def decisive(code: str, module: ModuleType, stochastic: tuple[str, ...] = ()) -> list[str]:
    """The subjects of the arguments by which alone a model predicts something else."""
    from pytest_modelcompat.loader import samples

    model = as_model_under_test(eval(code, vars(module)))  # noqa: S307 - written in this file
    unsaved = unsaved_arguments(model, compiled=True)

    def call() -> Any:
        return {"": model.named_outputs(model.call(INPUTS))}

    expected = samples.over_calls(call(), call, stochastic)[""]
    agrees = partial(predicts_as, expected, stochastic, lambda *_: Tolerance(1e-6, 1e-5, "dtype float32"))
    found = decisive_arguments(model, INPUTS, unsaved, agrees)
    assert all("get_config" not in vars(layer) for layer in model.with_layers())
    return [subject_of(each) for each in found]


DECISIVE = {
    "one": ("around(Scale(3.0))", ["Scale(factor=3.0)"]),
    "in several places": ("around(Scale(3.0), Scale(3.0))", ["Scale(factor=3.0)"]),
    "two of one class": ("around(Scale(3.0), Scale(4.0))", ["Scale(factor=3.0)", "Scale(factor=4.0)"]),
    "more than are tried alone": (
        "around(Scale(3.0), Scale(4.0), Scale(5.0), Scale(6.0), Kept(0.5))",
        ["Scale(factor=3.0)", "Scale(factor=4.0)", "Scale(factor=5.0)", "Scale(factor=6.0)", "Kept(rate=0.5)"],
    ),
    "either alone": ("around(Clipped(1), Clipped(2))", ["Clipped(least=1)", "Clipped(least=2)"]),
    "what a build takes": ("around(Grown(4))", ["Grown(power=4)"]),
    "inside another model": ("around(around(Scale(3.0)))", ["Scale(factor=3.0)"]),
    "two": ("around(Scale(3.0), Grown(4))", ["Scale(factor=3.0)", "Grown(power=4)"]),
    "two, of which one does nothing": ("around(Kept(0.5), Scale(3.0))", ["Scale(factor=3.0)"]),
    "one that does nothing": ("around(Kept(0.5))", []),
    "weights of another shape": ("around(Sized(5))", ["Sized(units=5)"]),
    "no plain value": ("around(Given(keras.ops.relu), Kept(0.5))", []),
    "another cause": ("around(Counts(0.5))", []),
    "another cause, too": ("around(Counts(), Scale(3.0))", []),
}


@pytest.mark.parametrize("name", DECISIVE)
def test_what_decides_is_proven_by_making_the_model_again(own: ModuleType, name: str) -> None:
    code, expected = DECISIVE[name]
    assert decisive(code, own) == expected


def test_what_draws_is_compared_over_many_calls(own: ModuleType) -> None:
    assert decisive("around(Noise(0.1, name='noise'))", own, ("output",)) == ["Noise(noise=0.1)"]
    assert decisive("around(Noise(), Kept(0.5))", own, ("output",)) == []


def test_what_raises_proves_nothing(own: ModuleType) -> None:
    def raises(_: Any) -> bool:
        raise RuntimeError("of the user's own")

    model = as_model_under_test(own.around(own.Scale(3.0)))
    assert decisive_arguments(model, INPUTS, unsaved_arguments(model, compiled=True), raises) == ()


def unsaved_of(code: str, module: ModuleType) -> tuple[UnsavedArgument, ...]:
    model = as_model_under_test(eval(code, vars(module)))  # noqa: S307 - written in this file
    return unsaved_arguments(model, compiled=True)


DRIFTED = Finding(
    Kind.PREDICTIONS_DRIFTED,
    "output",
    cause=RELOADED_DIFFERS,
    blame=Blame.LOADER,
    details=(("mismatch", "all"), ("passes at", "atol=1"), ("blame", BLAME_HERE)),
)
TRAINED = Finding(
    Kind.TRAINING_CHANGED, "loss", cause="it does not, as it lacks what is not saved: X", fix=("if you only predict",)
)


def following(code: str, module: ModuleType, *others: Finding, proven: bool, trains: bool = False) -> list[Finding]:
    """The findings of a target with these, beside those of the arguments."""
    unsaved = unsaved_of(code, module)
    lost = list(unsaved_findings(unsaved, OptionSyntax(), trains=trains))
    first = with_unsaved_first([*lost, *others], unsaved)
    found = with_consequences(first, unsaved, lambda: unsaved if proven else ())
    assert [each.kind for each in found[: len(lost)]] == [Kind.ARGUMENT_NOT_SAVED] * len(lost)
    return found[len(lost) :]


def test_a_drift_that_follows_refers_to_the_argument_and_has_no_fix_of_its_own(own: ModuleType) -> None:
    other = replace(DRIFTED, fix=("def get_config(self):",), where=("somewhere",))
    (found,) = following("around(Scale(3.0, name='scale'))", own, other, proven=True)
    assert found.cause == "Scale(factor=3.0) is not saved, see above: made again with it, the model predicts as before"
    assert (found.fix, found.where, found.blame) == (("as above",), (), Blame.MODEL)
    assert found.details == (("mismatch", "all"), ("blame", 'the configuration of "scale"'))
    (found,) = following("around(Scale(3.0, name='scale'), Grown(4, name='grown'))", own, other, proven=True)
    assert found.cause.startswith("Scale(factor=3.0) and Grown(power=4) are not saved, see above: made again with them")
    assert dict(found.details)["blame"] == 'the configuration of "scale" and "grown"'


def test_the_same_code_is_printed_once(own: ModuleType) -> None:
    code = ("def get_config(self):", '    return {**super().get_config(), "factor": self.factor}')
    (found,) = following("around(Scale(3.0))", own, replace(DRIFTED, fix=code, cause="Scale"), proven=False)
    assert (found.fix, found.cause, found.details) == (("as above",), "Scale", DRIFTED.details)
    (found,) = following("around(Scale(3.0))", own, replace(DRIFTED, fix=("other",)), proven=False)
    assert found == replace(DRIFTED, fix=("other",))


def test_what_is_not_proven_is_called_a_guess(own: ModuleType) -> None:
    (found,) = following("around(Scale(3.0))", own, DRIFTED, proven=False)
    assert (found.cause, found.fix, found.blame) == (RELOADED_DIFFERS, (), Blame.LOADER)
    guess = "serialization: the writer or the loader, or Scale(factor=3.0), which is not saved: a guess"
    assert found.details == (*DRIFTED.details[:-1], ("blame", guess))
    elsewhere = replace(DRIFTED, details=(("blame", "the loader of that runtime"),))
    assert following("around(Scale(3.0))", own, elsewhere, proven=False) == [elsewhere]


def test_where_nothing_is_lost_nothing_is_asked(own: ModuleType) -> None:
    def asked() -> tuple[UnsavedArgument, ...]:
        pytest.fail("it takes time")

    unsaved = unsaved_of("around(Scale(3.0))", own)
    lost = list(unsaved_findings(unsaved, OptionSyntax(), trains=False))
    assert with_consequences(lost, unsaved, asked) == lost
    assert with_consequences([DRIFTED, TRAINED], (), asked) == [DRIFTED, TRAINED]
    warned = replace(DRIFTED, severity=Severity.WARNING)
    assert with_consequences([*lost, warned], unsaved, asked) == [*lost, warned]


def test_training_that_follows_refers_to_the_argument(own: ModuleType) -> None:
    code = "around(Scale(3.0))"
    (found,) = following(code, own, TRAINED, proven=False, trains=True)
    assert found.fix == ("as above", "or, if you only predict")
    _, found = following(code, own, DRIFTED, TRAINED, proven=True, trains=True)
    assert found.fix == ("as above",)
    other = replace(TRAINED, cause="it does not")
    assert following(code, own, other, proven=False, trains=True) == [other]
