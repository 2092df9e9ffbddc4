"""Temporary folders: those of owners that are gone are removed, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_modelcompat.runtimes.scratch import ScratchFolder, remove_tree, sweep
from tests.other_user import as_bound_user

OWNER = """
import sys, time
from pytest_modelcompat.runtimes.scratch import ScratchFolder
mine = ScratchFolder.make()
print(mine.path, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def an_owner(root: Path) -> tuple[subprocess.Popen[str], Path]:
    environment = {**os.environ, "TMPDIR": str(root), "TEMP": str(root)}
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    return owner, Path(owner.stdout.readline().strip())


def test_the_next_session_removes_what_a_killed_one_left(root: Path) -> None:
    owner, left = an_owner(root)
    (left / "model.keras").write_text("large")
    assert f"modelcompat-{owner.pid}-" in left.name
    owner.send_signal(signal.SIGTERM)
    owner.wait()
    assert left.is_dir()
    mine = ScratchFolder.make()
    assert not left.exists()
    mine.remove()
    assert not list(root.iterdir())


def test_the_folder_of_one_that_lives_stays(root: Path) -> None:
    owner, theirs = an_owner(root)
    try:
        mine = ScratchFolder.make()
        sweep(root)
        assert theirs.is_dir()
        assert mine.path.is_dir()
        mine.remove()
        assert theirs.is_dir()
    finally:
        owner.kill()
        owner.wait()


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_nothing_else_is_touched(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "owner.lock").touch()
    (root / "modelcompat-1-link").symlink_to(elsewhere)
    (root / "modelcompat-1-without-a-lock").mkdir()
    (root / "modelcompat-notes").mkdir()
    (root / "modelcompat-notes" / "owner.lock").touch()
    sweep(root)
    assert {path.name for path in root.iterdir()} == {
        "modelcompat-1-link",
        "modelcompat-1-without-a-lock",
        "modelcompat-notes",
    }
    assert (elsewhere / "owner.lock").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives a folder away")
def test_another_users_folder_stays(root: Path) -> None:
    theirs = root / "modelcompat-1-x"
    theirs.mkdir()
    (theirs / "owner.lock").touch()
    os.chown(theirs, 12345, 12345)
    sweep(root)
    assert theirs.is_dir()


def test_what_a_job_has_locked_is_removed_too(tmp_path: Path) -> None:
    (tmp_path / "mine" / "work" / "locked" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "work" / "locked" / "deep" / "file").touch()
    (tmp_path / "kept").mkdir(0o500)
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "kept")
    for folder in ("mine/work/locked/deep", "mine/work/locked", "mine/work"):
        (tmp_path / folder).chmod(0)

    def remove() -> None:
        remove_tree(tmp_path / "mine")
        assert not (tmp_path / "mine").exists()

    as_bound_user(remove, tmp_path)
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o500


@pytest.mark.skipif(os.name == "nt", reason="folders by descriptor")
def test_folders_deeper_than_python_goes_are_removed(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("a", dir_fd=here)
        inside = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inside
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    remove_tree(deep)
    assert not deep.exists()
