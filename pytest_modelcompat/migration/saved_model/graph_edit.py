"""One kind of change of a SavedModel's graphs that makes it readable elsewhere without changing what it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.saved_model.graph_changes import GraphChanges
    from pytest_modelcompat.migration.saved_model.graph_draft import GraphDraft
    from pytest_modelcompat.migration.target import Target

    Change = Callable[[GraphDraft, Target], GraphChanges | None]


@dataclass(frozen=True)
class GraphEdit:
    """One kind of change; its texts may use `{reader}` and `{writer}`, the two versions of TensorFlow in words.

    Args:
        name: as the reference of edits has it: `drop-default-attribute`.
        what: what it changes, in one sentence.
        because: why the model stays equal; of one that loses something, what is kept.
        source: a public page, a file of TensorFlow, or `measured`.
        wrong_if: what would make it wrong: the condition under which it is not applied.
        change: a draft's changes with its own; None where it has nothing to change.
        loses: what is dropped that cannot be kept; empty for an edit that keeps everything.
    """

    name: str
    what: str
    because: str
    source: str
    wrong_if: str
    change: Change
    loses: str = ""
