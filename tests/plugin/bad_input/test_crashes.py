"""A loader's child that dies, hangs or leaves: each is reported, and the session goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals and no resource limits")

DEADLY = """
    import ctypes
    import os
    import signal
    import time

    import numpy as np
    import tensorflow as tf

    keras = tf.keras

    class Deadly(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

        @classmethod
        def from_config(cls, config):
            {deed}
            return cls(**config)
"""
MEMORY = """
    import re
    import resource
    from pathlib import Path

    used = int(re.search(r"VmSize:\\s+(\\d+) kB", Path("/proc/self/status").read_text()).group(1)) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
"""
TESTS = """
    import pytest
    import tensorflow as tf
    from deadly import Deadly

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={{"Deadly": Deadly}}, timeout=3{options})
    def test_deadly():
        return keras.Sequential([keras.Input((3,)), Deadly(name="trap")])

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_next():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
"""


def run(project: Project, deed: str, options: str = "") -> pytest.RunResult:
    project.write("deadly.py", DEADLY.format(deed=deed))
    project.write("test_it.py", TESTS.format(options=options))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1, passed=1)
    return result


def test_sigkill(project: Project, reported_failure: ReportedFailure) -> None:
    result = run(project, "os.kill(os.getpid(), signal.SIGKILL)")
    reported_failure(
        result,
        "LOADER CRASHED test_deadly[h5]: the loader died of SIGKILL while it loaded the artifact: something killed it "
        "from outside, which is also what happens where a container runs out of memory",
        "fix give the process more memory, or run fewer tests at once (pytest -n)",
        "or, if another program killed it, run the test again",
        "artifact test_deadly: model.h5, saved by Keras *",
        "loaded in local: Keras *",
        "test_deadly[h5] LOADER CRASHED",
        "test_next[h5] passed *",
    )


def test_sigsegv(project: Project, reported_failure: ReportedFailure) -> None:
    result = run(project, "ctypes.string_at(0)")
    reported_failure(
        result,
        "LOADER CRASHED test_deadly[h5]: the loader died of SIGSEGV while it loaded the artifact",
        "signal SIGSEGV",
        "innermost string_at (ctypes/__init__.py:*), called by from_config (*/deadly.py:*), called by *",
        "fix mend the code that 'innermost' names, if it is yours *",
        "it said Fatal Python error: Segmentation fault",
        "test_next[h5] passed *",
    )


def test_hang(project: Project, reported_failure: ReportedFailure) -> None:
    result = run(project, "time.sleep(600)")
    reported_failure(
        result,
        "LOADER TIMED OUT test_deadly[h5]: the loader was stopped after 3 s while it loaded the artifact",
        "fix @pytest.mark.model_roundtrip(timeout=6)",
        "test_next[h5] passed *",
    )


def test_exit(project: Project, reported_failure: ReportedFailure) -> None:
    result = run(project, "os._exit(3)")
    reported_failure(
        result,
        "LOADER EXITED test_deadly[h5]: the loader ended with code 3 while it loaded the artifact: code that it "
        "imported, or the model's own code, called sys.exit() or os._exit()",
        "fix raise an exception instead, where a class of the model calls it (look at __init__(), from_config(), "
        "build() and call()) or a module that they import",
        "test_next[h5] passed *",
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is set above what /proc tells is in use")
def test_out_of_memory(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("small_memory.py", MEMORY)
    result = run(project, "np.ones(2**30)", options=', imports=["small_memory"]')
    reported_failure(
        result,
        "OUT OF MEMORY test_deadly[h5]: the loader ran out of memory while it loaded the artifact",
        "memory * MiB at most",
        "fix give the process more memory, or the model smaller inputs:",
        "@pytest.mark.model_roundtrip(inputs=...)",
        "it said Unable to allocate 8.00 GiB for an array with shape (1073741824,) and data type float64",
        "test_next[h5] passed *",
    )
