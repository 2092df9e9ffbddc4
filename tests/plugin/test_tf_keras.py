"""Models of Keras 2, by tf_keras: whose a class is, and fixes that register with the Keras that the model is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.class_project import ClassCase, findings_of, findings_with_what_is_printed, written

if TYPE_CHECKING:
    from tests.conftest import Project

pytest.importorskip("tf_keras")

KERAS_2 = """
import tf_keras as keras
from tf_keras import layers as L

def model(*layers, **compiled):
    model = keras.Sequential([L.Input((4,)), *layers])
    if compiled:
        model.compile(**compiled)
    return model

class Scale(L.Layer):
    def call(self, x):
        return x * 2.0

def bent(x):
    return x * 0.5

class Margin(keras.losses.Loss):
    def call(self, true, predicted):
        return keras.backend.mean(keras.backend.maximum(1.0 - true * predicted, 0.0))

class Power(L.Layer):
    def __init__(self, exponent=1.0, **kwargs):
        super().__init__(**kwargs)
        self.exponent = exponent

    def call(self, x):
        return x ** self.exponent

    def get_config(self):
        return super().get_config()
"""
OWN = {
    "layer": ("own.model(own.Scale())", "Scale"),
    "activation": ("own.model(own.L.Dense(2, activation=own.bent))", "bent"),
    "loss": ("own.model(own.L.Dense(2), loss=own.Margin())", "Margin"),
}
# What compile() was given Keras 2 imports by itself, from the module that a .keras file names.
CELLS = [("layer", "keras"), ("activation", "keras"), ("layer", "h5"), ("loss", "h5")]


@pytest.mark.parametrize(("what", "saved_as"), CELLS)
def test_what_is_the_users_is_named_and_declared_as_printed(project: Project, what: str, saved_as: str) -> None:
    model, name = OWN[what]
    case = ClassCase(f"is a {what} of keras 2 as {saved_as}", KERAS_2, model)
    written(project, case)
    (finding,) = findings_of(project, case, saved_as)
    assert finding["subject"] == name
    assert f"from {case.module} import {name}" in "\n".join(finding["fix"])
    assert findings_with_what_is_printed(project, case, saved_as, [finding]) == []


def test_the_printed_decorator_registers_it_with_its_own_keras(project: Project) -> None:
    case = ClassCase("is registered with keras 2", KERAS_2, OWN["layer"][0])
    file = written(project, case)
    (finding,) = findings_of(project, case, "keras")
    decorated, marker = finding["fix"][-2:]
    decorator = decorated.split(" with ")[1].split(" and ")[0]
    assert decorator == "@tf_keras.utils.register_keras_serializable()"
    source = file.read_text(encoding="utf-8").replace("class Scale", f"import tf_keras\n\n{decorator}\nclass Scale")
    # Its name says from now on that it is registered, so this is another class, of another module.
    other = case._replace(name="is registered with keras 2 now")
    project.write(f"{other.module}.py", source)
    assert findings_of(project, other, "keras", marker.replace(case.module, other.module)) == []


LAYERS = (
    "MultiHeadAttention(2, 4)(i, i)",
    "Attention()([i, i])",
    "LSTM(2)(i)",
    "Bidirectional(own.L.GRU(2))(i)",
    "LayerNormalization()(i)",
    "PReLU()(i)",
    "SeparableConv1D(2, 2)(i)",
)


def test_its_own_layers_are_not_the_users(project: Project) -> None:
    inner = ", ".join(f"own.L.{each}" for each in LAYERS)
    model = f"(lambda i: own.keras.Model(i, [{inner}]))(own.L.Input((3, 4)))"
    for saved_as in ("h5", "keras"):
        case = ClassCase(f"is all of keras 2 as {saved_as}", KERAS_2, model)
        written(project, case)
        assert findings_of(project, case, saved_as) == []


@pytest.mark.parametrize("saved_as", ["h5", "keras"])
def test_what_is_lost_when_it_is_made_again_is_named(project: Project, saved_as: str) -> None:
    case = ClassCase(f"loses an exponent as {saved_as}", KERAS_2, "own.model(own.Power(3.0))")
    case = case._replace(options="custom_objects={'Power': own.Power}")
    written(project, case)
    findings = findings_of(project, case, saved_as)
    assert [each["kind"] for each in findings] == ["ARGUMENT NOT SAVED", "PREDICTIONS DRIFTED"]
    assert findings[1]["cause"].endswith("made again with it, the model predicts as before")
    assert findings_with_what_is_printed(project, case, saved_as, findings) == []
