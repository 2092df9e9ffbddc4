"""What a project adds of its own to each target, as plain functions: pytest's hooks stay in `plugin/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.comparison.tolerance import Compare
    from pytest_modelcompat.diagnosis.known_failure import KnownFailure
    from pytest_modelcompat.settings.settings import Settings


class HookFailedError(Exception):
    """A hook of the project raised; the message names it, where it is, and what it raised.

    Args:
        hook: its name.
        message: the sentence.
    """

    def __init__(self, hook: str, message: str) -> None:
        super().__init__(message)
        self.hook = hook


@dataclass(frozen=True)
class Extensions:
    """What a project adds of its own.

    Args:
        known_failures: entries that are looked up before those of the catalogue.
        inputs: gives a case's inputs by its name, its model (None for an artifact) and its options; None to derive
            them as usual. Asked where the test gives none.
        compare: compares an output by its name, the actual and the expected value and the tolerance; None to compare
            as usual.
    """

    known_failures: tuple[KnownFailure, ...] = ()
    inputs: Callable[[str, Any, Settings], Any] | None = None
    compare: Compare | None = None
