"""Change: the form of a row that says where a known change is found, and where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.results.finding import Kind
    from tests.compatibility.models import Build
    from tests.compatibility.writers import Writer


@dataclass(frozen=True)
class Change:
    """A known change.

    Args:
        artifact: what a Keras writes.
        kind: what is found.
        subject: the thing it is wrong with.
        found: pairs of writer and reader that it is found for.
        absent: pairs that it is not found for, neighbours of those.
        custom: what is declared.
    """

    artifact: Callable[[Writer], Build]
    kind: Kind
    subject: str
    found: tuple[str, ...]
    absent: tuple[str, ...]
    custom: tuple[str, ...] = ()
