"""Writing: the artifact again with another configuration, its weights copied as they are."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.migration.draft import Draft
    from pytest_modelcompat.migration.layouts.scalar import Scalar


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
        added: path in what is written -> a variable that the source does not have.
    """

    source: Path
    read: str
    format: str
    root: Mapping[str, Any]
    training: Mapping[str, Any]
    moved: Mapping[str, str | None] = field(default_factory=dict)
    added: Mapping[str, Scalar] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft) -> Rewrite:
        """What a draft comes to."""
        return cls(
            draft.source.path, draft.source.format, draft.format, draft.root, draft.training, draft.moved, draft.added
        )


def write(rewrite: Rewrite, target: Path) -> None:
    """Write an artifact.

    Args:
        rewrite: what to write.
        target: the file, which does not exist.
    """
    if rewrite.format == "keras":
        _write_archive(rewrite, target)
    else:
        _write_h5(rewrite, target)


def _write_archive(rewrite: Rewrite, target: Path) -> None:
    with zipfile.ZipFile(rewrite.source) as source, zipfile.ZipFile(target, "w") as archive:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "config.json":
                content = json.dumps(rewrite.root).encode("utf-8")
            archive.writestr(member, content)


def _write_h5(rewrite: Rewrite, target: Path) -> None:
    import h5py

    shutil.copyfile(rewrite.source, target)
    with h5py.File(target, "r+") as file:
        file.attrs["model_config"] = json.dumps(rewrite.root).encode("utf-8")
        if rewrite.training:
            file.attrs["training_config"] = json.dumps(rewrite.training).encode("utf-8")
