"""Classes and functions of the user's own: wherever a model holds one, the fix names its module and works as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

OWN = """
import keras
from keras import layers as L


def double(x):
    return x * 2

def soft(true, predicted):
    return keras.ops.mean((true - predicted) ** 2)

class Loss(keras.losses.Loss):
    def call(self, true, predicted):
        return soft(true, predicted)

class Metric(keras.metrics.Mean): ...

class Optimizer(keras.optimizers.SGD): ...

class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1
    def get_config(self):
        return {}

class Start(keras.initializers.Zeros): ...

class Bound(keras.constraints.NonNeg): ...

class Scale(L.Layer):
    def call(self, x):
        return x * 2

class Ranker(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = L.Dense(1)
    def call(self, x):
        return self.dense(x)
"""
TEST = """
import keras
import pytest
from keras import layers as L

import {module} as own

{fix}
def test_model():
    model = keras.Sequential([keras.Input((2,)), L.Dense(1, name="dense")])
    {body}
"""
HELD = {
    "loss function": 'model.compile("adam", own.soft); return model',
    "loss by output": 'model.compile("adam", {"dense": own.soft}); return model',
    "loss class": 'model.compile("adam", own.Loss()); return model',
    "metric function": 'model.compile("adam", "mse", metrics=[own.soft]); return model',
    "weighted metric": 'model.compile("adam", "mse", weighted_metrics=[own.Metric()]); return model',
    "optimizer": 'model.compile(own.Optimizer(), "mse"); return model',
    "schedule": 'model.compile(keras.optimizers.SGD(own.Schedule()), "mse"); return model',
    "function in a Lambda": "return keras.Sequential([*model.layers, L.Lambda(own.double)]), [[1.0, 2.0]]",
    "initializer": "return keras.Sequential([keras.Input((2,)), L.Dense(1, kernel_initializer=own.Start())])",
    "constraint": "return keras.Sequential([keras.Input((2,)), L.Dense(1, bias_constraint=own.Bound())])",
    "inner layer": "return keras.Sequential([keras.Input((2, 2)), L.TimeDistributed(own.Scale())]), [[[1.0, 2.0]] * 2]",
    "model": "return own.Ranker(), [[1.0, 2.0]]",
}


@pytest.mark.parametrize("held", HELD)
def test_a_printed_fix_works_as_it_is(project: Project, held: str) -> None:
    # Each test has a module of its own: this process keeps what it has imported.
    module = f"own_{re.sub(r'[^a-z]+', '_', held)}"
    project.write(f"{module}/__init__.py", "")
    project.write(f"{module}/parts.py", OWN)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")

    def run(fix: str) -> pytest.RunResult:
        project.write("test_it.py", TEST.format(module=f"{module}.parts", fix=fix, body=HELD[held]))
        return project.run("--modelcompat-update-golden", "test_it.py")

    result = run('@pytest.mark.model_roundtrip(formats=["keras"])')
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "your_module" not in text
    (fix,) = re.findall(r"^ +fix +(from [\w.]+ import \w+)\n +(@pytest.+)$", text, re.MULTILINE)
    assert fix[0].startswith(f"from {module}.parts import ")
    marker = fix[1].replace("(custom_objects", '(formats=["keras"], custom_objects')
    run("\n".join((fix[0], marker))).assert_outcomes(passed=1)


def test_a_class_of_the_test_itself_needs_no_import(project: Project) -> None:
    fix = '@pytest.mark.model_roundtrip(formats=["keras"])'
    text = """
    import keras
    import pytest

    class Scale(keras.layers.Layer):
        def call(self, x):
            return x * 2

    {fix}
    def test_model():
        return keras.Sequential([keras.Input((2,)), Scale()])
    """
    project.write("test_it.py", text.format(fix=fix))
    result = project.run("--modelcompat-update-golden", "test_it.py")
    result.assert_outcomes(failed=1)
    printed = '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'
    result.stdout.fnmatch_lines([f"* fix *{printed}".replace("[", "[[]")])
    project.write("test_it.py", text.format(fix=printed))
    project.run("--modelcompat-update-golden", "test_it.py", "-k", "keras").assert_outcomes(passed=1, failed=0)


NAMESAKES = """
import keras

class StochasticDepth(keras.layers.Layer):
    def call(self, x):
        return x * 2.0

class LayerScale(keras.layers.Layer):
    def call(self, x):
        return x + 1.0

def far(true, predicted):
    return keras.ops.mean(true - predicted)
"""
SEVERAL = """
import keras
import pytest
import {module}

{fix}
def test_model():
    i = keras.Input((4, 4))
    x = {module}.LayerScale()({module}.StochasticDepth()(i))
    {body}
"""
COMPILED = 'model = keras.Model(i, x); model.compile("sgd", {module}.far); return model'


@pytest.mark.parametrize("format_", ["h5", "keras"])
def test_several_are_declared_in_one_marker(project: Project, format_: str) -> None:
    # Their names are those of layers that Keras has for itself.
    module = f"namesakes_in_{format_}"
    project.write(f"{module}.py", NAMESAKES)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    marker = f'@pytest.mark.model_roundtrip(formats=["{format_}"])'

    def run(fix: str) -> pytest.RunResult:
        text = SEVERAL.format(module=module, fix=fix, body=COMPILED.format(module=module))
        project.write("test_it.py", text)
        return project.run("--modelcompat-update-golden", "test_it.py")

    result = run(marker)
    result.assert_outcomes(failed=1)
    lines = [line.strip().removeprefix("fix").strip() for line in result.stdout.lines]
    printed = [line for line in lines if line.startswith(f"from {module}")]
    assert printed == [f"from {module} import StochasticDepth, LayerScale, far"]
    fix = lines[lines.index(printed[0]) + 1]
    assert lines.count(fix) == 1
    run("\n".join((printed[0], marker, fix))).assert_outcomes(passed=1)


def test_what_is_declared_already_is_printed_with_what_is_not(project: Project) -> None:
    project.write("halved.py", NAMESAKES)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    text = SEVERAL.format(module="halved", fix="{fix}", body="return keras.Model(i, x)")
    half = '@pytest.mark.model_roundtrip(formats=["keras"], custom_objects={"LayerScale": halved.LayerScale})'
    project.write("test_it.py", text.format(fix=half))
    result = project.run("--modelcompat-update-golden", "test_it.py")
    result.assert_outcomes(failed=1)
    pasted = re.findall(
        r"(from halved import .*|@pytest\.mark\.model_roundtrip\(custom_objects=.*)", result.stdout.str()
    )
    whole = "\n".join(dict.fromkeys(pasted)).replace("(custom", '(formats=["keras"], custom')
    project.write("test_it.py", text.format(fix=whole))
    project.record("test_it.py").assert_outcomes(passed=1)


def test_operations_beside_own_classes_are_no_classes_of_the_user(project: Project) -> None:
    project.write("beside.py", NAMESAKES)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    body = "return keras.Model(i, keras.ops.squeeze(keras.ops.matmul(x, x)[:, :1], 1))"

    def run(fix: str) -> pytest.RunResult:
        project.write("test_it.py", SEVERAL.format(module="beside", fix=fix, body=body))
        return project.run("--modelcompat-update-golden", "test_it.py")

    result = run('@pytest.mark.model_roundtrip(formats=["h5"])')
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "your_module" not in text
    pasted = dict.fromkeys(re.findall(r"(from beside import .*|@pytest.*(?:custom_objects|formats)=.*)", text))
    run("\n".join(pasted)).assert_outcomes(passed=2)


LOST_BY_COMPILE = """
import keras

def within(margin):
    def loss(true, predicted):
        return keras.ops.mean(keras.ops.maximum(keras.ops.abs(true - predicted) - margin, 0))
    return loss

def leaky(rate):
    class Leaky(keras.metrics.Mean): ...
    return Leaky()

class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2.0
"""


@pytest.mark.parametrize("given", ["loss=own.within(0.1)", "loss='mse', metrics=[own.leaky(0.1)]"])
def test_what_compile_was_given_out_of_a_function_is_left_out(project: Project, given: str) -> None:
    module = f"lost_{len(given)}"
    project.write(f"{module}.py", LOST_BY_COMPILE)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    body = f"""model = keras.Sequential([keras.Input((2,)), own.Scale(), L.Dense(1)])
    model.compile("sgd", {given})
    return model"""
    marker = '@pytest.mark.model_roundtrip(formats=["keras"])'

    def run(fix: str) -> pytest.RunResult:
        project.write("test_it.py", TEST.format(module=module, fix=fix, body=body))
        return project.run("--modelcompat-update-golden", "test_it.py")

    text = run(marker).stdout.str()
    imported = f"from {module} import Scale"
    pasted = [imported, marker, '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})']
    assert imported in text
    assert pasted[-1] in text
    pasted += re.findall(r"or, if you only predict with it: (@pytest.*)", text)
    assert len(pasted) == 4
    run("\n".join(pasted)).assert_outcomes(passed=1)
