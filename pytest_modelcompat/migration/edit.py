"""Edit: one change that makes an artifact readable elsewhere without changing what it predicts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target

    Apply = Callable[[Draft, Target], Iterable[Change]]

_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Edit:
    """One kind of change.

    Its texts may use `{reader}` and `{writer}`, the two versions of Keras in words.

    Args:
        name: as the reference of edits has it: `rename-learning-rate`.
        what: what it changes, in one sentence.
        because: why the model stays equal; of one that loses something, what is kept.
        source: a public thread, a file of Keras, or `measured`.
        wrong_if: what would make it wrong: the condition under which it is not applied.
        apply: changes a draft wherever the condition holds, and says where; nothing where it does not.
        is_unseen: whether it is needed although no finding says so, so that it stays where it answers none.
        loses: what is dropped that cannot be kept; empty for an edit that keeps everything.
        loses_loss: whether part of what is dropped is a loss, so that losses are other numbers then.
        loses_steps: whether a step of training gives other numbers then.
    """

    name: str
    what: str
    because: str
    source: str
    wrong_if: str
    apply: Apply
    is_unseen: bool = False
    loses: str = ""
    loses_loss: bool = False
    loses_steps: bool = False


def change(node: Node, before: Any = None, after: Any = None, key: str = "") -> Change:
    """A change at a node.

    Args:
        node: the layer or object.
        before: what stands there, as JSON can hold it; None for nothing.
        after: what is written in its place; None for nothing.
        key: the key of its configuration; empty for the node as a whole.
    """
    return Change(where_of(node), _shown(key, before), _shown(key, after))


def where_of(node: Node) -> str:
    """The place of a node, in the words of findings."""
    if node.in_compile:
        return "compile()"
    name = f'"{node.path[-1]}"' if node.path else "the model"
    inside = f' inside "{node.path[-2]}"' if len(node.path) > 1 else ""
    return f"{'' if node.is_layer else f'{node.role} of '}{name}{inside}"


def _shown(key: str, value: Any) -> str:
    if value is None and not key:
        return ""
    if value is None:
        return ""
    text = value if isinstance(value, str) and not key else json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
    return f"{key}={text}" if key else text
