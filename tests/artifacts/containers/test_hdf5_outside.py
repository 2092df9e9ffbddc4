"""What a dataset needs besides its file: each file that a virtual one is put together from, and plugins of HDF5."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t, h5z

from pytest_modelcompat.artifacts.containers.hdf5.contents import read_contents
from pytest_modelcompat.artifacts.containers.hdf5.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LIBVER = ["earliest", "v110", "latest"]


def hazards(path: Path) -> list[tuple[str, str, str]]:
    with path.open("rb") as file:
        found = read_contents(Source(file, 0, path.stat().st_size)).hazards
    return [(each.what, each.subject, each.detail) for each in found]


def virtual(path: Path, sources: Sequence[str], select: Callable[[Any], Any], libver: str) -> Path:
    layout = h5py.VirtualLayout((len(sources), 4), "float64")
    with h5py.File(path, "w", libver=libver) as file:
        file["own"] = np.zeros(8)
        for number, name in enumerate(sources):
            layout[number] = select(h5py.VirtualSource(name, "own", (8,)))
        file.create_virtual_dataset("deep/virtual", layout)
    return path


@pytest.mark.parametrize("libver", LIBVER)
@pytest.mark.parametrize("select", [lambda source: source[:4], lambda source: source[::2]], ids=["start", "stride"])
def test_every_mapping_of_a_virtual_dataset(tmp_path: Path, select: Callable[[Any], Any], libver: str) -> None:
    assert hazards(virtual(tmp_path / "a.h5", ["."] * 50, select, libver)) == []
    found = hazards(virtual(tmp_path / "b.h5", [*["."] * 50, "other.h5", ".", "third.h5"], select, libver))
    assert found == [("out-of-file dataset", "deep/virtual", "takes its values from other.h5, third.h5")]


@pytest.mark.parametrize("libver", LIBVER)
def test_filters_that_are_plugins(tmp_path: Path, libver: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver=libver) as file:
        for name in ("gzip", "lzf"):
            file.create_dataset(name, data=np.zeros(8), chunks=(4,), compression=name, shuffle=True, fletcher32=True)
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((4,))
        properties.set_shuffle()
        properties.set_filter(32001, h5z.FLAG_OPTIONAL, (1, 2, 3))
        properties.set_filter(32015, h5z.FLAG_OPTIONAL, ())
        h5d.create(file.id, b"plugin", h5t.NATIVE_FLOAT, h5s.create_simple((8,)), properties)
    assert hazards(tmp_path / "a.h5") == [
        ("filter plugin", "plugin", "goes through the filter 32001"),
        ("filter plugin", "plugin", "goes through the filter 32015"),
    ]


def test_links_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["soft"] = h5py.SoftLink("/nothing")
        file["kernel"] = h5py.ExternalLink("elsewhere", "/a")
    data = path.read_bytes()
    kind = data.rindex(b"\x40", 0, data.index(b"kernel"))
    path.write_bytes(data[:kind] + b"\x63" + data[kind + 1 :])
    assert [found[:2] for found in hazards(path)] == [("plugin link", "kernel")]


def test_pickles_in_attributes_and_in_bytes(tmp_path: Path) -> None:
    data = pickle.dumps(np.zeros(2))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["root"] = np.void(data)
        group = file.create_group("group")
        group.attrs["state"], group.attrs["text"] = np.void(data), "numpy"
        file["bytes"], file["numbers"] = np.frombuffer(data, "u1"), np.arange(100, dtype="u1")
    assert [found[:2] for found in hazards(tmp_path / "a.h5")] == [
        ("pickle", "@root"),
        ("pickle", "bytes"),
        ("pickle", "group@state"),
    ]
