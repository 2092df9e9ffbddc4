"""Choice: which trials are made where not all are, by kind or class; also for the Python of a writer, from 3.8 on."""

import re
from collections.abc import Collection

# They are drawn from all trials, and nobody chooses one.
PAIR = "pair"


def is_chosen(name: str, kind: str, only: Collection[str]) -> bool:
    """Whether a trial is among those asked for.

    Args:
        name: the trial's, as `Dense.activation='relu'`, `loss Huber.delta=2.5`.
        kind: the trial's.
        only: the kinds and classes that are asked for; none for all.
    """
    if not only or kind in only:
        return True
    return kind != PAIR and not set(re.split(r"\W+", name.partition("=")[0])).isdisjoint(only)
