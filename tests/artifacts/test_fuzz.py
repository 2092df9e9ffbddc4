"""Files with flipped bits, overwritten bytes and cut ends: always an inventory or one sentence, and at once."""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, Inventory, read_inventory

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 200


def damaged(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    if chance.random() < 0.1:
        return bytes(out[: chance.randrange(len(out))])
    for _ in range(chance.choice([1, 1, 2, 8])):
        # What is where is reported at the beginning and at the end more often than in between.
        edge = min(len(out), 300)
        at = chance.choice([chance.randrange(len(out)), chance.randrange(edge), len(out) - 1 - chance.randrange(edge)])
        width = chance.choice([1, 2, 4, 8])
        numbers = [
            chance.randrange(len(out)),
            (1 << 8 * width) - 1,
            (1 << 8 * width - 1) - 1,
            0,
            chance.getrandbits(64),
        ]
        value = out[at] ^ 1 << chance.randrange(8) if width == 1 else chance.choice(numbers)
        out[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
    return bytes(out)


def outcome(artifact: Path) -> Inventory | str:
    try:
        return read_inventory(artifact)
    except BrokenArtifactError as error:
        return str(error)


def fuzz(artifact: Path, file: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    data = file.read_bytes()
    outcomes = []
    for _ in range(ROUNDS):
        file.write_bytes(damaged(data, chance))
        start = time.process_time()
        outcomes.append(outcome(artifact))
        assert time.process_time() - start < 1
    sentences = [text for text in outcomes if isinstance(text, str)]
    assert all("\n" not in text and len(text) < 300 + len(str(file)) for text in sentences)
    assert 0 < len(sentences) < ROUNDS
    file.write_bytes(data)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["list_config.h5", "lambdas_keras2.h5", "nested.weights.h5", "lambdas.keras"])
def test_files(zoo: Path, tmp_path: Path, name: str, seed: int) -> None:
    path = tmp_path / name
    shutil.copyfile(zoo / name, path)
    fuzz(path, path, seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name",
    [
        "subclassed_keras2/saved_model.pb",
        "subclassed_keras2/keras_metadata.pb",
        "subclassed_keras2/variables/variables.index",
        "two_graphs/saved_model.pb",
    ],
)
def test_files_of_a_saved_model(zoo: Path, tmp_path: Path, name: str, seed: int) -> None:
    folder, _, file = name.partition("/")
    shutil.copytree(zoo / folder, tmp_path / folder)
    fuzz(tmp_path / folder, tmp_path / folder / file, seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["frozen.pb", "tf1/model.ckpt.meta", "tf1/model.ckpt.index"])
def test_graphs_and_checkpoints_alone(zoo: Path, tmp_path: Path, name: str, seed: int) -> None:
    shutil.copytree(zoo / "others", tmp_path / "others")
    fuzz(tmp_path / "others" / name, tmp_path / "others" / name, seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["model.tflite", "model.json", "sharded.weights.json"])
def test_what_is_no_model_at_all(zoo: Path, tmp_path: Path, name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    data = (zoo / "others" / name).read_bytes()
    for _ in range(ROUNDS):
        (tmp_path / name).write_bytes(damaged(data, chance))
        start = time.process_time()
        said = outcome(tmp_path / name)
        assert time.process_time() - start < 1
        assert isinstance(said, str)
        assert "\n" not in said
        assert len(said) < 300 + len(str(tmp_path / name))


def test_text_form(zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(zoo / "two_graphs_as_text", tmp_path / "model")
    monkeypatch.setattr("tests.artifacts.test_fuzz.ROUNDS", 40)
    fuzz(tmp_path / "model", tmp_path / "model" / "saved_model.pbtxt", seed=0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_every_part_of_hdf5(tmp_path: Path, libver: str, seed: int) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w", libver=libver) as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": []}'
        for number in range(12):
            file.attrs[f"number {number}"] = number
        for number in range(40):
            file[f"model_weights/kernel_{number}"] = [float(number)] * (number % 3)
        file["link"] = h5py.ExternalLink("x.h5", "/y")
        file.create_dataset("outside", (4,), "f4", external=[("r.bin", 0, 16)])
    fuzz(path, path, seed)
