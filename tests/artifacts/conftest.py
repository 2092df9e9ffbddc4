from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    """The folder of artifacts that TensorFlow, Keras 3 and Keras 2 saved for these tests."""
    folder = tmp_path_factory.mktemp("zoo")
    built = subprocess.run(
        [sys.executable, Path(__file__).with_name("zoo.py"), folder],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-4000:]
    return folder
