"""Unsafe content of the container: links and data outside the file, pickles, members and assets that escape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.outside import leads_out
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
    "outside link": (rules.OUTSIDE_LINK, "loading the model reads a file of the host", "put the file itself there"),
    "second graph": (
        rules.SECOND_GRAPH,
        "which of the two is loaded depends on the loader, and on what else is in the folder",
        "remove it",
    ),
    "polyglot": (
        rules.POLYGLOT,
        "which of the two is loaded depends on the loader, and on the name of the file",
        "save the model again",
    ),
    "filter plugin": (
        rules.FILTER_PLUGIN,
        "to read the values, HDF5 loads a library from the folder that its environment names",
        "save the model without compression, or with gzip",
    ),
    "plugin link": (rules.EXTERNAL_LINK, "a library of its own decides where it leads", "save the model into one file"),
    "unread member": (rules.UNREAD_MEMBER, "what is in it is not known", "save the model again without it"),
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
        yield unsafe(rule, f"{hazard.what} {hazard.subject}", (), f"{detail}{danger}", fix, name=hazard.what)


def _escaping_assets(inventory: Inventory) -> Iterator[Finding]:
    for asset in inventory.assets:
        if leads_out(asset.path):
            yield unsafe(
                rules.ESCAPING_ASSET,
                f"asset {asset.path}",
                (),
                "it lies outside the model's folder: loading the model reads a file of the host",
                "export the model again",
                name="asset",
            )
