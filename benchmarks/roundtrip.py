"""Small models in three formats: the plugin beside the same suite written by hand, in three ways.

    python benchmarks/roundtrip.py [RUNS] [--models 10] [--new-processes] [--options OPTIONS OF THE PLUGIN]

Prints wall time and peak memory (of all processes together, shared pages counted once) of the plugin, of a suite that
saves, loads, predicts and compares in one process, of one that calls its models instead, and perhaps of one that starts
a new process for each reload; then the medians of the ratios, run by run. They take turns, so that a change of the
machine's speed meets all of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measurement import Measured, measure

BY_HAND, CALLED, NEW = "by hand", "called by hand", "new processes"
SUITES = {
    "plugin": "test_plugin.py",
    BY_HAND: "test_by_hand.py",
    CALLED: "test_called_by_hand.py",
    NEW: "test_new_processes.py",
}
# As on a user's machine, modules are compiled once and not at every start.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CI": "", "PYTHONDONTWRITEBYTECODE": ""}


def run(folder: Path, suite: str, *options: str, models: int, memory: bool = True) -> Measured:
    """One run of a suite."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", SUITES[suite], *options]
    return measure(command, folder, {**QUIET, "MODELS": str(models)}, memory=memory)


def main(given: argparse.Namespace) -> None:
    suites = [suite for suite in SUITES if suite != NEW or given.new_processes]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suites"
        shutil.copytree(Path(__file__).parent / "suites", folder)
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
        recorded = run(folder, "plugin", "--modelcompat-update-golden", models=given.models)
        if recorded.code:
            sys.exit(recorded.output)
        measured: dict[str, list[Measured]] = {suite: [] for suite in suites}
        for _ in range(given.runs):
            for suite in suites:
                result = run(folder, suite, *(given.options if suite == "plugin" else ()), models=given.models)
                if result.code:
                    sys.exit(f"{suite} failed:\n{result.output}")
                measured[suite].append(result)
    report(measured, given)


def report(measured: dict[str, list[Measured]], given: argparse.Namespace) -> None:
    """Prints what was measured."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{given.models} models, {given.runs} runs, {os.cpu_count()} processors, load of the machine now {load}")
    for suite, results in measured.items():
        seconds, peak = (
            statistics.median(values) for values in zip(*((r.seconds, r.peak_mb) for r in results), strict=True)
        )
        shown = ", ".join(f"{each.seconds:.1f}" for each in results)
        print(f"{suite:16} {seconds:6.1f} s   {peak:6.0f} MB   (runs: {shown})")
    ours = measured.pop("plugin")
    for other, theirs in measured.items():
        ratios = sorted(mine.seconds / his.seconds for mine, his in zip(ours, theirs, strict=True))
        print(f"plugin / {other:14} {statistics.median(ratios):.2f}   ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=3)
    parser.add_argument("--models", type=int, default=20, help="how many of the twenty")
    parser.add_argument("--new-processes", action="store_true", help="also reload each artifact in a new process")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="of the plugin's runs")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
