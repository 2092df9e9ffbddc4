"""Foretelling: whether what a case saved will load in the runtimes its `loads_in` names, none of them needed here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.findings import Finding, Severity
from pytest_modelcompat.profiles import lore, resolved
from pytest_modelcompat.profiles.judging import judge
from pytest_modelcompat.profiles.names import parse_name
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.profiles.store import is_path, load_profile
from pytest_modelcompat.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.runtimes.jobs import Loaded
    from pytest_modelcompat.settings import Settings

_WEIGHTY = (Severity.ERROR, Severity.CHANGE)


def check_names(settings: Settings, root: Path) -> None:
    """Looks at the runtimes that `loads_in` names before any test runs.

    Args:
        settings: a case's options.
        root: the project's folder, which paths of profiles are relative to.

    Raises:
        SettingsError: one of them is no runtime, or no file; the message names it.
    """
    for name in settings.loads_in:
        problem = _problem(name, root)
        if problem:
            raise SettingsError(f"{settings.sources.get('loads_in', 'marker')}: option 'loads_in': {problem}")


def _problem(name: str, root: Path) -> str:
    if is_path(name):
        found = (root / name).is_file()
        return "" if found else f"there is no profile {name}; record one with `modelcompat profile record --out {name}`"
    try:
        parse_name(name)
    except ProfileError as error:
        return str(error)
    return ""


def foretell(settings: Settings, inventory: Inventory, loaded: Loaded, root: Path) -> tuple[Finding, ...]:
    """A finding for each thing that will keep the artifact from loading, or from predicting the same, elsewhere.

    Args:
        settings: the case's options.
        inventory: what the artifact holds.
        loaded: what came of loading it here: what is known here and no Keras brings along is declared.
        root: the project's folder.

    Raises:
        SettingsError: a profile cannot be read.
    """
    return tuple(
        replace(finding, severity=Severity.ERROR, runtime=_in_words(name, profile))
        for name, profile in _profiles(settings, root)
        for finding in _judged(settings, inventory, loaded, profile)
        if finding.severity in _WEIGHTY
    )


def _profiles(settings: Settings, root: Path) -> Iterator[tuple[str, Profile]]:
    for name in settings.loads_in:
        yield name, _profile(name, root)


def _profile(name: str, root: Path) -> Profile:
    try:
        return load_profile(str(root / name) if is_path(name) else name)
    except ProfileError as error:
        raise SettingsError(f"option 'loads_in': {error}") from None


def _judged(settings: Settings, inventory: Inventory, loaded: Loaded, profile: Profile) -> tuple[Finding, ...]:
    custom = set(_declared(settings, inventory, loaded))
    return judge(inventory, profile, custom=custom, safe_mode=settings.safe_mode).findings


def _in_words(name: str, profile: Profile) -> str:
    return f"{name} (TensorFlow {profile.tensorflow}, Keras {profile.keras})"


def _declared(settings: Settings, inventory: Inventory, loaded: Loaded) -> Iterator[str]:
    """Names of classes, functions and ops that the case declares: here they were found."""
    yield from settings.custom_objects
    uses = resolved.subjects(inventory)
    unknown = set(loaded.unknown_objects)
    for index, use in enumerate(uses):
        if index not in unknown and not lore.is_keras_name(use.role, use.name):
            yield use.name
    if loaded.succeeded:
        # What a function looks up by name was found too.
        yield from (name for use in inventory.lambdas for code in use.codes for name in code.globals)
    for op in inventory.ops:
        if op.op not in loaded.unknown_ops and lore.first_tensorflow_with(op.op) is None:
            yield op.op
