"""Describing NumPy's .npz archives from the headers of their arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.pickle_reader import NPY_HEADER
from pytest_modelcompat.artifacts.inventory import WeightUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.zip_reader import ZipArchive

_HEADER = re.compile(rb"\x93NUMPY.{4,6}\{.*?'descr': '[|<>=]?([a-zA-Z])(\d*)'.*?'shape': \(([\d, ]*)\)", re.DOTALL)
_LONGEST_NUMBER = 18
_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}


def read_npz(archive: ZipArchive) -> Iterator[WeightUse]:
    """Describes the arrays of an .npz; those of Python objects, which are pickles, are left out.

    Args:
        archive: the zip.

    Raises:
        ZipError: a member is damaged.
    """
    for name in archive.sizes:
        found = _HEADER.match(archive.head(name, NPY_HEADER))
        if found is None or not name.endswith(".npy"):
            continue
        kind, width, dimensions = (group.decode() for group in found.groups())
        shape = tuple(int(size[:_LONGEST_NUMBER]) for size in re.findall(r"\d+", dimensions))
        if kind != "O":
            yield _weight(name.removesuffix(".npy"), kind, int(width[:_LONGEST_NUMBER] or 1), shape)


def _weight(path: str, kind: str, width: int, shape: tuple[int, ...]) -> WeightUse:
    if kind in "SU":
        return WeightUse(path, "string", shape, 0)
    size = width
    for dimension in shape:
        size *= dimension
    dtype = "bool" if kind == "b" else f"{_KINDS[kind]}{8 * width}" if kind in _KINDS else "unknown"
    return WeightUse(path, dtype, shape, size)
