"""What is being waited for. Whoever waits says so; only the top floor knows whether somebody looks, and shows it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


class Waits:
    """Nobody looks: nothing is shown. `report.wait_line` shows it on a terminal."""

    def on(self, what: str) -> AbstractContextManager[None]:
        """Around what may take seconds.

        Args:
            what: it is, in words: `importing TensorFlow`.
        """
        del what
        return nullcontext()

    def clear(self) -> None:
        """Before anything else is written where the line may be."""
