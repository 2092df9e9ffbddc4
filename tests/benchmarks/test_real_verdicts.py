"""Models of keras.applications of Keras 2, in Keras 2 and 3: what is predicted is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "real_verdicts.py"
# Each has something in it that was once judged wrong: slashes in names, private layers, a function of TensorFlow's own.
MODELS = ("DenseNet121", "MobileNetV3Small", "ConvNeXtTiny", "EfficientNetV2B0", "activation_layer")


@pytest.mark.runtimes
@pytest.mark.timeout(1800)
def test_what_is_predicted_of_real_models_is_what_happens(tmp_path: Path) -> None:
    """Needs uv to create the runtimes, in the cache folder, where they stay."""
    runtimes = ("--savers", "tf2.15", "tf2.16", "--loaders", "tf2.15", "tf2.16")
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "models"), *runtimes, "--models", *MODELS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "verdicts are right" in done.stdout
