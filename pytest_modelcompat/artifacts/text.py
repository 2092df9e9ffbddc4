"""The things of an inventory in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.inventory import TensorSpec

_KILO = 1000
_LONGEST = 200


def tensor_text(spec: TensorSpec) -> str:
    """A tensor's dtype and shape: `float32 (?, 8)`, `int64 of unknown shape, sparse`."""
    if spec.shape is None:
        shape = "of unknown shape"
    else:
        dims = ["?" if dim is None else str(dim) for dim in spec.shape]
        shape = f"({', '.join(dims)}{',' if len(dims) == 1 else ''})"
    return f"{spec.dtype} {shape}" + ("" if spec.kind == "dense" else f", {spec.kind}")


def size_text(nbytes: float) -> str:
    """A size: `512 bytes`, `95.0 kB`, `1.2 MB`."""
    if nbytes < _KILO:
        return f"{nbytes:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        nbytes /= _KILO
        if nbytes < _KILO:
            return f"{nbytes:.1f} {unit}"
    return f"{nbytes / _KILO:.1f} TB"


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts `v2` before `v10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def clause(text: object) -> str:
    """A text, such as an exception's or a name from a file, in one line, without what would steer a terminal.

    Args:
        text: anything that has a text; cut where it is longer than a sentence bears.
    """
    line = " ".join(str(text)[: 2 * _LONGEST].split())
    line = "".join(each if each.isprintable() else "?" for each in line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
