"""The loads of a run: what each is of, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.loads import whole_lines
from sweep.make import folder_of, made_before
from sweep.plan import FILES, every_keras, plan_of
from sweep.summary import NOT_LOADED, artifacts_of, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.blame import Kind


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a run: what it is of, and its result.

    Args:
        writer: the version that wrote the artifact.
        reader: the version that read it.
        row: the artifact's, as of `make.make`; without `id` and `path` where it is not in the folder of the run.
        kind: the reader's result, without what differs between files.
        is_planned: whether its reader is one of the plan; the others were asked where two of these differ.
    """

    writer: str
    reader: str
    row: dict[str, Any]
    kind: Kind
    is_planned: bool = True

    @property
    def seen(self) -> str:
        """`loads`, `changed` or `fails`; training is not predicted."""
        outcome, stage, _ = self.kind
        if stage == "training":
            return "loads"
        return outcome if outcome in ("loads", "changed") else "fails"

    @property
    def is_there(self) -> bool:
        """Whether its artifact is in the folder of the run."""
        return "path" in self.row

    @property
    def form(self) -> str:
        """The format of the artifact."""
        form: str = self.row["format"]
        return form

    @property
    def classes(self) -> set[str]:
        """The names of all classes and functions in it."""
        constructs: frozenset[str] = self.row["constructs"]
        return {name for construct in constructs if "=" not in construct for name in construct.split(" ")[1:]}

    @property
    def of_class(self) -> str:
        """The class that it is about."""
        name: str = self.row["name"]
        return name.partition(".")[0]

    def __str__(self) -> str:
        """Which load it is, in words."""
        return f"{self.form} of {self.writer} in {self.reader}: {self.row['name']}"


def loads_of(out: Path, folder: Path = observed.FOLDER) -> list[Load]:
    """Every load that was observed, each artifact's together.

    Args:
        out: the folder of a run, of which the artifacts are judged that are still there as they were observed.
        folder: where the observations are.

    Raises:
        SystemExit: the folder has no artifacts.
    """
    found = [load for writer in every_keras() for load in _of_writer(writer, out, observed.read(writer, folder))]
    if not any(load.is_there for load in found):
        raise SystemExit(f"{out}: no artifact of a sweep is there: make some with python -m sweep --out {out}")
    return found


def said_in(out: Path, loads: Iterable[Load]) -> Iterator[tuple[Load, str]]:
    """Loads, each with what Keras said in full, where the run in a folder has it."""
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for load in loads:
        if load.reader not in results:
            path = out / "results" / f"{load.reader.replace(' ', '-')}.jsonl"
            results[load.reader] = {each["id"]: each for each in whole_lines(path)} if path.exists() else {}
        result = results[load.reader].get(load.row["id"], {}) if load.is_there else {}
        yield load, result.get("text") or load.kind[2]


def _of_writer(writer: str, out: Path, data: dict[str, Any]) -> Iterator[Load]:
    made = {(row["name"], row["format"]): row for row in made_before(folder_of(writer, out))}
    kinds: list[Kind] = [(outcome, stage, text) for outcome, stage, text in data.get("kinds", ())]
    columns = {reader: codes_of(runs) for reader, runs in data.get("readers", {}).items()}
    for place, (name, kind, form, constructs) in enumerate(artifacts_of(data)):
        row = made.get((name, form), {})
        if set(row.get("constructs", ())) != constructs or not Path(row["path"]).exists():
            row = {"name": name, "kind": kind, "format": form}
        row["constructs"] = constructs
        planned = {*plan_of(FILES).readers_for(writer, kind)}
        for reader, codes in columns.items():
            if codes[place] != NOT_LOADED:
                yield Load(writer, reader, row, kinds[codes[place]], is_planned=reader in planned)
