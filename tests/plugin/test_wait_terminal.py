"""The line of a session that says what is waited for, seen on a real terminal; a log has none."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pty = pytest.importorskip("pty")

# What takes seconds is made up here, as no model that does would be quick to test.
CONFTEST = """
    import time
    import pytest
    from pytest_modelcompat.plugin.session import Session

    @pytest.fixture
    def wait(request):
        def wait():
            with Session.of(request.config).waits.on("comparing 1,000,000,000 elements"):
                print("captured")
                time.sleep(2.6)
        return wait
"""
TESTS = "def test_it(wait):\n    wait()\n"
SHOWN = b"comparing 1,000,000,000 elements \xe2\x80\xa6 2 s"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a test that waits for something."""
    (tmp_path / "conftest.py").write_text(CONFTEST.replace("\n    ", "\n"))
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def on_a_terminal(folder: Path, *options: str) -> bytes:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    process = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    assert process.wait() == 0, text.decode()
    return text


@pytest.mark.parametrize("options", [(), ("-s",), ("-v", "--capture=sys")])
def test_it_comes_after_two_seconds_and_goes(folder: Path, options: tuple[str, ...]) -> None:
    text = on_a_terminal(folder, *options)
    before, shown, after = text.partition(SHOWN)
    assert shown, text
    # It is wiped out where it began, and the outcome stands in its place.
    length = len(SHOWN.decode())
    assert after.startswith(f"\x1b[K\x1b[{length}D\x1b[K".encode())
    assert b"1 passed" in after
    assert before.rstrip().endswith((b"test_it.py", b"test_it.py::test_it", b"captured"))


def test_a_worker_of_xdist_and_a_log_have_none(folder: Path) -> None:
    pytest.importorskip("xdist")
    assert b"comparing" not in on_a_terminal(folder, "-n1")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    assert b"comparing" not in done.stdout + done.stderr
