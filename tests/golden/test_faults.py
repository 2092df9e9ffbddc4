"""An update that is killed, or for which there is no room, leaves the golden of before or the new one, whole."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_modelcompat.golden.golden import GoldenBrokenError, GoldenName, GoldenNotWrittenError
from pytest_modelcompat.golden.store import GoldenStore

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from faults.updater import content_of, golden, update

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals, limits and permissions")

ROOT = Path(__file__).resolve().parents[2]
NAME = GoldenName(("tests",), "test_it")
# More than an update takes: which step is fatal is found by trying.
MOST_STEPS = 60


def run(root: Path, *arguments: object, limit: int = 0) -> subprocess.CompletedProcess[str]:
    """An update in a process of its own, which can write no file that is longer than a limit."""
    command = [
        sys.executable,
        # Python would cut the bytecode of what it imports at the limit, and fail to read it ever after.
        *(["-B"] if limit else []),
        str(ROOT / "benchmarks" / "faults" / "updater.py"),
        str(ROOT),
        str(root),
        *map(str, arguments),
    ]
    script = f"ulimit -f {limit}; trap '' XFSZ; exec \"$@\"" if limit else 'exec "$@"'
    return subprocess.run(["bash", "-c", script, "bash", *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 2), (2, 3)])
def test_killed_after_any_step_it_is_the_one_of_before_or_the_new_one(tmp_path: Path, before: int, after: int) -> None:
    met = set()
    for step in range(1, MOST_STEPS):
        root = tmp_path / str(step)
        ended = run(root, before, after, step, "after")
        found = content_of(root)
        met.add(found)
        assert found in (before, after)
        update(root, 1)
        assert content_of(root) == 1
        assert not list(root.rglob(".*.part"))
        if ended.returncode != -signal.SIGKILL:
            break
    assert met == {before, after}


def test_half_a_write_is_never_read(tmp_path: Path) -> None:
    halves = [run(tmp_path / str(step), 1, 2, step, "half").returncode for step in range(1, 12)]
    assert -signal.SIGKILL in halves
    assert {content_of(tmp_path / str(step)) for step in range(1, 12)} == {1}


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_without_room_it_stays_as_it_was(tmp_path: Path, blocks: int) -> None:
    update(tmp_path, 1)
    ended = run(tmp_path, 0, 2, 0, limit=blocks)
    assert "could not be written: File too large; what was there before still is." in ended.stderr
    assert content_of(tmp_path) == 1
    assert sorted(path.name for path in (tmp_path / "tests" / "test_it").iterdir()) == ["arrays.npz", "golden.json"]


def between_two_files(root: Path) -> Path:
    """A golden's folder as a kill between its two files leaves it."""
    for step in range(1, MOST_STEPS):
        folder = root / str(step)
        run(folder, 1, 2, step, "after")
        found = folder / "tests" / "test_it"
        waits = (found / ".golden.json.part").exists() and not (found / ".arrays.npz.part").exists()
        if waits and content_of(folder) == 2:
            return found
    raise AssertionError("no step is between the two files")


def test_a_record_that_waits_counts_only_for_its_own_arrays(tmp_path: Path) -> None:
    folder = between_two_files(tmp_path)
    record = folder / "golden.json"
    whole = record.read_bytes()
    record.write_bytes(b"{\n<<<<<<< ours\n" + whole)
    with pytest.raises(GoldenBrokenError, match="merge conflict markers"):
        GoldenStore(folder.parents[1]).read(NAME)
    record.write_bytes(whole)
    assert content_of(folder.parents[1]) == 2
    (folder / "arrays.npz").unlink()
    with pytest.raises(GoldenBrokenError, match="is missing"):
        GoldenStore(folder.parents[1]).read(NAME)


def test_killed_again_where_it_was_killed_between_its_files_it_is_still_whole(tmp_path: Path) -> None:
    left = between_two_files(tmp_path / "left").parents[1]
    met = set()
    for step in range(1, MOST_STEPS):
        root = shutil.copytree(left, tmp_path / str(step))
        ended = run(root, 0, 3, step, "after")
        met.add(content_of(root))
        if ended.returncode != -signal.SIGKILL:
            break
    assert met == {2, 3}


def test_what_takes_its_place_is_on_the_disk_and_so_are_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def syncing(descriptor: int) -> None:
        done.append("the folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "a file")
        sync(descriptor)

    def replacing(path: Path, target: Path) -> Path:
        done.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    update(tmp_path, 1)
    assert done == ["a file", "a file", "the folder", "arrays.npz", "golden.json", "the folder"]


def test_a_record_that_cannot_follow_its_arrays_waits_for_the_next_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(tmp_path, 1)
    replace = Path.replace

    def replacing(path: Path, target: Path) -> Path:
        if target.name == "golden.json":
            raise OSError(errno.EIO, "Input/output error")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replacing)
    with pytest.raises(GoldenNotWrittenError, match="Input/output error"):
        update(tmp_path, 2)
    monkeypatch.undo()
    assert content_of(tmp_path) == 2
    update(tmp_path, 3)
    assert content_of(tmp_path) == 3


@pytest.mark.parametrize("file", [".golden.json.part", ".arrays.npz.part"])
def test_no_link_is_written_through(tmp_path: Path, file: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    root = tmp_path / "golden"
    (root / "tests" / "test_it").mkdir(parents=True)
    (root / "tests" / "test_it" / file).symlink_to(victim)
    update(root, 1)
    assert (victim.read_text(), content_of(root)) == ("mine", 1)
    assert not any(path.is_symlink() for path in root.rglob("*"))


class TestLocks:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        (tmp_path / "tmp").mkdir()
        return tmp_path / "tmp" / f"pytest-modelcompat-locks-{os.getuid()}"

    def test_are_this_users_alone(self, tmp_path: Path, folder: Path) -> None:
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        update(tmp_path / "golden", 1)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_are_where_the_session_keeps_its_own_files(
        self, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "run").mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
        update(tmp_path / "golden", 1)
        assert (tmp_path / "run" / folder.name).is_dir()
        assert not folder.exists()

    def test_are_not_put_where_a_link_leads(self, tmp_path: Path, folder: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(GoldenNotWrittenError, match="is not a folder of this user's"):
            update(tmp_path / "golden", 1)
        assert not list((tmp_path / "elsewhere").iterdir())

    @pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives a folder away")
    def test_are_not_put_into_another_users_folder(self, tmp_path: Path, folder: Path) -> None:
        folder.mkdir()
        os.chown(folder, 12345, 12345)
        with pytest.raises(GoldenNotWrittenError, match="is not a folder of this user's"):
            update(tmp_path / "golden", 1)

    @pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives a folder away")
    def test_are_not_put_where_another_user_keeps_files(
        self, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "run").mkdir()
        os.chown(tmp_path / "run", 12345, 12345)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
        update(tmp_path / "golden", 1)
        assert folder.is_dir()
        assert not list((tmp_path / "run").iterdir())

    def test_do_not_pile_up(self, tmp_path: Path, folder: Path) -> None:
        store = GoldenStore(tmp_path / "golden")
        for number in range(600):
            store.update(GoldenName(("tests",), f"test_{number}"), lambda _: golden(1))
        assert len(list(folder.iterdir())) <= 256
