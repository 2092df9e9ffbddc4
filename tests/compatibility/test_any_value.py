"""Whatever value any key of a configuration has, a verdict is given: other versions and users write what they like."""

from __future__ import annotations

import copy
import itertools
import json
import random
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.report.inventory import inspect_page
from tests.compatibility.verdict_artifacts import ARTIFACTS
from tests.compatibility.verdicts import judge, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Config = Any
    Place = tuple[str | int, ...]

VALUES: tuple[Any, ...] = ({}, {"a": [1]}, [], [[1], {}], None, True, -1, 0.5, "", "a>b")
# Of the places of one artifact so many are tried, other ones in each.
MOST = 25


def places(config: Config, path: Place = ()) -> Iterator[Place]:
    """Where values are, each before those inside it."""
    inside = config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ()
    for key, value in inside:
        yield (*path, key)
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
def test_any_value_is_judged(name: str, tmp_path: Path) -> None:
    judged = ARTIFACTS[name]
    path = judged.build(tmp_path)
    config = config_of(path) if path.is_file() else None
    if config is None:
        pytest.skip("it has no configuration")
    chance = random.Random(name)  # noqa: S311 - the same places each time
    everywhere = list(places(config))
    for place in chance.sample(everywhere, min(MOST, len(everywhere))):
        value = chance.choice(VALUES)
        write(path, changed(config, place, value))
        try:
            inventory = read_inventory(path)
        except BrokenArtifactError:
            continue
        try:
            judge(judged, inventory, chance.choice([*itertools.chain(*runtimes())]))
            unsafe = unsafe_content(inventory)
            list(inspect_page(inventory, unsafe, third_party_uses(inventory), nbytes=path.stat().st_size))
        except Exception as error:
            raise AssertionError(f"{place}: {value!r}") from error
