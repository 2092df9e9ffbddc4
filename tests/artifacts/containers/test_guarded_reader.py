"""Datasets that the HDF5 library reads in a process of its own: its values, and what becomes of files that harm it."""

from __future__ import annotations

import ast
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError
from pytest_modelcompat.artifacts.containers.hdf5 import guarded_reader, reader_process
from pytest_modelcompat.artifacts.containers.hdf5.guarded_process import GuardedProcess
from pytest_modelcompat.artifacts.containers.hdf5.guarded_reader import (
    GuardedReader,
    StoredArray,
    UnreadableDatasetError,
)
from pytest_modelcompat.artifacts.containers.hdf5.reader_process import selections
from tests import handmade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NEEDS_LIMITS = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are what Linux makes of them")
# How long a process may take that is known not to end.
A_MOMENT = 3.0


def write(path: Path, **datasets: Any) -> Path:
    """An .h5 file of gzipped datasets."""
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file.create_dataset(name, data=values, compression="gzip")
    return path


def stored(name: str, values: NDArray[Any]) -> StoredArray:
    return StoredArray(name, values.dtype.newbyteorder("="), values.shape)


def read(reader: GuardedReader, name: str, values: NDArray[Any]) -> NDArray[Any]:
    pieces = list(reader.pieces(stored(name, values)))
    assert {piece.dtype for piece in pieces} <= {values.dtype.newbyteorder("=")}
    return np.concatenate(pieces).reshape(values.shape)


@pytest.fixture
def values() -> NDArray[Any]:
    return np.arange(24, dtype="f4").reshape(4, 6)


@pytest.fixture
def reader(tmp_path: Path, values: NDArray[Any]) -> Iterator[GuardedReader]:
    with closing(GuardedReader(write(tmp_path / "a.h5", w=values, v=values + 1))) as reader:
        yield reader


@pytest.mark.parametrize("dtype", [">f4", "<f8", ">i8", "|u1", "<f2", "?", "<c8"])
def test_values_of_any_dtype(tmp_path: Path, dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    with closing(GuardedReader(write(tmp_path / "a.h5", w=values))) as reader:
        np.testing.assert_array_equal(read(reader, "w", values), values)


def test_one_process_reads_all_datasets_of_a_file(reader: GuardedReader, values: NDArray[Any]) -> None:
    read(reader, "w", values)
    process = reader._process
    assert process is not None
    np.testing.assert_array_equal(read(reader, "v", values), values + 1)
    assert reader._process is process
    reader.close()
    assert process.end() == -signal.SIGKILL


def test_a_dataset_given_up_half_read_does_not_disturb_the_next(tmp_path: Path, values: NDArray[Any]) -> None:
    large = np.zeros((3000, 1000))
    with closing(GuardedReader(write(tmp_path / "a.h5", large=large, w=values))) as reader:
        next(reader.pieces(stored("large", large)))
        np.testing.assert_array_equal(read(reader, "w", values), values)


def test_large_values_come_in_pieces(tmp_path: Path) -> None:
    values = np.arange(6 << 20, dtype="f4").reshape(-1, 3)
    with closing(GuardedReader(write(tmp_path / "a.h5", w=values))) as reader:
        pieces = list(reader.pieces(stored("w", values)))
    assert len(pieces) > 1
    assert max(piece.nbytes for piece in pieces) <= 8 << 20
    np.testing.assert_array_equal(np.concatenate(pieces).reshape(values.shape), values)


@pytest.mark.parametrize(
    ("shape", "chunk"),
    [
        ((), ()),
        ((0, 3), (1, 3)),
        ((3, 0), (1, 1)),
        ((7,), (2,)),
        ((5, 6), (2, 4)),
        ((5, 4, 3), (5, 4, 3)),
        ((2, 3, 50), (1, 3, 7)),
        ((4, 3, 2, 5), (4, 1, 2, 5)),
    ],
)
@pytest.mark.parametrize("limits", [(8, 8, 99), (40, 100, 99), (100, 400, 3), (1 << 20, 1 << 20, 1)])
def test_selections_are_all_elements_once_in_order_and_no_more_than_the_limits(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], chunk: tuple[int, ...], limits: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(reader_process, "_PIECE", limits[0])
    monkeypatch.setattr(reader_process, "_LARGEST_PIECE", limits[1])
    monkeypatch.setattr(reader_process, "_MOST_CHUNKS", limits[2])
    array = np.arange(np.prod(shape, dtype=int), dtype="f4").reshape(shape)
    parts = [array[selection].reshape(-1) for selection in selections(shape, chunk, array.itemsize)]
    np.testing.assert_array_equal(np.concatenate([np.empty(0, "f4"), *parts]), array.reshape(-1))
    assert all(part.nbytes <= max(limits[:2]) for part in parts)


def test_no_selection_is_of_many_chunks() -> None:
    assert [*selections((1 << 18,), (2,), 1)] == [(slice(0, 1 << 17),), (slice(1 << 17, 1 << 18),)]
    assert len([*selections((3, 1 << 16, 2), (1, 1, 1), 1)]) == 6
    assert len([*selections((256, 256), (1, 1), 1)]) == 1


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "said"),
    [
        ("w", "f8", (4, 6), "another dtype or shape"),
        ("w", "f4", (24,), "another dtype or shape"),
        ("nowhere", "f4", (4, 6), "nowhere"),
        ("group", "f4", (4, 6), "is_virtual"),
        ("outside", "f4", (4,), "do not lie in it"),
        ("text", "u8", (1,), "do not lie in it"),
    ],
)
def test_what_is_not_the_array_it_should_be_is_not_read(
    tmp_path: Path, values: NDArray[Any], name: str, dtype: str, shape: tuple[int, ...], said: str
) -> None:
    path = write(tmp_path / "a.h5", w=values, text=["a text"])
    with h5py.File(path, "a") as file:
        file.create_group("group")
        file.create_dataset("outside", (4,), "f4", external=[("elsewhere", 0, 16)])
    with closing(GuardedReader(path)) as reader:
        with pytest.raises(UnreadableDatasetError, match=said):
            list(reader.pieces(StoredArray(name, np.dtype(dtype), shape)))
        np.testing.assert_array_equal(read(reader, "w", values), values)


INCOMPLETE = """
import json, struct, sys

sys.stdin.readline()
for line in sys.stdin:
    description = json.dumps({"dtype": "float32", "shape": [4, 6]}).encode()
    for kind, content in ((b"D", description), (b"P", bytes(4 * NUMBER)), (b".", b"")):
        sys.stdout.buffer.write(struct.pack("<cq", kind, len(content)) + content)
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize("number", [0, 23, 25])
def test_fewer_or_more_values_than_the_array_has_are_not_taken_for_it(
    reader: GuardedReader, values: NDArray[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    """As a process may send whose memory a damaged file has spoilt."""
    script = tmp_path / "incomplete.py"
    script.write_text(INCOMPLETE.replace("NUMBER", str(number)), encoding="utf-8")
    monkeypatch.setattr(reader_process, "__file__", str(script))
    with pytest.raises(UnreadableDatasetError, match="its values are not complete"):
        list(reader.pieces(stored("w", values)))


def test_damage_that_the_library_meets_leaves_the_rest_readable(tmp_path: Path, values: NDArray[Any]) -> None:
    noise = np.random.default_rng(0).random((64, 64))
    path = write(tmp_path / "a.h5", noise=noise, w=values)
    with h5py.File(path) as file:
        chunk = file["noise"].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset + 100 : chunk.byte_offset + 200] = bytes(100)
    path.write_bytes(data)
    with closing(GuardedReader(path)) as reader:
        with pytest.raises(UnreadableDatasetError, match=r"filter returned failure|inflate\(\) failed"):
            list(reader.pieces(stored("noise", noise)))
        np.testing.assert_array_equal(read(reader, "w", values), values)


def test_a_file_that_the_library_does_not_open(tmp_path: Path, values: NDArray[Any]) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(bytes(1000))
    with closing(GuardedReader(path)) as reader, pytest.raises(UnreadableDatasetError, match="signature not found"):
        list(reader.pieces(stored("w", values)))


def sentence(reader: GuardedReader, name: str, values: NDArray[Any]) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        list(reader.pieces(stored(name, values)))
    return str(raised.value)


@NEEDS_LIMITS
def test_a_file_that_crashes_the_library_is_a_sentence(tmp_path: Path) -> None:
    path, name = tmp_path / "a.h5", "model_weights/crashing"
    path.write_bytes(handmade.with_crashing_dataset(path))
    values = np.zeros(1 << 20, "i4")
    with closing(GuardedReader(path)) as reader:
        if h5py.version.hdf5_version_tuple[:2] <= (1, 14):
            said = f"{path} cannot be read: the HDF5 library crashes on {name} (SIGSEGV)"
            assert sentence(reader, name, values) == said
        else:  # a library without this defect
            with pytest.raises((BrokenArtifactError, UnreadableDatasetError)):
                list(reader.pieces(stored(name, values)))


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("ending", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGBUS])
def test_a_crash_in_the_middle_is_a_sentence(tmp_path: Path, ending: signal.Signals) -> None:
    values = np.zeros((3000, 1000))
    path = write(tmp_path / "a.h5", w=values)
    with closing(GuardedReader(path)) as reader:
        pieces = reader.pieces(stored("w", values))
        next(pieces)
        assert reader._process is not None
        os.kill(reader._process.pid, ending)
        with pytest.raises(BrokenArtifactError) as raised:
            list(pieces)
        assert str(raised.value) == f"{path} cannot be read: the HDF5 library crashes on w ({ending.name})"
        assert read(reader, "w", values).shape == values.shape  # by another process


@pytest.fixture
def endless(tmp_path: Path, values: NDArray[Any]) -> tuple[Path, NDArray[Any]]:
    """A sound file that no library reads in an hour: a hundred million chunks of one element, and one is stored."""
    path = write(tmp_path / "a.h5", w=values)
    with h5py.File(path, "a") as file:
        file.create_dataset("endless", (10_000, 10_000), "i1", chunks=(1, 1))[0, 0] = 1
    return path, np.broadcast_to(np.int8(0), (10_000, 10_000))


def test_a_read_that_does_not_end_is_a_sentence(
    endless: tuple[Path, NDArray[Any]], values: NDArray[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_reader, "_SLOWEST", float("inf"))
    path, many = endless
    with closing(GuardedReader(path, seconds=A_MOMENT)) as reader:
        read(reader, "w", values)
        said = f"{path} cannot be read: the HDF5 library has not come to an end with endless after 3 s"
        started = time.monotonic()
        assert sentence(reader, "endless", many) == said
        assert time.monotonic() - started < 2 * A_MOMENT


@NEEDS_LIMITS
def test_a_process_that_nobody_ends_ends_all_the_same(
    endless: tuple[Path, NDArray[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_reader, "_SLOWEST", float("inf"))
    path, many = endless
    with closing(GuardedReader(path, seconds=0.4)) as reader:
        monkeypatch.setattr(GuardedProcess, "_expire", lambda _: None)
        said = f"{path} cannot be read: the HDF5 library has not come to an end with endless after 0 s"
        assert sentence(reader, "endless", many) == said


@NEEDS_LIMITS
def test_memory_is_limited(tmp_path: Path, values: NDArray[Any]) -> None:
    many = np.broadcast_to(np.int8(0), (1 << 28,))
    path = write(tmp_path / "a.h5", w=values)
    with h5py.File(path, "a") as file:
        file.create_dataset("large", data=many, chunks=many.shape, compression="gzip")
    assert path.stat().st_size < 1 << 20
    with closing(GuardedReader(path, memory=1 << 27)) as reader:
        with pytest.raises(UnreadableDatasetError):
            list(reader.pieces(stored("large", many)))
        np.testing.assert_array_equal(read(reader, "w", values), values)


def test_no_interpreter_is_a_sentence(
    reader: GuardedReader, values: NDArray[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(BrokenArtifactError, match="no process can be started that reads HDF5 files"):
        reader.pieces(stored("w", values))


def test_nothing_beside_the_script_or_in_the_current_folder_is_imported(
    reader: GuardedReader, values: NDArray[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "h5py.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    np.testing.assert_array_equal(read(reader, "w", values), values)


def test_the_process_needs_nothing_of_the_package() -> None:
    tree = ast.parse(Path(reader_process.__file__).read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {*sys.stdlib_module_names} == {"h5py"}
