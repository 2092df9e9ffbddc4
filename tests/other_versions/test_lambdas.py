"""Bytecode across Pythons: a Lambda saved by one and loaded by another ends the load, never the session."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

HERE = "{}.{}".format(*sys.version_info)
# The same TensorFlow and Keras on another Python: whatever fails is the bytecode's doing.
OTHER = "3.13" if sys.version_info < (3, 13) else "3.11"
RUNTIME = "tf2.21" if OTHER == "3.13" else f"tf2.21+py{OTHER}"
SAVED_HERE = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["h5", "keras"], safe_mode=False, runtimes=["{runtime}", "local"])
    def test_lambda():
        return keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0, name="double")])

    @pytest.mark.model_roundtrip(formats=["h5", "keras"], runtimes=["{runtime}"])
    def test_without():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
"""
SAVED_THERE = """
    import pytest

    @pytest.mark.model_artifact("lambda.h5", safe_mode=False, runtimes=["{runtime}", "local"])
    def test_h5():
        return None

    @pytest.mark.model_artifact("lambda.keras", safe_mode=False, runtimes=["{runtime}", "local"])
    def test_keras():
        return None
"""
SAVE = """
import tensorflow as tf
keras = tf.keras
layers = [keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0, name="double"), keras.layers.Dense(2)]
model = keras.Sequential(layers)
model.save("lambda.h5")
model.save("lambda.keras")
"""


@pytest.fixture
def python(python_of: Callable[[str], Path]) -> Path:
    """The interpreter of the other Python."""
    return python_of(RUNTIME)


def test_saved_here_and_loaded_there(project: Project, python: Path) -> None:
    assert python
    project.write("test_here.py", SAVED_HERE.replace("{runtime}", RUNTIME))
    result = project.run("--modelcompat-update-golden")
    # What comes after them, in the same loader, is reloaded as if nothing had happened.
    result.assert_outcomes(failed=2, passed=4)
    cause = '*the artifact holds Python bytecode in Lambda layer "double", which only the Python that wrote it can run*'
    result.stdout.fnmatch_lines(
        [f"*test_lambda[[]{format_}-{RUNTIME}[]]:{cause}{OTHER}*" for format_ in ("h5", "keras")]
    )
    if (HERE, OTHER) == ("3.11", "3.13"):
        result.stdout.fnmatch_lines(
            ["LOADER CRASHED  test_lambda*: the loader of * died of SIGSEGV while it loaded *"] * 2
        )


def test_saved_there_and_loaded_here(project: Project, python: Path) -> None:
    subprocess.run([python, "-c", SAVE], cwd=project.path, check=True, capture_output=True)
    project.write("test_there.py", SAVED_THERE.replace("{runtime}", RUNTIME))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=2, passed=2)
    cause = '*the artifact holds Python bytecode in Lambda layer "double", which only the Python that wrote it can run*'
    result.stdout.fnmatch_lines([f"*test_{format_}[[]{format_}[]]:{cause}{HERE}*" for format_ in ("h5", "keras")])
