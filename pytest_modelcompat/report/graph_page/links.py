"""Links: in which row of the page each change is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.artifacts import Difference

Key = tuple[str, ...]
Link = tuple[str, str]


@dataclass
class Links:
    """The rows of changes, while they are made.

    Args:
        of: what identifies a change -> names and anchors of its rows.
        count: how many anchors there are.
    """

    of: dict[Key, list[Link]] = field(default_factory=dict)
    count: int = 0

    def new_anchor(self) -> str:
        """An anchor that no row has yet."""
        self.count += 1
        return f"r{self.count}"

    def row(self, name: str, *keys: Key) -> str:
        """A new anchor, for a row that shows these changes, should there be any.

        Args:
            name: what the row is called.
            keys: what identifies the changes.
        """
        anchor = self.new_anchor()
        for key in keys:
            self.add(key, name, anchor)
        return anchor

    def add(self, key: Key, name: str, anchor: str) -> None:
        """Adds a row to a change.

        Args:
            key: what identifies the change.
            name: what the row is called.
            anchor: the row's.
        """
        links = self.of.setdefault(key, [])
        if (name, anchor) not in links[-1:]:
            links.append((name, anchor))

    def to(self, difference: Difference) -> list[Link]:
        """The rows that show a difference; none where it has none of its own.

        Args:
            difference: it.
        """
        name, what = difference.name, difference.what
        config = (what, name, difference.old, difference.new)
        return self.of.get(config if what == "config" else (what, name), [])
