"""Findings, static verdicts and inventories as plain data, for `--json`: one object a line."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.kind_codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.verdict import CompatibilityResult
    from pytest_modelcompat.results.finding import Finding

# Configurations as stored repeat what is listed beside them, and can be of any size.
_LEFT_OUT = frozenset({"config", "root", "training"})


def line(data: Mapping[str, Any]) -> str:
    """One object as one line, in ASCII."""
    return json.dumps(data, default=str)


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding with all its fields and its kind's code; details are an object, layers are there where it has any."""
    data: dict[str, Any] = {
        **as_plain_json(finding),
        "kind_code": CODES[finding.kind],
        "details": dict(finding.details),
    }
    if not finding.layers:
        del data["layers"]
    return data


def compatibility_data(result: CompatibilityResult) -> dict[str, Any]:
    """One artifact in one runtime: `path`, `runtime`, `verdict`, `stage`, `findings` and `unobserved`."""
    return {
        "path": str(result.path),
        "runtime": result.runtime,
        "verdict": result.compatibility.value,
        "stage": result.stage.value if result.stage else None,
        "findings": [finding_data(finding) for finding in result.findings],
        "unobserved": list(result.unobserved),
    }


def inventory_data(inventory: Inventory, unsafe: Iterable[Finding]) -> dict[str, Any]:
    """An inventory with all its fields but the stored configurations, and the unsafe content found in it."""
    return {**as_plain_json(inventory), "unsafe": [finding_data(finding) for finding in unsafe]}


def unreadable_data(path: PurePath, sentence: str) -> dict[str, Any]:
    """An artifact that could not be read, and why."""
    return {"path": str(path), "unreadable": sentence}


def as_plain_json(value: Any) -> Any:
    """Dataclasses, enums, paths and tuples as what JSON has; stored configurations are left out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value):
        names = (field.name for field in fields(value) if field.name not in _LEFT_OUT)
        return {name: as_plain_json(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): as_plain_json(each) for key, each in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [as_plain_json(each) for each in value]
    return value
