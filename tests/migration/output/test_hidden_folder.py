"""Hidden folders beside outputs: those of owners that are gone are removed, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.migration.output.hidden_folder import staging, sweep_staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = """
import sys, time
from pathlib import Path
from pytest_modelcompat.migration.output.hidden_folder import staging
with staging(Path(sys.argv[1])) as folder:
    (folder / "new").write_text("half of a model")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """One that has a folder."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_is_there_inside_and_gone_in_the_end(tmp_path: Path) -> None:
    with staging(tmp_path) as folder:
        (folder / "new").mkdir()
        assert [folder] == list(tmp_path.iterdir())
    with pytest.raises(KeyError), staging(tmp_path):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_what_a_killed_owner_left_is_removed(tmp_path: Path, owner: subprocess.Popen[str]) -> None:
    sweep_staging(tmp_path)
    (left,) = tmp_path.iterdir()
    assert (left / "new").read_text() == "half of a model"
    owner.kill()
    owner.wait()
    sweep_staging(tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_that_was_killed_before_it_had_its_lock_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".modelcompat-output-x8_k2abc").mkdir()
    sweep_staging(tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_owner_whose_folder_is_taken_before_it_has_its_lock_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    make, made = tempfile.mkdtemp, []

    def swept(**options: object) -> str:
        made.append(make(**options))  # type: ignore[call-overload]
        if len(made) == 1:
            sweep_staging(tmp_path)
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", swept)
    with staging(tmp_path) as folder:
        assert [str(folder)] == made[1:] == [str(each) for each in tmp_path.iterdir()]


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_nothing_else_is_touched(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "model.h5").touch()
    (tmp_path / ".modelcompat-output-link").symlink_to(elsewhere)
    (tmp_path / ".modelcompat-output-of.mine").mkdir()
    (tmp_path / ".modelcompat-output-file").touch()
    (tmp_path / ".modelcompat-x8k2abc").mkdir()
    before = sorted(tmp_path.iterdir())
    sweep_staging(tmp_path)
    sweep_staging(tmp_path / "nowhere")
    assert sorted(tmp_path.iterdir()) == before
    assert [each.name for each in elsewhere.iterdir()] == ["model.h5"]
