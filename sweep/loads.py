"""Loading many artifacts in one reader: a warm process, another where one ends it, each result on disk at once."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import create, interpreter_of
from sweep.plan import runtime_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
# A load that takes longer has hung; the first of a process waits for TensorFlow too.
PATIENCE, PATIENCE_AT_FIRST = 15.0, 60.0
LOOK_EVERY = 0.2
TIME_IS_UP = "time is up"
HANGS = "hangs"
# TensorFlow's graphs grow with every load: a process is replaced after so many.
MOST_IN_A_PROCESS = 1500


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file as JSON, without a last one that was not written to its end."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@dataclass
class Results:
    """What is known of the loads in one reader, by digest; kept in a file as it comes.

    Args:
        path: the file.
    """

    path: Path
    by_digest: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reads what is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            # Who is killed while it writes leaves a part of a line, which the next one must not be added to.
            rows = whole_lines(self.path)
            self.path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            for row in rows:
                self._take(row)

    def _take(self, row: dict[str, Any]) -> None:
        self.by_digest[row["id"]] = {key: value for key, value in row.items() if key != "id"}

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Adds results, and writes them."""
        with self.path.open("a", encoding="utf-8") as file:
            for row in rows:
                self._take(row)
                file.write(json.dumps(row) + "\n")


@dataclass(frozen=True)
class Interpreter:
    """A Python with a TensorFlow, and the variables that choose its Keras."""

    python: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self, module: str, *arguments: Path | str) -> list[str]:
        """How a module of the sweep is run in it."""
        return [str(self.python), "-m", module, *map(str, arguments)]

    def environment(self) -> dict[str, str]:
        """The variables of a process in it."""
        return {**os.environ, **QUIET, **self.variables, "PYTHONPATH": str(ROOT)}


def interpreter_for(keras: str) -> Interpreter:
    """The interpreter of a Keras, which is created if it is not there."""
    runtime = builtin_runtime(runtime_of(keras))
    create(runtime, partial(print, flush=True))
    return Interpreter(interpreter_of(runtime), runtime.env)


def load_all(
    interpreter: Interpreter, loads: list[dict[str, Any]], results: Results, until: Callable[[], bool]
) -> None:
    """Loads artifacts in a Keras, as far as time allows.

    Args:
        interpreter: the reader's.
        loads: lines for `sweep.reader`, without those of which there are results.
        results: where the results go.
        until: whether time is up.
    """
    left = list(loads)
    while left and not until():
        batch = left[:MOST_IN_A_PROCESS]
        ended_at = _run(interpreter, batch, results, until)
        if ended_at is not None and ended_at[1] == HANGS:
            results.add([{"id": ended_at[0], "outcome": HANGS, "stage": "load", "text": ""}])
        elif ended_at is not None:
            # What ended a process that had loaded others may not end one of its own.
            alone = next(load for load in batch if load["id"] == ended_at[0])
            again = _run(interpreter, [alone], results, until)
            if again is not None:
                results.add([{"id": again[0], "outcome": again[1], "stage": "load", "text": again[2]}])
        left = [load for load in left if load["id"] not in results.by_digest]


def _run(
    interpreter: Interpreter, batch: list[dict[str, Any]], results: Results, until: Callable[[], bool]
) -> tuple[str, str, str] | None:
    """One process; the load that it ended at, how and with which words, or None where all were done or time is up."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answers = Path(scratch) / "loads.jsonl", Path(scratch) / "results.jsonl"
        asked.write_text("".join(json.dumps(load) + "\n" for load in batch), encoding="utf-8")
        command = interpreter.command("sweep.reader", asked, answers)
        with (Path(scratch) / "log").open("wb") as log:
            process = subprocess.Popen(command, env=interpreter.environment(), stdout=log, stderr=log, cwd=scratch)
            how = _watch(process, answers, until)
        rows = whole_lines(answers) if answers.exists() else []
        results.add(row for row in rows if "id" in row)
        if not rows and how not in ("", TIME_IS_UP):
            raise SystemExit(
                f"{interpreter.python} does not start:\n{(Path(scratch) / 'log').read_text(errors='replace')[-2000:]}"
            )
    done = {row["id"] for row in rows if "id" in row}
    begun = next((row["begun"] for row in rows if "begun" in row and row["begun"] not in done), None)
    return (begun, HANGS if how == HANGS else "crashes", how) if begun and how and how != TIME_IS_UP else None


def _watch(process: subprocess.Popen[bytes], answers: Path, until: Callable[[], bool]) -> str:
    """Waits for a process: how it ended; empty where it ended well, `TIME_IS_UP` where it was stopped for that."""
    last, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(LOOK_EVERY)
        size = answers.stat().st_size if answers.exists() else 0
        if size != last:
            last, since = size, time.monotonic()
        if until() or time.monotonic() - since > (PATIENCE if last > 0 else PATIENCE_AT_FIRST):
            process.kill()
            process.wait()
            return TIME_IS_UP if until() else HANGS
    return f"exit code {process.returncode}" if process.returncode else ""
