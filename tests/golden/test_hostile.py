"""A golden that somebody made to harm: one sentence, and little memory."""

from __future__ import annotations

import io
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.cli import main
from pytest_modelcompat.golden.golden import GoldenBrokenError, GoldenName
from pytest_modelcompat.golden.store import GoldenStore

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from faults.updater import golden, update

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = GoldenName(("tests",), "test_it")
MOST_MEMORY = 48 << 20


def deep(folder: Path) -> None:
    (folder / "golden.json").write_text("[" * 200_000 + "]" * 200_000)


def deep_objects(folder: Path) -> None:
    (folder / "golden.json").write_text('{"schema":' * 100_000 + "1" + "}" * 100_000)


def many_digits(folder: Path) -> None:
    record = folder / "golden.json"
    record.write_text(record.read_text().replace('"schema": 1', '"schema": ' + "9" * 10_000))


def endless_record(folder: Path) -> None:
    with (folder / "golden.json").open("wb") as file:
        file.truncate(1 << 30)


def bomb(folder: Path) -> None:
    with (
        zipfile.ZipFile(folder / "arrays.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("outputs/output.npy", "w", force_zip64=True) as member,
    ):
        member.write(header((225_000_000,)))
        for _ in range(900):
            member.write(bytes(1_000_000))


def small_bombs(folder: Path) -> None:
    with zipfile.ZipFile(folder / "arrays.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"outputs/{number}.npy", header((250_000,)) + bytes(1_000_000))


def huge_shape(folder: Path) -> None:
    with zipfile.ZipFile(folder / "arrays.npz", "w") as archive:
        archive.writestr("outputs/output.npy", header((10**11,)) + b"1234")


def pickled(folder: Path) -> None:
    with zipfile.ZipFile(folder / "arrays.npz", "w") as archive:
        file = io.BytesIO()
        np.lib.format.write_array(file, np.array([print], object), allow_pickle=True)
        archive.writestr("outputs/output.npy", file.getvalue())


def header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue()


HOSTILE: dict[Callable[[Path], None], str] = {
    deep: "is not a golden: it is nested too deeply.",
    deep_objects: "is not a golden: it is nested too deeply.",
    many_digits: r"is not valid JSON: Exceeds the limit \(4300 digits\) for integer string conversion: [^;]*\.$",
    endless_record: "is longer than 64 MiB, which no golden's record is.",
    bomb: r"unpacks to 900000128 bytes; a golden's arrays are not compressed.",
    small_bombs: "unpacks to 100012800 bytes; a golden's arrays are not compressed.",
    huge_shape: r"is corrupt: outputs/output.npy is shorter than its shape \(100000000000,\) asks for.",
    pickled: "is corrupt: .*pickle",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    update(tmp_path / "golden", 1)
    return tmp_path / "golden" / "tests" / "test_it"


@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda each: each.__name__)
def test_it_is_one_sentence_and_little_memory(folder: Path, spoil: Callable[[Path], None]) -> None:
    store = GoldenStore(folder.parents[1])
    spoil(folder)
    tracemalloc.start()
    try:
        with pytest.raises(GoldenBrokenError, match=HOSTILE[spoil]):
            store.read(NAME)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_the_list_survives_and_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = GoldenStore(tmp_path / "golden")
    for spoil in HOSTILE:
        name = GoldenName(("tests",), f"test_{spoil.__name__}")
        store.update(name, lambda _: golden(1))
        spoil(store.folder(name))
    update(store.root, 1)
    monkeypatch.chdir(tmp_path)
    main(["golden", "list"])
    out = capsys.readouterr().out
    assert f"{len(HOSTILE) + 1} goldens ({len(HOSTILE)} broken)" in out
