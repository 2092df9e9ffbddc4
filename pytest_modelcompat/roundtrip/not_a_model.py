"""Artifacts that are not there, or hold no model that a loader here loads: weights alone, a graph alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import detect_format
from pytest_modelcompat.artifacts.formats import BARE_GRAPHS, READ
from pytest_modelcompat.artifacts.text import near_match
from pytest_modelcompat.artifacts.way_on import way_on
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.roundtrip.stop import TargetStoppedError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory


def refuse_missing(artifact: Path) -> None:
    """Stop where there is nothing at an artifact's path.

    Raises:
        TargetStoppedError: nothing is; its fix names the artifact beside it that is called much like it, if one is.
    """
    if artifact.exists():
        return
    folder = artifact.parent
    there = [each.name for each in folder.iterdir() if detect_format(each)] if folder.is_dir() else []
    near = near_match(artifact.name, there)
    if near:
        fix = f'@pytest.mark.model_artifact("{(folder / near).as_posix()}")'
    elif folder.is_dir():
        fix = "save the model there before this test runs, or correct the path"
    else:
        fix = f"correct the path, there is no folder {folder}: it begins at the project's folder, or beside the test"
    cause = f"{artifact} does not exist"
    raise TargetStoppedError(Finding(Kind.ARTIFACT_BROKEN, artifact.name, cause=cause, fix=(fix,)))


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
