"""The names pytest knows the plugin by, and telling a model test from any other.

All that a session without model tests needs, so it imports nothing besides pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_modelcompat.results.target import Target
    from pytest_modelcompat.roundtrip.case import Case

ROUNDTRIP = "model_roundtrip"
ARTIFACT = "model_artifact"
_MARKERS = frozenset((ROUNDTRIP, ARTIFACT))
FIXTURE = "model_roundtrip"
TARGET_ARGUMENT = "modelcompat_target"


class ModelItem(pytest.Item):
    """A target that no test function makes: of an artifact, or of a builder named on the command line."""

    case: Case


def target_of(item: pytest.Item) -> Target | None:
    """The target an item is; None if it is not one."""
    callspec = getattr(item, "callspec", None)
    target: Target | None = callspec.params.get(TARGET_ARGUMENT) if callspec is not None else None
    return target


def is_marked(node: Any) -> bool:
    """Whether an item or function definition carries one of the markers, of its own or of its class or module."""
    while node is not None:
        for mark in node.own_markers:
            if mark.name in _MARKERS:
                return True
        node = node.parent
    return False


def is_model_item(item: pytest.Item) -> bool:
    """Whether an item is a target, calls the fixture, or carries a marker it cannot honour."""
    return FIXTURE in getattr(item, "fixturenames", ()) or is_marked(item)


def is_ours(item: pytest.Item) -> bool:
    """Whether an item is a model test, or was made of an artifact or a builder without one."""
    return is_model_item(item) or isinstance(item, ModelItem)
