"""A copy of an HDF5 file edited in a process of its own: what is asked for changes, all else stays as it is."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from pytest_modelcompat.loader import landlock
from pytest_modelcompat.migration.containers.hdf5_edit import Hdf5Edit, Hdf5Editor, NotEditedError
from pytest_modelcompat.migration.containers.hdf5_process import EditError, edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
WEIGHTS = {
    "first": {"first/kernel:0": KERNEL, "first/bias:0": KERNEL[0]},
    "none": {},
    "a/b": {"a/b/kernel:0": KERNEL + 10},
}


def weights_file(path: Path, layers: Mapping[str, Mapping[str, object]] = WEIGHTS, libver: str = "earliest") -> Path:
    """An .h5 file as Keras lays it out, with what a user has added."""
    with h5py.File(path, "w", libver=libver) as file:
        file.attrs["model_config"] = b"{}"
        file.attrs["note"] = "mine"
        file["mine/data"] = np.arange(1000)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in layers]
        for name, values in layers.items():
            inside = group.create_group(name)
            inside.attrs["weight_names"] = [each.encode() for each in values]
            for each, value in values.items():
                inside[each] = value
    return path


def edited(path: Path, change: Hdf5Edit) -> Path:
    """The file after the change, which is made in this process: what another one costs is not to be paid each time."""
    with h5py.File(path, "r+") as file:
        edit(file, {**vars(change), "moved": [*change.moved.items()]})
    return path


def edited_aside(path: Path, change: Hdf5Edit) -> Path:
    """The file after the change, as it is made in a process of its own."""
    with Hdf5Editor(path.parent, path.stat().st_size) as editor:
        editor.edit(path, change)
    return path


def names(path: Path, group: str, attribute: str) -> list[str]:
    """A list of names in an attribute."""
    with h5py.File(path) as file:
        return [each.decode() if isinstance(each, bytes) else each for each in file[group].attrs[attribute]]


def places(path: Path) -> dict[str, tuple[int, bytes]]:
    """Where the values of each dataset stand, and what they are."""
    found = {}
    with h5py.File(path) as file, path.open("rb") as raw:

        def note(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                raw.seek(item.id.get_offset())
                found[name] = (item.id.get_offset(), raw.read(item.id.get_storage_size()))

        file.visititems(note)
    return found


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("size", [10, 70_000])
def test_attributes_change_and_weights_stay_where_they_are(tmp_path: Path, libver: str, size: int) -> None:
    """Also where the text is larger than an attribute of another kind may be."""
    path = weights_file(tmp_path / "model.h5", libver=libver)
    before = places(path)
    edited(path, Hdf5Edit({"model_config": "x" * size, "training_config": None}))
    assert places(path) == before
    with h5py.File(path) as file:
        assert file.attrs["model_config"] == "x" * size
        assert file.attrs["note"] == "mine"


def test_attributes_that_are_stored_outside_of_the_header_stay(tmp_path: Path) -> None:
    """Of a file with many attributes, the library keeps them in a heap."""
    path = weights_file(tmp_path / "model.h5", libver="latest")
    with h5py.File(path, "r+", libver="latest") as file:
        for number in range(100):
            file.attrs[f"user{number}"] = "x" * number
        file.attrs["large"] = np.arange(20_000)
    edited(path, Hdf5Edit({"model_config": "new", "user7": None}))
    with h5py.File(path) as file:
        assert file.attrs["model_config"] == "new"
        assert {name: len(file.attrs[name]) for name in file.attrs if name.startswith("user")} == {
            f"user{number}": number for number in range(100) if number != 7
        }
        assert file.attrs["large"].tolist() == [*range(20_000)]


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the time or of chance gets into the file."""
    source = weights_file(tmp_path / "source.h5")
    found = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "model.h5"
        shutil.copyfile(source, path)
        moved = {"model_weights/first/first/kernel:0": "model_weights/second/first/kernel:0"}
        moved["model_weights/first/first/bias:0"] = "model_weights/second/first/bias:0"
        found.add(edited_aside(path, Hdf5Edit({"model_config": "new" * 100}, moved, "model_weights")).read_bytes())
    assert len(found) == 1


@pytest.mark.parametrize(
    ("moved", "layers", "weights"),
    [
        pytest.param(
            {"first/first/kernel:0": "first/new/kernel:0"},
            ["first", "none", "a/b"],
            {"first": ["new/kernel:0", "first/bias:0"]},
            id="a weight within its layer",
        ),
        pytest.param(
            {"first/first/kernel:0": "second/first/kernel:0", "first/first/bias:0": "second/first/bias:0"},
            ["second", "none", "a/b"],
            {"second": ["first/kernel:0", "first/bias:0"]},
            id="a layer",
        ),
        pytest.param(
            {"a/b/a/b/kernel:0": "a_b/a/b/kernel:0"},
            ["first", "none", "a_b"],
            {"a_b": ["a/b/kernel:0"]},
            id="a layer with a slash in its name",
        ),
        pytest.param(
            {"first/first/kernel:0": "first/first/bias:0", "first/first/bias:0": "first/first/kernel:0"},
            ["first", "none", "a/b"],
            {"first": ["first/bias:0", "first/kernel:0"]},
            id="two weights, each to the place of the other",
        ),
        pytest.param(
            {"first/first/bias:0": None},
            ["first", "none", "a/b"],
            {"first": ["first/kernel:0"]},
            id="a weight that is removed",
        ),
    ],
)
def test_names_follow_what_is_moved(
    tmp_path: Path, moved: dict[str, str | None], layers: Sequence[str], weights: dict[str, Sequence[str]]
) -> None:
    """The lists of names keep their order, by which Keras finds the weights of a layer."""
    path = weights_file(tmp_path / "model.h5")
    whole = {f"model_weights/{before}": after and f"model_weights/{after}" for before, after in moved.items()}
    values = {name: value for name, (_, value) in places(path).items()}
    edited(path, Hdf5Edit({}, whole, "model_weights"))
    assert names(path, "model_weights", "layer_names") == layers
    for layer, expected in weights.items():
        assert names(path, f"model_weights/{layer}", "weight_names") == expected
    now = {name: value for name, (_, value) in places(path).items()}
    assert now == {whole.get(name, name): value for name, value in values.items() if whole.get(name, name)}


def test_groups_that_became_empty_are_gone_and_others_stay(tmp_path: Path) -> None:
    """A user's group that is empty, or has attributes, is none of those."""
    path = weights_file(tmp_path / "model.h5")
    with h5py.File(path, "r+") as file:
        file.create_group("mine/empty")
        file["mine/noted/data"] = 1
        file["mine/noted"].attrs["note"] = 1
    edited(path, Hdf5Edit(moved={"mine/noted/data": "there", "model_weights/first/first/kernel:0": "k"}))
    with h5py.File(path) as file:
        assert sorted(file["mine"]) == ["data", "empty", "noted"]
        assert file["k"][()].tolist() == KERNEL.tolist()
        assert ".modelcompat" not in file


@pytest.mark.parametrize(
    ("moved", "problem"),
    [
        ({"nothing": "there"}, "there is no nothing in it"),
        ({"mine/data": "model_weights/first/first/bias:0"}, "there are two of model_weights/first/first/bias:0 in it"),
        ({"model_weights/first/first/kernel:0": "model_weights/x/kernel:0"}, "would be in two layers"),
    ],
)
def test_what_cannot_be_moved_is_refused(tmp_path: Path, moved: dict[str, str | None], problem: str) -> None:
    """The message says what is missing or in the way."""
    path = weights_file(tmp_path / "model.h5")
    with pytest.raises(EditError, match=problem):
        edited(path, Hdf5Edit(moved=moved, names="model_weights"))


def test_long_lists_of_names_are_kept_in_parts(tmp_path: Path) -> None:
    """As Keras does it, since one attribute in a header has no more than 64 kB."""
    layers = {f"{'layer' * 12}{number}": {"kernel": KERNEL} for number in range(1200)}
    path = weights_file(tmp_path / "model.h5", {})
    with h5py.File(path, "r+") as file:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        for part, piece in enumerate(np.array_split([name.encode() for name in layers], 3)):
            group.attrs[f"layer_names{part}"] = piece
        for name in layers:
            group.create_group(name).attrs["weight_names"] = [b"kernel"]
            group[name]["kernel"] = 1.0
    first = next(iter(layers))
    edited(path, Hdf5Edit({}, {f"model_weights/{first}/kernel": "model_weights/new/kernel"}, "model_weights"))
    with h5py.File(path) as file:
        attributes = file["model_weights"].attrs
        parts = [name for name in attributes if name.startswith("layer_names")]
        assert len(parts) > 1
        found = [each.decode() for part in range(len(parts)) for each in attributes[f"layer_names{part}"]]
    assert found == ["new", *list(layers)[1:]]


def test_it_does_not_write_outside_of_its_folder(tmp_path: Path) -> None:
    """A file that takes over the library has nothing else to write to."""
    try:
        landlock.version()
    except OSError:
        pytest.skip("this kernel has no Landlock")
    outside = weights_file(tmp_path / "outside.h5")
    before = outside.read_bytes()
    (tmp_path / "inside").mkdir()
    with (
        Hdf5Editor(tmp_path / "inside", 1000) as editor,
        pytest.raises(NotEditedError, match=r"(?i)permission denied|unable to"),
    ):
        editor.edit(outside, Hdf5Edit({"model_config": "new"}))
    assert outside.read_bytes() == before


def test_a_process_that_does_not_come_to_an_end_is_ended(tmp_path: Path) -> None:
    """The message says how long it was waited for."""
    path = weights_file(tmp_path / "model.h5")
    with Hdf5Editor(tmp_path, 0, seconds=0.01) as editor, pytest.raises(NotEditedError, match=r"end after 0 s"):
        editor.edit(path, Hdf5Edit({"model_config": "new"}))


def test_a_process_that_ends_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not find the package, it does not go on without its confinement."""
    path = weights_file(tmp_path / "model.h5")
    monkeypatch.setattr(sys, "path", [])
    with (
        Hdf5Editor(tmp_path, 0) as editor,
        pytest.raises(NotEditedError, match=r"it ended \(exit code 1\)"),
    ):
        editor.edit(path, Hdf5Edit({"model_config": "new"}))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """What the library says is quoted."""
    path = weights_file(tmp_path / "model.h5")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(NotEditedError, match="truncated"):
        edited_aside(path, Hdf5Edit({"model_config": "new"}))
