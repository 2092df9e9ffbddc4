"""Ten small models in three formats: the plugin beside the same suite written by hand, twice.

    python benchmarks/roundtrip.py [RUNS]

Prints wall time and peak memory (of all processes together, shared pages counted once) of the plugin, of a suite that
saves, loads, predicts and compares in one process, and of one that starts a new process for each reload; then the
ratios of the medians. The three take turns, so that a change of the machine's speed meets all of them.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measurement import Measured, measure

SUITES = {"plugin": "test_plugin.py", "by hand": "test_by_hand.py", "new processes": "test_new_processes.py"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CI": ""}


def run(folder: Path, suite: str, *options: str, memory: bool = True) -> Measured:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", SUITES[suite], *options]
    return measure(command, folder, QUIET, memory=memory)


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suites"
        shutil.copytree(Path(__file__).parent / "suites", folder)
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
        recorded = run(folder, "plugin", "--modelcompat-update-golden")
        if recorded.code:
            sys.exit(recorded.output)
        measured: dict[str, list[Measured]] = {suite: [] for suite in SUITES}
        for _ in range(runs):
            for suite in SUITES:
                result = run(folder, suite)
                if result.code:
                    sys.exit(f"{suite} failed:\n{result.output}")
                measured[suite].append(result)
    report(measured)


def report(measured: dict[str, list[Measured]]) -> None:
    seconds = {suite: statistics.median(each.seconds for each in results) for suite, results in measured.items()}
    for suite, results in measured.items():
        peak = statistics.median(each.peak_mb for each in results)
        shown = ", ".join(f"{each.seconds:.1f}" for each in results)
        print(f"{suite:14} {seconds[suite]:6.1f} s   {peak:6.0f} MB   (runs: {shown})")
    print(f"plugin / by hand        {seconds['plugin'] / seconds['by hand']:.2f}")
    print(f"new processes / plugin  {seconds['new processes'] / seconds['plugin']:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
