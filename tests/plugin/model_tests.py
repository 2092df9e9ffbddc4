"""Tests of one model, and what a run of them recorded."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader import tensors

if TYPE_CHECKING:
    from tests.conftest import Project

PRELUDE = """
import numpy as np
import pytest
import tensorflow as tf

keras = tf.keras
L = keras.layers
roundtrip = pytest.mark.model_roundtrip

def full(value, *shape, dtype="float32"):
    return np.full(shape, value, dtype)

"""


def write(project: Project, source: str, name: str = "test_it.py") -> None:
    project.write(name, PRELUDE + textwrap.dedent(source))


def recorded(project: Project, test: str = "test_model", part: str = "outputs") -> Any:
    """The outputs (or inputs) that a golden holds, as nested leaves."""
    golden = GoldenStore(project.path / "golden").read(GoldenName(("test_it",), test))
    structure, arrays = golden.outputs if part == "outputs" else golden.inputs
    return tensors.unpack(dict(structure), arrays)
