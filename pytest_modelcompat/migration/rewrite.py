"""Writing: the artifact again with another configuration, its weights copied as they are."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.zip_reader import ZipError
from pytest_modelcompat.artifacts.keras.archive import CONFIG, METADATA, WEIGHTS
from pytest_modelcompat.migration.containers.hdf5_edit import Hdf5Edit, Hdf5Editor, NotEditedError
from pytest_modelcompat.migration.containers.placement import NotWrittenError, placed
from pytest_modelcompat.migration.containers.zip_copy import copy_zip, unpack_member, zip_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.migration.draft import Draft
    from pytest_modelcompat.migration.layouts.scalar import Scalar

# The group of an .h5 file in which attributes name its layers and their weights.
_H5_WEIGHTS = "model_weights"


@dataclass(frozen=True)
class Rewrite:
    """What is written.

    Args:
        source: the artifact as it is.
        read: its format, `h5` or `keras`.
        format: the format to write.
        root: the outermost node of the model's configuration, without what `compile()` was given in an `.h5`.
        training: what `compile()` was given; empty for none.
        moved: path of a dataset in the source -> its path in what is written; None for one that is left out. Those
            that are not named keep theirs.
        renamed: the same of files in a .keras artifact.
        is_zipped: whether a folder is written as a zip.
        added: path in what is written -> a variable that the source does not have.
    """

    source: Path
    read: str
    format: str
    root: Mapping[str, Any]
    training: Mapping[str, Any]
    moved: Mapping[str, str | None] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_zipped: bool = False
    added: Mapping[str, Scalar] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft) -> Rewrite:
        """What a draft comes to."""
        source = draft.source
        files = {each.path for each in source.assets}
        changed = {before: after for before, after in draft.moved.items() if before != after}
        moved = {before: after for before, after in changed.items() if before not in files}
        renamed = {before: after for before, after in changed.items() if before in files and after}
        is_zipped = bool(draft.suffix)
        written = (draft.format, draft.root, draft.training)
        return cls(source.path, source.format, *written, moved, renamed, is_zipped, draft.added)


def write(rewrite: Rewrite, target: Path) -> None:
    """Write an artifact; its name is there only once all of it is on the disk.

    Args:
        rewrite: what to write.
        target: the file, or the folder where the source is one and is not zipped; a file of that name is replaced.

    Raises:
        NotWrittenError: it cannot be written; nothing is left under the name.
    """
    try:
        with placed(target) as path:
            _write(rewrite, path)
    except (NotEditedError, ZipError) as error:
        raise NotWrittenError(f"{rewrite.source} cannot be rewritten: {error}") from error


def copy_artifact(source: Path, target: Path) -> None:
    """Write a file as it is under another name.

    Args:
        source: the file.
        target: its other name.

    Raises:
        NotWrittenError: it cannot be written; nothing is left under the name.
    """
    with placed(target) as path:
        shutil.copyfile(source, path)


def _write(rewrite: Rewrite, path: Path) -> None:
    if rewrite.source.is_dir():
        folder = path.with_name("unzipped") if rewrite.is_zipped else path
        _write_folder(rewrite, folder)
        if rewrite.is_zipped:
            zip_folder(folder, path, first=(METADATA, CONFIG))
    elif rewrite.format == "keras":
        _write_archive(rewrite, path)
    else:
        _write_h5(rewrite, path)


def _write_archive(rewrite: Rewrite, path: Path) -> None:
    new: dict[str, bytes | Path] = {CONFIG: _json(rewrite.root).encode("ascii")}
    if rewrite.moved or rewrite.added:
        weights = path.with_name(WEIGHTS)
        with Hdf5Editor(path.parent, rewrite.source.stat().st_size) as editor:
            unpack_member(rewrite.source, WEIGHTS, weights)
            editor.edit(weights, Hdf5Edit(moved=rewrite.moved, added=_added(rewrite)))
        new[WEIGHTS] = weights
    copy_zip(rewrite.source, path, new, rewrite.renamed)


def _write_folder(rewrite: Rewrite, path: Path) -> None:
    shutil.copytree(rewrite.source, path)
    (path / CONFIG).write_bytes(_json(rewrite.root).encode("ascii"))
    for before, after in rewrite.renamed.items():
        (path / after).parent.mkdir(parents=True, exist_ok=True)
        (path / before).rename(path / after)
    if rewrite.moved or rewrite.added:
        with Hdf5Editor(path, (path / WEIGHTS).stat().st_size) as editor:
            editor.edit(path / WEIGHTS, Hdf5Edit(moved=rewrite.moved, added=_added(rewrite)))


def _write_h5(rewrite: Rewrite, path: Path) -> None:
    texts = {"model_config": rewrite.root, "training_config": rewrite.training}
    attributes = {name: _json(value) if value else None for name, value in texts.items()}
    with Hdf5Editor(path.parent, rewrite.source.stat().st_size) as editor:
        shutil.copyfile(rewrite.source, path)
        editor.edit(path, Hdf5Edit(attributes, rewrite.moved, _H5_WEIGHTS, _added(rewrite)))


def _added(rewrite: Rewrite) -> dict[str, tuple[float, str]]:
    return {path: (each.value, each.dtype) for path, each in rewrite.added.items()}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value)
