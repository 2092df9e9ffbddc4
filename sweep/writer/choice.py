"""Choice: which trials are made where not all are, by kind or class."""

import re
import zlib
from typing import Collection

# They are drawn from all trials, and nobody chooses one.
PAIR = "pair"
# Words that the names of trials have too: `a shared layer, two outputs`.
KINDS = frozenset(
    {"activation", "column", "constraint", "dtype policy", "history", "initializer", "layer", "loss", "metric", "model"}
    | {"optimizer", PAIR, "regularizer", "schedule", "state", "wrapper"}
)


def is_chosen(name: str, kind: str, only: Collection[str]) -> bool:
    """Whether a trial is among those asked for.

    Args:
        name: the trial's, as `Dense.activation='relu'`, `loss Huber.delta=2.5`.
        kind: the trial's.
        only: the kinds and classes that are asked for; none for all.
    """
    if not only or kind in only:
        return True
    words = set(re.split(r"\W+", name.partition("=")[0])) - KINDS
    return kind != PAIR and not words.isdisjoint(only)


def is_drawn(name: str, every: int) -> bool:
    """Whether a trial is one of those that are made where one of so many is: always the same, in each version."""
    return zlib.crc32(name.encode()) % every == 0
