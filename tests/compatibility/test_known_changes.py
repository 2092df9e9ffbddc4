"""Each known change is found between its versions, and not one version before or behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile
from tests.compatibility.known_change_rows import CHANGES
from tests.compatibility.writers import Writer

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = [
    (name, *pair.split(), is_found)
    for name, change in CHANGES.items()
    for pairs, is_found in ((change.found, True), (change.absent, False))
    for pair in pairs
]


@pytest.mark.parametrize(("name", "writer", "reader", "is_found"), PAIRS)
def test_known_change(name: str, writer: str, reader: str, is_found: bool, tmp_path: Path) -> None:
    change = CHANGES[name]
    major, _, minor = writer.partition(".")
    by = Writer((int(major), int(minor)), "tf_keras" if (2, 16) <= (int(major), int(minor)) < (3, 0) else "keras")
    inventory = read_inventory(change.artifact(by)(tmp_path))
    found = check_compatibility(inventory, load_profile(reader), custom=change.custom, safe_mode=False).findings
    assert ((change.kind, change.subject) in {each.identity for each in found}) is is_found
