"""Output: where what is written goes, and how it gets there in one step."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import MODEL_SUFFIXES
from pytest_modelcompat.migration.output.hidden_folder import staging, sweep_staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNPROVEN = ".unproven"


@dataclass(frozen=True)
class OutputPlace:
    """Where the output of one artifact goes; its suffix is that of the format that is written.

    Args:
        folder: the folder.
        stem: the name without a suffix.
    """

    folder: Path
    stem: str

    @classmethod
    def beside(cls, artifact: Path, label: str) -> OutputPlace:
        """Beside the artifact: `ranker.tf2.21.keras` of `ranker.h5`.

        Args:
            artifact: the file or folder.
            label: of the runtime.
        """
        return cls(artifact.parent, f"{stem_of(artifact)}.{label}")

    @classmethod
    def inside(cls, out: Path, artifact: Path, below: Path | None) -> OutputPlace:
        """In another folder under its own name.

        Args:
            out: that folder.
            artifact: the file or folder.
            below: the folder that was searched and in which it was found; the folders between are kept.
        """
        between = artifact.parent.relative_to(below) if below is not None else None
        return cls(out / between if between is not None else out, stem_of(artifact))

    def path(self, suffix: str) -> Path:
        """The file or folder to write.

        Args:
            suffix: `.h5`, `.keras`, or nothing for a SavedModel.
        """
        return self.folder / f"{self.stem}{suffix}"

    def candidates(self) -> tuple[Path, ...]:
        """Every file or folder that the output may be."""
        return tuple(self.path(suffix) for suffix in (*sorted(MODEL_SUFFIXES), ""))


def stem_of(artifact: Path) -> str:
    """The name without the suffix of a format: `ranker.v1` of `ranker.v1.h5` and of a folder `ranker.v1`."""
    return artifact.stem if artifact.suffix.lower() in MODEL_SUFFIXES else artifact.name


def unproven(target: Path) -> Path:
    """What is left instead of a target that is not proven; no version of Keras takes it for a model by its name."""
    return target.with_name(target.name + UNPROVEN)


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A path of the target's name in a hidden folder beside it, which is removed in the end with all in it.

    What a run left there that was killed is removed first.

    Args:
        target: what is to be written.

    Raises:
        OSError: the folder cannot be made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_staging(target.parent)
    with staging(target.parent) as folder:
        # Alone in it: the name may be one that the folder itself has something under.
        (folder / "new").mkdir()
        yield folder / "new" / target.name


def place(written: Path, target: Path) -> None:
    """Give what was written its name, in place of what has it.

    Args:
        written: a file or folder on the same disk.
        target: the name.

    Raises:
        OSError: the system refuses.
    """
    if written.is_dir() or target.is_dir():
        # A file takes the place of another in one step.
        remove(target)
    os.replace(written, target)  # noqa: PTH105 - of folders too, on every system


def remove(path: Path) -> None:
    """Remove a file or a folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
