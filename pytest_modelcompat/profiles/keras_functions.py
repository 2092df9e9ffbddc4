"""Functions of Keras by what they are for: those that a model is made of, and all the others of its public API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import KERAS_ROOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Made by `benchmarks/record_keras_functions.py` from the recorded profiles.
DATA = Path(__file__).resolve().parent / "data" / "keras_functions.json"


def is_of_models(name: str) -> bool:
    """Whether a model can be made of a function of this name, as far as any Keras has one.

    Args:
        name: the function's.
    """
    return name in _data().of_models


def has_no_place_in_models(module: str, name: str, *, may_be_class: bool = False) -> bool:
    """Whether a function of Keras is none that a model is made of: it loads, saves, downloads, or sets something.

    Args:
        module: one of Keras' own, public or not.
        name: the function's.
        may_be_class: whether it may be a class, where no Keras is known to have such a function.
    """
    if is_of_models(name):
        return False
    if f"{_without_root(module)}.{name}" in _data().others:
        return True
    # What is not public at all is in no list, and has even less to do there.
    return _is_private(module) and (not may_be_class or is_only_elsewhere(name))


def is_only_elsewhere(name: str) -> bool:
    """Whether Keras has a function of this name, and a model is made of none.

    Args:
        name: the function's.
    """
    return name in _data().other_names


def _without_root(module: str) -> str:
    root = next((root for root in KERAS_ROOTS if module == root or module.startswith(f"{root}.")), "")
    return f"keras{module[len(root) :]}" if root else module


def _is_private(module: str) -> bool:
    return module.startswith(("keras.src", "keras.api", "tf_keras.src", "tensorflow.python.keras")) or "._" in module


@dataclass(frozen=True)
class _Functions:
    of_models: frozenset[str]
    others: Mapping[str, Any]
    other_names: frozenset[str]


@cache
def _data() -> _Functions:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    names = frozenset(path.rpartition(".")[2] for path in data["others"])
    return _Functions(frozenset(data["of models"]), data["others"], names)
