"""Goldens under the names they had when `:` was written as `%3A`: found, counted once, renamed by an update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.golden.golden import Golden, GoldenName
from pytest_modelcompat.golden.release_store import ReleaseStore
from pytest_modelcompat.golden.store import GoldenStore
from tests.golden.goldens import a_golden

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    GoldenName((), "shop.models:build"),
    GoldenName(("a:b", "c"), "test_it[http://x]"),
    GoldenName(("tests",), "long:" * 60),
    GoldenName(("tests",), "x#y:z"),
)


def put_as_before(root: Path, name: GoldenName) -> Path:
    """Put a golden with a frozen release where it was kept before."""
    store = GoldenStore(root)
    store.update(name, lambda _: a_golden())
    artifact = root.parent / "model.keras"
    artifact.write_bytes(b"model")
    ReleaseStore(root).freeze(name, "v1", "keras", artifact, a_golden(), {})
    former = root.joinpath(*name.former())
    former.parent.mkdir(parents=True, exist_ok=True)
    store.folder(name).rename(former)
    return former


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_they_are_found_and_renamed_with_their_releases(tmp_path: Path, name: GoldenName) -> None:
    root = tmp_path / "golden"
    former = put_as_before(root, name)
    store, releases = GoldenStore(root), ReleaseStore(root)
    assert store.folder(name) == former
    assert store.names() == (name,)
    assert releases.releases() == ((name, "v1"),)
    golden, before = store.read(name), contents(former)

    def again(old: Golden | None) -> Golden:
        assert old is not None
        return golden

    assert store.update(name, again).changed
    assert not former.exists()
    assert store.folder(name) == root.joinpath(*name.escape())
    assert contents(store.folder(name)) == before
    assert store.names() == (name,)
    assert releases.labels(name) == ("v1",)
    assert not store.update(name, again).changed


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_they_are_removed_where_they_are(tmp_path: Path, name: GoldenName) -> None:
    root = tmp_path / "golden"
    put_as_before(root, name)
    ReleaseStore(root).thaw(name, "v1")
    GoldenStore(root).remove(name)
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_a_golden_under_both_names_is_the_one_under_its_own(tmp_path: Path) -> None:
    root, name = tmp_path / "golden", NAMES[0]
    former = put_as_before(root, name)
    own = root.joinpath(*name.escape())
    own.mkdir()
    for file in ("golden.json", "arrays.npz"):
        (own / file).write_bytes((former / file).read_bytes())
    assert GoldenStore(root).folder(name) == own
    assert GoldenStore(root).names() == (name,)


def test_no_two_names_share_a_folder_now_or_before() -> None:
    parts = ("a:b", "a#b", "a%3Ab", "a%23b", "a%253Ab", "a::b", "a:#b", "a#:b", "a/b")
    names = [GoldenName((), part) for part in parts]
    folders = {folder for name in names for folder in {name.escape(), name.former()}}
    assert len(folders) == sum(len({name.escape(), name.former()}) for name in names)
    assert all("%3A" not in name.escape()[0] for name in names)
