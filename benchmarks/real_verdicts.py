"""Whether `modelcompat check` is right about models as people have them.

    python benchmarks/real_verdicts.py --out FOLDER [--savers NAME...] [--loaders NAME...] [--models NAME...]

saves the models of `real/models/everyday.py` (keras.applications, and models in the manner of tutorials) in some
versions, loads them in others, and holds the verdicts against what happened. It prints each that was wrong, and exits
with 1 if any was. What FOLDER has is not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Severity, Stage
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import create, interpreter_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYDAY = Path(__file__).resolve().parent / "real" / "models" / "everyday.py"
SAVERS = ("tf2.4", "tf2.10", "tf2.13", "tf2.15", "tf2.16", "tf2.19", "tf2.21")
LOADERS = (*SAVERS, "tf2.16+keras3.0", "tf2.18", "tf2.20", "tf2.21+tf_keras")


class Verdict(NamedTuple):
    """One file in one runtime.

    Args:
        saver: the runtime that saved it.
        loader: the one that loaded it.
        file: its name.
        said: what Keras said; empty where it loaded.
        causes: what is predicted to keep it from loading.
    """

    saver: str
    loader: str
    file: str
    said: str
    causes: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether it was predicted."""
        return bool(self.said) == bool(self.causes)


def main() -> int:
    """Saves, loads, compares, prints."""
    options = arguments()
    for name in dict.fromkeys((*options.savers, *options.loaders)):
        create(builtin_runtime(name), partial(print, flush=True))
    for saver in options.savers:
        if not (options.out / saver).exists():
            run(saver, "save", options.out / saver, *options.models)
    verdicts = [
        each for saver in options.savers for loader in options.loaders for each in judged(options.out, saver, loader)
    ]
    for each in verdicts:
        if not each.is_right:
            causes = "; ".join(each.causes) or "nothing"
            print(f"{each.file} of {each.saver} in {each.loader}: {each.said or 'loads'}\n    predicted: {causes}")
    count = Counter(each.is_right for each in verdicts)
    print(
        f"{count[True]:,} of {len(verdicts):,} verdicts are right; {sum(bool(each.said) for each in verdicts):,} fail"
    )
    return 1 if count[False] else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the models go")
    parser.add_argument("--savers", nargs="+", default=list(SAVERS))
    parser.add_argument("--loaders", nargs="+", default=list(LOADERS))
    parser.add_argument("--models", nargs="+", default=[], help="default: all")
    options = parser.parse_args()
    options.out = options.out.resolve()
    return options


def run(name: str, *arguments: str | Path) -> None:
    """Runs `everyday.py` in a runtime."""
    runtime = builtin_runtime(name)
    command = [str(interpreter_of(runtime)), str(EVERYDAY), *map(str, arguments)]
    subprocess.run(command, env={**os.environ, **runtime.env}, check=True, stderr=subprocess.DEVNULL)


def judged(out: Path, saver: str, loader: str) -> Iterator[Verdict]:
    """What became of each file of one runtime in another, and what was predicted."""
    results = out / f"{saver} in {loader}.json"
    if not results.exists():
        run(loader, "load", out / saver, results)
    profile = load_profile(loader)
    for file, said in json.loads(results.read_text(encoding="utf-8")).items():
        found = check_compatibility(read_inventory(out / saver / file), profile).findings
        errors = [each for each in found if each.severity is Severity.ERROR and each.stage is not Stage.FIRST_CALL]
        yield Verdict(saver, loader, file, said, tuple(f"{each.subject}: {each.cause}" for each in errors))


if __name__ == "__main__":
    sys.exit(main())
