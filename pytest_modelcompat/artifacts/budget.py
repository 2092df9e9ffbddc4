"""Budget: what one artifact may cost its reader. It is made for one reading, and all readers spend from it.

Limits on single parts are in `limits`; what is counted here is what many small parts come to.
"""

from __future__ import annotations

import time

from pytest_modelcompat.artifacts.limits import MEGABYTE

# What is read of metadata that are strewn over a file, and what each reading counts for besides its bytes: parts that
# point at each other can be read without end. The largest models need a fifth of it.
MOST_READ = 128 * MEGABYTE
# Objects that are kept or looked at one by one: values of a configuration, messages of a graph, opcodes of a pickle.
MOST_ITEMS = 2_500_000
# Of this thread alone, so that it does not matter what else the machine does. The largest models need one.
MOST_SECONDS = 5.0
# So much may be read before the clock is looked at again.
_BETWEEN_LOOKS = MEGABYTE


class BudgetSpentError(Exception):
    """An artifact takes more to read than any model; the message is a clause that says of what."""


class Budget:
    """What is left of bytes, items and seconds."""

    def __init__(self) -> None:
        # `hdf5.source` counts this down itself, for a call would take longer than what it reads.
        self.left, self.next_look = MOST_READ, MOST_READ - _BETWEEN_LOOKS
        self._items = MOST_ITEMS
        self._end = time.thread_time() + MOST_SECONDS

    def look(self) -> None:
        """Looks at the clock.

        Raises:
            BudgetSpentError: the time is up.
        """
        self.next_look = self.left - _BETWEEN_LOOKS
        if time.thread_time() > self._end:
            raise BudgetSpentError(f"after {MOST_SECONDS:.0f} seconds it still is not read")

    def spend(self, items: int = 1) -> None:
        """Counts items, and looks at the clock.

        Raises:
            BudgetSpentError: there are too many, or the time is up.
        """
        self._items -= items
        if self._items < 0:
            raise BudgetSpentError(f"it has more than {MOST_ITEMS:,} parts")
        self.look()
