"""What in zips and folders can harm: members that are two things, links, pickles, and containers in containers."""

from __future__ import annotations

import io
import pickle
import stat
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.containers.folder_hazards import folder_hazards
from pytest_modelcompat.artifacts.containers.member_hazards import zip_hazards
from pytest_modelcompat.artifacts.containers.zip_reader import ZipArchive

if TYPE_CHECKING:
    from pathlib import Path

PICKLE = pickle.dumps(print)
MODE = 16


def hazards(data: bytes) -> set[tuple[str, str]]:
    budget = Budget()
    return {(each.what, each.subject) for each in zip_hazards(ZipArchive(io.BytesIO(data), budget), budget)}


def packed(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def linked() -> bytes:
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["outside"] = h5py.ExternalLink("elsewhere.h5", "/a")
    return held.getvalue()


def arrays() -> bytes:
    held = io.BytesIO()
    np.savez(held, numbers=np.zeros(2), objects=np.array([print], object))
    return held.getvalue()


def test_names_that_are_one_file_on_some_systems() -> None:
    assert hazards(packed(a=b"", A=b"")) == {("duplicate member", "a"), ("duplicate member", "A")}


def test_a_member_with_two_names() -> None:
    data = packed(first=b"a", second=b"b").replace(b"first", b"other", 1)
    assert hazards(data) == {("duplicate member", "first")}


def test_a_member_that_is_encrypted() -> None:
    data = bytearray(packed(secret=b"a"))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    assert hazards(bytes(data)) == {("unread member", "secret")}


def test_a_member_in_another_compression() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", PICKLE)
    assert hazards(held.getvalue()) == {("unread member", "a")}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_file(kind: int) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.external_attr = kind << MODE
        archive.writestr(entry, "b")
    assert hazards(held.getvalue()) == {("escaping member", "a")}


def test_containers_in_containers() -> None:
    inner = packed(pickle=PICKLE, weights=linked(), arrays=arrays())
    assert hazards(packed(inner=inner)) == {
        ("pickle", "inner/pickle"),
        ("external link", "inner/weights/outside"),
        ("pickle", "inner/arrays/objects.npy"),
    }
    assert hazards(packed(outer=packed(inner=packed(a=PICKLE)))) == {("pickle", "outer/inner/a")}


def found(folder: Path) -> set[tuple[str, str]]:
    return {(each.what, each.subject) for each in folder_hazards(folder, Budget(), {"known"}.__contains__)}


def test_what_is_in_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, data in (("known", PICKLE), ("deep/a", PICKLE), ("b.zip", packed(a=PICKLE)), ("c", linked())):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "broken.zip").write_bytes(packed(a=PICKLE)[:50])
    assert found(tmp_path) == {("pickle", "deep/a"), ("pickle", "b.zip/a"), ("external link", "c/outside")}


def test_a_folder_of_more_files_than_any_model_is_refused_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_modelcompat.artifacts.containers.folder_hazards.MOST_MEMBERS", 3)
    for name in ("a", "b", "z"):
        (tmp_path / name).write_bytes(PICKLE if name == "z" else b"")
    assert found(tmp_path) == {("pickle", "z")}
    (tmp_path / "c").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(BudgetSpentError, match="it has more than 3 files and links"):
        found(tmp_path)


def test_links_out_of_a_folder(tmp_path: Path) -> None:
    model, outside = tmp_path / "model", tmp_path / "outside"
    model.mkdir()
    outside.mkdir()
    (model / "inside").write_text("a")
    (outside / "file").write_text("a")
    for name, target in (("a", model / "inside"), ("b", outside / "file"), ("c", outside), ("d", tmp_path / "none")):
        (model / name).symlink_to(target)
    assert found(model) == {("outside link", "b"), ("outside link", "c"), ("outside link", "d")}


def test_the_links_of_a_cache_of_the_hub_are_none(tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "models--a" / "snapshots" / "1", tmp_path / "models--a" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    (blobs / "abc").write_text("a")
    (snapshot / "a").symlink_to("../../blobs/abc")
    (snapshot / "b").symlink_to("/etc/hostname")
    assert found(snapshot) == {("outside link", "b")}
