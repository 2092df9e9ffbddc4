"""Conversion: the operations of one functional model as those of Keras 3, and those that have no equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.call import references
from pytest_modelcompat.migration.operations.graph import OF_OTHER_TENSORS, OPERATIONS, Graph
from pytest_modelcompat.migration.operations.layers import Writer
from pytest_modelcompat.migration.operations.order import orderly
from pytest_modelcompat.migration.operations.own_layers import own_entry, stub_name, symbol_of
from pytest_modelcompat.migration.operations.tensor import NoEqualError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.profiles.profile import Profile


@dataclass
class Conversion:
    """What becomes of the operations of one model.

    Args:
        entries: name of each that has an equal -> the entries that stand for it.
        unused: names of those that nothing uses, which are dropped.
        left: name of each that has none -> why.
    """

    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        config: dict[str, Any],
        profile: Profile,
        is_own: Callable[[str], bool],
        declared: Mapping[str, str] = MappingProxyType({}),
    ) -> Conversion:
        """What becomes of a model's operations; the model is not changed.

        Args:
            config: its configuration, with `layers` and `output_layers`.
            profile: of the reader.
            is_own: whether a class of this name is the user's own.
            declared: name of a class that the user has registered for an operation -> its registered name.
        """
        graph = Graph(config, is_own)
        writer = Writer(profile, set(graph.by_name))
        found = cls()
        for layer in graph.layers:
            if layer.get("class_name") in OF_OTHER_TENSORS:
                found.left[layer["name"]] = "it is made for ragged or sparse tensors, of which Keras 3 has no operation"
            if layer.get("class_name") in OPERATIONS and not is_own(layer["class_name"]):
                try:
                    calls = [graph.expression(layer, node) for node in range(len(layer.get("inbound_nodes") or ()))]
                    found.entries[layer["name"]] = writer.entries(layer["name"], calls)
                except NoEqualError as problem:
                    own = declared.get(stub_name(symbol_of(layer)))
                    entry = None if own is None else own_entry(graph, layer, own)
                    if entry is None:
                        found.left[layer["name"]] = str(problem)
                    else:
                        found.entries[layer["name"]] = [entry]
        found._drop(graph)
        return found

    def layers(self, config: dict[str, Any]) -> list[dict[str, Any]]:
        """The layers of the model with what this has for them.

        Args:
            config: of the model that it was made for.
        """
        return [
            entry
            for layer in config["layers"]
            if layer.get("name") not in self.unused
            for entry in self.entries.get(layer.get("name"), [layer])
        ]

    def _drop(self, graph: Graph) -> None:
        """Drop operations that are used by none, the last first: sizes of tensors that are numbers now."""
        ends = {place[0] for place in references(graph.config.get("output_layers"), graph.by_name)}
        operations = [each["name"] for each in graph.layers if each.get("class_name") in OPERATIONS]
        while True:
            used = ends | {
                source
                for layer in graph.layers
                if layer["name"] not in self.unused
                for entry in self.entries.get(layer["name"], [layer])
                for source in _sources(entry, graph)
            }
            gone = [each for each in operations if each not in used and each not in self.unused]
            if not gone:
                break
            self.unused += gone
        for name in self.unused:
            self.entries.pop(name, None)
            self.left.pop(name, None)


def _sources(entry: dict[str, Any], graph: Graph) -> Iterator[str]:
    for node in entry.get("inbound_nodes") or ():
        for place in references(node, graph.by_name):
            yield place[0]


def convert(
    config: dict[str, Any],
    profile: Profile,
    is_own: Callable[[str], bool],
    declared: Mapping[str, str] = MappingProxyType({}),
) -> Conversion:
    """Write the operations of a model as those of Keras 3, in place, as far as each has an equal.

    Args:
        config: of the model.
        profile: of the reader.
        is_own: whether a class of this name is the user's own.
        declared: name of a class that the user has registered for an operation -> its registered name.

    Returns:
        What was done; nothing where the reader could not put the calls of the model in order.
    """
    found = Conversion.of(config, profile, is_own, declared)
    if found.entries or found.unused:
        layers = orderly(found.layers(config), config.get("output_layers"), profile.keras_version)
        if layers is None:
            return Conversion(
                left=dict.fromkeys(found.entries, "its model calls a layer twice, before it and after it")
            )
        config["layers"] = layers
    return found
