"""The same suite written by hand, each artifact reloaded in a new process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf
from zoo import BUILDERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RELOAD = """
import sys
import numpy as np
import tensorflow as tf

path, inputs, outputs = sys.argv[1:]
batch = np.load(inputs)
if path.endswith(("h5", "keras")):
    result = tf.keras.models.load_model(path).predict(batch, verbose=0)
else:
    signature = tf.saved_model.load(path).signatures["serving_default"]
    name = next(iter(signature.structured_input_signature[1]))
    result = next(iter(signature(**{name: tf.constant(batch)}).values())).numpy()
np.save(outputs, result)
"""


@pytest.mark.parametrize("format_", ["h5", "keras", "saved_model"])
@pytest.mark.parametrize("build", BUILDERS)
def test_model(build: Callable[[], tuple[Any, Any]], format_: str, tmp_path: Path) -> None:
    model, inputs = build()
    expected = model.predict(inputs, verbose=0)
    path = tmp_path / ("model" if format_ == "saved_model" else f"model.{format_}")
    if format_ == "saved_model":
        tf.saved_model.save(model, str(path))
    else:
        model.save(path)
    np.save(tmp_path / "inputs.npy", inputs)
    files = [str(path), str(tmp_path / "inputs.npy"), str(tmp_path / "outputs.npy")]
    subprocess.run([sys.executable, "-c", RELOAD, *files], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "outputs.npy"), expected, rtol=1.3e-6, atol=1e-5)
