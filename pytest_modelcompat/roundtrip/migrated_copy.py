"""A frozen artifact that no longer loads, held by the copy that was migrated to the runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.golden.migrated_copies import is_unchanged, outputs_recorded
from pytest_modelcompat.golden.release_store import FrozenArtifact
from pytest_modelcompat.results.finding import Severity
from pytest_modelcompat.results.migration import Outcome
from pytest_modelcompat.roundtrip.static_check import profile_of
from pytest_modelcompat.roundtrip.workspace import relative
from pytest_modelcompat.runtimes.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.attempt import Attempt

_LABEL = "migrated"


def migrated_copy(attempt: Attempt) -> FrozenArtifact | None:
    """The copy of a frozen artifact that is proven for the runtime of a load, and unchanged since; None without one.

    Args:
        attempt: a load of the frozen artifact.
    """
    frozen, profile = attempt.case.frozen, profile_of(attempt.loaded.versions)
    if not isinstance(frozen, FrozenArtifact) or profile is None:
        return None
    runtimes = {profile.name, parse_name(profile.name).plain}
    for output, data in outputs_recorded(frozen.folder):
        is_of_it = data["source"].get("sha256") == frozen.digest and data.get("runtime") in runtimes
        format_ = data["written"].get("format")
        if (
            is_of_it
            and data.get("outcome") == Outcome.PROVEN.value
            and format_ in FORMATS
            and is_unchanged(output, data)
        ):
            return replace(frozen, artifact=output, format=format_, digest=data["written"]["sha256"])
    return None


def held_by_copy(found: Iterable[Finding], copy: FrozenArtifact, root: Path) -> tuple[Finding, ...]:
    """What keeps a frozen artifact itself from loading, as notes of a target that its migrated copy holds.

    Args:
        found: what was found of the artifact.
        copy: the copy.
        root: the project's folder.
    """
    errors = [each for each in found if each.severity is Severity.ERROR]
    held = (
        _LABEL,
        f"{relative(copy.artifact, root)} holds the golden of {copy.label} here; the artifact itself does not load",
    )
    return tuple(replace(each, severity=Severity.NOTE, fix=(), details=(*each.details, held)) for each in errors[:1])
