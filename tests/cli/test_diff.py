"""`modelcompat diff`: the page, the JSON, the exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import handmade

WEIGHTS = {"dense/kernel": np.ones((2, 2), np.float32)}

pytestmark = pytest.mark.usefixtures("models")


def two(folder: Path) -> None:
    handmade.write_h5(folder / "a.h5", handmade.sequential(handmade.dense()), WEIGHTS)
    handmade.write_h5(
        folder / "b.h5",
        handmade.sequential(handmade.dense(units=3), handmade.layer("ReLU", "act")),
        {"dense/kernel": np.full((2, 2), 1.5, np.float32)},
    )


def test_of_the_same_is_0(modelcompat: Any, models: Path) -> None:
    two(models)
    result = modelcompat("diff", "a.h5", "a.h5")
    assert result.code == 0
    assert result.out.splitlines()[-1] == "no difference; 1 arrays of weights are equal"


def test_of_others_is_1_and_says_what(modelcompat: Any, models: Path) -> None:
    two(models)
    result = modelcompat("diff", "a.h5", "b.h5")
    assert result.code == 1
    assert result.out.splitlines() == [
        "old: a.h5  (HDF5, saved by Keras 3.11.3)",
        "new: b.h5  (HDF5, saved by Keras 3.11.3)",
        "",
        "LAYERS",
        "  act  added: ReLU",
        "",
        "CONFIGURATION",
        '  Dense  "dense"',
        "    units  2 -> 3",
        "",
        "WEIGHTS",
        "  dense/kernel  differs by up to 0.5, in 4 of 4 values",
        "",
        "3 differences",
    ]


def test_a_page_is_written_beside_what_is_printed(modelcompat: Any, models: Path) -> None:
    pytest.importorskip("jinja2")
    two(models)
    plain = modelcompat("diff", "a.h5", "b.h5")
    result = modelcompat("diff", "a.h5", "b.h5", "--html", "out/page.html")
    assert (result.code, result.out) == (plain.code, plain.out)
    assert result.err == f"modelcompat: the page is {Path('out/page.html')}\n"
    text = (models / "out/page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "3 differences" in text


def test_a_page_without_jinja2_is_2_with_the_fix(
    modelcompat: Any, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(models)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = modelcompat("diff", "a.h5", "b.h5", "--html", "page.html")
    assert result.code == 2
    assert "pip install 'pytest-modelcompat[report]'" in result.err
    assert not (models / "page.html").exists()


def test_a_page_replaces_a_page_and_no_model(modelcompat: Any, models: Path) -> None:
    pytest.importorskip("jinja2")
    two(models)
    before = (models / "b.h5").read_bytes()
    result = modelcompat("diff", "a.h5", "b.h5", "--html", "b.h5")
    assert (result.code, result.out) == (2, "")
    assert "it is not overwritten" in result.err
    assert (models / "b.h5").read_bytes() == before
    for _ in range(2):
        assert modelcompat("diff", "a.h5", "b.h5", "--html", "page.html").code == 1


def test_a_page_where_nothing_can_be_written_is_2(modelcompat: Any, models: Path) -> None:
    pytest.importorskip("jinja2")
    two(models)
    (models / "file").write_text("")
    result = modelcompat("diff", "a.h5", "b.h5", "--html", "file/page.html")
    assert (result.code, result.out) == (2, "")
    assert "page.html cannot be written: " in result.err


def test_of_what_cannot_be_read_is_2(modelcompat: Any, models: Path) -> None:
    two(models)
    result = modelcompat("diff", "a.h5", "nowhere.h5")
    assert (result.code, result.out, result.err) == (2, "", "modelcompat: nowhere.h5 does not exist\n")
    result = modelcompat("diff", "a.h5", "nowhere.h5", "--json")
    assert result.data == [{"old": "a.h5", "new": "nowhere.h5", "unreadable": "nowhere.h5 does not exist"}]


def test_of_what_cannot_be_told_is_2(modelcompat: Any, models: Path) -> None:
    import h5py

    two(models)
    with h5py.File(models / "a.h5", "a") as file:
        file["model_weights"].create_dataset("w", (2,), "f4", external=[("outside", 0, 8)])
    result = modelcompat("diff", "a.h5", "a.h5")
    assert result.code == 2
    assert "whether they are the same is unknown" in result.err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the crash is that of HDF5 on Linux")
def test_of_what_crashes_the_hdf5_library_is_2(modelcompat: Any, models: Path) -> None:
    import h5py

    two(models)
    data = handmade.with_crashing_dataset(models / "a.h5")
    (models / "b.h5").write_bytes(data)
    result = modelcompat("diff", "a.h5", "b.h5")
    assert (result.code, result.out) == (2, "")
    if h5py.version.hdf5_version_tuple[:2] <= (1, 14):
        said = "b.h5 cannot be read: the HDF5 library crashes on model_weights/crashing (SIGSEGV)"
        assert result.err == f"modelcompat: {said}\n"
        (data,) = modelcompat("diff", "a.h5", "b.h5", "--json").data
        assert data == {"old": "a.h5", "new": "b.h5", "unreadable": said}


def test_json(modelcompat: Any, models: Path) -> None:
    two(models)
    (data,) = modelcompat("diff", "a.h5", "b.h5", "--json").data
    assert (data["old"], data["new"], data["same"]) == ("a.h5", "b.h5", False)
    assert [each["what"] for each in data["differences"]] == ["layer", "config", "weight"]
    assert data["differences"][2]["greatest"] == 0.5
    (data,) = modelcompat("diff", "a.h5", "a.h5", "--json").data
    assert (data["same"], data["equal_weights"]) == (True, 1)
