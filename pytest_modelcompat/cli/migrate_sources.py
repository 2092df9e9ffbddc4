"""The artifacts that are to be migrated, and the place of each one's output."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.discovery import FoundArtifact, find_artifacts
from pytest_modelcompat.golden.migrated_copies import read_provenance
from pytest_modelcompat.migration.output.place import OutputPlace

if TYPE_CHECKING:
    import argparse


@dataclass(frozen=True)
class MigrationSource:
    """One artifact.

    Args:
        found: it, or why there is none.
        place: where its output goes.
        before: those before it whose outputs may have the same name.
    """

    found: FoundArtifact
    place: OutputPlace
    before: tuple[FoundArtifact, ...] = ()

    @property
    def path(self) -> Path:
        """The artifact."""
        return self.found.path


def migration_sources(options: argparse.Namespace) -> list[MigrationSource]:
    """The artifacts of the paths, folders and globs; in folders without what a migration has written.

    Args:
        options: those of the command.
    """
    sources: list[MigrationSource] = []
    seen: dict[OutputPlace, list[FoundArtifact]] = defaultdict(list)
    paths: dict[Path, None] = {}
    for argument in options.paths:
        for found in find_artifacts([argument]):
            resolved = found.path.resolve()
            if resolved in paths or (not found.is_named and read_provenance(found.path) is not None):
                continue
            paths[resolved] = None
            place = _place(argument, found, options)
            sources.append(MigrationSource(found, place, tuple(seen[place])))
            seen[place].append(found)
    return sources


def _place(argument: str, found: FoundArtifact, options: argparse.Namespace) -> OutputPlace:
    if options.out is None:
        label = Path(options.runtime or "").stem if str(options.runtime).endswith(".json") else str(options.runtime)
        return OutputPlace.beside(found.path, label)
    is_below = not found.is_named and Path(argument).is_dir()
    return OutputPlace.inside(options.out, found.path, Path(argument) if is_below else None)
