"""Saved again: an artifact that a runtime in between reads, and writes so that edits can do the rest."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.migration.plan import plan_edits, to_answer
from pytest_modelcompat.migration.proof.evidence.attempts import Attempts, LoadOptions, what_failed
from pytest_modelcompat.migration.proof.witnesses import distance, witnesses
from pytest_modelcompat.migration.target import KERAS_3, Target
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.plan import DraftPlan
    from pytest_modelcompat.migration.proof.hosts import Host, Loaders

AS_IT_IS = LoadOptions()
MOST_TRIED = 3
# The first Keras whose `.keras` is the zip archive.
_FIRST_ARCHIVE = (2, 12)


@dataclass(frozen=True)
class Resaved:
    """What a runtime in between has written, and what is still to be done.

    Args:
        inventory: of what it wrote, in the folder that was given.
        through: the runtime's name.
        plan: the edits on top of it; None for a SavedModel, which is taken as it is.
    """

    inventory: Inventory
    through: str
    plan: DraftPlan | None


def through_runtimes(
    inventory: Inventory, target: Target, *, options: LoadOptions = AS_IT_IS, may_create: bool = False
) -> Iterator[Host]:
    """The runtimes that read an artifact as it was meant, those first whose Keras is nearest to the target's.

    Args:
        inventory: the artifact's.
        target: where it is to be read in the end.
        options: how it is loaded.
        may_create: whether one that is not there may be named.
    """
    custom = frozenset(options.declared.custom_objects)
    found = witnesses(inventory, custom, safe_mode=options.safe_mode, compile_model=options.compile_model)
    there = [host for host in found if host.is_there or may_create]
    # The last Keras 2 writes what comes nearest to Keras 3.
    wanted = max(target.writer, (2, 15)) if target.is_up else target.reader
    yield from sorted(there, key=lambda each: (not each.is_there, distance(each.reader, wanted)))


def formats_of(host: Host, target: Target, wanted: str) -> Sequence[str]:
    """The formats that a runtime in between can write and the target can read, the one that is wanted first.

    Args:
        host: the runtime in between.
        target: where it is to be read.
        wanted: `h5`, `keras` or `saved_model`.
    """
    if wanted == "saved_model":
        return (wanted,)
    archives = host.reader >= _FIRST_ARCHIVE and (target.reader >= KERAS_3 or target.reader >= (2, 13))
    both = ("keras", "h5") if wanted == "keras" else ("h5", "keras")
    return both if archives else ("h5",)


def saved_again(
    inventory: Inventory,
    target: Target,
    loaders: Loaders,
    folder: Path,
    *,
    wanted: str = "keras",
    options: LoadOptions = AS_IT_IS,
) -> Resaved | None:
    """Have a runtime in between save an artifact again, so that edits can make the rest; None where none helps.

    Args:
        inventory: the artifact's, whose plan leaves something.
        target: where it is to be read.
        loaders: of runtimes.
        folder: an empty one for what is written.
        wanted: the format that is wanted in the end.
        options: how it is loaded.
    """
    hosts = through_runtimes(inventory, target, options=options, may_create=loaders.may_create)
    for host in islice(hosts, MOST_TRIED):
        with contextlib.suppress(RuntimeUnavailableError, LoaderUnavailableError, NoSpaceError):
            attempts = Attempts(inventory, host, loaders.of(host), options)
            for format_name in formats_of(host, target, wanted):
                found = _written(attempts, format_name, folder)
                plan = plan_of(found, target) if found is not None else None
                if found is not None and _is_enough(found, plan, target):
                    return Resaved(found, host.name, plan)
    return None


def _is_enough(written: Inventory, plan: DraftPlan | None, target: Target) -> bool:
    """Whether nothing is left that keeps what was written from the target."""
    return not (to_answer(target.findings(written)) if plan is None else plan.left)


def plan_of(written: Inventory, target: Target) -> DraftPlan | None:
    """The edits on top of what a runtime in between has written; None for a SavedModel.

    Args:
        written: its inventory.
        target: where the artifact is to be read, and what is declared there.
    """
    if written.format == "saved_model":
        return None
    own = Target(target.profile, dict(written.saved_by), target.custom, target.safe_mode, target.compile_model)
    return plan_edits(written, own, is_written=True)


def _written(attempts: Attempts, format_name: str, folder: Path) -> Inventory | None:
    suffix = "" if format_name == "saved_model" else f".{format_name}"
    place = folder / f"{attempts.host.name.replace(' ', '-')}{suffix}"
    if what_failed(attempts.save(format_name, place)) or not place.exists():
        return None
    try:
        return read_inventory(place)
    except BrokenArtifactError:
        return None
