"""Records what programs print that a saved model ends, in many versions of TensorFlow and Keras.

    python benchmarks/record_tracebacks.py --out FOLDER [RUNTIME...]

Small models are saved in each runtime and read back in each: a runtime is created, used and removed before the next
one, twice (half an hour for all, and 2 GB at a time). All that fails is left in FOLDER/texts. Then

    python benchmarks/record_tracebacks.py --out FOLDER --keep

copies the texts that the table in `tests/diagnosis/traceback_kinds.py` names into `tests/diagnosis/tracebacks/`, with
the folders of this machine replaced by those of no machine.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import interpreter_of

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "tracebacks"
KEPT = HERE.parent / "tests" / "diagnosis" / "tracebacks"
RUNTIMES = ("tf2.4", "tf2.10", "tf2.13", "tf2.15", "tf2.16", "tf2.18", "tf2.20", "tf2.21", "tf2.21+tf_keras")
_PLACES = (
    (re.compile(r"[^\s\"']*/site-packages/"), "/opt/venv/site-packages/"),
    (re.compile(r"[^\s\"']*/lib/(?=python3\.\d+/)"), "/usr/lib/"),
    (re.compile(r"in binary running on \S+?\. "), "in binary running on worker-1. "),
)


def environment(name: str) -> dict[str, str]:
    """The variables that a program of a runtime has."""
    own = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "1", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": "1"}
    for variable in ("PYTHONPATH", "TF_USE_LEGACY_KERAS"):
        own.pop(variable, None)
    return {**own, **builtin_runtime(name).env}


def run(name: str, program: str, *arguments: Path | str) -> None:
    """Runs a program of `tracebacks/` in a runtime, which is created for it and removed."""
    modelcompat = [sys.executable, "-m", "pytest_modelcompat.cli", "runtimes"]
    subprocess.run([*modelcompat, "create", name], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(
        [str(interpreter_of(builtin_runtime(name))), str(PROGRAMS / program), *map(str, arguments)],
        env=environment(name), cwd=PROGRAMS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(f"{name} {program}: {done.returncode}", *done.stderr.splitlines()[-1:], flush=True)
    subprocess.run([*modelcompat, "remove", name], check=True, stdout=subprocess.DEVNULL)


def record(names: list[str], out: Path) -> None:
    """Saves in each of the runtimes, then reads in each what all of them saved."""
    for name in names:
        if not (out / "artifacts" / name).exists():
            run(name, "models.py", out / "artifacts" / name)
    without_tensorflow(out)
    for name in names:
        texts = out / "texts" / name
        if texts.exists():
            continue
        texts.mkdir(parents=True, exist_ok=True)
        run(name, "loads.py", out / "artifacts", texts, name)


def without_tensorflow(out: Path) -> None:
    """What a Python says that has no TensorFlow, nor anything else."""
    texts = out / "texts" / "none"
    texts.mkdir(parents=True, exist_ok=True)
    code = "import tensorflow as tf; tf.keras.models.load_model('ranker.h5')"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=False)
    (texts / "imported.txt").write_text(done.stderr, encoding="utf-8")


def keep(out: Path, names: list[str]) -> None:
    """Copies the texts that the tests use."""
    for name in names:
        runtime, _, text = name.partition("-")
        source = out / "texts" / runtime / f"{text}.txt"
        if text.startswith("saving-"):
            source = out / "artifacts" / runtime / f"{text}.txt"
        KEPT.mkdir(exist_ok=True)
        (KEPT / f"{name}.txt").write_text(of_no_machine(source.read_text(encoding="utf-8"), out), encoding="utf-8")


def of_no_machine(text: str, out: Path) -> str:
    """A text without this machine's folders and name."""
    text = text.replace(str(out / "artifacts"), "/srv/models").replace(str(PROGRAMS), "/srv/shop")
    for pattern, place in _PLACES:
        text = pattern.sub(place, text)
    return text


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtimes", nargs="*", default=list(RUNTIMES))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="copy what the tests use, without recording again")
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    if options.keep:
        from tests.diagnosis.traceback_kinds import KINDS

        keep(out, list(KINDS))
        return
    os.environ["MODELCOMPAT_CACHE"] = str(out / "cache")
    record(options.runtimes, out)


if __name__ == "__main__":
    main(sys.argv[1:])
