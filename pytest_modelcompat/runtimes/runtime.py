"""Runtime: an interpreter with its TensorFlow and Keras in which artifacts are loaded, and how one is asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TABLE = "[tool.modelcompat.runtimes]"
OTHER_PROCESSOR = "take a build of TensorFlow for this processor, or another machine (most builds need AVX)"
# They say where this interpreter finds its modules, or which Keras it takes: nothing another one should heed.
_OUR_OWN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "TF_USE_LEGACY_KERAS", "KERAS_BACKEND")


class RuntimeUnavailableError(Exception):
    """A runtime cannot be used; the message is one sentence that names it and the step.

    Args:
        message: the sentence.
        fix: what to write or run, a line each.
        quote: what the tool that failed said last, in its own words.
    """

    def __init__(self, message: str, fix: tuple[str, ...] = (), quote: str = "") -> None:
        super().__init__(message)
        self.fix = fix
        self.quote = quote


@dataclass(frozen=True)
class Runtime:
    """One interpreter with its TensorFlow and Keras.

    Args:
        name: what it is called: `tf2.15`, `prod`.
        python: the CPython minor version to create it with, `3.11`; empty where the user keeps the interpreter.
        packages: what is installed into it, as pip spells it.
        interpreter: that of an environment the user keeps; None for one that is created.
        env: variables for its processes, on top of this process's.
        imports: modules its loader imports before those a case declares.
        op_libraries: files for `tf.load_op_library`, built for its TensorFlow; None where it takes the case's own.
    """

    name: str
    python: str = ""
    packages: tuple[str, ...] = ()
    interpreter: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    op_libraries: tuple[str, ...] | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is the interpreter that this process runs in."""
        return self.name == LOCAL

    @property
    def is_created(self) -> bool:
        """Whether `modelcompat runtimes create` makes its environment."""
        return not self.is_local and self.interpreter is None


LOCAL_RUNTIME = Runtime(LOCAL)


def variables_for(own: Mapping[str, str]) -> dict[str, str]:
    """The variables for a process in another interpreter: those of this one that concern it, and its own.

    Args:
        own: what its runtime sets on top.
    """
    others = {name: value for name, value in os.environ.items() if name not in _OUR_OWN}
    return {**others, "PYTHONNOUSERSITE": "1", **own}
