"""Of whatever type a value of a configuration is, a verdict is given: other versions and users write what they like."""

from __future__ import annotations

import copy
import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.report.inventory import inspect_page
from tests.compatibility.verdict_artifacts import ARTIFACTS
from tests.compatibility.verdicts import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Config = Any
    Place = tuple[str | int, ...]

# What no set takes, and what has no length: of another type than a text or number, and than what has parts.
IN_PLACE_OF_A_VALUE, IN_PLACE_OF_PARTS = {"a": [1]}, True
READERS = ("tf2.15", "tf2.16+keras3.3", "tf2.21")


def places(config: Config, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Where values are, each with its value and before those inside it."""
    inside = config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    for key, value in inside:
        yield (*path, key), value
        yield from places(value, (*path, key))


def changed(config: Config, place: Place, value: Any) -> Config:
    """A configuration with another value in one place."""
    found = copy.deepcopy(config)
    inner = found
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return found


def config_of(path: Path) -> Config | None:
    """The configuration in a file; None where it has none."""
    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            text = file.attrs.get("model_config")
            return None if text is None else json.loads(text)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            return json.loads(file.read("config.json"))
    return None


def write(path: Path, config: Config) -> None:
    """Puts a configuration into a file, in place of that which it has."""
    text = json.dumps(config)
    if h5py.is_hdf5(path):
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = text
        return
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] = text.encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_a_value_of_any_type_is_judged(name: str, tmp_path: Path) -> None:
    judged = ARTIFACTS[name]
    path = judged.build(tmp_path)
    config = config_of(path) if path.is_file() else None
    if config is None:
        pytest.skip("it has no configuration")
    for place, value in places(config):
        other = IN_PLACE_OF_PARTS if isinstance(value, (list, dict)) else IN_PLACE_OF_A_VALUE
        write(path, changed(config, place, other))
        try:
            inventory = read_inventory(path)
        except BrokenArtifactError:
            continue
        try:
            for reader in READERS:
                judge(judged, inventory, reader)
            unsafe = unsafe_content(inventory)
            list(inspect_page(inventory, unsafe, third_party_uses(inventory), nbytes=path.stat().st_size))
        except Exception as error:
            raise AssertionError(f"{place}: {other!r}") from error
