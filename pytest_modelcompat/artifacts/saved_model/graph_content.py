"""What a SavedModel's graphs compute, the same each time that the same code saves it.

TensorFlow gives every function a number of its own, which depends on how much was traced before: the same model,
trained once more, has other names in all of its graphs, and so another file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.saved_model.attributes import functions_in
from pytest_modelcompat.artifacts.saved_model.graph_file import read_meta_graphs
from pytest_modelcompat.artifacts.saved_model.tallies import tallies_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NUMBER = re.compile(r"_\d+$")
_OF_FUNCTION = re.compile(r"(?<= of function )\S+")


def graph_content(folder: Path) -> list[str]:
    """A text for every node of every graph and function, sorted: its function, name, op, inputs and attributes.

    Of a large file, what is in large constants is left out, as wherever it is read.

    Args:
        folder: a SavedModel.

    Raises:
        BrokenArtifactError: its graph cannot be read.
    """
    graphs = read_meta_graphs(folder, Budget())
    return sorted(text for graph in graphs for text in _nodes(graph.graph_def))


def without_numbers(place: str) -> str:
    """Where an op stands, as `op_locations` says it, without the number of its function.

    Args:
        place: `node "x" of function __inference_f_12`.
    """
    return _OF_FUNCTION.sub(lambda name: _plain(name.group()), place)


def _nodes(graph: Any) -> Iterator[str]:
    arguments = {each.signature.name: _places(each.signature.input_arg) for each in graph.library.function}
    for op, tally in tallies_of(graph).items():
        attributes = {entry: _attribute(entry) for entry in tally.entries}
        for node, function in tally:
            places = arguments.get(function or "", {})
            inputs = [places.get(each, each) for each in node.input]
            texts = sorted(attributes[entry] for entry in node.attr)
            yield repr((_plain(function or ""), node.name, _plain(op), inputs, texts))


def _places(arguments: Sequence[Any]) -> dict[str, int]:
    """The arguments of a function by their place: their names have numbers of TensorFlow's, too."""
    return {argument.name: place for place, argument in enumerate(arguments)}


def _attribute(entry: bytes) -> str:
    """An attribute as text; the functions that it names, without their numbers."""
    names = functions_in(entry)
    return repr([_plain(name) for name in names] if names else entry)


def _plain(name: str) -> str:
    return _NUMBER.sub("", name)
