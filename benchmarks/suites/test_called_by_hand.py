"""The same suite written by hand, with models that are called rather than asked to predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf
from zoo import BUILDERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("format_", ["h5", "keras", "saved_model"])
@pytest.mark.parametrize("build", BUILDERS)
def test_model(build: Callable[[], tuple[Any, Any]], format_: str, tmp_path: Path) -> None:
    model, inputs = build()
    expected = model(inputs, training=False).numpy()
    if format_ == "saved_model":
        tf.saved_model.save(model, str(tmp_path / "model"))
        signature = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
        name = next(iter(signature.structured_input_signature[1]))
        actual = next(iter(signature(**{name: tf.constant(inputs)}).values())).numpy()
    else:
        path = tmp_path / f"model.{format_}"
        model.save(path)
        actual = tf.keras.models.load_model(path)(inputs, training=False).numpy()
    np.testing.assert_allclose(actual, expected, rtol=1.3e-6, atol=1e-5)
