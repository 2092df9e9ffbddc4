"""Making one writer's artifacts, and what is noted of each: digest, constructs, what it is compared with."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.compatibility.constructs import constructs
from pytest_modelcompat.compatibility.context import without_package
from pytest_modelcompat.profiles.store import read_part
from sweep.contents import digest_of
from sweep.loads import interpreter_for
from sweep.plan import FILES
from sweep.writer.folder import AT_WORK, LEFT_OUT, MADE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from sweep.loads import Interpreter

# What `sweep.objects` has, which needs TensorFlow to be imported.
OWN = frozenset(
    {
        "PlainScale",
        "RegisteredScale",
        "PlainCell",
        "RegisteredCell",
        "plain_function",
        "registered_function",
        "plain_identity",
        "registered_identity",
        "plain_loss",
    }
    | {"plain_initializer", "plain_regularizer", "plain_constraint"}
)
ROWS, VOCABULARY = "rows.jsonl", "vocabulary.json"
# What a process ends by that is at fault itself, rather than ended by another.
CRASHES = frozenset({signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV})
SAVED_MODEL = "saved_model"
# Roles that have trials of their own by each name.
NAMED = ("activation", "constraint", "initializer", "loss", "metric", "optimizer", "regularizer")


def vocabulary(keras: str) -> dict[str, Any]:
    """What a Keras can be asked for, as its profile has it: public objects, and names by role."""
    part = read_part("keras", keras)
    named = {key for table in part["names"].values() for key in table.values()}
    kept = ("role", "name", "paths", "home", "accepts", "is_class")
    objects = [
        {key: each.get(key) for key in kept}
        for name, each in sorted(part["objects"].items())
        if each["paths"] or name in named
    ]
    return {"objects": objects, "names": {role: sorted(part["names"].get(role, {})) for role in NAMED}}


def make(keras: str, out: Path, what: str = FILES, only: Sequence[str] = (), every: int = 1) -> list[dict[str, Any]]:
    """One writer's artifacts, made if they are not there yet: a row for each with `id` and `constructs`.

    Args:
        keras: the writer's key.
        out: where artifacts go.
        what: `FILES` or `SAVED_MODELS`.
        only: the kinds and classes that trials are made of; none for all.
        every: of how many trials one is made.

    Raises:
        SystemExit: the folder has another choice of trials.
    """
    folder = folder_of(keras, out, what)
    rows = folder / ROWS
    choice = {"only": sorted(only), "every": every}
    if (folder / VOCABULARY).exists() and _choice_of(folder) != choice:
        raise SystemExit(f"{folder} has artifacts of another choice of trials: give another --out")
    if not rows.exists():
        if not (folder / LEFT_OUT).exists():
            run_writer(interpreter_for(keras), {**vocabulary(keras), **choice}, folder, what)
        text = "".join(json.dumps(each) + "\n" for each in described(folder))
        partial_file = rows.with_suffix(".part")
        partial_file.write_text(text, encoding="utf-8")
        partial_file.replace(rows)
    return made_before(folder)


def _choice_of(folder: Path) -> dict[str, Any]:
    """Which trials a folder has: of the kinds and classes `only`, none where it has all, and one of `every` so many."""
    asked: dict[str, Any] = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
    return {"only": asked.get("only", []), "every": asked.get("every", 1)}


def folder_of(keras: str, out: Path, what: str = FILES) -> Path:
    """Where a writer's files, or SavedModels, are."""
    return out / what / keras.replace(" ", "-")


def made_before(folder: Path) -> list[dict[str, Any]]:
    """The rows of a writer that has made all its artifacts; none of another."""
    rows = folder / ROWS
    return [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()] if rows.exists() else []


def run_writer(interpreter: Interpreter, known: dict[str, Any], folder: Path, what: str = FILES) -> None:
    """Makes the models of a vocabulary.

    A trial that ends the process, as TensorFlow does when it divides by zero, is left out, and all are made again.

    Args:
        interpreter: the writer's.
        known: as of `vocabulary`.
        folder: where the artifacts go.
        what: `FILES` or `SAVED_MODELS`.

    Raises:
        SystemExit: it ended before its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    crashing: list[str] = []
    while code := _exit_code(interpreter, {**known, "crashing": crashing}, folder, what):
        trial = _crashed_at(folder) if -code in CRASHES else None
        if trial is None or trial in crashing:
            raise SystemExit(f"{interpreter.python} failed to write, exit code {code}: see {folder / 'log.txt'}")
        crashing.append(trial)


def _exit_code(interpreter: Interpreter, known: dict[str, Any], folder: Path, what: str) -> int:
    asked = folder / VOCABULARY
    asked.write_text(json.dumps(known), encoding="utf-8")
    (folder / AT_WORK).unlink(missing_ok=True)
    command = interpreter.command("sweep.writer", asked, folder, what)
    with (folder / "log.txt").open("wb") as log:
        # Files that a model names by their path alone are not where it is read.
        done = subprocess.run(command, env=interpreter.environment(), stdout=log, stderr=log, cwd=folder, check=False)
    return done.returncode


def _crashed_at(folder: Path) -> str | None:
    """The trial that a writer was making when it ended; None where it had not begun."""
    at_work = folder / AT_WORK
    return at_work.read_text(encoding="utf-8") if at_work.exists() else None


def described(folder: Path) -> list[dict[str, Any]]:
    """A row for each artifact that a writer made: its note with `path`, `id` and `constructs`."""
    notes = [json.loads(line) for line in (folder / MADE).read_text(encoding="utf-8").splitlines()]
    rows = (_described(each, folder) for each in notes if "error" not in each)
    return [row for row in rows if row]


def left_out_of(folder: Path) -> dict[str, list[str]]:
    """What is not among a writer's artifacts: `left_out`, of which no model was made, and `not_saved`."""
    notes = [json.loads(line) for line in (folder / MADE).read_text(encoding="utf-8").splitlines()]
    not_saved = sorted(f"{each['name']} ({each['format']})" for each in notes if "error" in each)
    return {"left_out": json.loads((folder / LEFT_OUT).read_text(encoding="utf-8")), "not_saved": not_saved}


def _described(note: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / note["file"]
    try:
        inventory = read_inventory(path)
    except BrokenArtifactError:
        return {}
    found = _constructs(inventory)
    return {**note, "path": str(path), "id": digest_of(path, note), "constructs": found}


def _constructs(inventory: Inventory) -> list[str]:
    if inventory.format == SAVED_MODEL:
        return sorted(_of_ops(inventory))
    return sorted({each.text for each in constructs(inventory, lambda use: without_package(use.name) in OWN, OWN)})


def _of_ops(inventory: Inventory) -> Iterator[str]:
    """The ops of a SavedModel and their attributes: what `tf.saved_model.load` needs to know."""
    for op in inventory.ops:
        yield f"op {op.op}"
        yield from (f"op {op.op}.{name}" for name in op.attributes)
