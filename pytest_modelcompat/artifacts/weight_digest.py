"""The digest of a weight: what a loader answers, the live model has, and a golden keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Content = tuple[tuple[int, ...], str, str]


@dataclass(frozen=True)
class WeightDigest:
    """One weight of a model: its path, shape, dtype, and the SHA-256 of its bytes in C order."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str

    @property
    def content(self) -> Content:
        """What it holds, whatever it is called."""
        return self.shape, self.dtype, self.sha256


def weight_digests(entries: Iterable[Mapping[str, Any]]) -> tuple[WeightDigest, ...]:
    """Digests as `loader` gives them, and JSON keeps them.

    Args:
        entries: each with `shape`, `dtype`, `sha256`, and `path`; the variables of an optimizer have no path.
    """
    return tuple(
        WeightDigest(str(each.get("path", "")), tuple(each["shape"]), each["dtype"], each["sha256"]) for each in entries
    )
