"""A migration that is killed leaves no half output, and the next one removes what is hidden: measured in small."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from migration_kills import Migrations


@pytest.mark.skipif(os.name == "nt", reason="an open file keeps its folder there")
def test_nothing_is_left_of_killed_migrations(tmp_path: Path) -> None:
    migrations = Migrations(tmp_path, megabytes=0.1)
    assert migrations.problems == []
    left = [migrations.killed(share * migrations.seconds) for share in (0.7, 0.9)]
    assert len(left) == 2
    assert migrations.problems == []
    # A hidden file of somebody else stays, and is seen.
    (tmp_path / ".half.h5").touch()
    assert migrations.problems_after_a_run() == [".half.h5 is left"]
