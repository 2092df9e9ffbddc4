"""Writing a SavedModel: the folder copied, its graph with changes, complete or not at all."""

from __future__ import annotations

import mmap
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.outside import is_outside
from pytest_modelcompat.migration.containers.placement import NotWrittenError, placed
from pytest_modelcompat.migration.saved_model.graph_changes import changed_graphs
from pytest_modelcompat.migration.saved_model.graph_draft import GRAPH_FILE

if TYPE_CHECKING:
    from pytest_modelcompat.migration.saved_model.graph_changes import GraphChanges
    from pytest_modelcompat.migration.saved_model.graph_plan import SavedModelPlan

# It holds a checksum of the graph, which is another now. TensorFlow loads a SavedModel without it.
FINGERPRINT = "fingerprint.pb"


def write_saved_model(plan: SavedModelPlan, target: Path) -> None:
    """Write a SavedModel with changed graphs; weights and assets are copied byte for byte.

    The folder appears under its name once it is complete.

    Args:
        plan: what to write.
        target: the folder, which does not exist, in one that does.

    Raises:
        NotWrittenError: it cannot be written, or a link in the SavedModel leads out of it; nothing is left.
    """
    if plan.draft is None:
        raise NotWrittenError(f"{target} is not written: the graph is text; write it as saved_model.pb first")
    if target.exists():
        raise NotWrittenError(f"{target} exists: give another folder")
    with placed(target) as path:
        _fill(plan.draft.source.path, path, plan.draft.changes)


def _fill(source: Path, target: Path, changes: GraphChanges) -> None:
    target.mkdir()
    for at, folders, names in os.walk(source):
        folder = target / Path(at).relative_to(source)
        for name in sorted(folders):
            _refuse_link(Path(at, name))
            (folder / name).mkdir()
        for name in sorted(names):
            if folder != target or name not in (GRAPH_FILE, FINGERPRINT):
                _copy(Path(at, name), folder / name, source)
    _write_graph(source / GRAPH_FILE, target / GRAPH_FILE, changes)


def _refuse_link(folder: Path) -> None:
    if folder.is_symlink():
        raise NotWrittenError(f"{folder} is a link to a folder, which is not copied: put the folder there itself")


def _copy(file: Path, copy: Path, source: Path) -> None:
    if file.is_symlink() and is_outside(file.resolve(), source.resolve()):
        raise NotWrittenError(f"{file} is a link out of the SavedModel, which is not copied: put the file there")
    if not file.is_file():
        raise NotWrittenError(f"{file} is no file that can be copied: take it out of the SavedModel")
    shutil.copyfile(file, copy)


def _write_graph(source: Path, target: Path, changes: GraphChanges) -> None:
    with source.open("rb") as opened:
        # It is closed with the last piece that shares its memory.
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        chunks, _ = changed_graphs(memoryview(mapped), changes)
    except ValueError as error:
        raise NotWrittenError(f"{source} is truncated or corrupt: {error}") from error
    with target.open("wb") as written:
        written.writelines(chunks)
