"""Builds the accuracy matrix: models x savers x formats, each artifact loaded by every loader, and notes what happened.

`python benchmarks/accuracy/matrix.py --out DIR` creates what runtimes are not there, as `modelcompat runtimes create`
does. It leaves `artifacts/SAVER/` and `results.jsonl` in the output folder, one line a load, and goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from accuracy.loads import Artifact, load_all  # noqa: E402 - the folder above is on the path only now
from accuracy.save import ROOMS_VARIABLE  # noqa: E402

from pytest_modelcompat.runtimes.builtin import builtin_runtime  # noqa: E402
from pytest_modelcompat.runtimes.environments import create, interpreter_of  # noqa: E402
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

SAVERS = ["tf2.4", "tf2.8", "tf2.10", "tf2.13", "tf2.15", "tf2.16", "tf2.18", "tf2.20", "tf2.21", "tf2.21+tf_keras"]
LOADERS = [*SAVERS, "tf2.16+keras3.15"]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
AT_ONCE = 2


def main() -> None:
    """Create what environments are missing, save, load, and say where the results are."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for name in sorted({*options.savers, *options.loaders}):
            create(builtin_runtime(name), partial(print, flush=True))
    except RuntimeUnavailableError as error:
        sys.exit("\n".join(filter(None, (str(error), *error.fix, error.quote))))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda saver: save_all(options, saver), options.savers))
        artifacts = [artifact for saver in options.savers for artifact in saved(options, saver)]
        list(pool.map(lambda loader: load_in(options, loader, artifacts), options.loaders))
    print(f"{options.results}: {sum(1 for _ in options.results.open(encoding='utf-8'))} loads")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where artifacts and results go")
    parser.add_argument("--results", type=Path, help="the file of results; default: OUT/results.jsonl")
    parser.add_argument("--rooms", nargs="+", help="other rooms of the zoo than those of the matrix, such as: unseen")
    parser.add_argument("--models", nargs="+", help="some of the models; default: all")
    parser.add_argument("--savers", nargs="+", default=SAVERS, help="default: %(default)s")
    parser.add_argument("--loaders", nargs="+", default=LOADERS, help="default: %(default)s")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds until a load counts as a hang")
    options = parser.parse_args()
    options.out = options.out.resolve()
    if options.rooms:
        os.environ[ROOMS_VARIABLE] = " ".join(options.rooms)
    options.results = options.results or options.out / "results.jsonl"
    return options


def save_all(options: argparse.Namespace, saver: str) -> None:
    """Save what has not been saved yet, in one process."""
    folder = options.out / "artifacts" / saver
    done = {note["model"] for note in notes(folder)}
    names = [name for name in options.models or every_model() if name not in done]
    if not names:
        return
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(interpreter_of(builtin_runtime(saver))), str(HERE / "save.py"), str(folder), *names]
    variables = {**os.environ, **QUIET, **builtin_runtime(saver).env}
    with (folder / "log.txt").open("ab") as log:
        code = subprocess.run(command, env=variables, stdout=log, stderr=log, check=False).returncode
    if code:
        sys.exit(f"{saver} failed to save, exit code {code}: see {folder / 'log.txt'}")
    print(f"{saver} saved {len(names)} models in {time.monotonic() - started:.0f} s", flush=True)


def every_model() -> list[str]:
    """The names of all models, read from a process of their own rooms: none of them needs TensorFlow to be listed."""
    from accuracy import save
    from accuracy.zoo.registry import MODELS

    save.import_rooms()
    return list(MODELS)


def notes(folder: Path) -> list[dict[str, object]]:
    """What a saver noted of each model and format."""
    path = folder / "saved.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def saved(options: argparse.Namespace, saver: str) -> list[Artifact]:
    """The artifacts that a saver could write."""
    folder = options.out / "artifacts" / saver
    return [
        Artifact.of_note(saver, folder, note)
        for note in notes(folder)
        if note["error"] is None and (not options.models or note["model"] in options.models)
    ]


def load_in(options: argparse.Namespace, loader: str, artifacts: Sequence[Artifact]) -> None:
    """Load every artifact in one runtime, except what has a result already."""
    python = interpreter_of(builtin_runtime(loader))
    started = time.monotonic()
    count = load_all(loader, python, artifacts, options.results, timeout=options.timeout, environment=QUIET)
    print(f"{loader} loaded {count} in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
