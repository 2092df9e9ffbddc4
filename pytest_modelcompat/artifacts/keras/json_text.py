"""JSON as Keras writes it: one object, of a size that a model can have."""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.limits import (
    LARGEST_JSON,
    LARGEST_TEXT_OF_JSON,
    megabytes,
)


def parse_json(text: str | bytes, where: str, budget: Budget | None = None) -> dict[str, Any]:
    """Parses a JSON object.

    Args:
        text: what should be JSON. NaN and Infinity are accepted, because Keras writes and reads them.
        where: the file and the part of it, as the message names them.
        budget: what it may cost, together with all else that is read of an artifact.

    Raises:
        BrokenArtifactError: it is not JSON, or no object, or takes more memory than any model's.
    """
    if len(text) > LARGEST_JSON:
        raise BrokenArtifactError(f"{where} is larger than {megabytes(LARGEST_JSON)}, which is the limit")
    try:
        (budget or Budget()).spend(_count_of_values(text))
        value = json.loads(_decoded(text))
    except BudgetSpentError as error:
        raise BrokenArtifactError(f"{where} is too large: {error}, which is the limit") from error
    except ValueError as error:
        raise BrokenArtifactError(f"{where} is corrupt: it is not JSON ({error})") from error
    except RecursionError as error:
        raise BrokenArtifactError(f"{where} is corrupt: its JSON is nested too deeply to be a model") from error
    if not isinstance(value, dict):
        raise BrokenArtifactError(f"{where} is corrupt: it holds a JSON {_json_kind(value)} instead of an object")
    return value


def _count_of_values(text: str | bytes) -> int:
    """About how many values a JSON text holds, weighed by what they take in memory; counted without parsing it."""
    if isinstance(text, str):
        return 3 * text.count("{") + sum(map(text.count, "[,:"))
    return 3 * text.count(b"{") + sum(map(text.count, (b"[", b",", b":")))


def _decoded(text: str | bytes) -> str:
    decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
    if sys.getsizeof(decoded) > LARGEST_TEXT_OF_JSON:
        raise BudgetSpentError(f"its text takes more than {megabytes(LARGEST_TEXT_OF_JSON)} of memory")
    return decoded


def _json_kind(value: object) -> str:
    names = {str: "string", list: "list", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
