"""Names and containers that the reader takes."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.edits import container
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.handmade import dense, sequential, write_h5, write_keras

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.plan import DraftPlan

WEIGHTS = {"layers/dense/vars/0": np.eye(2, dtype="float32")}


def plan_of(path: Path, runtime: str) -> DraftPlan:
    """What the edits of containers make of a file."""
    inventory = read_inventory(path)
    return plan_edits(inventory, Target(load_profile(runtime), dict(inventory.saved_by)), container.EDITS)


@pytest.mark.parametrize(
    ("content", "name", "runtime", "suffix"),
    [
        pytest.param("h5", "a.keras", "tf2.21", ".h5", id="HDF5 that is called .keras"),
        pytest.param("keras", "a.h5", "tf2.21", ".keras", id="a zip that is called .h5"),
        pytest.param("keras", "a.h5", "tf2.15", ".keras", id="a zip that is called .h5, for Keras 2"),
        pytest.param("h5", "a.keras", "tf2.10", "", id="Keras 2 looks into the file"),
        pytest.param("h5", "a.hdf5", "tf2.21", "", id="another suffix of HDF5"),
        pytest.param("keras", "a.keras", "tf2.21", "", id="the right one"),
    ],
)
def test_the_suffix_is_that_of_the_content(tmp_path: Path, content: str, name: str, runtime: str, suffix: str) -> None:
    """Only where the reader takes the suffix for the format."""
    make = write_h5 if content == "h5" else write_keras
    plan = plan_of(make(tmp_path / name, sequential(dense())), runtime)
    assert plan.draft.suffix == suffix
    assert [each.name for each in plan.edits] == (["name-by-content"] if suffix else [])
    assert "FORMAT NOT READ" not in [each.kind.value for each in plan.left]


@pytest.mark.parametrize(("runtime", "is_zipped"), [("tf2.16", True), ("tf2.21", False)])
def test_a_folder_is_zipped_for_what_reads_no_folder(tmp_path: Path, runtime: str, is_zipped: bool) -> None:
    """Keras reads one from 3.4 on."""
    packed = write_keras(tmp_path / "a.keras", sequential(dense()), WEIGHTS, {"assets/a.txt": "mine"})
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "folder")
    plan = plan_of(tmp_path / "folder", runtime)
    assert [each.name for each in plan.edits] == (["zip-folder"] if is_zipped else [])
    write(Rewrite.of(plan.draft), tmp_path / "b.keras")
    assert (tmp_path / "b.keras").is_file() == is_zipped
    written, source = read_inventory(tmp_path / "b.keras"), read_inventory(packed)
    assert (written.weights, written.assets, written.root) == (source.weights, source.assets, source.root)
