"""Lambdas in every place that Keras writes them to: the verdict is what happens to the file, and the advice holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.keras.config import without_compile_config
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.roundtrip.static_check import profile_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow


def dense(**arguments: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, **arguments)])


def compiled(**arguments: Any) -> Any:
    model = dense()
    model.compile("adam", **arguments)
    return model


def by_code() -> Any:
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)])


MODELS: dict[str, Callable[[], Any]] = {
    "layer": by_code,
    "loss": lambda: compiled(loss=lambda truth, found: truth - found),
    "losses": lambda: compiled(loss=[lambda truth, found: truth - found]),
    "metric": lambda: compiled(loss="mse", metrics=[lambda truth, found: truth - found]),
    "activation": lambda: dense(activation=lambda x: x * 2),
    "initializer": lambda: dense(kernel_initializer=lambda shape, **_: np.ones(shape)),
    "regularizer": lambda: dense(kernel_regularizer=lambda x: 0.0 * x),
    "constraint": lambda: dense(bias_constraint=lambda x: x),
}


def loads(path: Path, **arguments: Any) -> bool:
    import keras

    try:
        keras.models.load_model(path, **arguments)
    except (TypeError, ValueError):
        return False
    return True


def squared(truth: Any, found: Any) -> Any:
    return (truth - found) ** 2


LOSSES: dict[str, Callable[[], Any]] = {
    "one": lambda: compiled(loss=squared),
    "a list": lambda: compiled(loss=[squared]),
    "a dict": lambda: compiled(loss={"dense": squared}),
    "a list with a lambda": lambda: compiled(loss=[lambda truth, found: truth - found]),
    "a list with a class of Keras": lambda: compiled(loss=[huber()]),
}


def huber() -> Any:
    import keras

    return keras.losses.Huber()


@pytest.mark.parametrize("given", LOSSES)
def test_the_verdict_on_an_h5_is_what_happens(given: str, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    path = tmp_path / "model.h5"
    LOSSES[given]().save(path)
    profile = profile_of({"tensorflow": tf.__version__, "keras": keras.__version__, "python": "3.11"})
    assert profile is not None
    judged = check_compatibility(read_inventory(path), profile)
    assert (judged.compatibility is not Compatibility.FAILS) is loads(path)
    assert [each.subject for each in judged.findings if each.kind is Kind.STATE_LOST] == (
        [] if given in ("one", "a list with a class of Keras") else ["<lambda>" if "lambda" in given else "squared"]
    )


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`:UserWarning")
@pytest.mark.parametrize("place", MODELS)
def test_the_verdict_is_what_happens(place: str, tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    path = tmp_path / f"{place}.keras"
    MODELS[place]().save(path)
    inventory = read_inventory(path)
    profile = profile_of({"tensorflow": tf.__version__, "keras": keras.__version__, "python": "3.11"})
    assert profile is not None
    judged = {
        "as it is": check_compatibility(inventory, profile),
        "unsafe": check_compatibility(inventory, profile, safe_mode=False),
        "uncompiled": check_compatibility(without_compile_config(inventory), profile),
    }
    really = {
        "as it is": loads(path),
        "unsafe": loads(path, safe_mode=False),
        "uncompiled": loads(path, compile=False),
    }
    assert {how: each.compatibility is not Compatibility.FAILS for how, each in judged.items()} == really
    advice = "\n".join(line for finding in judged["as it is"].findings for line in finding.fix)
    assert ("safe_mode=False" in advice) is really["unsafe"]
    assert ("compile=False" in advice) is really["uncompiled"]
