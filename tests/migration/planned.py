"""Plans of files, and what is written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.plan import DraftPlan


def plan_of(path: Path, runtime: str = "tf2.21", custom: tuple[str, ...] = ()) -> DraftPlan:
    """What edits make of a file."""
    inventory = read_inventory(path)
    return plan_edits(inventory, Target(load_profile(runtime), dict(inventory.saved_by), frozenset(custom)))


def names_of(plan: DraftPlan) -> set[str]:
    """The edits that apply."""
    return {each.name for each in plan.edits}


def written(draft: Draft, folder: Path) -> Path:
    """A draft as a file."""
    path = folder / f"migrated.{draft.format}"
    path.unlink(missing_ok=True)
    write(Rewrite.of(draft), path)
    return path
