"""Which Python and which packages make a TensorFlow runtime that works: the one table of them.

A TensorFlow's own requirements let newer Keras, NumPy and protobuf in than it can live with, and from 2.16 on bring
the newest Keras rather than the one of its time. The pins below were resolved, installed and imported on Linux.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD_PROTOBUF = "protobuf<3.21"
NUMPY_1 = "numpy<2"
LEGACY = {"TF_USE_LEGACY_KERAS": "1"}


@dataclass(frozen=True)
class Pins:
    """What makes a runtime.

    Args:
        name: `tf2.16`, `tf2.16+keras3.15`, `tf2.21+tf_keras`.
        python: the CPython minor version, `3.11`.
        tensorflow: TensorFlow's minor version, `2.16`, or a pre-release of it, `2.22rc0`.
        requirements: what is installed beside TensorFlow, as pip spells it.
        environment: variables that the runtime's processes need.
    """

    name: str
    python: str
    tensorflow: str
    requirements: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_install(self, *, cpu: bool | None = None) -> tuple[str, ...]:
        """Every requirement, TensorFlow's first.

        Args:
            cpu: whether to take TensorFlow's smaller distribution without GPU support; by default where there is
                one, on Windows and x86-64 Linux.
        """
        if cpu is None:
            cpu = sys.platform == "win32" or (sys.platform == "linux" and platform.machine() == "x86_64")
        any_patch = "" if self.is_pre_release else ".*"
        return (f"tensorflow{'-cpu' if cpu else ''}=={self.tensorflow}{any_patch}", *self.requirements)

    @property
    def is_pre_release(self) -> bool:
        """Whether TensorFlow is a release candidate, whose Keras is a nightly one."""
        version = parse_version(self.tensorflow)
        return version is not None and version.is_prerelease


def _old(minor: int, python: str, *requirements: str) -> Pins:
    keras = [f"keras==2.{minor}.*"] if minor >= 6 else []
    return Pins(f"tf2.{minor}", python, f"2.{minor}", (*keras, *requirements))


def _new(minor: int, python: str, keras: str, *requirements: str) -> Pins:
    return Pins(f"tf2.{minor}", python, f"2.{minor}", (f"keras=={keras}.*", *requirements))


_ALL = (
    _old(4, "3.8", OLD_PROTOBUF),
    _old(5, "3.9", OLD_PROTOBUF),
    _old(6, "3.9", OLD_PROTOBUF),
    _old(7, "3.9", OLD_PROTOBUF, NUMPY_1),
    _old(8, "3.10", OLD_PROTOBUF, NUMPY_1),
    _old(9, "3.10", NUMPY_1),
    _old(10, "3.10", NUMPY_1),
    _old(11, "3.10", NUMPY_1),
    _old(12, "3.11"),
    _old(13, "3.11"),
    _old(14, "3.11", NUMPY_1),
    _old(15, "3.11", NUMPY_1),
    _new(16, "3.11", "3.3", NUMPY_1),
    _new(17, "3.12", "3.4", NUMPY_1),
    _new(18, "3.12", "3.6"),
    _new(19, "3.12", "3.9"),
    _new(20, "3.13", "3.11"),
    _new(21, "3.13", "3.15"),
    # A release candidate asks for a nightly of Keras; pip takes one only where a requirement names a pre-release.
    Pins("tf2.22rc0", "3.13", "2.22rc0", ("keras-nightly>=3.16.0.dev0",)),
    Pins("tf2.16+keras3.15", "3.11", "2.16", ("keras==3.15.*", NUMPY_1)),
    Pins("tf2.21+tf_keras", "3.11", "2.21", ("keras==3.15.*", "tf_keras==2.21.*"), LEGACY),
)
PINS: Mapping[str, Pins] = {pins.name: pins for pins in _ALL}


def uses_legacy_keras(variables: Mapping[str, str]) -> bool:
    """Whether `tf.keras` is the package tf_keras in a process with these variables, as TensorFlow reads them."""
    # tensorflow/python/util/lazy_loader.py takes these spellings and no other.
    return any(variables.get(name) in ("true", "True", "1") for name in LEGACY)
