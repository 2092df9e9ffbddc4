"""Attack: one file that attacks whoever reads, loads or calls it, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    # Makes the artifact in an empty folder; where it acts, the second path comes to be.
    Write = Callable[[Path, Path], Path]


@dataclass(frozen=True)
class Attack:
    """One attack.

    Args:
        name: its name, in words joined by hyphens, which no other has.
        shows: what it stands for, one line each: a CVE, a way into the process, a rule of another scanner.
        place: what the findings have to name, as a regular expression over subject, places and cause.
        write: makes it.
        acts_in: the runtimes in which loading or calling it, as users do, makes the canary come to be.
        needs_tensorflow: whether TensorFlow makes it.
        unsafe_mode: whether it takes safe_mode=False, or a Keras without safe mode, to act.
    """

    name: str
    shows: tuple[str, ...]
    place: str
    write: Write
    acts_in: tuple[str, ...] = ()
    needs_tensorflow: bool = False
    unsafe_mode: bool = False


@dataclass(frozen=True)
class NotBuilt:
    """What cannot be made, and why: a fault that is no matter of a file, or whose file nobody has described.

    Args:
        shows: what it is: a CVE, a rule of another scanner.
        why: why there is no file, in one sentence.
    """

    shows: str
    why: str
