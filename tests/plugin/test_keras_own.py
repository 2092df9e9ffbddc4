"""Classes of Keras' own in .h5 files: never called the user's, live and in `modelcompat check`; the fix holds them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.cli import main
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.profiles.third_party import third_party_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project

TESTS = """
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L
from keras import ops


def features(mode):
    space = keras.utils.FeatureSpace({"x": "float", "y": "float"}, output_mode=mode)
    space.adapt(tf.data.Dataset.from_tensor_slices({"x": [1.0], "y": [2.0]}))
    return keras.Model(space.get_inputs(), space.get_encoded_features())


def legacy(i):
    from keras.src.legacy.layers import ThresholdedReLU

    return ThresholdedReLU(0.5)(i)


def scaled(i):
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    return CustomScaleLayer(0.5)([i, L.Dense(4)(i)])


CALLS = {
    "Matmul": lambda i: ops.matmul(i, i),
    "GetItem": lambda i: i[:, 0],
    "Cast": lambda i: ops.cast(i, "float16"),
    "Norm": lambda i: ops.norm(i, axis=-1),
    "RFFT": lambda i: ops.rfft(i)[0],
    "Logsumexp": lambda i: ops.logsumexp(i, axis=1),
    "TopK": lambda i: ops.top_k(i, 2)[0],
    "Resize": lambda i: ops.image.resize(i[..., None], (8, 8)),
    "Stack": lambda i: ops.stack([i, i], 1),
    "Silu": keras.activations.silu,
    "Inv": lambda i: ops.linalg.inv(i + 5.0 * np.eye(4, dtype="float32")),
    "Cumsum": lambda i: ops.cumsum(i, 1),
    "FloorDivide": lambda i: i // 2.0,
    "Moments": lambda i: ops.moments(i, axes=[1])[0],
    "Map": lambda i: ops.map(lambda x: x + 1.0, i),
    "VectorizedMap": lambda i: ops.vectorized_map(lambda x: x * 2.0, i),
    "ThresholdedReLU": legacy,
    "CustomScaleLayer": scaled,
}


@pytest.mark.parametrize("name", [*CALLS, "TFDConcat", "TFDIdentity"])
@pytest.mark.model_roundtrip(formats=["h5"])
def test_it(name):
    if name.startswith("TFD"):
        return features("concat" if name == "TFDConcat" else "dict")
    i = keras.Input((4, 4))
    return keras.Model(i, CALLS[name](i))
"""
REFUSED = {"Map", "VectorizedMap"}


@pytest.mark.usefixtures("tensorflow")
def test_they_are_never_the_users(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("test_it.py", TESTS)
    text = project.run("--modelcompat-update-golden", "--modelcompat-keep", "kept").stdout.str()
    blocks = dict(re.findall(r"^[A-Z ]+  test_it\[(\w+)-h5\]: (.*?)^  more", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) == len(re.findall(r"^FAILED ", text, re.MULTILINE)) == 20
    for name, block in blocks.items():
        assert name in block
        assert not re.search("your_module|custom_objects|register_keras", block), block
        (fix,) = set(re.findall(r"model_roundtrip\((formats=.*)\)$", block, re.MULTILINE))
        assert fix == ('formats=["saved_model"]' if name in REFUSED else 'formats=["keras", "saved_model"]'), block
    kept = sorted(map(str, (project.path / "kept").rglob("*.h5")))
    assert len(kept) == len(blocks)
    capsys.readouterr()
    main(["check", *kept, "--runtime", "tf2.21"])
    checked = capsys.readouterr().out
    assert checked.count("fails at") == len(kept)
    assert not re.search("custom_objects|--custom|is not declared", checked)
    for held, names in (("keras", blocks.keys() - REFUSED), ("saved_model", REFUSED)):
        tests = re.sub(r"\[\*CALLS, .*\]", str(sorted(names)), TESTS)
        project.write("test_it.py", tests.replace('["h5"]', f'["{held}"]'))
        project.record().assert_outcomes(passed=len(names))


def private_classes() -> Iterator[type]:
    """Every operation of Keras, and every layer of its own that is not public."""
    import keras
    from keras.src.ops.operation import Operation

    package = importlib.import_module("keras.src")
    for module in pkgutil.walk_packages(package.__path__, "keras.src."):
        loaded = sys.modules.get(module.name)
        for name, found in vars(loaded).items() if loaded else ():
            is_own = inspect.isclass(found) and found.__module__ == module.name and issubclass(found, Operation)
            if is_own and getattr(keras.layers, name, None) is not found and not issubclass(found, keras.Model):
                yield found


@pytest.mark.usefixtures("tensorflow")
def test_none_of_all_that_keras_has_is_the_users() -> None:
    import keras

    profile = load_profile("tf2.21")
    classes = list(private_classes())
    assert len(classes) > 300
    for found in classes:
        config = {"trainable": True} if issubclass(found, keras.layers.Layer) else {}
        layer = LayerUse(found.__name__, ("it",), config={"name": "it", **config})
        inventory = Inventory(Path("model.h5"), "h5", {"keras": keras.__version__}, layers=(layer,))
        assert third_party_uses(inventory) == (), found
        advice = [line for each in check_compatibility(inventory, profile).findings for line in each.fix]
        assert not any("custom" in line for line in advice), found
