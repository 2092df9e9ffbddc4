"""Edits of a format that somebody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.edits.conversion import convert, with_and_without_state
from pytest_modelcompat.migration.layouts.keras_groups import UnknownGroupError
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

CONVERTED = ("keras", "h5")


def wanted_format_edits(wanted: str) -> tuple[Edit, ...]:
    """The edits that write a file in the format of `--to`, with the state of the optimizer or without it.

    Args:
        wanted: `keras` or `h5`.
    """

    def apply(draft: Draft, target: Target) -> Iterator[Change]:
        try:
            yield from convert(draft, target, wanted)
        except UnknownGroupError:
            return

    return with_and_without_state(
        Edit(
            f"to-{wanted}",
            what=f"it is written as `.{wanted}`, as `--to {wanted}` asks for",
            because="both formats hold the same layers and weights; each weight stands where Keras reads that layer's",
            source=MEASURED,
            wrong_if="the place of a weight is not known for sure, as in a layer of another package",
            apply=apply,
            is_unseen=True,
        )
    )
