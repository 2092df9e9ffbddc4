"""A file is under its name when it is whole, or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.migration.containers.placement import NotWrittenError, placed

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits and signals")
HALF = """
import os, resource, signal, sys
from pathlib import Path
from pytest_modelcompat.migration.containers.placement import NotWrittenError, placed
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    with placed(Path(sys.argv[1])) as path, path.open("wb") as file:
        for _ in range(100):
            file.write(bytes(1 << 12))
            file.flush()
            if sys.argv[2] == "killed" and file.tell() > 1 << 16:
                os.kill(os.getpid(), signal.SIGKILL)
except NotWrittenError as error:
    print(error)
"""


def run(target: Path, how: str) -> subprocess.CompletedProcess[str]:
    """Write a file of 400 kB in a process that does not get to its end."""
    command = [sys.executable, "-c", HALF, str(target), how]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    """Until then it is in another folder, which is gone afterwards."""
    target = tmp_path / "model.h5"
    with placed(target) as path:
        path.write_bytes(b"content")
        assert not target.exists()
    assert target.read_bytes() == b"content"
    assert [*tmp_path.iterdir()] == [target]


def test_a_folder_gets_its_name_at_the_end(tmp_path: Path) -> None:
    """With all that is in it."""
    with placed(tmp_path / "model") as path:
        (path / "inside").mkdir(parents=True)
        (path / "inside" / "file").write_bytes(b"content")
    assert (tmp_path / "model" / "inside" / "file").read_bytes() == b"content"


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """The file of that name keeps its content."""
    target = tmp_path / "model.h5"
    target.write_bytes(b"old")
    with pytest.raises(UnicodeEncodeError), placed(target) as path:
        path.write_text("new \udcff", encoding="utf-8")
    assert target.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [target]


@posix
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A file that may not become that large is refused as by a full disk."""
    target = tmp_path / "model.h5"
    done = run(target, "full")
    assert f"{target} is not written: its disk has no space left" in done.stdout, done.stderr
    assert [*tmp_path.iterdir()] == []


@posix
def test_a_process_that_is_killed_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    """What it leaves is in a hidden folder."""
    target = tmp_path / "model.h5"
    assert run(target, "killed").returncode == -signal.SIGKILL
    assert not target.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message has the system's reason."""
    with pytest.raises(NotWrittenError, match="No such file"), placed(tmp_path / "nowhere" / "model.h5"):
        pass
