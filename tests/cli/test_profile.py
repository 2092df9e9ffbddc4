"""`modelcompat profile`: listing, showing, and recording where there is no TensorFlow."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.profiles.profile import PROFILE_SCHEMA
from pytest_modelcompat.profiles.store import read_part
from pytest_modelcompat.runtimes.aliases import ALIASES
from pytest_modelcompat.runtimes.names import all_names
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path


def test_list_has_every_runtime(modelcompat: Any) -> None:
    result = modelcompat("profile", "list")
    assert result.code == 0
    releases, _, others = result.out.partition("\nalso ")
    rows = [line.split() for line in releases.splitlines() if line.startswith("tf2")]
    assert [row[0] for row in rows] == all_names()
    assert rows[-1][1:3] == ["2.21.0", "3.15.1"]
    named = {line.split()[0]: line.split()[1:] for line in others.splitlines()[1:]}
    assert set(named) == {"tf2.22rc0", *ALIASES}
    assert named["keras-nightly"][-1] == ALIASES["keras-nightly"].source


def test_show(modelcompat: Any) -> None:
    lines = modelcompat("profile", "show", "tf2.16").out.splitlines()
    assert lines[0] == "tf2.16"
    assert any(line.startswith("  Keras      3.3") for line in lines)
    (data,) = modelcompat("profile", "show", "tf2.16", "--json").data
    assert "MatMul" in data["ops"]


def test_diff(modelcompat: Any) -> None:
    result = modelcompat("profile", "diff", "tf2.21", "keras-nightly")
    assert result.code == 1
    heads = [line.split()[0] for line in result.out.splitlines() if line and not line.startswith(" ")]
    assert heads[:-1] == ["old:", "new:", "GONE", "CHANGED", "NEW"]
    assert re.search(r"^  layer +Mosaic, TernaryDense$", result.out, re.MULTILINE)
    assert {"how": "added", "what": "layer", "name": "Mosaic", "detail": ""} in modelcompat(
        "profile", "diff", "tf2.21", "keras-nightly", "--json"
    ).data


def test_diff_of_the_same(modelcompat: Any) -> None:
    result = modelcompat("profile", "diff", "tf2.21", "tf2.21")
    assert (result.code, result.out.splitlines()[-1]) == (0, "both know the same")


def test_record_says_what_is_missing(modelcompat: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pytest_modelcompat.cli.profile.find_spec", lambda _: None)
    result = modelcompat("profile", "record", "--out", tmp_path / "mine.json")
    assert result.code == 2
    assert result.err.startswith("modelcompat: tensorflow is not installed here (")


def test_record_says_where_it_cannot_write(modelcompat: Any, tmp_path: Path) -> None:
    result = modelcompat("profile", "record", "--out", tmp_path / "no" / "mine.json")
    assert result.code == 2
    assert "there is no folder" in result.err


def test_record_says_why_it_failed(modelcompat: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TensorFlow is there, and breaks where it is imported: in the recorder's own process."""
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('libcudart.so.11.0: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    result = modelcompat("profile", "record", "--out", tmp_path / "mine.json")
    assert result.code == 2
    assert result.err == (
        "modelcompat: the profile could not be recorded: "
        "ImportError: libcudart.so.11.0: cannot open shared object file\n"
    )
    assert not (tmp_path / "mine.json").exists()


@pytest.fixture
def document() -> dict[str, Any]:
    """A recorded profile."""
    return {
        "kind": "modelcompat profile",
        "schema": PROFILE_SCHEMA,
        "name": "prod",
        "python": "3.12",
        "tensorflow": read_part("tensorflow", "2.18"),
        "keras": read_part("keras", "3.6"),
    }


def test_a_recorded_profile_goes_by_its_path(modelcompat: Any, models: Path, document: dict[str, Any]) -> None:
    for name in ("one.json", "two.json"):
        (models / name).write_text(json.dumps(document), encoding="utf-8")
    result = modelcompat("check", "--json", "plain.keras", "--runtime", "one.json", "--runtime", "two.json")
    assert result.code == 0
    assert [(each["runtime"], each["verdict"]) for each in result.data] == [
        ("one.json", "loads"),
        ("two.json", "loads"),
    ]


def test_code_of_the_users_own_that_is_older_there_is_to_be_released_first(
    modelcompat: Any, models: Path, document: dict[str, Any]
) -> None:
    taken = {"accepts": ["dtype", "factor", "name", "trainable"], "required": ["factor"], "refuses_unknown": True}
    about = {"name": "Scale", "role": "layer", "is_class": True, "home": "shop.layers", "paths": [], "writes": None}
    keras = dict(document["keras"])
    keras["objects"] = {**keras["objects"], "layer:Scale": {**about, **taken, "own_from_config": False}}
    keras["names"] = {**keras["names"], "registered": {"shop>Scale": "layer:Scale"}}
    (models / "prod.json").write_text(json.dumps({**document, "keras": keras}), encoding="utf-8")
    scale = handmade.layer("Scale", "scale", module="shop.layers", offset=1) | {"registered_name": "shop>Scale"}
    handmade.write_keras(models / "newer.keras", handmade.sequential(scale))
    (data,) = modelcompat("check", "--json", "newer.keras", "--runtime", "prod.json").data
    found = [each for each in data["findings"] if each["severity"] == "error"]
    there = "the shop.layers installed there"
    assert [(each["kind"], each["subject"], each["cause"], each["fix"][0]) for each in found] == [
        (
            "UNKNOWN ARGUMENT",
            "Scale(offset=…)",
            f"the saved configuration holds 'offset', which Scale of {there} does not take",
            "deploy the version of shop.layers that saved the model there, before you deploy the model",
        ),
        (
            "MISSING ARGUMENT",
            "Scale(factor=…)",
            f"{there} needs 'factor' to rebuild Scale, and the saved configuration does not have it",
            "deploy the version of shop.layers that saved the model there, before you deploy the model",
        ),
    ]
