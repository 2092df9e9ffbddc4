"""Migrated copies: what `modelcompat migrate` wrote beside an artifact, as its `NAME.migration.json` says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.golden import GoldenBrokenError
from pytest_modelcompat.golden.release_serialization import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX = ".migration.json"
SCHEMA = 1
# A file of somebody else may have the name; more than this no migration writes.
_LARGEST = 32 << 20


def file_of(output: Path) -> Path:
    """The file that tells of an output: `ranker.tf2.21.keras.migration.json`."""
    return output.with_name(output.name + SUFFIX)


def read_provenance(output: Path) -> Mapping[str, Any] | None:
    """What is recorded of an output; None where nothing is, or something else has the name.

    Args:
        output: the file or folder.
    """
    file = file_of(output)
    try:
        if file.stat().st_size > _LARGEST:
            return None
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = isinstance(data, dict) and all(isinstance(data.get(key), dict) for key in ("source", "written", "asked"))
    return data if is_ours and data.get("schema") == SCHEMA else None


def is_unchanged(output: Path, data: Mapping[str, Any]) -> bool:
    """Whether an output is still what was written.

    Args:
        output: the file or folder.
        data: what is recorded of it.
    """
    try:
        return bool(data["written"].get("sha256") == digest_of(output)[0])
    except (OSError, GoldenBrokenError):
        return False


def outputs_recorded(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every output of a folder of which something is recorded, by name, and that.

    Args:
        folder: where both are.
    """
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        output = file.with_name(file.name.removesuffix(SUFFIX))
        data = read_provenance(output)
        if data is not None:
            yield output, data
