"""Files that are two things are read by their names, as Keras does, and the other way, too."""

from __future__ import annotations

import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import h5py

from pytest_modelcompat.artifacts import detect_format, read_inventory, second_format
from pytest_modelcompat.artifacts.budget import Budget
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_modelcompat.artifacts import Inventory

INNER, OUTER = handmade.sequential(handmade.dense("inner")), handmade.sequential(handmade.dense("outer"))


def layers(inventory: Inventory) -> list[str]:
    return [layer.path[-1] for layer in inventory.layers]


def polyglots(inventory: Inventory) -> list[str]:
    return [each.subject for each in inventory.hazards if each.what == "polyglot"]


def with_block(path: Path, root: handmade.Config, before: bytes) -> Path:
    """A model in HDF5 behind a block of its user's."""
    made = handmade.write_h5(path.with_suffix(".made"), root)
    with h5py.File(made) as source, h5py.File(path, "w", userblock_size=1 << 16) as file:
        file.attrs.update(source.attrs)
        file.create_group("model_weights")
    with path.open("r+b") as opened:
        opened.write(before)
    return path


def test_a_zip_behind_hdf5(tmp_path: Path) -> None:
    data = handmade.write_h5(tmp_path / "a.h5", OUTER).read_bytes()
    data += handmade.write_keras(tmp_path / "a.keras", INNER).read_bytes()
    for name, first, second in (("b.keras", "inner", "outer"), ("b.h5", "outer", "inner"), ("b", "outer", "inner")):
        (tmp_path / name).write_bytes(data)
        inventory = read_inventory(tmp_path / name)
        assert (layers(inventory), [layers(each) for each in inventory.others]) == ([first], [[second]])
        assert len(polyglots(inventory)) == 1


def test_a_zip_with_the_longest_comment_behind_hdf5(tmp_path: Path) -> None:
    zipped = handmade.write_keras(tmp_path / "a.keras", INNER)
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.comment = b"c" * 65_535
    path = handmade.write_h5(tmp_path / "a.h5", OUTER)
    path.write_bytes(path.read_bytes() + zipped.read_bytes())
    assert [layers(each) for each in read_inventory(path).others] == [["inner"]]


def test_only_the_end_of_hdf5_is_searched_for_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = handmade.write_h5(tmp_path / "a.h5", OUTER)
    inventory = read_inventory(path)
    with path.open("r+b") as file:
        file.truncate(64 << 20)
    asked: list[Path] = []
    monkeypatch.setattr(second_format, "zip_names", asked.append)
    tracemalloc.start()
    assert second_format.with_second_format(inventory, Budget()) is inventory
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert asked == []


def test_hdf5_behind_a_zip(tmp_path: Path) -> None:
    zipped = handmade.write_keras(tmp_path / "a.keras", INNER).read_bytes()
    named_h5 = with_block(tmp_path / "b.h5", OUTER, zipped)
    assert layers(read_inventory(named_h5)) == ["outer"]
    assert detect_format(named_h5) == "h5"
    # The table of contents has to be at the end for it to be a zip as well.
    whole = named_h5.read_bytes() + zipped
    (tmp_path / "c.keras").write_bytes(whole)
    inventory = read_inventory(tmp_path / "c.keras")
    assert (layers(inventory), [layers(each) for each in inventory.others]) == (["inner"], [["outer"]])


def test_a_zip_behind_other_data(tmp_path: Path) -> None:
    zipped = handmade.write_keras(tmp_path / "a.keras", INNER).read_bytes()
    (tmp_path / "b.keras").write_bytes(b"#!/bin/sh\n" + zipped)
    inventory = read_inventory(tmp_path / "b.keras")
    assert layers(inventory) == ["inner"]
    assert polyglots(inventory) == ["of a zip and other data before it"]


def test_hdf5_that_was_moved_in_its_file(tmp_path: Path) -> None:
    """The library counts from where the superblock is, and not from where it says that it is."""
    data = handmade.write_h5(tmp_path / "a.h5", OUTER).read_bytes()
    (tmp_path / "b.h5").write_bytes(b"\0" * 1024 + data)
    assert layers(read_inventory(tmp_path / "b.h5")) == ["outer"]


def test_weights_that_begin_where_a_block_may_end_are_no_second_format(tmp_path: Path) -> None:
    data = handmade.write_keras(tmp_path / "a.keras", INNER).read_bytes()
    longer = handmade.layer("Dense", "inner", note="x" * (2048 - data.index(b"\x89HDF") - 700))
    for _ in range(20):
        path = handmade.write_keras(tmp_path / "b.keras", handmade.sequential(longer))
        missing = 2048 - path.read_bytes().index(b"\x89HDF")
        if not missing:
            break
        longer["config"]["note"] += "x" * missing
    assert not missing
    assert polyglots(read_inventory(path)) == []


def test_ordinary_files_are_one_thing(tmp_path: Path) -> None:
    for inventory in (
        read_inventory(handmade.write_keras(tmp_path / "a.keras", INNER)),
        read_inventory(handmade.write_h5(tmp_path / "a.h5", OUTER)),
    ):
        assert (polyglots(inventory), inventory.others) == ([], ())


def test_a_folder_with_a_configuration_and_weights_is_what_keras_loads(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert detect_format(tmp_path) is None
    (tmp_path / "model.weights.h5").write_bytes(b"")
    assert detect_format(tmp_path) == "keras"
