"""Whether TensorFlow and its Keras can be imported in a runtime, and which they are."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.runtime import OTHER_PROCESSOR, RuntimeUnavailableError, variables_for
from pytest_modelcompat.runtimes.version_query import VersionQuery, answered_versions

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.runtimes.runtime import Runtime

TIMEOUT = 600.0
_LAST_LINES = 5
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt)\b")
# `tf.keras` is what the variables make it, and tells its version where no distribution is called keras, as in
# TensorFlow 2.4.
_IMPORTED = """
import tensorflow as tf
tf.keras.layers
found["tensorflow"] = tf.__version__
found["keras"] = getattr(tf.keras, "__version__", "")
"""
_QUERY = VersionQuery(("keras", "tf_keras", "numpy"), TIMEOUT, _IMPORTED)


def probe_versions(runtime: Runtime, python: Path) -> dict[str, str]:
    """Import TensorFlow and its Keras in a runtime, and tell the versions of what was found.

    Args:
        runtime: whose variables apply.
        python: its interpreter.

    Returns:
        Of `python`, `tensorflow`, `keras`, and of `tf_keras` and `numpy` where they are installed.

    Raises:
        RuntimeUnavailableError: it cannot be imported.
    """
    done = _run(runtime, python)
    if done.returncode < 0:
        raise _killed(runtime, -done.returncode, done.stderr)
    if done.returncode:
        raise RuntimeUnavailableError(
            f"TensorFlow cannot be imported in runtime {runtime.name!r}",
            (_fix(runtime, python),),
            _exception(done.stderr),
        )
    found = answered_versions(done.stdout)
    if not found:
        raise RuntimeUnavailableError(
            f"runtime {runtime.name!r} did not report its versions: {python} does not run Python code given with -c",
            (_fix(runtime, python),),
            _last(done.stdout + done.stderr),
        )
    return found


def _run(runtime: Runtime, python: Path) -> subprocess.CompletedProcess[str]:
    try:
        return _QUERY.ask(python, _variables(runtime))
    except subprocess.TimeoutExpired:
        what = f"importing TensorFlow in runtime {runtime.name!r} took longer than {TIMEOUT:.0f} s"
        raise RuntimeUnavailableError(
            what, (f"to find the reason, run: {python} -X importtime -c 'import tensorflow'",)
        ) from None
    except OSError as error:
        what = f"the interpreter of runtime {runtime.name!r} cannot be started from {python}: {error.strerror or error}"
        raise RuntimeUnavailableError(what, (_fix(runtime, python),)) from None


def _variables(runtime: Runtime) -> dict[str, str]:
    if runtime.is_local:
        return {**os.environ, **_QUIET}
    variables = variables_for({**_QUIET, **runtime.env})
    if runtime.is_created and _NO_BYTECODE not in runtime.env:
        # The environment is ours, and without bytecode on its disk each start of a loader compiles TensorFlow again.
        variables.pop(_NO_BYTECODE, None)
    return variables


def _killed(runtime: Runtime, number: int, log: str) -> RuntimeUnavailableError:
    known = {each.value: each.name for each in signal.Signals}
    name = known.get(number, f"signal {number}")
    if name == "SIGILL":
        return RuntimeUnavailableError(
            f"TensorFlow of runtime {runtime.name!r} was built for another processor: "
            "importing it ran an instruction that this one does not have (SIGILL)",
            (OTHER_PROCESSOR,),
            _last(log),
        )
    memory = ", which is what the system does when memory runs out" if name == "SIGKILL" else ""
    return RuntimeUnavailableError(
        f"importing TensorFlow in runtime {runtime.name!r} killed the process: {name}{memory}",
        (f"to find the reason, run: python -X faulthandler -c 'import tensorflow' in runtime {runtime.name!r}",),
        _last(log),
    )


def _fix(runtime: Runtime, python: Path) -> str:
    if runtime.is_created:
        return f"change 'packages' or 'env' of {runtime.name!r} in [tool.modelcompat.runtimes] of pyproject.toml"
    return f"repair it; this command must work: {python} -c 'import tensorflow; tensorflow.keras.layers'"


def _exception(log: str) -> str:
    """The exception that ended the process; its message may go on for lines that tell less than the first."""
    lines = [line for line in log.splitlines() if _EXCEPTION.match(line)]
    return lines[-1] if lines else _last(log)


def _last(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-_LAST_LINES:])
