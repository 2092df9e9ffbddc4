"""The plan of one artifact as users see it, and what writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.way_on import is_unzipped, zip_command
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.needs import need_of
from pytest_modelcompat.migration.plan import plan_edits, to_answer
from pytest_modelcompat.migration.request_edits import request_edits
from pytest_modelcompat.migration.rewrite import Rewrite, write
from pytest_modelcompat.results.migration import Plan, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.output import OutputPlace
    from pytest_modelcompat.migration.request import MigrationRequest

# The formats of files whose configuration is edited.
CONFIGURED = frozenset({"h5", "keras"})
MIGRATED = CONFIGURED | {"saved_model"}


class NothingToMigrateError(Exception):
    """An artifact holds no model that could be migrated; one sentence."""


@dataclass(frozen=True)
class ArtifactPlan:
    """A plan, and what writes it.

    Args:
        plan: what is to be done.
        write: writes it to a path that does not exist; None where there is nothing to write.
    """

    plan: Plan
    write: Callable[[Path], None] | None = None


def plan_artifact(inventory: Inventory, request: MigrationRequest, place: OutputPlace) -> ArtifactPlan:
    """Plan the migration of one artifact.

    Args:
        inventory: what it holds.
        request: what is asked for.
        place: where its output goes.

    Raises:
        NothingToMigrateError: it holds no model.
    """
    _refuse_other(inventory)
    if inventory.format not in CONFIGURED:
        return _unedited(inventory, request, place)
    target = request.target_for(inventory)
    made = plan_edits(inventory, target, (*request_edits(request), *EDITS))
    suffix = made.draft.suffix or f".{made.draft.format}"
    way = Way.EDITS if made.edits else Way.NONE
    plan = Plan(
        inventory.path,
        request.runtime,
        format=made.draft.format,
        target=place.path(suffix),
        way=way,
        edits=made.edits,
        needs=made.needs,
        findings=made.findings,
        saved_by=dict(inventory.saved_by),
    )
    return ArtifactPlan(plan, lambda path: write(Rewrite.of(made.draft), path))


def _unedited(inventory: Inventory, request: MigrationRequest, place: OutputPlace) -> ArtifactPlan:
    target = request.target_for(inventory)
    found = to_answer(target.findings(inventory))
    plan = Plan(
        inventory.path,
        request.runtime,
        format=inventory.format,
        target=place.path(""),
        way=Way.NONE,
        needs=tuple(need_of(each, target) for each in found),
        findings=found,
        saved_by=dict(inventory.saved_by),
    )
    return ArtifactPlan(plan)


def _refuse_other(inventory: Inventory) -> None:
    if inventory.weights_only:
        raise NothingToMigrateError(
            f"{inventory.path} holds weights alone and no model: build the model in code, load them with "
            "model.load_weights(path), save the model, and migrate that"
        )
    if is_unzipped(inventory):
        raise NothingToMigrateError(
            f"{inventory.path} is the content of a .keras file in a folder; make the file again first: "
            f"`{zip_command(inventory.path)}`"
        )
    if inventory.format not in MIGRATED or inventory.preset:
        raise NothingToMigrateError(
            f"{inventory.path} is not a model that Keras saved as .h5, .keras or SavedModel; "
            "`modelcompat inspect` says what loads it"
        )
