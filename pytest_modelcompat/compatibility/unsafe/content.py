"""What a finding of unsafe content is about, as a digest: whoever accepts it has looked at that and at nothing else.

It leaves out the values of weights, so that a model which is only trained again stays accepted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.artifact_files import files_of, sha256_of
from pytest_modelcompat.artifacts.detection import KERAS_METADATA, SAVED_MODEL_FILES
from pytest_modelcompat.artifacts.formats import BARE_GRAPHS
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.saved_model.graph_content import graph_content
from pytest_modelcompat.compatibility.unsafe import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.results.finding import Finding

# What they find is known by its name alone: what it does is in its bytes, wherever in the artifact these are.
_OF_BYTES = (
    *(rules.PICKLE, rules.PROGRAM, rules.UNREAD_MEMBER, rules.ESCAPING_MEMBER, rules.DUPLICATE_MEMBER),
    *(rules.SECOND_GRAPH, rules.POLYGLOT),
)


@dataclass(frozen=True)
class ContentDigests:
    """The digests of what the findings of one artifact are about.

    Args:
        inventory: what the artifact holds.
    """

    inventory: Inventory

    def of(self, finding: Finding) -> str:
        """The digest of what a finding is about: of a configuration, of a graph, of where a link leads, of all bytes.

        Args:
            finding: one of unsafe content.

        Raises:
            BrokenArtifactError: the artifact cannot be read.
        """
        rule = rules.RULES[finding.code]
        if rule in _OF_BYTES:
            parts = self._bytes
        elif rule.is_of_container:
            parts = self._hazards(finding)
        else:
            parts = [*self._model, *self._training(finding)] if self._model else self._bytes
        return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()

    @cached_property
    def _parts(self) -> list[Inventory]:
        return list(_all_parts(self.inventory))

    @cached_property
    def _model(self) -> list[str]:
        """The configurations and the graphs; in a SavedModel, the former are part of the latter's metadata, too."""
        path, configurations = self.inventory.path, [_text(part.root) for part in self._parts if part.root]
        metadata = self._digests([path / KERAS_METADATA]) if (path / KERAS_METADATA).is_file() else []
        graphs = graph_content(path) if any((path / name).is_file() for name in SAVED_MODEL_FILES) else []
        alone = any(part.format in BARE_GRAPHS for part in self._parts) and path.is_file()
        return [*configurations, *metadata, *graphs, *(self._bytes if alone else ())]

    def _training(self, finding: Finding) -> Iterator[str]:
        """What `compile()` was given, which an .h5 keeps apart and which need not be loaded."""
        if any(layer_location(COMPILE_PATH) in place for place in finding.where):
            for part in self._parts:
                yield _text(part.training)

    def _hazards(self, finding: Finding) -> list[str]:
        hazards = (hazard for part in self._parts for hazard in part.hazards)
        return [_text(each.detail) for each in hazards if f"{each.what} {each.subject}" == finding.subject]

    @cached_property
    def _bytes(self) -> list[str]:
        return self._digests(files_of(self.inventory.path))

    def _digests(self, files: list[Path]) -> list[str]:
        folder = self.inventory.path.parent
        try:
            return [f"{_text(file.relative_to(folder).as_posix())} {sha256_of(file)}" for file in files]
        except OSError as error:
            raise BrokenArtifactError(f"{error.filename} cannot be read: {error.strerror or error}") from error


def _all_parts(inventory: Inventory) -> Iterator[Inventory]:
    yield inventory
    for other in inventory.others:
        yield from _all_parts(other)


def _text(value: object) -> str:
    """A value as text that is the same for the same value, in whatever order its keys stand."""
    return json.dumps(value, sort_keys=True, default=str)
