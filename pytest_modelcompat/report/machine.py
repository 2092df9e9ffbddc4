"""What this machine and this environment give, as text: a line for each thing, and the fix below what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.runtimes.machine import Check

_STATES = {True: "ok", False: "missing"}
_NAME_WIDTH, _STATE_WIDTH = 12, 9


def machine_lines(checks: Sequence[Check]) -> Iterator[str]:
    """The lines, topic by topic."""
    topic = ""
    for check in checks:
        if check.topic != topic:
            yield from ([""] if topic else [])
            topic = check.topic
            yield topic
        yield f"  {check.name.ljust(_NAME_WIDTH)}{_STATES[check.is_ok].ljust(_STATE_WIDTH)}{check.found}"
        if check.fix and not check.is_ok:
            yield f"  {'fix'.rjust(_NAME_WIDTH + _STATE_WIDTH - 2)}  {check.fix}"
