"""The texts among the arguments and attributes of TensorFlow's ops: what may name a file, an address or a plugin."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

OP_ARGUMENTS_FILE = Path(__file__).resolve().parent / "data" / "op_arguments.json"


class OpArguments(NamedTuple):
    """The texts that an op takes.

    Args:
        arguments: name of an input -> its place among the inputs.
        attributes: names of attributes of any text.
    """

    arguments: Mapping[str, int]
    attributes: tuple[str, ...]


@cache
def read_op_arguments() -> Mapping[str, OpArguments]:
    """Every op of every TensorFlow that was recorded, those without texts too."""
    data = json.loads(OP_ARGUMENTS_FILE.read_text(encoding="utf-8"))
    return {op: OpArguments(each["arguments"], tuple(each["attributes"])) for op, each in data["ops"].items()}
