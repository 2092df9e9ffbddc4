"""Edits of the container: a name that says what is in the file, and a zip of what is in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.results.finding import MEASURED
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target

# What `load_model` takes as the name of each format.
_SUFFIXES = {"h5": (".h5", ".hdf5"), "keras": (".keras",)}
_KERAS = ".keras"


def _name_by_content(draft: Draft, target: Target) -> Iterator[Change]:
    del target
    suffix = draft.source.path.suffix
    if draft.format == draft.source.format and suffix not in _SUFFIXES[draft.format] and not draft.source.path.is_dir():
        draft.suffix = f".{draft.format}"
        yield Change("the file's name", suffix or draft.source.path.name, draft.suffix)


def _zip_folder(draft: Draft, target: Target) -> Iterator[Change]:
    del target
    if draft.format == "keras" and draft.source.path.is_dir():
        draft.suffix = _KERAS
        yield Change("the container", "a folder", "a zip")


EDITS = (
    Edit(
        "name-by-content",
        what="the file gets the suffix of what it is: `.h5` for HDF5, `.keras` for a zip",
        because="the content stays; Keras takes the suffix for the format",
        source=MEASURED,
        wrong_if="the suffix is already one of its format",
        apply=_name_by_content,
    ),
    Edit(
        "zip-folder",
        what="the files of a model that was saved with `zipped=False` are put into a zip",
        because="the files stay as they are; {reader} reads them from a zip alone",
        source=MEASURED,
        wrong_if="{reader} reads the folder",
        apply=_zip_folder,
    ),
)
