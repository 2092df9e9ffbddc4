"""Artifacts written again: the configuration is the draft's, everything else is the source's."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.containers.placement import NotWrittenError
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from tests.handmade import dense, sequential, write_h5, write_keras

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = np.arange(6, dtype="float32").reshape(3, 2)
TRAINING = {"optimizer_config": {"class_name": "SGD", "config": {}}, "loss": "mse"}


def draft_of(path: Path) -> Draft:
    """The draft of a file, with other units."""
    draft = Draft.of(read_inventory(path))
    draft.root["config"]["layers"][0]["config"]["units"] = 7
    return draft


def units(path: Path) -> int:
    """What the file now says."""
    return int(read_inventory(path).layers[0].config["units"])


def test_an_h5_file(tmp_path: Path) -> None:
    """What `compile()` was given is written, and removed where nothing is left of it."""
    source = write_h5(tmp_path / "a.h5", sequential(dense()), {"dense/dense/kernel:0": KERNEL}, training=TRAINING)
    draft = draft_of(source)
    draft.training["loss"] = "mae"
    write(Rewrite.of(draft), tmp_path / "b.h5")
    assert units(tmp_path / "b.h5") == 7
    assert read_inventory(tmp_path / "b.h5").training["loss"] == "mae"
    assert read_inventory(tmp_path / "b.h5").weights == read_inventory(source).weights
    draft.training.clear()
    write(Rewrite.of(draft), tmp_path / "c.h5")
    assert not read_inventory(tmp_path / "c.h5").compiled


def test_a_keras_file(tmp_path: Path) -> None:
    """Weights that move are in a file that is edited; what else is in the zip stays."""
    source = write_keras(tmp_path / "a.keras", sequential(dense()), {"layers/dense/vars/0": KERNEL})
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("assets/a.txt", "mine")
    draft = draft_of(source)
    draft.moved["layers/dense/vars/0"] = "layers/dense_1/vars/0"
    write(Rewrite.of(draft), tmp_path / "b.keras")
    assert units(tmp_path / "b.keras") == 7
    assert [each.path for each in read_inventory(tmp_path / "b.keras").weights] == ["layers/dense_1/vars/0"]
    with zipfile.ZipFile(tmp_path / "b.keras") as archive:
        assert archive.read("assets/a.txt") == b"mine"
        assert archive.getinfo("model.weights.h5").compress_type == zipfile.ZIP_STORED
        with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
            assert weights["layers/dense_1/vars/0"][()].tolist() == KERNEL.tolist()


def test_a_folder(tmp_path: Path) -> None:
    """What Keras 3 leaves with `zipped=False`."""
    packed = write_keras(tmp_path / "a.keras", sequential(dense()), {"layers/dense/vars/0": KERNEL})
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "a")
    draft = draft_of(tmp_path / "a")
    draft.moved["layers/dense/vars/0"] = "layers/dense_1/vars/0"
    write(Rewrite.of(draft), tmp_path / "b")
    assert units(tmp_path / "b") == 7
    assert units(tmp_path / "a") == 2
    assert [each.path for each in read_inventory(tmp_path / "b").weights] == ["layers/dense_1/vars/0"]


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_twice_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Of both formats, with weights that move."""
    make = write_h5 if suffix == "h5" else write_keras
    source = make(tmp_path / f"a.{suffix}", sequential(dense()), {"dense/kernel:0": KERNEL})
    before = source.read_bytes()
    draft = draft_of(source)
    draft.moved[draft.source.weights[0].path] = "moved/kernel:0"
    for name in ("b", "c"):
        write(Rewrite.of(draft), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"b.{suffix}").read_bytes() == (tmp_path / f"c.{suffix}").read_bytes()
    assert source.read_bytes() == before


def test_what_cannot_be_edited_is_named(tmp_path: Path) -> None:
    """Nothing is left under the name."""
    source = write_h5(tmp_path / "a.h5", sequential(dense()), {"dense/kernel:0": KERNEL})
    draft = draft_of(source)
    draft.moved["nothing"] = "there"
    with pytest.raises(NotWrittenError, match=r"a\.h5 cannot be rewritten: .* there is no nothing in it"):
        write(Rewrite.of(draft), tmp_path / "b.h5")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.h5"]


def test_texts_are_ascii(tmp_path: Path) -> None:
    """As Keras writes them; Keras before 2.5 takes no other text."""
    source = write_h5(tmp_path / "a.h5", sequential(dense()))
    draft = draft_of(source)
    draft.root["config"]["name"] = "größe"
    write(Rewrite.of(draft), tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        assert json.loads(file.attrs["model_config"])["config"]["name"] == "größe"
        assert h5py.check_string_dtype(file.attrs.get_id("model_config").dtype).encoding == "ascii"
