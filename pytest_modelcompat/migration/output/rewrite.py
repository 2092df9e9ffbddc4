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
from pytest_modelcompat.migration.containers.zip_copy import copy_zip, unpack_member, write_zip, zip_folder
from pytest_modelcompat.migration.layouts.h5_names import H5_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.scalar import Scalar

_KERAS_2 = "2.15.0"


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
        names: as in the draft.
        state: as in the draft.
        saved_by: the versions that wrote the source, by package.
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
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    state: Sequence[str] = ()
    saved_by: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft) -> Rewrite:
        """What a draft comes to."""
        source = draft.source
        files = {each.path for each in source.assets}
        changed = {before: after for before, after in draft.moved.items() if before != after}
        moved = {before: after for before, after in changed.items() if before not in files}
        renamed = {before: after for before, after in changed.items() if before in files and after}
        return cls(
            source.path,
            source.format,
            draft.format,
            draft.root,
            draft.training,
            moved,
            renamed,
            is_zipped=bool(draft.suffix),
            added=draft.added,
            names=draft.names,
            state=draft.state,
            saved_by=source.saved_by,
        )


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
    if rewrite.read != rewrite.format:
        _write_other_format(rewrite, path)
    elif rewrite.source.is_dir():
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
    with Hdf5Editor(path.parent, rewrite.source.stat().st_size) as editor:
        shutil.copyfile(rewrite.source, path)
        editor.edit(path, Hdf5Edit(_texts(rewrite), rewrite.moved, H5_WEIGHTS, added=_added(rewrite)))


def _write_other_format(rewrite: Rewrite, path: Path) -> None:
    with Hdf5Editor(path.parent, _size(rewrite.source)) as editor:
        if rewrite.format == "h5":
            _copy_weights(rewrite.source, path)
            editor.edit(path, _as_h5(rewrite))
            return
        weights = path.with_name(WEIGHTS)
        shutil.copyfile(rewrite.source, weights)
        editor.edit(weights, _as_weights(rewrite))
    saved_by = {f"{package}_version": version for package, version in rewrite.saved_by.items() if package == "keras"}
    root = _json(rewrite.root).encode("ascii")
    write_zip(path, {METADATA: _json(saved_by).encode("ascii"), CONFIG: root, WEIGHTS: weights})


def _copy_weights(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copyfile(source / WEIGHTS, target)
    else:
        unpack_member(source, WEIGHTS, target)


def _size(source: Path) -> int:
    return (source / WEIGHTS if source.is_dir() else source).stat().st_size


def _as_h5(rewrite: Rewrite) -> Hdf5Edit:
    """The weights of a .keras file as an .h5 file."""
    # Without it, Keras 2 takes the weights for those of Keras 1, and turns some of them.
    versions = {"keras_version": rewrite.saved_by.get("keras", _KERAS_2), "backend": "tensorflow"}
    layers = {f"{H5_WEIGHTS}/{layer}": {"weight_names": names} for layer, names in rewrite.names.items()}
    state = {"optimizer_weights": {"weight_names": rewrite.state}} if rewrite.state else {}
    return Hdf5Edit(
        {**versions, **_texts(rewrite)},
        rewrite.moved,
        added=_added(rewrite),
        removed=("vars", "layers", "_layer_checkpoint_dependencies", "optimizer", "metrics"),
        groups={H5_WEIGHTS: {**versions, "layer_names": [*rewrite.names]}, **layers, **state},
    )


def _as_weights(rewrite: Rewrite) -> Hdf5Edit:
    """An .h5 file as the weights of a .keras file, of which the group of the model's own may not be missing."""
    attributes = dict.fromkeys(("model_config", "training_config", "keras_version", "backend"))
    return Hdf5Edit(
        attributes,
        rewrite.moved,
        removed=(H5_WEIGHTS, "optimizer_weights"),
        groups={"vars": {}},
        added=_added(rewrite),
    )


def _texts(rewrite: Rewrite) -> dict[str, str | None]:
    texts = {"model_config": rewrite.root, "training_config": rewrite.training}
    return {name: _json(value) if value else None for name, value in texts.items()}


def _added(rewrite: Rewrite) -> dict[str, tuple[float, str]]:
    return {path: (each.value, each.dtype) for path, each in rewrite.added.items()}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value)
