"""The constructor arguments that Keras' own classes do not save, by version, as recorded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import minor_version
from pytest_modelcompat.profiles.packed import read_packed, write_packed

if TYPE_CHECKING:
    from collections.abc import Mapping

# Made by `benchmarks/record_lost_arguments.py`, which asks each version itself.
LOST_ARGUMENTS_FILE = Path(__file__).resolve().parent / "data" / "lost_arguments.json.gz"
# Names of base classes -> the role of what is made of them; a metric of Keras 2 is a layer, too.
_BASES = {
    "Metric": "metric",
    "Layer": "layer",
    "Loss": "loss",
    "LearningRateSchedule": "schedule",
    "BaseOptimizer": "optimizer",
    "_BaseOptimizer": "optimizer",
    "OptimizerV2": "optimizer",
    "Initializer": "initializer",
    "Regularizer": "regularizer",
    "Constraint": "constraint",
}
_MODULES = {
    "schedule": "optimizers.schedules",
    "loss": "losses",
}


@dataclass(frozen=True)
class LostArgument:
    """An argument that a class of Keras takes and does not save.

    Args:
        name: its name.
        at: the path of the attribute that keeps it: `gain`, `_fn_kwargs.delta`.
        default: what is there where it is not given.
        public: the public path of the class, from `keras` on: `losses.Huber`.
    """

    name: str
    at: str
    default: Any
    public: str


def arguments_lost_by(cls: type, version: str, *, is_tf_keras: bool = False) -> tuple[LostArgument, ...]:
    """What a class of Keras does not save in a version; of one that is not recorded, in the nearest before it.

    Args:
        cls: the class, one of Keras' own.
        version: Keras' own, `3.15.1`.
        is_tf_keras: whether it is the package `tf_keras`.
    """
    lost = _lost_in(_key_of(version, is_tf_keras=is_tf_keras))
    # Most classes lose nothing, and a model has many layers.
    if not any(role_and_name.endswith(f":{cls.__name__}") for role_and_name in lost):
        return ()
    role = next((_BASES[base] for base in _BASES if any(each.__name__ == base for each in cls.__mro__)), "")
    return lost.get(f"{role}:{cls.__name__}", ())


@cache
def _key_of(version: str, *, is_tf_keras: bool) -> str:
    """The version that is recorded, else the one before it, else the one after it; empty where none is of its major."""
    asked = minor_version(version)
    recorded = {
        minor_version(key.removeprefix("tf_keras ")): key
        for key in read_data()
        if key.startswith("tf_keras ") is is_tf_keras
    }
    alike = [each for each in recorded if each[0] == asked[0]]
    before = [each for each in alike if each <= asked]
    nearest = max(before) if before else min(alike, default=None)
    return recorded[nearest] if nearest is not None else ""


@cache
def _lost_in(key: str) -> Mapping[str, tuple[LostArgument, ...]]:
    return {
        role_and_name: tuple(
            LostArgument(name, each["at"], each["default"], _public(role_and_name)) for name, each in arguments.items()
        )
        for role_and_name, arguments in read_data().get(key, {}).items()
    }


def _public(role_and_name: str) -> str:
    role, _, name = role_and_name.partition(":")
    return f"{_MODULES.get(role, f'{role}s')}.{name}"


@cache
def read_data() -> Mapping[str, Any]:
    """All that is recorded: version -> `role:Class` -> argument -> `at` and `default`."""
    data: Mapping[str, Any] = read_packed(LOST_ARGUMENTS_FILE)
    return data


def write_data(data: Mapping[str, Any]) -> int:
    """Keeps what was recorded; the same data give the same bytes.

    Args:
        data: as `read_data` gives it.

    Returns:
        The size of the file in bytes.
    """
    return write_packed(LOST_ARGUMENTS_FILE, data)
