"""A copy of `examples/` with things in it that are broken, as a project of its own, and a run of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = """
[tool.pytest.ini_options]
pythonpath = ["examples"]
testpaths = ["examples"]

# Keras 2, in the interpreter that runs the tests.
[tool.modelcompat.runtimes]
keras2 = { interpreter = "PYTHON", env = { TF_USE_LEGACY_KERAS = "1" } }
"""
# File -> what stands in it, and what takes its place.
BROKEN = {
    "shop/layers.py": [
        # The outputs of every model with it change, and nothing of what is saved.
        ("return 3.0 * tf.tanh(x / 3.0)", "return 2.5 * tf.tanh(x / 2.5)"),
    ],
    "shop/models.py": [
        # Another activation, so that many elements drift.
        ('activation="gelu", name="widen"', 'activation="relu", name="widen"'),
    ],
    "test_models.py": [
        # A class that is not declared.
        ('@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})', "@pytest.mark.model_roundtrip"),
        # A layer that cannot be made again of its configuration.
        ('pytest.param("h5", marks=cannot_be_rebuilt)', '"h5"'),
    ],
}


def copied(folder: Path) -> Path:
    """The copy, with its goldens, in a folder."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "golden/examples", folder / "golden/examples")
    python = sys.executable.replace("\\", "/")
    (folder / "pyproject.toml").write_text(PYPROJECT.replace("PYTHON", python), encoding="utf-8")
    for name, changes in BROKEN.items():
        path = folder / "examples" / name
        text = path.read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of the copy in both runtimes, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    runtimes = ["--modelcompat-runtime", "local", "--modelcompat-runtime", "keras2"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, *runtimes, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
