"""A model that fails only in its compile configuration, in other versions: what is tried there, and the fix pasted."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

SAVE = """
import tensorflow as tf

def own_loss(true, predicted):
    return tf.reduce_mean((true - predicted) ** 2)

model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
model.compile("adam", loss=own_loss)
model.save("model.h5")
"""
TEST = """
    import pytest

    {line}
    def test_model():
        return None
"""


def test_saved_and_loaded_there(project: Project, runtime: str, python_of: Callable[[str], Path]) -> None:
    subprocess.run([python_of(runtime), "-c", SAVE], cwd=project.path, check=True, capture_output=True)
    project.write("test_it.py", TEST.format(line='@pytest.mark.model_artifact("model.h5")'))
    result = project.run("--modelcompat-runtime", runtime)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  compile    without its compile configuration the file loads and predicts; *"])
    (fix,) = {found[1] for found in map(re.compile(r"only predict with it: (.*)").search, result.outlines) if found}
    project.write("test_it.py", TEST.format(line=fix.replace("...", '"model.h5"')))
    project.record("--modelcompat-runtime", runtime).assert_outcomes(passed=1)
    project.run("--modelcompat-runtime", runtime).assert_outcomes(passed=1)
