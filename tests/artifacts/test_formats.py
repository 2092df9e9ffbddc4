"""One object says all of a format: files, reader and words follow from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts import detect_format, read_inventory
from pytest_modelcompat.artifacts.formats import FORMATS, MODEL_SUFFIXES, SAVE_ORDER, format_of_name
from pytest_modelcompat.loader import job
from pytest_modelcompat.results.target import Target
from tests import handmade


def test_the_loader_knows_what_every_format_leaves() -> None:
    left = {each.artifact for each in FORMATS.values()}
    assert set(job.FORMATS) == left
    assert {name for name, is_tensorflows in job.FORMATS.items() if is_tensorflows} == {"saved_model"}


def test_what_changes_the_model_is_saved_last() -> None:
    assert SAVE_ORDER[-1] == "h5"
    assert set(SAVE_ORDER) == set(FORMATS)


def test_no_two_formats_share_a_place_in_a_release() -> None:
    assert len({each.frozen_name for each in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize(
    ("name", "format_"),
    [("a.h5", "h5"), ("a.hdf5", "h5"), ("a.keras", "keras"), ("a", "saved_model"), ("a.pb", "saved_model")],
)
def test_by_name(name: str, format_: str) -> None:
    assert format_of_name(Path(name)) == format_
    assert (Path(name).suffix in MODEL_SUFFIXES) == (format_ != "saved_model")


def test_each_is_read_by_its_own_reader(tmp_path: Path) -> None:
    path = handmade.write_saved_model(tmp_path / "model", {"AddV2": 1})
    assert detect_format(path) == "saved_model"
    assert read_inventory(path).format == "saved_model"


def test_ids_of_targets_are_the_names() -> None:
    assert [str(Target(name)) for name in FORMATS] == ["h5", "keras", "saved_model", "export"]
