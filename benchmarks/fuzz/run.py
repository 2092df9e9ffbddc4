"""Fuzzes readers with Atheris, each in a process of its own, from a corpus of seeds that is generated at the start.

    python benchmarks/fuzz/run.py [--seconds 60] [--corpus FOLDER] [TARGET ...]

Needs `atheris`, which is built for CPython up to 3.13 on Linux. The corpus is kept in FOLDER from one run to the next.
Ends with 1 if a reader raised, took ten seconds or 600 MB; the input stands in FOLDER then.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
SLOWEST, LARGEST_MB, LONGEST_INPUT = 10, 600, 20_000


def fuzz(name: str, seconds: int, corpus: Path) -> None:
    """Fuzzes one target in this process, which it ends."""
    import atheris

    with atheris.instrument_imports(include=["pytest_modelcompat"]):
        from fuzz.targets import TARGETS

    limits = (f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-rss_limit_mb={LARGEST_MB}")
    files = (f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={corpus.parent}/{name}-", str(corpus))
    atheris.Setup([sys.argv[0], *limits, *files, "-print_final_stats=1"], TARGETS[name].read)
    atheris.Fuzz()


def main() -> int:
    """Makes the seeds, and fuzzes target by target."""
    from fuzz.targets import TARGETS, write_seeds

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        fuzz(options.targets[0], options.seconds, options.corpus)
    home = options.corpus or Path(tempfile.mkdtemp())
    failed = []
    for name in options.targets or TARGETS:
        corpus = home / name
        corpus.mkdir(parents=True, exist_ok=True)
        count = write_seeds(TARGETS[name], corpus)
        command = [sys.executable, __file__, "--one", "--seconds", str(options.seconds), "--corpus", str(corpus), name]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        lines = done.stderr.splitlines()
        runs = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
        print(
            f"{name:<15} {count:>4} seeds, {runs:>9} runs: {'FAILED' if done.returncode else 'nothing found'}",
            flush=True,
        )
        if done.returncode:
            failed.append(name)
            print("\n".join(lines[-40:]), flush=True)
    print(f"corpus and findings are in {home}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
