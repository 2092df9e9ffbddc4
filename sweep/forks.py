"""Work that is shared by processes which have what their parent has: nothing large is sent to them."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    Part = TypeVar("Part")
    Found = TypeVar("Found")

AT_ONCE = 2


def in_forks(work: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
    """What some work gives for each part, in their order.

    Args:
        work: is called in forks of this process; what it gives is sent back.
        parts: each fork has every second of them.

    Raises:
        SystemExit: a fork ended before its end.
    """
    context = multiprocessing.get_context("fork")
    shares = [parts[number::AT_ONCE] for number in range(AT_ONCE)]
    ends = [context.Pipe(duplex=False) for _ in shares]
    processes = [
        context.Process(target=_do, args=(work, share, sending))
        for share, (_, sending) in zip(shares, ends, strict=True)
    ]
    for process, (_, sending) in zip(processes, ends, strict=True):
        process.start()
        sending.close()
    try:
        # One of each in turn: a process waits until what it has sent is taken.
        return [ends[place % AT_ONCE][0].recv() for place in range(len(parts))]
    except EOFError:
        raise SystemExit("a process of this command ended before its end: see above") from None


def _do(work: Callable[[Part], Found], parts: Sequence[Part], sending: Connection) -> None:
    for part in parts:
        sending.send(work(part))
