"""An inventory by hand, judged: for what no small file shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import Inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from pytest_modelcompat.results.finding import Finding, Kind


def saved_model(**held: Any) -> Inventory:
    return Inventory(Path("model"), "saved_model", **held)


def h5(keras: str = "2.15.0", **held: Any) -> Inventory:
    return Inventory(Path("model.h5"), "h5", {"keras": keras}, **held)


def keras_file(keras: str = "3.6.0", **held: Any) -> Inventory:
    return Inventory(Path("model.keras"), "keras", {"keras": keras}, **held)


def before(
    inventory: Inventory, runtime: str, *custom: str, safe_mode: bool = True, **profile: Any
) -> CompatibilityContext:
    """An artifact before a runtime, whose profile says something else where that is given."""
    return CompatibilityContext(inventory, replace(load_profile(runtime), **profile), frozenset(custom), safe_mode)


def judged(
    inventory: Inventory, runtime: str, *custom: str, safe_mode: bool = True, **profile: Any
) -> tuple[Finding, ...]:
    """What is found."""
    there = replace(load_profile(runtime), **profile)
    return check_compatibility(inventory, there, custom=custom, safe_mode=safe_mode).findings


def of_kind(findings: tuple[Finding, ...], kind: Kind) -> list[Finding]:
    return [each for each in findings if each.kind is kind]


def subjects(findings: tuple[Finding, ...], kind: Kind) -> list[str]:
    return [each.subject for each in of_kind(findings, kind)]
