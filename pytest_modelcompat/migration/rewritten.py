"""Which layers of a draft are not written as in the artifact that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.inventory import Inventory


def rewritten_paths(source: Inventory, draft: Inventory) -> frozenset[tuple[str, ...]]:
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
    return frozenset((*layers, *root, *compiled))
