"""Which versions a runtime has installed, from its packages' metadata: known before its TensorFlow is imported."""

from __future__ import annotations

import os
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.environments import interpreter_of
from pytest_modelcompat.runtimes.pins import uses_legacy_keras
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError, variables_for
from pytest_modelcompat.runtimes.version_query import VersionQuery, answered_versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.runtimes.runtime import Runtime

TIMEOUT = 60.0
# Builds of TensorFlow that are published under names of their own.
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tf-nightly")
_PACKAGES = (*_TENSORFLOWS, "keras", "tf-keras", "keras-nightly")
_QUERY = VersionQuery(_PACKAGES, TIMEOUT)


def installed_versions(runtime: Runtime) -> dict[str, str]:
    """The versions that a runtime's loader will report of `tensorflow`, `keras` and `python`, as far as metadata say.

    Args:
        runtime: which one.

    Returns:
        Those known: none where its interpreter cannot be asked.
    """
    found = _of_this_process() if runtime.is_local else _of_interpreter(runtime)
    tensorflow = next((found[name] for name in _TENSORFLOWS if name in found), "")
    if not tensorflow:
        return {}
    variables = os.environ if runtime.is_local else runtime.env
    own = found.get("keras") or found.get("keras-nightly") or tensorflow
    legacy = found.get("tf-keras") if uses_legacy_keras(variables) else None
    return {"tensorflow": tensorflow, "keras": legacy or own, "python": found["python"]}


def _of_this_process() -> dict[str, str]:
    import platform

    known = ((name, _version(name)) for name in _PACKAGES)
    return {"python": platform.python_version(), **{name: version for name, version in known if version}}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _of_interpreter(runtime: Runtime) -> Mapping[str, str]:
    try:
        done = _QUERY.ask(interpreter_of(runtime), variables_for(runtime.env))
    except (OSError, subprocess.TimeoutExpired, RuntimeUnavailableError):
        return {}
    return answered_versions(done.stdout)
