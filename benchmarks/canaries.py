"""Whether an attack acts in spite of the defaults: every command and a test run meet every file of `attacks`.

    python benchmarks/canaries.py [--runtime local --runtime tf2.15 ...] [--only NAME ...] [--keep FOLDER]

All that an attack does is to make one empty file, its canary. Each command reads all the files in one process, each
runtime loads them in one test run with nothing but the defaults. A canary that came to be is an error, and so is a
target or a page that does not name what is unsafe. Exits with 1 for either.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

RUNTIMES = ("local", "tf2.15", "tf2.18")
# A command's words before the paths; one that takes two paths gets each file twice.
COMMANDS = {
    "inspect": ("inspect", "--json"),
    "check": ("check", "--json", "--runtime", "tf2.15", "--runtime", "tf2.18", "--runtime", "tf2.21"),
    "runtimes-for": ("runtimes-for", "--json"),
    "diff": ("diff", "--json"),
}
_NAMES_IT = {"inspect", "check", "runtimes-for"}
_READS = """
import json, sys
from pytest_modelcompat.cli import main
for words in json.loads(sys.argv[1]):
    main(words)
"""
_TEST = '''

@pytest.mark.model_artifact({path!r})
def test_{number}():
    """{name}"""
'''
_TIMEOUT = 3600


@dataclass(frozen=True)
class Made:
    """An attack's file.

    Args:
        name: of the attack.
        place: what the findings have to name, as a regular expression.
        path: the file or folder.
        canary: what comes to be where it acts.
    """

    name: str
    place: str
    path: Path
    canary: Path

    def acted(self) -> bool:
        """Whether it has acted since it was asked for the last time."""
        acted = os.path.lexists(self.canary)
        self.canary.unlink(missing_ok=True)
        return acted

    def is_named_in(self, findings: Iterable[Mapping[str, Any]]) -> bool:
        """Whether findings name what is unsafe in it."""
        texts = "\n".join(" ".join((each["subject"], *each["where"], each["cause"])) for each in findings)
        return re.search(self.place, texts) is not None


def main(runtimes: Sequence[str], only: Sequence[str], folder: Path) -> int:
    """Makes the files, and has everything meet them.

    Args:
        runtimes: in which a test run loads them.
        only: names of attacks; empty for all.
        folder: for the files.
    """
    made = list(_make(only, folder))
    print(f"{len(made)} files", flush=True)
    problems = [problem for command in COMMANDS for problem in _commands(command, made, folder)]
    problems.extend(problem for runtime in runtimes for problem in _test_run(runtime, made, folder))
    print(*problems, sep="\n")
    acted = sum(problem.startswith("ACTED") for problem in problems)
    print(f"{acted} acted, {len(problems) - acted} not named")
    return 1 if problems else 0


def _make(only: Sequence[str], folder: Path) -> Iterator[Made]:
    for attack in importlib.import_module("attacks.registry").attacks():
        if only and attack.name not in only:
            continue
        home = folder / attack.name
        home.mkdir(parents=True)
        made = Made(attack.name, attack.place, attack.write(home, home / "canary"), home / "canary")
        made.acted()
        yield made


def _commands(command: str, made: Sequence[Made], folder: Path) -> Iterator[str]:
    """What went wrong when a command read all files."""
    words = COMMANDS[command]
    paths = [str(each.path.relative_to(folder)) for each in made]
    calls = [[*words, path, path] for path in paths] if command == "diff" else [[*words, *paths]]
    output = _run([sys.executable, "-c", _READS, json.dumps(calls)], folder).stdout
    yield from _acted(f"modelcompat {command}", made)
    if command in _NAMES_IT:
        found = _findings_by_path(output)
        named = {each.name for each, path in zip(made, paths, strict=True) if each.is_named_in(found.get(path, ()))}
        yield from _unnamed(f"modelcompat {command}", made, named)


def _findings_by_path(output: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in output.splitlines():
        data = json.loads(line)
        findings = data.get("findings", data.get("unsafe", ()))
        # What cannot be read is not loaded either, and a sentence says so.
        said = [{"subject": "", "where": (), "cause": data["unreadable"]}] if "unreadable" in data else []
        found.setdefault(data["path"], []).extend((*findings, *said))
    return found


def _test_run(runtime: str, made: Sequence[Made], folder: Path) -> Iterator[str]:
    """What went wrong when a test run loaded all files in a runtime."""
    tests = (
        _TEST.format(path=str(each.path.relative_to(folder)), number=number, name=each.name)
        for number, each in enumerate(made)
    )
    (folder / "test_attacks.py").write_text("import pytest\n" + "".join(tests), encoding="utf-8")
    report = folder / f"report-{runtime}.json"
    arguments = ("--modelcompat-runtime", runtime, "--modelcompat-report", str(report), "--modelcompat-update-golden")
    quiet = ("-q", "-p", "no:cacheprovider", "--no-header", "--tb=no")
    done = _run([sys.executable, "-m", "pytest", "test_attacks.py", *quiet, *arguments], folder)
    yield from _acted(f"pytest in {runtime}", made)
    if not report.is_file():
        yield f"FAILED: pytest in {runtime}: {done.stdout[-500:]}"
        return
    targets = json.loads(report.read_text(encoding="utf-8"))["targets"]
    by_case = {re.sub(r"\[.*", "", target["title"]): target for target in targets}
    named = {
        each.name
        for number, each in enumerate(made)
        if each.is_named_in(by_case.get(f"test_{number}", {}).get("findings", ()))
    }
    yield from _unnamed(f"pytest in {runtime}", made, named)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CI": ""}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_TIMEOUT,
        check=False,
    )


def _acted(what: str, made: Iterable[Made]) -> Iterator[str]:
    yield from (f"ACTED: {each.name} in {what}" for each in made if each.acted())


def _unnamed(what: str, made: Sequence[Made], named: set[str]) -> Iterator[str]:
    print(f"{what}: {len(named)} of {len(made)} named", flush=True)
    yield from (f"not named: {each.name} in {what}" for each in made if each.name not in named)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", action="append", help="load the files in this runtime; may be repeated")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these attacks")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the files in this empty folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canaries-") as temporary:
        sys.exit(main(given.runtime or RUNTIMES, given.only, (given.keep or Path(temporary)).absolute()))
