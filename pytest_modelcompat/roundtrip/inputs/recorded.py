"""The inputs that a case's golden was recorded with: derived ones are found again by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.golden import GoldenBrokenError, GoldenMissingError
from pytest_modelcompat.roundtrip.golden_check import unpacked

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def recorded_inputs(case: Case, context: SessionContext) -> Any:
    """The inputs that a case's golden holds; None where it has none to go by, or is to be recorded now.

    Args:
        case: the case.
        context: what the session's targets share.
    """
    if context.updating and case.golden not in context.store.recorded:
        return None
    try:
        return unpacked(context.store.read(case.golden).inputs)
    except (GoldenMissingError, GoldenBrokenError):
        return None
