"""Saves that broke off: an .h5 file whose lists name layers and weights that are not in it.

Keras writes the list of all layers first, then each layer with the list of its weights, then their values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.name_lists import LAYERS, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.contents import Hdf5Contents


def missing_weights(contents: Hdf5Contents) -> Iterator[str]:
    """What every Keras looks for in a file and does not find: paths of layers and weights, in the order of the lists.

    Args:
        contents: what the file holds.
    """
    there = {*contents.paths, *(dataset.path for dataset in contents.datasets)}
    for group, lists in contents.name_lists.items():
        for kind in (LAYERS, WEIGHTS):
            met: set[str] = set()
            for name in lists.get(kind, ()):
                # Of two weights of one name the second is refused, so that a save which meets them breaks off there.
                if name in met or _is_missing(f"{group}{name}", there, contents.links):
                    yield f"{group}{name}"
                met.add(name)


def _is_missing(path: str, there: set[str], links: set[str]) -> bool:
    """Whether a path leads nowhere; what is behind a link is taken to be there."""
    return path not in there and not any(path == link or path.startswith(f"{link}/") for link in links)
