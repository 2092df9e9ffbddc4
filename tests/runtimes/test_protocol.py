"""What a child leaves as its answer, read by a process that it must not be able to exhaust."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.loader import tensors
from pytest_modelcompat.runtimes import protocol
from pytest_modelcompat.runtimes.protocol import ProcessExit, read_answer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VALUES = np.zeros((1000, 100), np.float32)


def answered(folder: Path, **more: Any) -> protocol.LoadResult:
    structure, _ = tensors.pack({"": {"price": VALUES}})
    answer = {"stage": "done", "error": None, "trying": "", "declaring": "", "routes": structure, **more}
    (folder / "answer.json").write_text(json.dumps(answer))
    return read_answer(folder, ProcessExit(0))


def leave_outputs(folder: Path, save: Any) -> None:
    save(folder / "outputs.npz", **tensors.pack({"": {"price": VALUES}})[1])


def test_outputs_as_the_loader_stores_them(tmp_path: Path) -> None:
    leave_outputs(tmp_path, np.savez)
    loaded = answered(tmp_path)
    assert loaded.succeeded
    assert loaded.routes[""]["price"].shape == VALUES.shape


def test_outputs_that_would_be_unpacked_are_no_answer(tmp_path: Path) -> None:
    leave_outputs(tmp_path, np.savez_compressed)
    assert not answered(tmp_path).succeeded


def test_outputs_that_share_their_bytes_are_no_answer(tmp_path: Path) -> None:
    leave_outputs(tmp_path, np.savez)
    file = tmp_path / "outputs.npz"
    data = file.read_bytes()
    central = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    # One member, which the table of contents lists twice.
    table = data[central:end] * 2
    counts = (2).to_bytes(2, "little") * 2 + len(table).to_bytes(4, "little") + central.to_bytes(4, "little") + b"\0\0"
    file.write_bytes(data[:central] + table + data[end : end + 8] + counts)
    assert not answered(tmp_path).succeeded


def test_an_answer_longer_than_any_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_outputs(tmp_path, np.savez)
    monkeypatch.setattr(protocol, "LARGEST_ANSWER", 5000)
    assert answered(tmp_path).succeeded
    assert not answered(tmp_path, versions={"keras": "3" * 5000}).succeeded
