"""A function of the project's that compares an output, by its place `module:function`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.comparison.tolerance import OwnComparison

if TYPE_CHECKING:
    from collections.abc import Callable


class OwnFunctionError(Exception):
    """A function that compares cannot be imported, raised, or said nothing; the message names it."""


def call_own(place: str, function: Callable[..., Any] | None, actual: Any, expected: Any) -> OwnComparison:
    """What a function says of an output.

    Args:
        place: `module:function`.
        function: it, where it was given itself; None to import it.
        actual: a NumPy array, or a ragged or sparse value.
        expected: the same.

    Raises:
        OwnFunctionError: it is not there, raised, or gave neither True, False nor an `OwnComparison`.
    """
    found = function or _imported(place)
    try:
        said = found(actual, expected)
    except Exception as error:
        raise OwnFunctionError(f"compare: {place} raised {type(error).__name__}: {error}") from error
    if isinstance(said, OwnComparison):
        return said
    # A comparison of NumPy's gives a bool of its own.
    if type(said).__name__ not in ("bool", "bool_"):
        raise OwnFunctionError(
            f"compare: {place} gave {type(said).__name__}; it must give True, False or an OwnComparison"
        )
    return OwnComparison(bool(said), f"{place} says that the output is not as expected")


def _imported(place: str) -> Callable[..., Any]:
    module_name, _, qualname = place.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        raise OwnFunctionError(
            f"compare: module {module_name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for part in qualname.split("."):
        if not hasattr(found, part):
            functions = [name for name in vars(found) if not name.startswith("_") and callable(getattr(found, name))]
            near = did_you_mean(part, functions, "")
            raise OwnFunctionError(f"compare: there is no {part!r} in {module_name!r}" + (f"; {near}" if near else ""))
        found = getattr(found, part)
    if not callable(found):
        raise OwnFunctionError(f"compare: {place} is no function but {type(found).__name__}")
    function: Callable[..., Any] = found
    return function
