"""What is fuzzed: each reader, and the files that it begins with. A reader may answer, or refuse in a sentence."""

from __future__ import annotations

import json
import marshal
import pickle
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.bytecode import read_code
from pytest_modelcompat.artifacts.containers.pickle_reader import describe_pickle
from pytest_modelcompat.artifacts.containers.sstable import TableError, read_table
from pytest_modelcompat.artifacts.keras.config import read_model
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from tests.artifacts.bombs import BOMBS
from tests.handmade import dense, sequential, write_h5, write_keras, write_saved_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCALE = 0.0005
LARGEST_SEED = 20_000


@dataclass(frozen=True)
class Target:
    """One reader.

    Args:
        read: reads bytes; what it raises was found by the fuzzer.
        bombs: the beginnings of the names of bombs, small ones of which are seeds.
        seeds: further seeds.
    """

    read: Callable[[bytes], object]
    bombs: tuple[str, ...] = ()
    seeds: Callable[[Path], Iterator[bytes]] = lambda _: iter(())


def as_file(name: str, data: bytes) -> None:
    """Reads bytes as an artifact; a name with a slash is a file in the artifact's folder."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        try:
            read_inventory(path.parent if "/" in name else path)
        except BrokenArtifactError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


def as_configuration(data: bytes) -> None:
    """Walks bytes as the configuration of a model."""
    try:
        read_model(parse_json(data, "model"), "model")
    except BrokenArtifactError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


def as_text(data: bytes) -> None:
    """Reads bytes as a SavedModel in text form."""
    try:
        parse_text("SavedModel", data.decode("utf-8", "replace"))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it need not be raised


def as_table(data: bytes) -> None:
    """Reads bytes as a checkpoint's index."""
    try:
        list(read_table(data))
    except TableError as error:
        assert str(error)  # noqa: PT017 - it need not be raised


def h5_seeds(folder: Path) -> Iterator[bytes]:
    """A small model."""
    yield write_h5(folder / "model.h5", sequential(dense()), {"dense/kernel": [1.0]}).read_bytes()


def keras_seeds(folder: Path) -> Iterator[bytes]:
    """A small model."""
    yield write_keras(folder / "model.keras", sequential(dense()), {"dense/kernel": [1.0]}).read_bytes()


def saved_model_seeds(folder: Path) -> Iterator[bytes]:
    """A small graph."""
    yield (write_saved_model(folder / "model", {"MatMul": 2}) / "saved_model.pb").read_bytes()


TARGETS = {
    "h5": Target(partial(as_file, "model.h5"), ("hdf5",), h5_seeds),
    "keras": Target(partial(as_file, "model.keras"), ("zip", "npz"), keras_seeds),
    "saved_model": Target(partial(as_file, "model/saved_model.pb"), ("protobuf",), saved_model_seeds),
    "text": Target(as_text, ("text",)),
    "index": Target(as_table, ("index",)),
    "others": Target(partial(as_file, "model"), ("other", "index", "protobuf: graph alone")),
    "configuration": Target(as_configuration, (), lambda _: iter([json.dumps(sequential(dense())).encode()])),
    "bytecode": Target(
        read_code, (), lambda _: iter([marshal.dumps(as_text.__code__), marshal.dumps(h5_seeds.__code__)])
    ),
    "pickle": Target(describe_pickle, (), lambda _: iter([pickle.dumps(json.loads), pickle.dumps([1, "a"], 0)])),
}


def write_seeds(target: Target, corpus: Path) -> int:
    """Writes a target's seeds into a folder; returns how many there are."""
    with tempfile.TemporaryDirectory() as temporary:
        found = list(target.seeds(Path(temporary)))
        for number, (name, write) in enumerate(BOMBS.items()):
            if name.startswith(target.bombs or "no bomb"):
                folder = Path(temporary) / str(number)
                folder.mkdir()
                path = write(folder, SCALE)
                found += [
                    file.read_bytes() for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()
                ]
    seeds = [data for data in found if 0 < len(data) <= LARGEST_SEED]
    for number, data in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    return len(seeds)
