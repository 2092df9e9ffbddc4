"""Where each attack acts: every file loaded and called in some runtimes, by default and with safe_mode=False.

    python benchmarks/attacks_acting.py local=PYTHON tf2.15=PYTHON tf2.18=PYTHON [--only NAME ...]

Each load is a process of its own, and all that the files do is to make one empty file. The files are made by the
Python that runs this, whose bytecode another Python may not read. Adds to `benchmarks/attacks/acting.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attacks.registry import ACTING, attacks

if TYPE_CHECKING:
    from collections.abc import Sequence

# One fork for each load, after one import of TensorFlow; in the syntax of every Python that a runtime has.
LOADS = """
import json, os, signal, sys
import numpy as np, tensorflow as tf
keras = tf.keras; keras.models.load_model
def load(path, safe_mode):
    if os.path.exists(os.path.join(path, "saved_model.pb")) and getattr(keras, "__version__", "2") >= "3":
        model = tf.saved_model.load(path); calls = list(model.signatures.values())
        return [call(**{k: tf.zeros([2 if d is None else d for d in v.shape] if v.shape.rank else [], v.dtype)
                        for k, v in call.structured_input_signature[1].items()}) for call in calls]
    model = keras.models.load_model(path, **({} if safe_mode else {"safe_mode": False}))
    model(np.zeros((1, 2), "float32"))
for line in sys.stdin:
    path, safe_mode = json.loads(line)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(60)
        said = ""
        try:
            load(path, safe_mode)
        except BaseException as error:
            said = type(error).__name__ + ": " + str(error)[:300]
        os.write(writing, said.encode("utf-8", "replace") or b"loaded"); os._exit(0)
    os.close(writing)
    said = os.read(reading, 4096).decode("utf-8", "replace"); os.close(reading); os.waitpid(child, 0)
    print("\\nANSWER" + json.dumps(said or "died"), flush=True)
"""


def main(runtimes: dict[str, str], only: Sequence[str]) -> None:
    acting = json.loads(ACTING.read_text()) if ACTING.is_file() else {}
    for runtime, python in runtimes.items():
        loader = _Loader(python)
        for attack in attacks():
            if only and attack.name not in only:
                continue
            answers = {way: loader.acts(attack, safe_mode=way == "default") for way in ("default", "unsafe")}
            acting.setdefault(attack.name, {})[runtime] = {way: acts for way, (acts, _) in answers.items()}
            print(
                runtime,
                attack.name,
                *(f"{way}: {'ACTS' if acts else '-'} {said!r}" for way, (acts, said) in answers.items()),
            )
        loader.end()
    ACTING.write_text(json.dumps(acting, indent=1, sort_keys=True) + "\n")


class _Loader:
    """A process of a runtime that loads what it is named."""

    def __init__(self, python: str) -> None:
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        environment = {key: value for key, value in {**os.environ, **quiet}.items() if key != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [python, "-c", LOADS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def acts(self, attack: Any, *, safe_mode: bool) -> tuple[bool, str]:
        """Whether the canary is there after a load and a call, and what the load said."""
        with tempfile.TemporaryDirectory() as folder:
            artifact, canary = Path(folder, "artifact"), Path(folder, "canary")
            artifact.mkdir()
            path = attack.write(artifact, canary)
            assert self._process.stdin is not None
            print(json.dumps([str(path), safe_mode]), file=self._process.stdin, flush=True)
            return self._answer(canary)

    def _answer(self, canary: Path) -> tuple[bool, str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ANSWER"):
                return os.path.lexists(canary), json.loads(line[len("ANSWER") :])
        raise SystemExit("the runtime does not answer")

    def end(self) -> None:
        """Lets the process go."""
        self._process.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtimes", nargs="+", metavar="NAME=PYTHON")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    given = parser.parse_args()
    main(dict(each.split("=", 1) for each in given.runtimes), given.only)
