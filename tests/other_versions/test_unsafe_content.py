"""Unsafe content in a Keras that runs it in spite of `safe_mode=True`: it is not loaded there either."""

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

# Those whose Keras itself refuses a lambda in an .h5 file; older ones run it in spite of safe_mode=True.
REFUSE = ("tf2.20", "tf2.21", "tf2.22rc0")
SAVE = """
import os, sys
import tensorflow as tf
keras = tf.keras
canary = os.path.abspath("canary")
code = eval("lambda x: (open(%r, 'w').close(), x * 2.0)[1]" % canary)
keras.Sequential([keras.Input((3,)), keras.layers.Lambda(code, name="double")]).save("lambda.h5")
os.path.exists(canary) and os.remove(canary)
"""
TEST = """
import pytest

@pytest.mark.model_artifact("lambda.h5", runtimes=["{runtime}"], isolation="off"{options})
def test_it():
    return None
"""


def test_a_lambda_runs_only_where_it_is_allowed(
    project: Project, python_of: Callable[[str], Path], runtime: str
) -> None:
    subprocess.run([python_of(runtime), "-c", SAVE], cwd=project.path, check=True, capture_output=True)
    canary = project.path / "canary"
    project.write("test_it.py", TEST.format(runtime=runtime, options=""))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    unsafe = "UNSAFE CONTENT [[]U101] *not loaded, because of Python bytecode*"
    result.stdout.fnmatch_lines(["LAMBDA REFUSED *" if runtime in REFUSE else unsafe])
    assert not canary.exists()
    (option,) = set(re.findall(r"model_artifact\(\.\.\.(, .*)\)$", result.stdout.str(), re.MULTILINE))
    assert option == ", safe_mode=False"
    project.write("test_it.py", TEST.format(runtime=runtime, options=option))
    project.run("--modelcompat-update-golden").assert_outcomes(passed=1)
    assert canary.exists()
