"""Real models through every format, and whether the fix that a failure prints makes it pass.

    python benchmarks/real_models.py [--only MODULE] [--keep FOLDER] [--write docs/real-models.md]

The models are those of keras.applications, of KerasHub (from configurations, nothing is downloaded) and in the manner
of keras.io's examples. Each is tested as a user would, with no options. Where a target fails, what the text prints is
pasted, as printed, and the test is run again: it counts as fixed only where that run passes. Where that run prints
another fix, that is pasted too, up to three times.

Needs, beside the plugin and TensorFlow: `keras-hub` without its dependencies, `kagglehub tokenizers sentencepiece`, and
`tensorflow-text` of TensorFlow's own minor.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from real import page
from real.cells import FORMATS, Cell, Place
from real.paste import Paste, edited, paste_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MODELS = Path(__file__).parent / "real" / "models"
MODULES = ("applications", "hub", "keras_io_vision", "keras_io_text")
ROUNDS = 3
TEST = """import pytest

import {module}
{imports}


@pytest.mark.model_roundtrip(formats={formats})
{markers}
def test_{name}():
    return {module}.MODELS["{model}"]()
"""


@dataclass
class Project:
    """A folder with tests of models, as a user would write them."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        for file in MODELS.glob("*.py"):
            shutil.copy(file, self.folder)
        (self.folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")

    def run(self, tests: Mapping[str, str]) -> dict[str, Any]:
        """What the JSON report says of some tests, by the name and the format in their ids; each has its own file."""
        for name, text in tests.items():
            (self.folder / f"test_{name}.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
        options = ["--modelcompat-update-golden", "--modelcompat-report", "report.json"]
        environment = {**os.environ, "CI": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [*command, *options], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        report = self.folder / "report.json"
        if not report.is_file() or done.returncode not in (0, 1, 2):
            sys.exit(done.stdout + done.stderr)
        targets = json.loads(report.read_text(encoding="utf-8"))["targets"]
        report.unlink()
        return {target["title"]: target for target in targets}


def main() -> None:
    options = _arguments()
    modules = options.only or MODULES
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        cells = [cell for module in modules for cell in _had_or_run(module, folder)]
    print(page.summary(cells))
    print(*(page.failure(cell) for cell in cells if not cell.passes), sep="\n")
    if options.write:
        options.write.write_text(page.render(cells), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=MODULES, help="only these models (repeatable)")
    parser.add_argument("--keep", type=Path, help="a folder where the projects stay; modules it has are not run again")
    parser.add_argument("--write", type=Path, help="where to write the page")
    return parser.parse_args()


def _had_or_run(module: str, folder: Path) -> list[Cell]:
    """The cells that an earlier run has left in the folder, or those of a run now."""
    had = folder / f"{module}.json"
    if not had.is_file():
        shutil.rmtree(folder / module, ignore_errors=True)
        had.write_text(json.dumps([asdict(cell) for cell in cells_of(module, folder / module)]), encoding="utf-8")
    return [Cell(**{**each, "place": Place(**each["place"])}) for each in json.loads(had.read_text(encoding="utf-8"))]


def cells_of(module: str, folder: Path) -> list[Cell]:
    """Every model of a module in every format, with what its fixes did."""
    sys.path.insert(0, str(MODELS))
    names = list(importlib.import_module(module).MODELS)
    targets = Project(folder / "first").run({name: _test(module, name, name, FORMATS, Paste()) for name in names})
    cells = [Cell(Place(module, name, each), targets[f"test_{name}[{each}]"]) for name in names for each in FORMATS]
    _mend([cell for cell in cells if not cell.passes], module, folder)
    return cells


def _mend(failing: Sequence[Cell], module: str, folder: Path) -> None:
    """Pastes what is printed for each, and runs it again, as long as new fixes are printed."""
    open_ = {id(cell): (cell, Paste(), list(cell.first["findings"])) for cell in failing}
    for number in range(1, ROUNDS + 1):
        tried: list[tuple[Cell, Paste]] = []
        for cell, before, findings in open_.values():
            after = _joined(before, paste_of(findings))
            if after.text() != before.text():
                cell.pasted.append(paste_of(findings).text())
                tried.append((cell, after))
        open_ = {}
        for group in _by_methods(tried):
            targets = _run_again(group, module, folder / f"fixed{number}_{len(list(folder.iterdir()))}")
            for cell, paste in group:
                mine = [each for title, each in targets.items() if title.startswith(f"test_{_name(cell)}[")]
                failed = [each for each in mine if each["verdict"] != "passed"]
                cell.runs.append(bool(mine) and not failed)
                if failed:
                    cell.last = failed[0]["headline"]
                    open_[id(cell)] = (cell, paste, [each for target in failed for each in target["findings"]])


def _joined(before: Paste, new: Paste) -> Paste:
    lines = [*before.lines, *(line for line in new.lines if line not in before.lines)]
    return Paste(lines, {**before.methods, **new.methods})


def _by_methods(tried: Iterable[tuple[Cell, Paste]]) -> Iterable[list[tuple[Cell, Paste]]]:
    """Cells that can be run in one project: where classes are edited, each model has one of its own."""
    groups: dict[str, list[tuple[Cell, Paste]]] = {}
    for cell, paste in tried:
        groups.setdefault(str(paste.methods) if paste.methods else "", []).append((cell, paste))
    return groups.values()


def _run_again(group: Sequence[tuple[Cell, Paste]], module: str, folder: Path) -> dict[str, Any]:
    project = Project(folder)
    methods = group[0][1].methods
    if methods:
        file = project.folder / f"{module}.py"
        file.write_text(edited(file.read_text(encoding="utf-8"), methods), encoding="utf-8")
    return project.run(
        {
            _name(cell): _test(module, cell.place.model, _name(cell), (cell.place.format,), paste)
            for cell, paste in group
        }
    )


def _name(cell: Cell) -> str:
    return f"{cell.place.model}_in_{cell.place.format}"


def _test(module: str, model: str, name: str, formats: Sequence[str], paste: Paste) -> str:
    markers = [line for line in paste.lines if line.startswith("@")]
    imports = [line for line in paste.lines if not line.startswith("@")]
    return TEST.format(
        module=module,
        model=model,
        name=name,
        formats=json.dumps(formats),
        imports="\n".join(imports),
        markers="\n".join(markers),
    )


if __name__ == "__main__":
    main()
