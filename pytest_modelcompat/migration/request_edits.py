"""The edits of a request: those of every artifact, and what its user alone has or asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edits import conversion
from pytest_modelcompat.migration.edits.order import BEFORE_STATE, OF_STATE
from pytest_modelcompat.migration.edits.vocabulary import vocabulary_edit
from pytest_modelcompat.migration.edits.wanted_format import CONVERTED, wanted_format_edits

if TYPE_CHECKING:
    from pytest_modelcompat.migration.edit import Edit
    from pytest_modelcompat.migration.request import MigrationRequest


def request_edits(request: MigrationRequest, wanted: str = "") -> tuple[Edit, ...]:
    """The edits of a request, in the order in which they are tried.

    Args:
        request: what is asked for.
        wanted: the format that the file is to have; empty for the one that is nearest.
    """
    given = (vocabulary_edit(request.vocabulary),) if request.vocabulary else ()
    asked = wanted_format_edits(wanted) if wanted in CONVERTED else ()
    return (*given, *BEFORE_STATE, *asked, *conversion.LAST, *OF_STATE)
