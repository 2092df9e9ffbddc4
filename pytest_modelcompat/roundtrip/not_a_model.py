"""Artifacts that can be read and hold no model that a loader here loads: weights alone, a graph alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import BARE_GRAPHS, READ
from pytest_modelcompat.artifacts.way_on import way_on
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.roundtrip.stop import TargetStoppedError

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory


def refuse_no_model(inventory: Inventory) -> None:
    """Stop before a loader is given weights or a graph alone, which it has nothing to call by.

    Raises:
        TargetStoppedError: it is one of these.
    """
    name = inventory.path.name
    if inventory.weights_only:
        raise TargetStoppedError(
            Finding(
                Kind.ARTIFACT_BROKEN,
                name,
                cause=f"{name} holds weights only, no model that could be loaded",
                fix=(
                    "save the whole model with model.save(), or test the builder that loads these weights:",
                    *way_on(inventory),
                ),
            )
        )
    if inventory.format in BARE_GRAPHS:
        raise TargetStoppedError(
            Finding(
                Kind.FORMAT_NOT_READ,
                name,
                cause=f"{name} is a {READ[inventory.format].container}, which no loader here takes: it has no "
                "signatures to call it by",
                fix=("export the model as a SavedModel, or load the graph in code:", *way_on(inventory)),
            )
        )
