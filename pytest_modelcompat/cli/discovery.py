"""Discovery: from the paths, folders and globs a user names to the artifacts they mean."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import detect_format
from pytest_modelcompat.artifacts.formats import MODEL_SUFFIXES
from pytest_modelcompat.artifacts.text import natural_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_NOT_ENTERED = frozenset({"node_modules", "__pycache__", "site-packages"})
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
_MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True)
class FoundArtifact:
    """An artifact to read, or why there is none.

    Args:
        path: the artifact; the pattern or folder in which there is none.
        problem: one sentence, where there is none.
        is_named: whether the user named this very path, rather than a folder or a glob it was met in.
    """

    path: Path
    problem: str = ""
    is_named: bool = True


def find_artifacts(arguments: Iterable[str]) -> tuple[FoundArtifact, ...]:
    """Finds the artifacts that paths, folders and globs mean, each once, in the order given.

    A path that is named is taken, whatever it is. In a folder, and among what a glob matches, files count by their
    suffix (`.h5`, `.hdf5`, `.keras`), those without a suffix and those called `.pb` by their content. A
    SavedModel is one artifact, and what lies in it belongs to it. Hidden folders, virtual environments and
    `node_modules` are not entered.

    Args:
        arguments: as on a command line.
    """
    found: dict[str, FoundArtifact] = {}
    for argument in arguments:
        try:
            meant = tuple(_artifacts_of(argument))
        except OSError as error:
            problem = f"{error.filename or argument} cannot be read: {error.strerror or error}"
            meant = (FoundArtifact(Path(argument), problem),)
        for each in meant:
            found.setdefault(os.path.realpath(each.path), each)
    return tuple(found.values())


def _artifacts_of(argument: str) -> Iterator[FoundArtifact]:
    path = Path(argument)
    is_pattern = bool(_MAGIC.search(argument)) and not path.exists()
    if is_pattern:
        inside = tuple(_matching(argument))
        problem = f"nothing that looks like a model matches {argument}"
    elif path.is_dir() and not _is_artifact(path):
        inside = tuple(_below(path))
        if not inside and detect_format(path):
            yield FoundArtifact(path)
            return
        problem = "" if inside else _no_model_in(path)
    else:
        yield FoundArtifact(path.parent if path.name in _GRAPHS else path)
        return
    yield from (FoundArtifact(each, is_named=False) for each in inside)
    if not inside:
        yield FoundArtifact(path, problem)


def _no_model_in(folder: Path) -> str:
    from pytest_modelcompat.artifacts.descriptions import describe_non_artifact

    try:
        empty = not any(folder.iterdir())
        return f"{folder} is an empty folder" if empty else describe_non_artifact(folder)
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror or error}"


def _matching(pattern: str) -> Iterator[Path]:
    import glob

    start = _literal_prefix(pattern)
    for name in sorted(glob.glob(pattern, recursive=True), key=natural_order):  # noqa: PTH207 - also absolute patterns
        path = Path(name)
        inside = [each for each in (path, *path.parents) if each.is_relative_to(start) and each != start]
        if any(_is_artifact(parent) for parent in path.parents):
            if path.name in _GRAPHS:
                yield path.parent
        elif path.is_dir() and _is_artifact(path):
            yield path
        elif not all(_is_searched(each) for each in inside if each.is_dir()):
            continue
        elif path.is_dir():
            yield from _below(path)
        elif path.suffix.lower() in MODEL_SUFFIXES or detect_format(path):
            yield path


def _literal_prefix(pattern: str) -> Path:
    """The folders that a pattern names in full: `models` of `models/*/v?.h5`."""
    return Path(pattern[: _MAGIC.search(pattern).start()] + "x").parent  # type: ignore[union-attr] # it is a pattern


def _below(folder: Path) -> Iterator[Path]:
    unreadable: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=unreadable.append):
        here = Path(root)
        entered = []
        for name in sorted(folders, key=natural_order):
            if _is_artifact(here / name):
                yield here / name
            elif _is_searched(here / name):
                entered.append(name)
        folders[:] = entered
        yield from (here / name for name in sorted(files, key=natural_order) if _is_plausible(here / name))
    yield from (Path(error.filename) for error in unreadable if error.filename)


def _is_searched(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_ENTERED:
        return False
    return not (folder / _VIRTUAL_ENVIRONMENT).is_file()


def _is_plausible(file: Path) -> bool:
    suffix = file.suffix.lower()
    if file.name.startswith("."):
        return False
    if suffix in MODEL_SUFFIXES:
        return True
    # Files of any kind are called .pb, and the files of a checkpoint are weights for another model.
    return suffix in ("", ".pb") and detect_format(file) not in (None, "checkpoint")


def _is_artifact(folder: Path) -> bool:
    """Whether a folder is an artifact itself: a SavedModel, or a .keras file that somebody unzipped.

    A folder of checkpoints may hold the models of a training as well.
    """
    return folder.is_dir() and detect_format(folder) not in (None, "checkpoint")
