"""The recorded profile of the Keras that wrote an artifact, or of the nearest version of its major."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.profiles.profile import Profile


@cache
def writer_profile(version: MinorVersion) -> Profile | None:
    """What a Keras that wrote an artifact knows.

    Args:
        version: its major and minor version.

    Returns:
        The profile of the newest recorded Keras that is not newer, else of the oldest of its major; None of no major.
    """
    from pytest_modelcompat.profiles.store import load_profile

    recorded = _recorded()
    same = [each for each in recorded if each[0] == version[0]]
    if not same:
        return None
    before = [each for each in same if each <= version]
    return load_profile(recorded[max(before) if before else min(same)])


@cache
def _recorded() -> dict[MinorVersion, str]:
    """Each recorded Keras, Keras 2 under the name of `tf_keras` among them -> a runtime that has it."""
    from pytest_modelcompat.runtimes.names import all_names, parse_name

    found: dict[MinorVersion, str] = {}
    for name in all_names():
        found.setdefault(parse_name(name).keras, name)
    return found
