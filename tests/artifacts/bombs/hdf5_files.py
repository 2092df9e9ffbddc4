"""Bombs in HDF5."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import h5py

from tests.artifacts.bombs.files import DENSE, ESCAPES, MEGABYTE, Write, in_config, sequential

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def hdf5(fill: Callable[[h5py.File, float], None], libver: str = "earliest") -> Write:
    """An .h5 model with something in its file besides."""

    def write(folder: Path, scale: float) -> Path:
        with h5py.File(folder / "model.h5", "w", libver=libver) as file:
            file.attrs["model_config"] = json.dumps(sequential([DENSE]))
            fill(file, scale)
        return folder / "model.h5"

    return write


def many_groups(file: h5py.File, scale: float) -> None:
    """One group beside the other."""
    for number in range(int(30_000 * scale)):
        file.create_group(f"model_weights/group_{number}")


def many_datasets(file: h5py.File, scale: float) -> None:
    """One empty array beside the other."""
    for number in range(int(30_000 * scale)):
        file.create_dataset(f"model_weights/{number}", (), "f4")


def deep_groups(file: h5py.File, scale: float) -> None:
    """A group in a group in a group."""
    here = file
    for _ in range(int(20_000 * scale)):
        here = here.create_group("g")


def long_names(file: h5py.File, scale: float) -> None:
    """Arrays with names as long as may be."""
    for number in range(int(500 * scale)):
        file.create_dataset(f"{number}" + "n" * 60_000, (), "f4")


def many_links(file: h5py.File, scale: float) -> None:
    """Links to one group, and of that group to itself."""
    group = file.create_group("g")
    for number in range(int(50_000 * scale)):
        group[f"again_{number}"] = group


def external_links(file: h5py.File, scale: float) -> None:
    """Links to other files."""
    for number in range(int(50_000 * scale)):
        file[f"link_{number}"] = h5py.ExternalLink(f"{ESCAPES}{number}.h5", "/y")


def many_attributes(file: h5py.File, scale: float) -> None:
    """Texts beside the configuration."""
    for number in range(int(20_000 * scale)):
        file.attrs[f"text {number}"] = "x" * 1000


def attributes_of_arrays(file: h5py.File, scale: float) -> None:
    """Arrays with attributes."""
    for number in range(int(3000 * scale)):
        attributes = file.create_dataset(f"{number}", (), "f4").attrs
        for each in range(8):
            attributes[f"a{each}"] = "x" * 4000


def compressed(file: h5py.File, scale: float) -> None:
    """Arrays that are nothing but zeros, compressed."""
    for number in range(4):
        file.create_dataset(
            f"{number}", (int(200 * MEGABYTE * scale) + MEGABYTE,), "i1", chunks=(MEGABYTE,), compression="gzip"
        )


def vast_shapes(file: h5py.File, scale: float) -> None:
    """Arrays whose sizes are numbers of many digits."""
    for number in range(int(3000 * scale)):
        file.create_dataset(f"{number}", (2**31,) * 2 + (0,) * 29, "f4", maxshape=(None,) * 31, chunks=(1,) * 31)


def shared_heap(folder: Path, scale: float) -> Path:
    """Attributes that all are the same large text in a heap."""
    path = hdf5(lambda file, _: many_attributes(file, 0.01 * scale))(folder, scale)
    with h5py.File(path, "a") as file:
        file.attrs["text"] = "x" * int(30 * MEGABYTE * scale)
    return path


def _h5_with(folder: Path, config: str) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["model_config"] = config
    return folder / "model.h5"


HDF5_FILES: dict[str, Write] = {
    "hdf5: groups": hdf5(many_groups),
    "hdf5: groups, newest layout": hdf5(many_groups, "latest"),
    "hdf5: arrays": hdf5(many_datasets),
    "hdf5: nested groups": hdf5(deep_groups),
    "hdf5: long names": hdf5(long_names, "latest"),
    "hdf5: links in a circle": hdf5(many_links),
    "hdf5: links to other files": hdf5(external_links),
    "hdf5: attributes": hdf5(many_attributes, "latest"),
    "hdf5: attributes of arrays": hdf5(attributes_of_arrays),
    "hdf5: compressed zeros": hdf5(compressed),
    "hdf5: vast shapes": hdf5(vast_shapes),
    "hdf5: a text in a heap": shared_heap,
    "hdf5: a configuration of lists": lambda folder, scale: _h5_with(folder, in_config("[]", scale)),
}
