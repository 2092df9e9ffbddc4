"""The texts among the arguments and attributes of TensorFlow's ops: what may name a file, an address or a plugin."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

OP_ARGUMENTS_FILE = Path(__file__).resolve().parent / "data" / "op_arguments.json.gz"
# The byte of a gzip file that names the system it was written on.
_SYSTEM, _UNIX = 9, 3


class OpArguments(NamedTuple):
    """The texts that an op takes.

    Args:
        arguments: name of an input -> its place among the inputs.
        attributes: names of attributes of any text.
    """

    arguments: Mapping[str, int]
    attributes: tuple[str, ...]


def arguments_of(op: str) -> OpArguments | None:
    """The texts that an op takes; None for an op that no TensorFlow has that was recorded."""
    found = _ops().get(op)
    return None if found is None else OpArguments(found["arguments"], tuple(found["attributes"]))


@cache
def _ops() -> Mapping[str, Mapping[str, Any]]:
    ops: Mapping[str, Mapping[str, Any]] = read_data()["ops"]
    return ops


def read_op_arguments() -> Mapping[str, OpArguments]:
    """Every op of every TensorFlow that was recorded, those without texts too."""
    return {op: OpArguments(each["arguments"], tuple(each["attributes"])) for op, each in read_data()["ops"].items()}


def read_data() -> dict[str, Any]:
    """What was recorded, as it is kept: the versions in `recorded`, and the `ops` by name."""
    data: dict[str, Any] = json.loads(gzip.decompress(OP_ARGUMENTS_FILE.read_bytes()))
    return data


def write_data(data: Mapping[str, Any]) -> int:
    """Keeps what was recorded; the same data give the same bytes.

    Returns:
        The size of the file in bytes.
    """
    packed = bytearray(gzip.compress(json.dumps(data, sort_keys=True).encode(), compresslevel=9, mtime=0))
    packed[_SYSTEM] = _UNIX
    OP_ARGUMENTS_FILE.write_bytes(packed)
    return len(packed)
