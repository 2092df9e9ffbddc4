"""Edits of weights: those of a .keras file, and the files beside them, are put where the reader looks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.archive import ASSETS
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.layouts.keras_groups import Layout, UnknownGroupError, moved_groups
from pytest_modelcompat.results.finding import MEASURED
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target

_FIRST_ZIP = (2, 12)


def _moved_weights(draft: Draft, target: Target) -> Iterator[Change]:
    yield from _moved(draft, target, [weight.path for weight in draft.source.weights], "")


def _moved_assets(draft: Draft, target: Target) -> Iterator[Change]:
    yield from _moved(draft, target, [asset.path for asset in draft.source.assets], ASSETS)


def _moved(draft: Draft, target: Target, paths: Iterable[str], folder: str) -> Iterator[Change]:
    is_keras = draft.source.format == draft.format == "keras"
    if not is_keras or not target.saved_by.get("keras") or target.reader < _FIRST_ZIP:
        return
    inside = [path.removeprefix(folder) for path in paths]
    try:
        moved = moved_groups(draft.source.root, inside, Layout.of(target.writer), Layout.of(target.reader))
    except UnknownGroupError:
        return
    for before, after in moved.items():
        if draft.moved.get(folder + before, folder + before) != folder + after:
            draft.moved[folder + before] = folder + after
            yield Change("the weights", folder + before, folder + after)


EDITS = (
    Edit(
        "move-weights",
        what="weights move to the groups in which {reader} looks for them",
        because="each layer gets its own weights again: the groups are those of the same layers in the same order",
        source="keras-team/tf-keras#664",
        wrong_if="a group is of no layer that the configuration describes, as in a subclassed model",
        apply=_moved_weights,
    ),
    Edit(
        "move-assets",
        what="files of layers, such as vocabularies, move to the folders in which {reader} looks for them",
        because="each layer gets its own files again: the folders are those of the same layers in the same order",
        source=MEASURED,
        wrong_if="a folder is of no layer that the configuration describes",
        apply=_moved_assets,
        is_unseen=True,
    ),
)
