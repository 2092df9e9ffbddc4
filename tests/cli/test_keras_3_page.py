"""The page on bringing models of Keras 2 to Keras 3: its code and its commands, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.cli import main as modelcompat

pytest.importorskip("tf_keras")

if TYPE_CHECKING:
    from tests.conftest import Project

PAGE = Path(__file__).resolve().parents[2] / "docs" / "keras-3.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# In their order; one model needs a function, which the last one gives.
EXIT_CODES = {"check": [1], "migrate": [1, 1, 0]}


def test_the_page_does_what_it_says(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    models, function = (text for language, text in blocks if language == "python")
    exec(compile(models, "models.py", "exec"), {})  # noqa: S102 - the page's own code
    Path("legacy.py").write_text(function, encoding="utf-8")
    codes: dict[str, list[int]] = {}
    printed = ""
    for line in [line for language, text in blocks if not language for line in text.splitlines()]:
        command, *arguments = shlex.split(line)
        if command == "pytest":
            project.run(*arguments).assert_outcomes(passed=2)
        else:
            codes.setdefault(arguments[0], []).append(modelcompat(arguments))
            printed += capsys.readouterr().out
    assert codes == EXIT_CODES
    assert function in printed
    (table,) = (text for language, text in blocks if language == "text")
    assert table in printed
