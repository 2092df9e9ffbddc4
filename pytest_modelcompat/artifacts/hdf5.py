"""What an HDF5 file holds, described without reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import WeightUse

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_weights(file: Any) -> tuple[WeightUse, ...]:
    """Describes every dataset, sorted by path.

    Args:
        file: an open `h5py.File`.
    """
    return tuple(sorted(_datasets(file), key=lambda weight: weight.path))


def _datasets(file: Any) -> Iterator[WeightUse]:
    import h5py

    group, found = file["/"].id, []

    def visit(name: bytes, info: Any) -> None:
        if info.type == h5py.h5o.TYPE_DATASET:
            found.append((name, h5py.h5d.open(group, name)))

    h5py.h5o.visit(group, visit, info=True)
    for name, dataset in found:
        yield _weight(name.decode("utf-8", "backslashreplace"), dataset)


def _weight(path: str, dataset: Any) -> WeightUse:
    dtype, shape = dataset.dtype, dataset.shape
    if dtype.kind == "O":
        return WeightUse(path, "string", shape, 0)
    size = dtype.itemsize
    for dim in shape:
        size *= dim
    return WeightUse(path, dtype.name, shape, size)
