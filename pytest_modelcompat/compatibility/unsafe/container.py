"""Unsafe content of the container: links and data outside the file, pickles, members and assets that escape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.rules import unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.results.finding import Finding

_HAZARDS = {
    "external link": (
        rules.EXTERNAL_LINK,
        "HDF5 follows it into another file when the weights are read",
        "save the model into one file",
    ),
    "out-of-file dataset": (
        rules.EXTERNAL_DATA,
        "HDF5 reads the data from another file",
        "save the model into one file",
    ),
    "pickle": (rules.PICKLE, "unpickling it runs code from the file", "save the model again without it"),
    "escaping member": (
        rules.ESCAPING_MEMBER,
        "unpacking it writes outside the folder it is unpacked into",
        "save the model again",
    ),
    "program member": (
        rules.PROGRAM,
        "who unpacks the file has a program beside the model",
        "save the model again",
    ),
    "empty dataset": (
        rules.EMPTY_WEIGHTS,
        "reading the weights takes that much memory",
        "save the model again",
    ),
    "duplicate member": (
        rules.DUPLICATE_MEMBER,
        "which of the two is read depends on the reader",
        "save the model again",
    ),
}


def unsafe_in_container(inventory: Inventory) -> Iterator[Finding]:
    """A finding for each hazard of the container, and for each asset outside the model's folder.

    Args:
        inventory: what the artifact holds.
    """
    yield from _hazards(inventory)
    yield from _escaping_assets(inventory)


def _hazards(inventory: Inventory) -> Iterator[Finding]:
    for hazard in inventory.hazards:
        rule, danger, fix = _HAZARDS[hazard.what]
        detail = f"{hazard.detail}: " if hazard.detail else ""
        yield unsafe(rule, f"{hazard.what} {hazard.subject}", (), f"{detail}{danger}", fix)


def _escaping_assets(inventory: Inventory) -> Iterator[Finding]:
    for asset in inventory.assets:
        parts = re.split(r"[/\\]", asset.path)
        if ".." in parts or not parts[0] or re.match(r"[A-Za-z]:", asset.path) or "://" in asset.path:
            yield unsafe(
                rules.ESCAPING_ASSET,
                f"asset {asset.path}",
                (),
                "it lies outside the model's folder: loading the model reads a file of the host",
                "export the model again",
            )
