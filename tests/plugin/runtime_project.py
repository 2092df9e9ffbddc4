"""A project that declares runtimes, and a run of its tests."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

LAYERS = """
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0
"""
BUILD = """
    import pytest
    import tensorflow as tf
    from shop.layers import Scale

    def build():
        return tf.keras.Sequential([tf.keras.Input((3,)), Scale(), tf.keras.layers.Dense(2)])
"""


def write(folder: Path, name: str, *texts: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(textwrap.dedent(text) for text in texts), encoding="utf-8")
    return path


def script(folder: Path, name: str, body: str) -> Path:
    path = write(folder, name, body)
    path.chmod(0o755)
    return path


TEST = """
    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale}, runtimes=RUNTIMES)
    def test_it():
        return build()
"""


def write_test(project: Project, *runtimes: str, declared: str = "") -> None:
    project.write("shop/layers.py", LAYERS)
    write(project.path, "test_it.py", BUILD, f"    RUNTIMES = {runtimes!r}\n", TEST)
    if declared:
        project.write("pyproject.toml", declared)


def usage_error(project: Project, *arguments: str) -> str:
    """The one line that a run says which does not begin."""
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line]
    return line
