"""Every attack that there is, of all formats, and where each acts."""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from attacks.attack import Attack, NotBuilt

_MODULES = ("keras_configs", "saved_models", "containers")
# What `attacks_acting.py` has measured: name -> runtime -> whether it acts, by default and with safe_mode=False.
ACTING = Path(__file__).with_name("acting.json")


def attacks() -> tuple[Attack, ...]:
    """All attacks, each name once, acting where that was measured.

    Raises:
        ValueError: two have the same name.
    """
    measured = json.loads(ACTING.read_text()) if ACTING.is_file() else {}
    found = tuple(attack for module in _modules() for attack in module.ATTACKS)
    names = [attack.name for attack in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two attacks have the same name: {', '.join(twice)}")
    return tuple(_measured(attack, measured.get(attack.name)) for attack in found)


def not_built() -> tuple[NotBuilt, ...]:
    """All that cannot be built."""
    return tuple(each for module in _modules() for each in module.NOT_BUILT)


def _modules() -> Iterator[ModuleType]:
    for name in _MODULES:
        if importlib.util.find_spec(f"attacks.{name}"):
            yield importlib.import_module(f"attacks.{name}")


def _measured(attack: Attack, runtimes: dict[str, dict[str, bool]] | None) -> Attack:
    if runtimes is None:
        return attack
    by_default = tuple(name for name, acts in runtimes.items() if acts["default"])
    unsafe = tuple(name for name, acts in runtimes.items() if acts["unsafe"])
    return replace(attack, acts_in=by_default or unsafe, unsafe_mode=bool(unsafe) and not by_default)
