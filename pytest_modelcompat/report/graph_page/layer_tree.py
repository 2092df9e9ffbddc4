"""The layers of one artifact as a tree, and who feeds whom in it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.artifacts.layers import layer_feeds, layer_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import LayerUse

# Layers deeper than this stand beside those that they are in.
_DEEPEST = 20


class LayerTree:
    """Which layers are directly inside which, and which outputs each takes.

    Args:
        inventory: what the artifact holds.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.wired = dict(layer_feeds(inventory.root))
        """Layer of a functional model -> those that feed it, as stored."""
        self._inside: dict[int | None, list[LayerUse]] = {}
        self._model_class = inventory.model_class
        by_path: dict[tuple[str, ...], tuple[LayerUse, int]] = {}
        for layer in inventory.layers:
            cuts = (layer.path[:length] for length in range(len(layer.path) - 1, 0, -1))
            parent, depth = next((by_path[cut] for cut in cuts if cut in by_path), (None, 0))
            self._inside.setdefault(None if parent is None else id(parent), []).append(layer)
            if depth < _DEEPEST:
                by_path.setdefault(layer.path, (layer, depth + 1))

    def inside(self, layer: LayerUse | None) -> Sequence[LayerUse]:
        """The layers directly inside a layer, or those of the outermost model.

        Args:
            layer: it; None for the outermost model.
        """
        return self._inside.get(None if layer is None else id(layer), ())

    def feeds(self, layer: LayerUse | None) -> Mapping[str, Sequence[str]]:
        """Who feeds whom directly inside a layer; those of a Sequential feed each the next.

        Args:
            layer: it; None for the outermost model.
        """
        names = [layer_name(each) for each in self.inside(layer)]
        if (self._model_class if layer is None else layer.class_name) == "Sequential":
            return {name: [before] for before, name in pairwise(names)}
        return {name: self.wired[name] for name in names if name in self.wired}

    def uses(self, layer: LayerUse | None) -> list[list[int]]:
        """For each layer directly inside a layer the places of those that feed it.

        Args:
            layer: it; None for the outermost model.
        """
        inside, feeds = self.inside(layer), self.feeds(layer)
        at = {layer_name(each): place for place, each in enumerate(inside)}
        sources = (feeds.get(layer_name(each), ()) for each in inside)
        return [[at[source] for source in each if source in at] for each in sources]
