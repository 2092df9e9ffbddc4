"""What a verdict says to write in another way, written so: the file fails or predicts something else, the fixed one is
as it was, both as predicted.

A fix whose versions are not among the chosen ones is skipped; MODELCOMPAT_TEST_RUNTIMES names more.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility, CompatibilityResult
from pytest_modelcompat.profiles.store import load_profile
from tests.other_versions.conftest import chosen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

# What each script begins with. The fixes write where the lines that begin with # are.
OWN = """
import tensorflow as tf

keras = tf.keras

# function
def own(x):
    return x * 0.5

# class
class Own(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0

OWN = {"own": own, "Own": Own}
"""
SAVE = """
with keras.utils.custom_object_scope(OWN):
    inputs = value = keras.Input((4,))
    for layer in [LAYERS]:
        value = layer(value)
    model = keras.Model(inputs, value)
model.save("model.h5")
print(model(tf.ones((1, 4))).shape, file=open("shape.txt", "w"))
"""
# What a printed line takes as given.
LOAD = """
custom_objects, path = OWN, "model.h5"
LOADING
assert str(model(tf.ones((1, 4))).shape) == open("shape.txt").read().strip(), "another shape"
"""
LOADING, UNSAFE = "model = keras.models.load_model(path, custom_objects", ", safe_mode=False"
REGISTER = "@keras.utils.register_keras_serializable()"
SCOPE = "with keras.utils.custom_object_scope(custom_objects): model = keras.models.load_model(path, custom_objects)"
SCOPE_FIX = f"load it in a scope: {SCOPE}"
IN_A_SCOPE = (f"{LOADING})", SCOPE)
A_FUNCTION = "def own(x):\n    return x * 0.5\n"
A_CLASS = """
class own(keras.constraints.Constraint):
    def __call__(self, x):
        return x * 0.5

"""


@dataclass(frozen=True)
class Fix:
    """A fix and where it is needed.

    Args:
        name: what is saved.
        saver: the runtime that saves it.
        reader: the runtime that does not load it, or predicts something else.
        layers: what the model is made of, as code.
        raises: words of what it fails with; `CHANGED` where it gives outputs of another shape.
        says: words of the fix, from its beginning to its end.
        written: what the fix has instead of what, in the scripts that save and load.
        newer: the runtime to load it in, where the fix is another version.
        declared: as what the function is declared once it is fixed.
        safe_mode: what it is loaded with.
    """

    name: str
    saver: str
    reader: str
    layers: str
    raises: str
    says: str
    written: tuple[tuple[str, str], ...] = ()
    newer: str = ""
    declared: str = "own"
    safe_mode: bool = True

    def scripts(self, written: tuple[tuple[str, str], ...]) -> tuple[str, str]:
        """What saves the model, and what loads it, with something instead of something else."""
        loading = f"{LOADING}{'' if self.safe_mode else UNSAFE})"
        texts = OWN + SAVE.replace("LAYERS", self.layers), OWN + LOAD.replace("LOADING", loading)
        for old, new in written:
            texts = texts[0].replace(old, new), texts[1].replace(old, new)
        return texts


CHANGED = "another shape"
UNKNOWN = {"function": "Could not interpret activation function identifier", "class": "Unknown layer: 'Own'"}
FIXES = (
    *(
        Fix(
            f"{name}-of-ones-own-in-{runtime}",
            runtime,
            runtime,
            layers,
            UNKNOWN[kind],
            f"or register the {kind}, {REGISTER}, and save the model again",
            ((f"# {kind}", REGISTER),),
        )
        for runtime in ("tf2.16+keras3.0", "tf2.16+keras3.2")
        for name, kind, layers in (
            ("activation", "function", "keras.layers.Dense(2, activation=own)"),
            ("layer", "class", "Own()"),
        )
    ),
    *(
        Fix(
            f"Lambda-of-ones-own-in-{runtime}",
            runtime,
            runtime,
            "keras.layers.Lambda(own)",
            "Could not locate function 'own'",
            f"or register it where it is loaded, {REGISTER}",
            (("# function", REGISTER),),
            declared="Custom>own",
        )
        for runtime in ("tf2.16+keras3.0", "tf2.16+keras3.2")
    ),
    *(
        Fix(f"{name}-in-a-scope", "tf2.16+keras3.2", "tf2.16+keras3.2", layers, raises, SCOPE_FIX, (IN_A_SCOPE,))
        for name, layers, raises in (
            ("activation", "keras.layers.Dense(2, activation=own)", UNKNOWN["function"]),
            ("layer", "Own()", UNKNOWN["class"]),
            ("Lambda", "keras.layers.Lambda(own)", "Could not locate function 'own'"),
        )
    ),
    Fix(
        "Lambda-in-a-newer-version",
        "tf2.16+keras3.2",
        "tf2.16+keras3.2",
        "keras.layers.Lambda(own)",
        "Could not locate function 'own'",
        "or upgrade Keras there to 3.3 or newer",
        newer="tf2.16+keras3.3",
    ),
    Fix(
        "activation-in-Bidirectional",
        "tf2.21",
        "tf2.21",
        "keras.layers.Reshape((2, 2)), keras.layers.Bidirectional(keras.layers.LSTM(2, activation=own))",
        "Could not locate function 'own'",
        SCOPE_FIX,
        (IN_A_SCOPE,),
    ),
    Fix(
        "Lambda-with-defaults",
        "tf2.15",
        "tf2.16+keras3.0",
        "keras.layers.Lambda(lambda x, by=2.0: x * by)",
        "arg 4 (defaults) must be None or tuple",
        "pass the values as arguments={...} of the Lambda layer, and save the model again",
        (("lambda x, by=2.0: x * by", "lambda x, by: x * by, arguments={'by': 2.0}"),),
        safe_mode=False,
    ),
    Fix(
        "constraint-that-is-a-function",
        "tf2.4",
        "tf2.20+keras3.14",
        "keras.layers.Dense(2, kernel_constraint=own)",
        "Expected an instance of `keras.constraints.Constraint`",
        "write it as a class derived from keras.regularizers.Regularizer, or keras.constraints.Constraint",
        ((A_FUNCTION, A_CLASS), ("constraint=own", "constraint=own()")),
    ),
    Fix(
        "decorated-function-of-TensorFlow-in-a-Lambda",
        "tf2.14",
        "tf2.15",
        "keras.layers.Lambda(tf.math.abs)",
        "'str' object is not callable",
        "call it in a lambda of your own, as Lambda(lambda x: tf.math.abs(x)) does, and save the model again",
        (("Lambda(tf.math.abs)", "Lambda(lambda x: tf.math.abs(x))"),),
        safe_mode=False,
    ),
    *(
        Fix(
            f"one-hot-of-a-column-{saver}-{reader}",
            saver,
            reader,
            "keras.layers.Reshape((4, 1)), keras.layers.GlobalMaxPooling1D(), "
            "keras.layers.Discretization(bin_boundaries=[0.5], output_mode='one_hot')",
            CHANGED,
            says,
            written,
            newer,
        )
        for saver, reader, says, written, newer in (
            (
                "tf2.16+keras3.3",
                "tf2.21",
                (
                    "put a Reshape before the layer that leaves the last dimension out, such as Reshape(()) where a "
                    "row is one number, and save the model again: every version gives (…, categories)"
                ),
                (("keras.layers.Discretization", "keras.layers.Reshape(()), keras.layers.Discretization"),),
                "",
            ),
            ("tf2.17+keras3.4", "tf2.16+keras3.3", "upgrade Keras there to 3.4 or newer", (), "tf2.18+keras3.6"),
        )
    ),
    Fix(
        "layers-behind-a-Discretization",
        "tf2.20+keras3.14",
        "tf2.20+keras3.13",
        "keras.layers.Reshape((4, 1)), keras.layers.GlobalMaxPooling1D(), "
        "keras.layers.Discretization(bin_boundaries=[0.5], output_mode='one_hot'), keras.layers.Dense(2)",
        "Weight expects shape (1, 2)",
        "upgrade Keras there to 3.14 or newer",
        newer="tf2.21",
    ),
    Fix(
        "encodings-of-more-than-two-dimensions",
        "tf2.17+keras3.4",
        "tf2.16+keras3.3",
        "keras.layers.Reshape((2, 2)), keras.layers.Discretization(bin_boundaries=[0.5], output_mode='count')",
        "which would result in output rank 3",
        "upgrade Keras there to 3.4 or newer",
        newer="tf2.18+keras3.6",
    ),
    Fix(
        "Sequential-in-a-TimeDistributed",
        "tf2.15",
        "tf2.16+keras3.3",
        "keras.layers.Reshape((2, 2)), "
        "keras.layers.TimeDistributed(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))",
        "compute_output_shape",
        "upgrade Keras there to 3.4 or newer",
        newer="tf2.17+keras3.4",
    ),
)


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: fix.name)
def test_fails_as_it_was_and_loads_as_the_fix_has_it(
    fix: Fix, tmp_path: Path, python_of: Callable[[str], Path]
) -> None:
    if missing := {fix.saver, fix.reader, fix.newer or fix.reader} - {*chosen()}:
        pytest.skip(f"needs {', '.join(sorted(missing))}: MODELCOMPAT_TEST_RUNTIMES")

    def error(runtime: str, script: str) -> str:
        command = [str(python_of(runtime)), "-c", script]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, encoding="utf-8")
        return done.stderr if done.returncode else ""

    def judged(runtime: str, own: str = "own") -> CompatibilityResult:
        inventory = read_inventory(tmp_path / "model.h5")
        return check_compatibility(inventory, load_profile(runtime), custom=(own, "Own"), safe_mode=fix.safe_mode)

    save, load = fix.scripts(())
    assert not error(fix.saver, save)
    assert fix.raises in error(fix.reader, load)
    before = judged(fix.reader)
    assert before.compatibility is (Compatibility.CHANGED if fix.raises == CHANGED else Compatibility.FAILS)
    assert fix.says in [line for finding in before.findings for line in finding.fix]
    fixed, load = fix.scripts(fix.written)
    assert not error(fix.saver, fixed)
    assert not error(fix.newer or fix.reader, load)
    if fixed != save or fix.newer:
        assert judged(fix.newer or fix.reader, fix.declared).compatibility is Compatibility.LOADS
