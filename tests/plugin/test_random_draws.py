"""Layers that draw random numbers in a SavedModel: each is named, and the fix that is printed works as it is pasted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.conftest import Project

HEAD = """
import keras
import numpy as np
import pytest
from keras import layers as L

ROWS = np.random.default_rng(0).normal(size=(4, 4, 4, 1)).astype("float32")

def around(layer, **keywords):
    x = inputs = keras.Input((4, 4, 1))
    return keras.Model(inputs, L.Flatten()(layer(x, **keywords)))
"""
LAYER = """
class {name}(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.noise = keras.random.SeedGenerator(1)
    {head}
        return x + keras.random.normal(keras.ops.shape(x), seed=self.noise){end}
"""
NET = """
class {name}(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.{held} = {layer}
        self.flat = L.Flatten()
    {head}
        {body}
        return self.flat(x)
"""
TEST = """
@pytest.mark.model_roundtrip(formats=["{format}"])
def test_{name}():
    {body}
"""


@dataclass(frozen=True)
class Case:
    """A model before and after its fix.

    Args:
        format: what it is saved as.
        names: what the failure says of the layer.
        code: what stands before the test, and the test's body.
        paste: regular expressions of what is replaced by the fix's lines, and those lines by their numbers.
    """

    format: str
    names: str
    code: tuple[str, str]
    paste: Mapping[str, Sequence[int]]


def _layer(name: str, arguments: str, end: str = "") -> str:
    return LAYER.format(name=name, head=f"def call(self, {arguments}):", end=end)


def _net(name: str, arguments: str, held: str, layer: str, body: str) -> str:
    return NET.format(name=name, head=f"def call(self, {arguments}):", held=held, layer=layer, body=body)


FLIPS = 'keras.Sequential([L.RandomFlip(), L.RandomInvert(1.0)], name="augment")'
NESTED = f"""x = inputs = keras.Input((4, 4, 1)); augment = {FLIPS}
    x = augment(x, training=False)
    return keras.Model(inputs, L.Flatten()(x))"""
CASES = {
    "augmented": Case(
        "saved_model",
        r"random_flip \(RandomFlip\).*its call\(\) has training=True by default",
        ("", "x = inputs = keras.Input((4, 4, 1)); x = L.RandomFlip()(x); return keras.Model(inputs, L.Flatten()(x))"),
        {r"L\.RandomFlip\(\)\(x\)": [0]},
    ),
    "own": Case(
        "export",
        r"jitter \(Jitter\).*its call\(\) has training=True by default",
        (_layer("Jitter", "x, training=True", " if training else x"), "return around(Jitter())"),
        {r"def call\(self, x, training=True\):": [1]},
    ),
    "sampled": Case(
        "export",
        r"sampling \(Sampling\): it draws whether the model trains or not",
        (_layer("Sampling", "x"), "return around(Sampling())"),
        {r"def call\(self, x\):": [1, 2, 3]},
    ),
    "monte_carlo": Case(
        "export",
        r"dropout \(Dropout\).*the model calls it with training=True",
        ("", "return keras.Model(x := keras.Input((4, 4, 1)), L.Flatten()(L.Dropout(0.5)(x, training=True)))"),
        {r"L\.Dropout\(0\.5\)\(x, training=True\)": [0]},
    ),
    "sequential": Case(
        "saved_model",
        r"augment/random_flip \(RandomFlip\) and augment/random_invert \(RandomInvert\) draw ",
        ("", f"model = keras.Sequential([keras.Input((4, 4, 1)), {FLIPS}, L.Flatten()])\n    return model"),
        {r"return model": [2, 3, 4, 5]},
    ),
    "nested": Case(
        "saved_model",
        r"augment/random_flip \(RandomFlip\) and augment/random_invert \(RandomInvert\) draw ",
        ("", NESTED),
        {r"x = augment\(x, training=False\)": [2, 3]},
    ),
    "subclassed": Case(
        "export",
        r"random_brightness \(RandomBrightness\).*its call\(\) has training=True by default",
        (_net("Net", "x", "change", "L.RandomBrightness((0.5, 0.6))", "x = self.change(x)"), "return Net(), ROWS"),
        {r"def call\(self, x\):": [1], r"self\.change\(x\)": [2]},
    ),
    "holding": Case(
        "saved_model",
        r"augment/random_flip \(RandomFlip\) and augment/random_invert \(RandomInvert\) draw ",
        (
            _net("Holding", "x, training=False", "flips", FLIPS, "x = self.flips(x, training=training)"),
            "return Holding(), ROWS",
        ),
        {rf"self\.flips = {re.escape(FLIPS)}": [1], r"x = self\.flips\(x, training=training\)": [3, 4]},
    ),
}


def _written(project: Project, fixes: Mapping[str, list[str]]) -> None:
    parts = [HEAD]
    for name, case in CASES.items():
        whole = case.code[0] + TEST.format(format=case.format, name=name, body=case.code[1])
        for before, lines in case.paste.items() if fixes else ():
            whole = _pasted(whole, before, [fixes[name][number] for number in lines])
        parts.append(whole)
    project.write("test_it.py", "\n".join(parts))


def _pasted(whole: str, before: str, fix: list[str]) -> str:
    """Code with lines of a fix where `before` was, indented as that was, and its dots filled in."""
    found = re.search(rf"^( *)(.*?)({before})", whole, re.MULTILINE)
    assert found, before
    code = [line.partition(": ")[2] if line.startswith("call it without") else line for line in fix]
    dots = {"keras.layers.Dropout(": "0.5", "keras.Sequential([": "L.RandomFlip(), L.RandomInvert(1.0)", "return ": "x"}
    inside = next((given for start, given in dots.items() if start in "".join(code)), "")
    if code[0].startswith("... "):
        code = [code[0].removeprefix("... ")]
    least = min(len(line) - len(line.lstrip()) for line in code)
    text = f"\n{found[1]}".join(line[least:].replace("...", inside) for line in code)
    ends = "\n" + found[1] + found[3] if found[3] == "return model" else ""
    return whole[: found.start(3)] + text.removeprefix("... ") + ends + whole[found.end(3) :]


def test_a_layer_that_draws_at_inference_is_named_and_its_fix_works(project: Project) -> None:
    _written(project, {})
    failed = project.run("--modelcompat-update-golden", "test_it.py")
    failed.assert_outcomes(failed=len(CASES))
    fixes = {}
    for name, case in CASES.items():
        text = failed.stdout.str().partition(f" test_{name}[{case.format}]: ")[2].partition("\n___")[0]
        assert re.search(case.names, text), text
        fix = re.search(r"^  fix +(.*\n(?: {13}.*\n)*)", text, re.MULTILINE)
        assert fix, text
        fixes[name] = [line[13:] if number else line for number, line in enumerate(fix[1].splitlines())]
    _written(project, fixes)
    project.record("test_it.py").assert_outcomes(passed=len(CASES))
