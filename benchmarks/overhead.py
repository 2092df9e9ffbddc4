"""What the plugin costs a test run without model tests: 500 empty tests with it and without.

    python benchmarks/overhead.py [PAIRS]

The two take turns; printed is the median of the ratios pair by pair.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from measurement import measure

TESTS = 500
# As on a user's machine, modules are compiled once and not at every start.
CACHED = {"PYTHONDONTWRITEBYTECODE": ""}


def main(pairs: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tests = "\n\n".join(f"def test_{number}():\n    pass" for number in range(TESTS))
        (folder / "test_empty.py").write_text(tests + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        without = [*command, "-p", "no:modelcompat"]
        measure(command, folder, CACHED)
        measure(without, folder, CACHED)
        ratios = []
        for _ in range(pairs):
            ours, theirs = measure(command, folder, CACHED).seconds, measure(without, folder, CACHED).seconds
            ratios.append(ours / theirs)
    print(f"{TESTS} empty tests, with / without the plugin: median {statistics.median(ratios):.3f}", end=" ")
    print(f"of {pairs} pairs ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
