"""Which layers of a draft are not written as in the artifact that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.calls import calls_of
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.migration.configuration.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Inventory

    Path = tuple[str, ...]


def rewritten_paths(source: Inventory, draft: Inventory) -> frozenset[Path]:
    """Paths of the layers that are written in another way, or that the artifact does not have; `compile` among them.

    Args:
        source: of the artifact as it is.
        draft: of what is made of it.
    """
    before = {each.path: (each.class_name, each.module, each.config) for each in source.layers}
    layers = (
        each.path for each in draft.layers if before.get(each.path) != (each.class_name, each.module, each.config)
    )
    root = () if source.root == draft.root else ((),)
    compiled = () if source.training == draft.training else (COMPILE_PATH,)
    called = set(_called(dict(draft.root))) - set(_called(dict(source.root))) if root else ()
    return frozenset((*layers, *root, *compiled, *called))


def _called(root: dict[str, Any]) -> Iterator[Path]:
    """Paths of the layers whose calls are written as Keras 3 writes them."""
    for node in walk(root):
        if node.is_layer and any(isinstance(call, dict) and "args" in call for call in calls_of(node.data)):
            yield node.path
