"""The edits that a request makes possible: with what only its user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edits.vocabulary import vocabulary_edit

if TYPE_CHECKING:
    from pytest_modelcompat.migration.edit import Edit
    from pytest_modelcompat.migration.request import MigrationRequest


def request_edits(request: MigrationRequest) -> tuple[Edit, ...]:
    """The edits of a request, which are tried before all others.

    Args:
        request: what is asked for.
    """
    return (vocabulary_edit(request.vocabulary),) if request.vocabulary else ()
