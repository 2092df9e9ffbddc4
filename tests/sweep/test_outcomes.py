"""The loads of a run: from what was observed, with the artifacts that are there as they were."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep import observed
from sweep.outcomes import Load, loads_of, said_in
from sweep.summary import observations

ROWS: list[dict[str, Any]] = [
    {"name": "Dense", "kind": "layer", "format": "h5", "id": "a", "constructs": ["layer Dense"]},
    {"name": "Lookup adapted", "kind": "state", "format": "h5", "id": "b", "constructs": ["layer Lookup"]},
]
FAILS = {"outcome": "fails", "stage": "load", "text": "ValueError: got 7"}
RESULTS = {"2.15": {"a": {"outcome": "loads"}, "b": FAILS}, "3.6": {"b": {"outcome": "loads"}}}


def loaded(tmp_path: Path, *made: dict[str, Any]) -> list[Load]:
    """The loads of what was observed of Keras 2.15, where some artifacts are there."""
    observed.write("2.15", observations(ROWS, RESULTS), tmp_path / "observed")
    folder = tmp_path / "files" / "2.15"
    folder.mkdir(parents=True)
    (folder / "a.h5").touch()
    rows = [{**row, "path": str(folder / row.get("file", "a.h5"))} for row in made]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return loads_of(tmp_path, tmp_path / "observed")


def test_are_those_that_were_loaded_and_planned_for_their_kind(tmp_path: Path) -> None:
    """Every version reads a state; a layer is read in between only where something happens to it."""
    found = [(load.row["name"], load.reader, load.seen, load.is_planned) for load in loaded(tmp_path, ROWS[0])]
    assert found == [
        ("Dense", "2.15", "loads", True),
        ("Lookup adapted", "2.15", "fails", True),
        ("Lookup adapted", "3.6", "loads", True),
    ]


def test_an_artifact_is_there_if_its_file_is_and_is_made_of_the_same(tmp_path: Path) -> None:
    other = {**ROWS[0], "constructs": ["layer Other"]}
    gone = {**ROWS[1], "file": "gone.h5"}
    for number, (made, there) in enumerate(((ROWS, {"a", "b"}), ((*ROWS[1:], other), {"b"}), ((ROWS[0], gone), {"a"}))):
        found = loaded(tmp_path / str(number), *made)
        assert {load.row["id"] for load in found if load.is_there} == there
        assert len(found) == 3


def test_a_folder_without_artifacts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no artifact of a sweep is there"):
        loaded(tmp_path)
    assert not (tmp_path / "results").exists()


def test_what_keras_said_is_that_of_the_run_and_else_what_was_observed(tmp_path: Path) -> None:
    loads = [load for load in loaded(tmp_path, *ROWS) if load.seen == "fails"]
    assert [text for _, text in said_in(tmp_path, loads)] == ["ValueError: got N"]
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "2.15.jsonl").write_text(json.dumps({"id": "b", **FAILS}) + "\n")
    assert [text for _, text in said_in(tmp_path, loads)] == ["ValueError: got 7"]
