"""Work in forks: all of it, in order, and an end of one that is no end of the work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.forks import in_forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")


def test_gives_everything_in_order_however_large_it_is() -> None:
    found = in_forks(lambda number: (number, os.getpid(), "x" * 1_000_000), range(5))
    assert [number for number, _, _ in found] == [0, 1, 2, 3, 4]
    assert len({process for _, process, _ in found}) == 2
    assert os.getpid() not in {process for _, process, _ in found}


def test_a_fork_that_ends_is_no_result() -> None:
    with pytest.raises(SystemExit, match="ended before its end"):
        in_forks(lambda number: os._exit(3) if number == 2 else number, range(4))


def test_nothing_of_nothing() -> None:
    assert in_forks(str, []) == []
