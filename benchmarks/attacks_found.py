"""Which attack files a version of modelcompat finds, and which other scanners do.

    python benchmarks/attacks_found.py [NAME ...] [--tree FOLDER] [--scanner BIN/modelscan] [--scanner BIN/modelaudit]

FOLDER is a checkout of any version of modelcompat, this one if none is named. Found by modelcompat is an attack whose
place one finding of UNSAFE CONTENT names; by another scanner, one with any issue of its default severities. Prints who
finds what, and adds it to `benchmarks/attacks/found.json`, by name and version.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attacks.registry import attacks, not_built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from attacks.attack import Attack

    # The attacks and their files -> the names of those that are found.
    Look = Callable[[Sequence[tuple[Attack, Path]]], set[str]]

HERE = Path(__file__).resolve().parent
FOUND = HERE / "attacks" / "found.json"
SECONDS = 1800
# What modelaudit says of a file at these severities alone leaves it clean.
_HARMLESS = frozenset({"info", "debug"})


def main(names: Sequence[str], tree: Path, scanners: Sequence[Path]) -> None:
    chosen = [attack for attack in attacks() if not names or attack.name in names]
    tools: dict[str, Look] = {version_of(tree): lambda files: ours(files, tree)}
    tools |= {_scanner_version(scanner): _other(scanner) for scanner in scanners}
    with tempfile.TemporaryDirectory() as folder:
        files = [(attack, made(attack, Path(folder) / attack.name)) for attack in chosen]
        found = {tool: look(files) for tool, look in tools.items()}
    record(chosen, found)
    for attack in chosen:
        print(
            f"{attack.name:36}", *(f"{tool} {'found' if attack.name in found[tool] else 'missed':7}" for tool in tools)
        )
    for tool in tools:
        print(f"{tool}: {len(found[tool])} of {len(chosen)}")


def made(attack: Attack, folder: Path) -> Path:
    """Makes an attack in an empty folder, beside its canary."""
    artifact = folder / "artifact"
    artifact.mkdir(parents=True)
    return attack.write(artifact, folder / "canary")


def record(chosen: Iterable[Attack], found: dict[str, set[str]]) -> None:
    """Adds what was found to the table."""
    table = json.loads(FOUND.read_text()) if FOUND.is_file() else {"attacks": {}}
    for attack in chosen:
        entry = table["attacks"].setdefault(attack.name, {"found": {}})
        entry["shows"] = list(attack.shows)
        entry["found"] |= {tool: attack.name in names for tool, names in found.items()}
    known = {attack.name for attack in attacks()}
    table["attacks"] = {name: entry for name, entry in table["attacks"].items() if name in known}
    table["not built"] = {each.shows: each.why for each in not_built()}
    FOUND.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


def version_of(tree: Path) -> str:
    """What a checkout is called in the table."""
    command = ["git", "-C", str(tree), "describe", "--always", "--dirty"]
    return "modelcompat@" + subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def ours(files: Sequence[tuple[Attack, Path]], tree: Path) -> set[str]:
    """The attacks whose place one finding names."""
    paths = [str(path) for _, path in files]
    ended = _run(
        [sys.executable, "-m", "pytest_modelcompat.cli", "inspect", "--json", *paths], {"PYTHONPATH": str(tree)}
    )
    said = [json.loads(line) for line in ended.splitlines() if line.startswith("{")]
    findings = {each["path"]: each.get("unsafe", []) for each in said}
    return {
        attack.name
        for attack, path in files
        if any(names_place(attack, finding) for finding in findings.get(str(path), []))
    }


def names_place(attack: Attack, finding: dict[str, Any]) -> bool:
    """Whether a finding, as JSON, names what an attack says it has to."""
    text = "\n".join((finding["subject"], *finding["where"], finding["cause"]))
    return finding["kind"] == "UNSAFE CONTENT" and re.search(attack.place, text) is not None


def _other(scanner: Path) -> Look:
    return lambda files: _with_issues(
        files, _modelscan(scanner, files) if _is_modelscan(scanner) else _modelaudit(scanner, files)
    )


def _with_issues(files: Sequence[tuple[Attack, Path]], places: Iterable[str]) -> set[str]:
    """The attacks in whose folders a scanner finds something."""
    said = tuple(places)
    return {attack.name for attack, path in files if any(place.startswith(f"{path.parent}{os.sep}") for place in said)}


def _is_modelscan(scanner: Path) -> bool:
    return scanner.name == "modelscan"


def _modelscan(scanner: Path, files: Sequence[tuple[Attack, Path]]) -> list[str]:
    root = files[0][1].parents[2]
    report = root / "modelscan.json"
    _run([str(scanner), "scan", "-p", str(root), "-r", "json", "-o", str(report)])
    # It names its files below the folder that it was given.
    return [str(root / issue["source"].lstrip(os.sep)) for issue in json.loads(report.read_text())["issues"]]


def _modelaudit(scanner: Path, files: Sequence[tuple[Attack, Path]]) -> list[str]:
    report = _run([str(scanner), "scan", "--format", "json", "--no-cache", *(str(path) for _, path in files)])
    issues = json.loads(report[report.index("{") :])["issues"]
    return [str(issue["location"]) for issue in issues if issue["severity"] not in _HARMLESS]


def _scanner_version(scanner: Path) -> str:
    command = [
        str(scanner.parent / "python"),
        "-c",
        f"from importlib.metadata import *; print(version({scanner.name!r}))",
    ]
    return f"{scanner.name}@{_run(command).strip()}"


def _run(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    """What a command writes, however it ends."""
    quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"}
    given = {**os.environ, **quiet, **(environment or {})}
    # In no checkout: of what Python finds there first, another version would be asked.
    folder = tempfile.gettempdir()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, env=given, check=False)
    return ended.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks; all of them if none is named")
    parser.add_argument("--tree", type=Path, default=HERE.parent)
    parser.add_argument("--scanner", type=Path, action="append", default=[])
    given = parser.parse_args()
    main(given.names, given.tree, given.scanner)
