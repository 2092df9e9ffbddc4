"""A SavedModel is written completely or not at all, and everything but its graph is copied."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.migration.containers.placement import NotWrittenError
from pytest_modelcompat.migration.saved_model.folder import write_saved_model
from tests.migration.saved_model.saved_models import by_hand, migrated, plan_of

if TYPE_CHECKING:
    from pathlib import Path

NODE = 'node { name: "r" op: "DisableCopyOnRead" input: "v" }'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A SavedModel with everything that can be in its folder."""
    folder = by_hand(tmp_path / "source", NODE)
    (folder / "assets").mkdir()
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "fingerprint.pb").write_bytes(b"the user's own")
    (folder / "keras_metadata.pb").write_bytes(b"\x0a\x00")
    (folder / "fingerprint.pb").write_bytes(b"\x08\x01")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Every file and every empty folder below a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*")}


def test_all_but_the_graph_is_copied_byte_for_byte(source: Path, tmp_path: Path) -> None:
    before = content(source)
    written = content(migrated(source, "tf2.8", tmp_path / "out"))
    assert content(source) == before
    assert written.pop("saved_model.pb") != before.pop("saved_model.pb")
    # Its checksum is that of another graph.
    before.pop("fingerprint.pb")
    assert written == before


def test_twice_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    assert content(migrated(source, "tf2.8", tmp_path / "one")) == content(migrated(source, "tf2.8", tmp_path / "two"))


def test_a_folder_that_exists_is_refused(source: Path, tmp_path: Path) -> None:
    plan = plan_of(source, "tf2.8")
    (tmp_path / "out").mkdir()
    with pytest.raises(NotWrittenError, match="exists: give another folder"):
        write_saved_model(plan, tmp_path / "out")
    assert not content(tmp_path / "out")


def test_a_link_out_of_the_folder_is_not_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    (source / "assets" / "words.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(NotWrittenError, match="is a link out of the SavedModel"):
        migrated(source, "tf2.8", tmp_path / "out")
    assert {each.name for each in tmp_path.iterdir()} == {"source", "secret"}


def test_a_link_to_a_folder_is_not_followed(source: Path, tmp_path: Path) -> None:
    (source / "assets" / "more").symlink_to(tmp_path)
    with pytest.raises(NotWrittenError, match="is a link to a folder"):
        migrated(source, "tf2.8", tmp_path / "out")


def test_a_link_inside_becomes_the_file(source: Path, tmp_path: Path) -> None:
    (source / "assets" / "words.txt").symlink_to(source / "keras_metadata.pb")
    written = migrated(source, "tf2.8", tmp_path / "out")
    assert not (written / "assets" / "words.txt").is_symlink()
    assert (written / "assets" / "words.txt").read_bytes() == b"\x0a\x00"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_ends_it(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "assets" / "pipe")
    with pytest.raises(NotWrittenError, match="is no file that can be copied"):
        migrated(source, "tf2.8", tmp_path / "out")


def test_what_breaks_off_leaves_nothing(source: Path, tmp_path: Path) -> None:
    plan = plan_of(source, "tf2.8")
    graph = source / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-5])
    with pytest.raises(NotWrittenError, match="truncated or corrupt"):
        write_saved_model(plan, tmp_path / "out")
    shutil.rmtree(source)
    assert not list(tmp_path.iterdir())
