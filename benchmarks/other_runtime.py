"""Ten small models in three formats, reloaded in another runtime and in the local one.

    python benchmarks/other_runtime.py [RUNTIME] [PAIRS]

RUNTIME is one that loads everything the local one saves, by default tf2.21; it must have been created. Prints wall time
and peak memory (of all processes together, shared pages counted once) of whole pytest runs, which take turns, and the
ratio of the medians.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measurement import Measured, measure

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CI": ""}


def run(folder: Path, *options: str) -> Measured:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plugin.py", *options]
    result = measure(command, folder, QUIET, memory=True)
    if result.code:
        sys.exit(result.output)
    return result


def main(runtime: str, pairs: int) -> None:
    measured: dict[str, list[Measured]] = {"local": [], runtime: []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suites"
        shutil.copytree(Path(__file__).parent / "suites", folder)
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
        run(folder, "--modelcompat-update-golden")
        for name in measured:
            run(folder, "--modelcompat-runtime", name)
        for _ in range(pairs):
            for name, results in measured.items():
                results.append(run(folder, "--modelcompat-runtime", name))
    report(measured)


def report(measured: dict[str, list[Measured]]) -> None:
    seconds = {name: statistics.median(each.seconds for each in results) for name, results in measured.items()}
    for name, results in measured.items():
        peak = statistics.median(each.peak_mb for each in results)
        shown = ", ".join(f"{each.seconds:.1f}" for each in results)
        print(f"{name:10} {seconds[name]:6.1f} s   {peak:6.0f} MB   (runs: {shown})")
    local, other = seconds.values()
    print(f"{list(measured)[1]} / local  {other / local:.2f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tf2.21", int(sys.argv[2]) if len(sys.argv) > 2 else 5)
