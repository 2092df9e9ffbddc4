"""A SavedModel as it will be written: its graphs with changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.detection import SAVED_MODEL_FILES
from pytest_modelcompat.artifacts.saved_model.graph_file import read_thinned
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.artifacts.saved_model.reader import inventory_of
from pytest_modelcompat.migration.saved_model.graph_changes import GraphChanges, changed_graphs

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Inventory, OpUse
    from pytest_modelcompat.migration.saved_model.graph_changes import Place
    from pytest_modelcompat.migration.saved_model.wire import Chunks

GRAPH_FILE = SAVED_MODEL_FILES[0]


@dataclass(frozen=True)
class GraphDraft:
    """What will be written instead of a SavedModel.

    Args:
        source: the inventory of the SavedModel as it is.
        data: its `SavedModel` message, without the tensors of a large one.
        changes: what is changed.
    """

    source: Inventory
    data: bytes
    changes: GraphChanges = field(default_factory=GraphChanges)

    @classmethod
    def of(cls, source: Inventory) -> GraphDraft:
        """The draft that equals its source.

        Args:
            source: of a folder with a saved_model.pb.

        Raises:
            BrokenArtifactError: that file is damaged.
        """
        return cls(source, read_thinned(source.path / GRAPH_FILE, "SavedModel", "a SavedModel", Budget()))

    def with_changes(self, changes: GraphChanges) -> GraphDraft:
        """The same SavedModel with other changes."""
        return replace(self, changes=changes)

    @property
    def places(self) -> Counter[Place]:
        """What is changed, and how often."""
        return self._changed[1]

    @cached_property
    def inventory(self) -> Inventory:
        """What a static read of the written SavedModel finds; it has no fingerprint."""
        if self.changes == GraphChanges():
            return self.source
        graphs = parse("SavedModel", b"".join(self._changed[0])).meta_graphs
        return replace(inventory_of(self.source.path, graphs, Budget()), fingerprint="")

    def ops(self) -> Iterator[OpUse]:
        """The ops of every graph, those that loaders take only when they are asked for it too."""
        yield from self.inventory.ops
        for other in self.inventory.others:
            yield from other.ops

    @cached_property
    def _changed(self) -> tuple[Chunks, Counter[Place]]:
        return changed_graphs(memoryview(self.data), self.changes)
