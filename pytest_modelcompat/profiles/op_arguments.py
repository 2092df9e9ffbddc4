"""The texts among the arguments and attributes of TensorFlow's ops: what may name a file, an address or a plugin."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.profiles.packed import read_packed, write_packed

if TYPE_CHECKING:
    from collections.abc import Mapping

OP_ARGUMENTS_FILE = Path(__file__).resolve().parent / "data" / "op_arguments.json.gz"


class OpArguments(NamedTuple):
    """The texts that an op takes.

    Args:
        arguments: name of an input -> its place among the inputs.
        attributes: names of attributes of any text.
    """

    arguments: Mapping[str, int]
    attributes: tuple[str, ...]


_NOTHING = OpArguments({}, ())


def arguments_of(op: str) -> OpArguments | None:
    """The texts that an op takes; None for an op that no TensorFlow has that was recorded."""
    return read_op_arguments().get(op)


@cache
def read_op_arguments() -> Mapping[str, OpArguments]:
    """Every op of every TensorFlow that was recorded, those without texts too."""
    data = _read()
    texts = {op: OpArguments(each["arguments"], tuple(each["attributes"])) for op, each in data["ops"].items()}
    return {**dict.fromkeys(data["without_texts"], _NOTHING), **texts}


def read_data() -> dict[str, Any]:
    """What was recorded: the versions in `recorded`, and all `ops` by name."""
    ops = {op: {"arguments": each.arguments, "attributes": each.attributes} for op, each in read_op_arguments().items()}
    return {"recorded": _read()["recorded"], "ops": ops}


def _read() -> dict[str, Any]:
    data: dict[str, Any] = read_packed(OP_ARGUMENTS_FILE)
    return data


def write_data(data: Mapping[str, Any]) -> int:
    """Keeps what was recorded; the same data give the same bytes.

    Args:
        data: as `read_data` gives it. Most ops take no texts, of which only the names are kept.

    Returns:
        The size of the file in bytes.
    """
    texts = {op: each for op, each in data["ops"].items() if each["arguments"] or each["attributes"]}
    kept = {"recorded": data["recorded"], "ops": texts, "without_texts": sorted(data["ops"].keys() - texts)}
    return write_packed(OP_ARGUMENTS_FILE, kept)
