"""Arguments that a save loses: found with their value and place, and none where a load makes the same again."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument, unsaved_arguments
from pytest_modelcompat.roundtrip.unsaved.findings import unsaved_findings, with_unsaved_first
from tests.class_project import edited, paste_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow

CLASSES = """
import keras
import numpy as np
from keras import layers as L

class Scale(L.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        config = super().get_config()
        config.update({"kept": 1})
        config.pop("kept")
        return config

class Under(L.Layer):
    def __init__(self, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self._rate = rate

    def get_config(self):
        return super().get_config()

class Deaf(Scale):
    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

    @classmethod
    def from_config(cls, config):
        config.pop("factor")
        return cls(**config)

class Warm(L.Dense):
    def __init__(self, units, temperature=1.0, **kwargs):
        super().__init__(units, **kwargs)
        self.temperature = temperature

class Base(L.Layer):
    def __init__(self, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}

class Last(Base):
    def get_config(self):
        return {"name": self.name}

class Soft(keras.losses.Loss):
    def __init__(self, sharpness=1.0, **kwargs):
        super().__init__(**kwargs)
        self.sharpness = sharpness

    def call(self, y_true, y_pred):
        return keras.ops.mean(self.sharpness * (y_true - y_pred) ** 2, axis=-1)

class Rough(keras.losses.Huber):
    pass

class Near(keras.initializers.Initializer):
    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, self.value, dtype)

class Activated(L.Layer):
    def __init__(self, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def get_config(self):
        return super().get_config()

class Renamed(L.Layer):
    def __init__(self, units=1, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "n": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(units=config.pop("n"), **config)

class Sized(L.Layer):
    def __init__(self, units=None, table=np.zeros(1), **kwargs):
        super().__init__(**kwargs)
        self.units, self.table = units, table

    def build(self, shape):
        self.units = shape[-1]

    def call(self, x):
        return x

    def get_config(self):
        return super().get_config()

class Holder(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = Scale(5.0)
        self.start = keras.initializers.Identity(gain=3)

    def call(self, x):
        return self.scale(x)

class Automatic(L.Layer):
    def __init__(self, factor=2.0, flag=False):
        super().__init__()
        self.factor = factor

class Raises(L.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        raise RuntimeError("of the user's own")

def around(*layers, **compiled):
    model = keras.Sequential([keras.Input((3,)), *layers, L.Dense(2, name="last")])
    if compiled:
        model.compile(**compiled)
    return model
"""


@pytest.fixture(scope="module")
def own(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    file = tmp_path_factory.mktemp("own") / "unsaved_classes.py"
    file.write_text(CLASSES, encoding="utf-8")
    yield imported(file)
    sys.modules.pop("unsaved_classes", None)


def made(code: str, module: ModuleType) -> Any:
    return eval(code, vars(module))  # noqa: S307 - written in this file


def imported(file: Path) -> ModuleType:
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), vars(module))  # noqa: S102 - written in this file
    return module


def unsaved(model: Any, *, compiled: bool = True) -> tuple[UnsavedArgument, ...]:
    return unsaved_arguments(as_model_under_test(model), compiled=compiled)


def findings(model: Any, *, trains: bool = False, place: OptionPlace = OptionPlace.MARKER) -> list[Finding]:
    return list(unsaved_findings(unsaved(model), OptionSyntax(place), trains=trains))


# name -> (the model, what is found, where)
FOUND = {
    "layer": ("around(L.Dense(3), Scale(3.0, name='scale'))", "Scale(factor=3.0)", '"scale"'),
    "under another attribute": ("around(Under(0.5, name='under'))", "Under(rate=0.5)", '"under"'),
    "a layer of Keras with one argument more": ("around(Warm(3, 0.5, name='warm'))", "Warm(temperature=0.5)", '"warm"'),
    "a base's": ("around(Last(3.0, name='last_one'))", "Last(gain=3.0)", '"last_one"'),
    "a function": ("around(Activated('tanh', name='act'))", "Activated(activation='tanh')", '"act"'),
    "nested": (
        "around(keras.Sequential([keras.Input((3,)), Scale(3.0, name='scale')], name='tower'))",
        "Scale(factor=3.0)",
        '"tower/scale"',
    ),
    "loss": ("around(optimizer='sgd', loss=Soft(4.0))", "Soft(sharpness=4.0)", "the loss of the compile config"),
    "loss of an output": (
        "around(optimizer='sgd', loss={'last': keras.losses.Huber(delta=5.0)})",
        "Huber(delta=5.0)",
        "the loss of the compile config",
    ),
    "loss of Keras": (
        "around(optimizer='sgd', loss=keras.losses.CosineSimilarity(axis=0))",
        "CosineSimilarity(axis=0)",
        "the loss of the compile config",
    ),
    "metric of Keras": (
        "around(optimizer='sgd', loss='mse', metrics=['mae', keras.metrics.CosineSimilarity(axis=0)])",
        "CosineSimilarity(axis=0)",
        "a metric of the compile config",
    ),
    "sparse loss of Keras": (
        "around(optimizer='sgd', loss=keras.losses.SparseCategoricalCrossentropy(axis=1))",
        "SparseCategoricalCrossentropy(axis=1)",
        "the loss of the compile config",
    ),
    "initializer": (
        "around(L.Dense(3, kernel_initializer=Near(3.0), name='dense'))",
        "Near(value=3.0)",
        'the kernel_initializer of "dense"',
    ),
    "initializer of Keras": (
        "around(L.Dense(3, kernel_initializer=keras.initializers.Identity(gain=3), name='dense'))",
        "Identity(gain=3)",
        'the kernel_initializer of "dense"',
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_not_saved_is_found(own: ModuleType, name: str) -> None:
    code, subject, where = FOUND[name]
    (finding,) = findings(made(code, own))
    assert (finding.kind, finding.severity) == (Kind.ARGUMENT_NOT_SAVED, Severity.WARNING)
    assert (finding.subject, finding.where) == (subject, (where,))
    assert finding.cause.startswith(f"{subject} is not saved: get_config() of ")


SAVED = {
    "a default": "around(Scale(2.0), Under(0.1), Warm(3, 1.0), Activated(), Near and L.Dense(2))",
    "under another key": "around(Renamed(4))",
    "what is saved and not taken": "around(Deaf(3.0))",
    "what a build sets": "around(Sized(table=np.zeros(1)))",
    "what a class makes itself": "around(Holder())",
    "what Keras notes itself": "around(Automatic(3.0, flag=True))",
    "what raises": "around(Raises(3.0))",
    "names and dtypes": "around(Scale(name='a', dtype='float64', trainable=False))",
    "losses by name": "around(optimizer='adam', loss='huber', metrics=['mae'])",
    "what is given and kept": (
        "around(L.Dropout(0.3, seed=3), L.Dense(3, 'relu', kernel_initializer=keras.initializers.Orthogonal(gain=2.0),"
        "kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2), bias_constraint=keras.constraints.MaxNorm(3)),"
        "optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 7, 0.5), momentum=0.9,"
        "nesterov=True, clipnorm=1.0), loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),"
        "metrics=[keras.metrics.AUC(num_thresholds=7), keras.metrics.TopKCategoricalAccuracy(k=2)])"
    ),
}


@pytest.mark.parametrize("name", SAVED)
def test_what_a_load_makes_the_same_again_is_not_named(own: ModuleType, name: str) -> None:
    assert findings(made(SAVED[name], own)) == []


def test_without_the_compile_config_its_loss_is_not_asked(own: ModuleType) -> None:
    model = own.around(optimizer="sgd", loss=own.keras.losses.Huber(delta=5.0))
    assert unsaved(model, compiled=False) == ()
    assert unsaved(model) != ()


def test_a_model_is_left_as_it_was(own: ModuleType) -> None:
    model = own.around(own.Scale(3.0), optimizer="sgd", loss=own.Soft(4.0))
    before = state_of(model)
    assert len(unsaved(model)) == 2
    assert state_of(model) == before


def state_of(model: Any) -> tuple[Any, ...]:
    weights = [each.tolist() for each in model.get_weights()]
    return model.get_config(), model.get_compile_config(), weights, len(model.optimizer.variables)


def test_several_places_of_one_are_one_finding(own: ModuleType) -> None:
    (finding,) = findings(own.around(own.Scale(3.0, name="one"), own.Scale(3.0, name="two")))
    assert finding.where == ('"one"', '"two"')
    assert len(findings(own.around(own.Scale(3.0), own.Scale(4.0)))) == 2


def test_who_checks_training_fails_by_it(own: ModuleType) -> None:
    (finding,) = findings(own.around(own.Scale(3.0)), trains=True)
    assert (finding.severity, finding.blame) == (Severity.ERROR, Blame.MODEL)


def test_where_predictions_fail_a_layer_comes_first_and_fails(own: ModuleType) -> None:
    model = own.around(own.Scale(3.0), optimizer="sgd", loss=own.Soft(4.0))
    lost, drifted = unsaved(model), Finding(Kind.PREDICTIONS_DRIFTED, "output")
    found = with_unsaved_first([drifted, *findings(model)], lost)
    assert [(each.kind, each.severity) for each in found] == [
        (Kind.ARGUMENT_NOT_SAVED, Severity.ERROR),
        (Kind.PREDICTIONS_DRIFTED, Severity.ERROR),
        (Kind.ARGUMENT_NOT_SAVED, Severity.WARNING),
    ]
    assert "Soft" in found[-1].subject
    assert with_unsaved_first(findings(model), lost) == findings(model)


# name of the class -> what makes an object of it whose argument is not saved
PASTED = {
    "Scale": "around(Scale(3.0))",
    "Under": "around(Under(0.5))",
    "Warm": "around(Warm(3, 0.5))",
    "Last": "around(Last(3.0, name='own'))",
    "Soft": "around(optimizer='sgd', loss=Soft(4.0))",
    "Near": "around(L.Dense(3, kernel_initializer=Near(3.0)))",
    "Rough": "around(optimizer='sgd', loss=Rough(delta=5.0))",
    "Activated": "around(Activated('tanh'))",
}


@pytest.mark.parametrize("name", PASTED)
def test_the_methods_that_are_printed_save_it(own: ModuleType, name: str, tmp_path: Path) -> None:
    (finding,) = findings(made(PASTED[name], own))
    pasted = paste_of([{"fix": finding.fix, "subject": finding.subject, "where": finding.where}])
    assert list(pasted.methods) == [name]
    file = tmp_path / f"pasted_{name.lower()}.py"
    file.write_text(edited(CLASSES, pasted.methods), encoding="utf-8")
    assert findings(made(PASTED[name], imported(file))) == []
    sys.modules.pop(file.stem)


OF_KERAS = {
    "loss": ("around(optimizer='sgd', loss={}(delta=5.0))", "keras.losses.Huber"),
    "initializer": ("around(L.Dense(3, kernel_initializer={}(gain=3)))", "keras.initializers.Identity"),
    "metric": ("around(optimizer='sgd', loss='mse', metrics=[{}(axis=0)])", "keras.metrics.CosineSimilarity"),
}


@pytest.mark.parametrize("name", OF_KERAS)
def test_the_subclass_that_is_printed_saves_it(own: ModuleType, name: str) -> None:
    code, cls = OF_KERAS[name]
    (finding,) = findings(made(code.format(cls), own))
    assert finding.blame is Blame.WRITER
    end = next(number for number, line in enumerate(finding.fix) if line.startswith("write "))
    exec("\n".join(finding.fix[:end]), vars(own))  # noqa: S102 - a printed fix is run
    saved = f"Saved{cls.rpartition('.')[2]}"
    assert finding.fix[-1] == f'@pytest.mark.model_roundtrip(custom_objects={{"{saved}": {saved}}})'
    assert f"write {saved}(" in finding.fix[end]
    assert findings(made(code.format(saved), own)) == []
