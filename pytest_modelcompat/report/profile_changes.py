"""The difference of two profiles as a page: what went, what changed, what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned
from pytest_modelcompat.report.layout import INDENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.profiles.difference import ProfileChange
    from pytest_modelcompat.profiles.profile import Profile

_HEADS = {"gone": "GONE", "changed": "CHANGED", "added": "NEW"}


def changes_page(old: Profile, new: Profile, changes: Sequence[ProfileChange]) -> Iterator[str]:
    """Everything that differs; names of one kind that went or came as a whole are on one line.

    Args:
        old: the profile from before.
        new: the later one.
        changes: how they differ.
    """
    yield from aligned([("old:", *_versions(old)), ("new:", *_versions(new))])
    for how, head in _HEADS.items():
        found = [each for each in changes if each.how == how]
        if found:
            yield from ("", head, *(f"{INDENT}{row}" for row in aligned([*_rows(found)])))
    yield ""
    counts = ", ".join(f"{sum(each.how == how for each in changes)} {head.lower()}" for how, head in _HEADS.items())
    yield counts if changes else "both know the same"


def _versions(profile: Profile) -> tuple[str, str, str]:
    return profile.name, f"TensorFlow {profile.tensorflow}", f"Keras {profile.keras}"


def _rows(found: Sequence[ProfileChange]) -> Iterator[tuple[str, str]]:
    for what in dict.fromkeys(each.what for each in found):
        whole = [each.name for each in found if each.what == what and not each.detail]
        if whole:
            yield what, ", ".join(whole)
        yield from ((what, f"{each.name}: {each.detail}") for each in found if each.what == what and each.detail)
