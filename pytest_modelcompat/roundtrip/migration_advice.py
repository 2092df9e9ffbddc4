"""The command that migrates an artifact, as the fix of one that something else saved and that does not load."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lambdas import holds_lambda
from pytest_modelcompat.results.finding import Severity
from pytest_modelcompat.results.migration_command import migrate_command
from pytest_modelcompat.roundtrip.declarations import NotImportableError, collect_declarations
from pytest_modelcompat.roundtrip.static_check import profile_of
from pytest_modelcompat.roundtrip.workspace import relative
from pytest_modelcompat.runtimes.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext

LEAD = "migrate it: "


def with_migration(found: Sequence[Finding], attempt: Attempt, context: SessionContext) -> tuple[Finding, ...]:
    """The findings of a load, the first that fails with the command that migrates the artifact.

    Only where edits answer everything that keeps it from loading: an artifact that is given or frozen cannot be saved
    again by the test itself.

    Args:
        found: why it does not load, or what else it predicts.
        attempt: the load.
        context: what the session's targets share.
    """
    command = _command(attempt, context)
    first = next((each for each in found if each.severity is Severity.ERROR), None)
    if not command or first is None:
        return tuple(found)
    line = f"{LEAD}{command}"
    return tuple(replace(each, fix=(line, *_as_others(each.fix))) if each is first else each for each in found)


def _as_others(fix: Sequence[str]) -> tuple[str, ...]:
    """The lines of a fix behind another one."""
    return tuple(line if place or line.startswith("or ") else f"or {line}" for place, line in enumerate(fix))


def _command(attempt: Attempt, context: SessionContext) -> str:
    """What to run; empty where it would not help."""
    case = attempt.case
    profile = profile_of(attempt.loaded.versions)
    if context.migration is None or profile is None or (case.artifact is None and case.frozen is None):
        return ""
    settings = case.settings
    try:
        declared = collect_declarations(settings)
    except NotImportableError:
        return ""
    inventory = attempt.inventory
    if not context.migration(inventory, profile, frozenset(declared.custom_objects), settings.safe_mode):
        return ""
    # Of a runtime's name the Python counts for bytecode alone.
    runtime = profile.name if holds_lambda(inventory) else parse_name(profile.name).plain
    options = [("--custom", f"{module}:{name}") for module, name in declared.custom_objects.values()]
    options += [("--import", module) for module in declared.imports]
    options += [] if settings.safe_mode else [("--unsafe", "")]
    options += [] if settings.compile_model else [("--no-compile", "")]
    return migrate_command(relative(inventory.path, context.root), runtime, options)
