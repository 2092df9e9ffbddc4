"""LoRA and quantization: what Keras saves in another way by design is said to be so, and the rest can be checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Project

TEST = """
import keras
import numpy as np
import pytest
from keras import layers as L

def with_lora(layer, *, mode=""):
    inputs = keras.Input((6,), name="x")
    model = keras.Model(inputs, L.Dense(2, name="head")(layer(L.Reshape((2, 3))(inputs))))
    layer.enable_lora(2)
    for number, weight in enumerate(layer.weights):
        if "lora" in weight.path:
            weight.assign(np.random.default_rng(number).normal(size=weight.shape))
    if mode:
        model.quantize(mode)
    return model

{marks[0]}
def test_dense():
    return with_lora(L.Dense(4, name="mid"))

{marks[1]}
def test_einsum():
    return with_lora(L.EinsumDense("abc,cd->abd", output_shape=(None, 4), name="mid"))

{marks[2]}
def test_quantized():
    return with_lora(L.Dense(4, name="mid"), mode="int8")
"""
KERAS = '@pytest.mark.model_roundtrip(formats=["keras"])'


def test_lora_that_keras_merges_is_said_to_be_merged(project: Project) -> None:
    project.write("test_it.py", TEST.format(marks=[KERAS] * 3))
    result = project.run("--modelcompat-update-golden", "test_it.py")
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    merges = r'Keras merges LoRA into the kernel when it saves as \.keras, by design: of "mid"'
    for name in ("dense", "einsum"):
        assert re.search(
            rf"^WEIGHTS CHANGED  test_{name}\[keras\]: {merges} the file has the merged", text, re.MULTILINE
        )
    assert re.search(rf"^PREDICTIONS DRIFTED  test_quantized\[keras\]: {merges} the quantized", text, re.MULTILINE)
    fixes = {}
    for name in ("dense", "einsum", "quantized"):
        block = text.partition(f" test_{name}[keras]: ")[2]
        fixes[name] = re.findall(r"^  fix +check the rest: (@pytest.*)$", block, re.MULTILINE)[0]
    assert fixes["dense"] == '@pytest.mark.model_roundtrip(checks=["predictions", "structure"])'
    marks = [fix.replace("(checks", '(formats=["keras"], checks') for fix in fixes.values()]
    project.write("test_it.py", TEST.format(marks=marks))
    project.record("test_it.py").assert_outcomes(passed=3)


def test_weights_that_other_layers_lost_are_no_matter_of_lora(project: Project) -> None:
    own = """
class Losing(L.Dense):
    def save_own_variables(self, store):
        self.kernel.assign(self.kernel + 1.0)
        super().save_own_variables(store)
        self.kernel.assign(self.kernel - 1.0)
"""
    text = TEST.format(marks=[KERAS] * 3).replace("def with_lora", f"{own}\ndef with_lora")
    text = text.replace('L.Dense(2, name="head")', 'Losing(2, name="head")')
    marker = KERAS.replace("formats", 'custom_objects={"Losing": Losing}, formats')
    project.write("test_it.py", text.replace(KERAS, marker))
    result = project.run("--modelcompat-update-golden", "test_it.py::test_dense")
    result.assert_outcomes(failed=1)
    assert "merges LoRA" not in result.stdout.str()
