"""The plan of one artifact as users see it, and what writes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.needs.ways import RUNTIME
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.request_edits import request_edits
from pytest_modelcompat.migration.saved_model.folder import write_saved_model
from pytest_modelcompat.migration.saved_model.graph_plan import plan_saved_model
from pytest_modelcompat.results.migration import Plan, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.output.place import OutputPlace
    from pytest_modelcompat.migration.plan import DraftPlan
    from pytest_modelcompat.migration.request import MigrationRequest
    from pytest_modelcompat.migration.saved_model.graph_plan import SavedModelPlan
    from pytest_modelcompat.migration.target import Target

# The formats of files whose configuration is edited.
CONFIGURED = frozenset({"h5", "keras"})
MIGRATED = CONFIGURED | {"saved_model"}


class NothingToMigrateError(Exception):
    """An artifact holds no model that could be migrated; one sentence."""


@dataclass(frozen=True)
class ArtifactPlan:
    """A plan, and what writes it.

    Args:
        inventory: what the artifact holds.
        plan: what is to be done.
        place: where the output goes.
        write: writes it to a path that does not exist; None where there is nothing to write.
    """

    inventory: Inventory
    plan: Plan
    place: OutputPlace
    write: Callable[[Path], None] | None = None


def plan_artifact(inventory: Inventory, request: MigrationRequest, place: OutputPlace) -> ArtifactPlan:
    """Plan the migration of one artifact.

    Args:
        inventory: what it holds.
        request: what is asked for.
        place: where its output goes.

    Raises:
        NothingToMigrateError: it holds no model.
        VocabularyError: the request gives a vocabulary that is none.
        BrokenArtifactError: the file of a SavedModel's graph is damaged.
    """
    _refuse_other(inventory)
    target = request.target_for(inventory)
    if inventory.format not in CONFIGURED:
        graph = plan_saved_model(inventory, target)
        plan = _plan(inventory, request, place.path(""), "saved_model", graph)
        is_written = bool(graph.edits) and graph.draft is not None
        return ArtifactPlan(inventory, plan, place, partial(write_saved_model, graph) if is_written else None)
    made = plan_edits(inventory, target, request_edits(request, request.format))
    if made.left and request.format:
        # What the other format does not answer, the one that is nearest may; a runtime in between does the rest.
        nearest = plan_edits(inventory, target, request_edits(request))
        made = nearest if len(nearest.left) < len(made.left) else made
    return draft_plan(inventory, request, place, made)


def edits_answer(inventory: Inventory, target: Target) -> bool:
    """Whether edits answer everything that keeps an artifact from a runtime, and there is something to answer.

    Args:
        inventory: of any artifact.
        target: the runtime.
    """
    try:
        _refuse_other(inventory)
    except NothingToMigrateError:
        return False
    plan = plan_edits(inventory, target) if inventory.format in CONFIGURED else plan_saved_model(inventory, target)
    return bool(plan.edits) and not plan.needs


def is_for_a_runtime(made: ArtifactPlan, request: MigrationRequest) -> bool:
    """Whether edits alone do not make what is asked for, and a runtime in between may.

    Args:
        made: the plan of edits.
        request: what is asked for.
    """
    plan = made.plan
    if made.inventory.format not in CONFIGURED or not plan.findings:
        return False
    is_other = request.format not in ("", plan.format)
    return (bool(plan.needs) or is_other) and all(each.way == RUNTIME for each in plan.needs)


def draft_plan(inventory: Inventory, request: MigrationRequest, place: OutputPlace, made: DraftPlan) -> ArtifactPlan:
    """The plan of an artifact whose configuration is edited.

    Args:
        inventory: what it holds.
        request: what is asked for.
        place: where its output goes.
        made: the edits.
    """
    draft = made.draft
    is_folder = inventory.path.is_dir() and not draft.suffix
    suffix = inventory.path.suffix if is_folder else draft.suffix or f".{draft.format}"
    plan = _plan(inventory, request, place.path(suffix), draft.format, made)
    return ArtifactPlan(inventory, plan, place, partial(write, Rewrite.of(draft)) if made.edits else None)


def _plan(
    inventory: Inventory, request: MigrationRequest, target: Path, written: str, made: DraftPlan | SavedModelPlan
) -> Plan:
    return Plan(
        inventory.path,
        request.runtime,
        format=written,
        target=target,
        way=Way.EDITS if made.edits else Way.NONE,
        edits=made.edits,
        needs=made.needs,
        findings=made.findings,
        saved_by=dict(inventory.saved_by),
        given=tuple((option, str(target.parent) if option == "--out" else value) for option, value in request.given),
    )


def _refuse_other(inventory: Inventory) -> None:
    if inventory.weights_only:
        raise NothingToMigrateError(
            f"{inventory.path} holds weights alone and no model: build the model in code, load them with "
            "model.load_weights(path), save the model, and migrate that"
        )
    if inventory.format not in MIGRATED or inventory.preset:
        raise NothingToMigrateError(
            f"{inventory.path} is not a model that Keras saved as .h5, .keras or SavedModel; "
            "`modelcompat inspect` says what loads it"
        )
