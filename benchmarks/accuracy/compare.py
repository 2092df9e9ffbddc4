"""Compares the static verdicts with what the matrix saw, and writes the table of docs/accuracy.md.

`python benchmarks/accuracy/compare.py MATRIX/results.jsonl [--held-out OTHER/results.jsonl] [--write docs/accuracy.md]`
prints the agreement and every disagreement; with `--before CHECKOUT` what the verdicts of another commit come to on
the same loads, too (`git worktree add CHECKOUT COMMIT`). It exits with 1 where fewer than 98 % of the verdicts agree,
or where a load that crashed was predicted to succeed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from accuracy import page  # noqa: E402 - the folder above is on the path only now
from accuracy.cells import Cell  # noqa: E402

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory  # noqa: E402
from pytest_modelcompat.compatibility.check import check_compatibility  # noqa: E402
from pytest_modelcompat.compatibility.verdict import Compatibility  # noqa: E402
from pytest_modelcompat.profiles.store import load_profile  # noqa: E402

LEAST = 0.98


def main() -> int:
    """Compares, prints, writes; the exit code says whether it is good enough."""
    options = arguments()
    cells = compared(options.results)
    held_out = compared(options.held_out) if options.held_out else []
    if options.before:
        print(f"before: {of_checkout(options.before, options.results)}")
    print(page.summary(cells))
    for cell in cells:
        if not cell.agrees:
            print(page.disagreement(cell))
    if held_out:
        print(f"held out: {page.summary(held_out)}")
        print(*(page.disagreement(cell) for cell in held_out if not cell.agrees), sep="\n")
    if options.write:
        options.write.write_text(page.render(cells, held_out), encoding="utf-8")
    agreeing = Counter(cell.agrees for cell in cells)
    enough = agreeing[True] >= LEAST * len(cells) and not any(cell.is_missed_crash for cell in cells)
    return 0 if enough else 1


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="what matrix.py left")
    parser.add_argument("--held-out", type=Path, help="a second matrix, which the rules were not made by")
    parser.add_argument("--before", type=Path, help="a checkout of another commit, whose verdicts are taken too")
    parser.add_argument("--write", type=Path, help="where to write the page")
    return parser.parse_args()


def of_checkout(checkout: Path, results: Path) -> str:
    """The agreement of the verdicts that another checkout gives on the same loads."""
    command = [sys.executable, str(Path(__file__).resolve()), str(results.resolve())]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0] or f"its verdicts cannot be taken: {done.stderr.strip()[-300:]}"


def compared(results: Path) -> list[Cell]:
    """Every load of a matrix with its static verdict; of a load that is there twice the last line counts."""
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    last = {(each["artifact"], each["loader"], each["safe_mode"], tuple(each["declared"])): each for each in lines}
    return [predict(seen) for seen in last.values()]


def predict(seen: dict[str, Any]) -> Cell:
    """The static verdict of one load, given only what the loader was given."""
    inventory = inventory_of(seen["artifact"])
    if inventory is None:
        return Cell(seen, Compatibility.UNREADABLE)
    result = check_compatibility(
        inventory,
        load_profile(seen["loader"]),
        custom=seen["declared"],
        safe_mode=seen["safe_mode"] is not False,
    )
    deciding = [finding for finding in result.findings if finding.severity.value in ("error", "change")]
    return Cell(seen, result.compatibility, tuple(f"{each.kind.value} {each.subject}" for each in deciding))


@cache
def inventory_of(artifact: str) -> Any:
    """What an artifact holds; None where it cannot be read."""
    try:
        return read_inventory(Path(artifact))
    except BrokenArtifactError:
        return None


if __name__ == "__main__":
    sys.exit(main())
