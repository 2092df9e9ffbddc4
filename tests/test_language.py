"""Plain English: words that CONTRIBUTING.md refuses are not used where a user or a newcomer reads."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]


@cache
def refused() -> list[str]:
    """The words in the first column of CONTRIBUTING's table."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| not | but |\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [word.strip() for row in table for word in row.split("|")[1].split(",")]


@cache
def pattern() -> re.Pattern[str]:
    words = (re.escape(word).replace(r"\ ", r"[\s_]+") for word in refused())
    return re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(words)})(?![a-z])")


def uses(text: str) -> list[str]:
    """The refused words in a text, also where an underscore or a line break stands for a space."""
    return pattern().findall(text)


def read_by_people() -> Iterator[Path]:
    for folder, pattern in (
        ("pytest_modelcompat", "*.py"),
        ("docs", "*"),
        ("benchmarks", "*.py"),
        ("examples", "*.py"),
    ):
        yield from (path for path in (ROOT / folder).rglob(pattern) if path.is_file() and path.suffix != ".pyc")
    yield from (ROOT / name for name in ("README.md", "CHANGELOG.md", "pyproject.toml"))


def test_the_list_is_read() -> None:
    assert {"anew", "foretold", "is told", "lore"} <= set(refused())
    assert uses("They are\n    told what_it_came_to, ANEW. Folklore, unanewed.") == [
        "are\n    told",
        "what_it_came_to",
        "ANEW",
    ]


def test_where_people_read() -> None:
    found = {str(path.relative_to(ROOT)): uses(path.read_text(encoding="utf-8")) for path in read_by_people()}
    assert {name: words for name, words in found.items() if words} == {}


def test_names_of_tests() -> None:
    names = [
        name
        for file in (ROOT / "tests").rglob("*.py")
        for name in [file.stem, *re.findall(r"(?:def|class) (\w+)", file.read_text(encoding="utf-8"))]
    ]
    assert [name for name in names if uses(name)] == []


@pytest.mark.parametrize("arguments", [["-h"], *([name, "-h"] for name in COMMANDS)], ids=" ".join)
def test_help_of_the_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "usage: modelcompat" in shown
    assert uses(shown) == []


def test_help_of_the_plugin() -> None:
    command = [sys.executable, "-m", "pytest", "--help", "--markers", "-p", "no:cacheprovider"]
    shown = "".join(
        subprocess.run([*command[:3], option], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for option in ("--help", "--markers")
    )
    ours = "\n".join(line for line in shown.splitlines() if "no modelcompat" not in line)
    assert "--modelcompat-update-golden" in ours
    assert uses(ours) == []
