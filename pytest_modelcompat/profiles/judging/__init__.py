"""Judging an inventory against what a runtime knows: what will load, what will not, and what changes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.findings import Severity
from pytest_modelcompat.profiles.judgement import Judgement

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile

__all__ = ["judge"]

_WEIGHT = {severity: place for place, severity in enumerate(Severity)}


def judge(
    inventory: Inventory, profile: Profile, *, custom: Collection[str] = (), safe_mode: bool = True
) -> Judgement:
    """Foretells what becomes of an artifact in a runtime.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that will be declared (`custom_objects`) or registered there.
        safe_mode: what `load_model` is given; `False` lets Lambda bytecode run.
    """
    findings = ()
    ordered = sorted(findings, key=lambda finding: _WEIGHT[finding.severity])
    return Judgement(inventory.path, profile.name, tuple(ordered))
