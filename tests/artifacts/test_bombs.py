"""Small versions of the bombs: each ends in an inventory or one sentence. `benchmarks/bombs.py` measures the large."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, budget, read_inventory
from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.saved_model import graph, protobuf_schema
from pytest_modelcompat.cli import console, main
from tests.artifacts.bombs import BOMBS

if TYPE_CHECKING:
    from pathlib import Path

SCALE = 0.001
# They make a folder, of which no artifact is read.
FOLDERS = ("folder: many files", "folder: folders in folders", "folder: links in a circle", "folder: pipes and devices")


@pytest.mark.skipif(sys.platform != "linux", reason="makes named pipes, and links to devices")
@pytest.mark.parametrize("name", [name for name in BOMBS if name not in FOLDERS])
def test_small_bombs_end_in_an_inventory_or_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = BOMBS[name](tmp_path, SCALE)
    said = ""
    try:
        read_inventory(path)
    except BrokenArtifactError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 500 + len(str(path))


@pytest.mark.skipif(sys.platform != "linux", reason="makes named pipes, and links to devices")
@pytest.mark.parametrize("name", FOLDERS)
def test_small_folders_are_searched(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = BOMBS[name](tmp_path, SCALE)
    assert main(["inspect", str(path)]) in (0, 2)
    assert "\x1b" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("json: empty lists", "parts, which is the limit"),
        ("zip: pickles", "parts, which is the limit"),
        ("index: entries", "parts, which is the limit"),
        ("text: known nodes", "parts, which is the limit"),
    ],
)
def test_many_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    path = BOMBS[name](tmp_path, SCALE)
    monkeypatch.setattr(budget, "MOST_ITEMS", 300)
    with pytest.raises(BrokenArtifactError, match=said):
        read_inventory(path)


@pytest.mark.parametrize(
    "name", ["json: small layers", "zip: empty members", "text: comments", "hdf5: groups", "protobuf: different ops"]
)
def test_what_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = BOMBS[name](tmp_path, 0.02)
    monkeypatch.setattr(budget, "MOST_SECONDS", -1.0)
    with pytest.raises(BrokenArtifactError, match="after -1 seconds it still is not read, which is the limit"):
        read_inventory(path)


@pytest.mark.parametrize(
    "name",
    [
        *("protobuf: meta graphs", "protobuf: nodes of functions", "protobuf: signatures", "protobuf: dimensions"),
        *("protobuf: small functions", "text: known nodes"),
    ],
)
def test_many_tiny_messages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = BOMBS[name](tmp_path, 0.02)
    monkeypatch.setattr(protobuf_schema, "MOST_MESSAGES", 200)
    with pytest.raises(BrokenArtifactError, match="it has more than 200 parts, which is the limit"):
        read_inventory(path)


def test_many_kinds_of_ops_and_attributes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_KINDS", 100)
    (tmp_path / "kinds").mkdir()
    with pytest.raises(BrokenArtifactError, match="more than 100 kinds of ops"):
        read_inventory(BOMBS["protobuf: different ops"](tmp_path / "kinds", SCALE))
    monkeypatch.setattr(graph, "MOST_ATTRIBUTES", 100)
    with pytest.raises(BrokenArtifactError, match="an op of it has more than 100 attributes"):
        read_inventory(BOMBS["protobuf: different attributes"](tmp_path, SCALE))


def test_budget_counts_what_all_readers_spend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_ITEMS", 3)
    whole = Budget()
    whole.spend(2)
    whole.spend()
    with pytest.raises(BudgetSpentError, match="it has more than 3 parts"):
        whole.spend()


def test_three_million_values_are_more_than_any_model_has_and_half_a_million_are_not() -> None:
    assert len(parse_json(f'{{"a": [{"0," * 500_000}0]}}', "it")["a"]) == 500_001
    with pytest.raises(BrokenArtifactError, match="it is too large: it has more than 2,500,000 parts"):
        parse_json(f'{{"a": [{"0," * 3_000_000}0]}}', "it")


def test_ten_seconds_are_more_than_any_model_takes_and_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 1.0, 10.0))
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    whole = Budget()
    whole.look()
    with pytest.raises(BudgetSpentError, match="after 5 seconds"):
        whole.look()


def test_a_page_has_an_end_unless_all_of_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = BOMBS["json: foreign modules"](tmp_path, 0.004)
    arguments = ["check", str(path), "--runtime", "tf2.21"]
    assert main(arguments) == 1
    page = capsys.readouterr().out
    assert len(page) < 1_000_000
    assert page.endswith("… and more; --all shows all of it\n")
    main([*arguments, "--all"])
    assert len(capsys.readouterr().out) > len(page)


def test_a_folder_of_thousands_of_broken_files_is_no_endless_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "_MOST_PROBLEMS", 5)
    path = BOMBS["folder: many files"](tmp_path, SCALE)
    assert main(["inspect", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert lines[-1] == "modelcompat: more than 5 things could not be done or read; --json names each"


@pytest.mark.parametrize("name", ["json: names that steer a terminal", "zip: names that steer a terminal"])
def test_names_do_not_steer_a_terminal(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = BOMBS[name](tmp_path, SCALE)
    main(["inspect", str(path)])
    shown = capsys.readouterr().out
    assert "\\x1b[31mred" in shown
    assert "\\u202e" in shown
    assert not set(shown) & set("\x1b\u202e\r")


BUSY = """
import sys
from pytest_modelcompat.cli import bounds
{what}
try:
    with bounds.bounded():
        {body}
except (bounds.OutOfTimeError, MemoryError) as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bounds a process' memory, and its time")
@pytest.mark.parametrize(
    ("what", "body", "said"),
    [
        ("bounds.MOST_SECONDS = 0.1", "while True: pass", "OutOfTimeError"),
        ("bounds.MOST_MEMORY = 1 << 24", "bytearray(1 << 26)", "MemoryError"),
    ],
)
def test_what_no_reader_bounds_is_bounded_for_the_whole_command(what: str, body: str, said: str) -> None:
    code = BUSY.format(what=what, body=body)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [said]
