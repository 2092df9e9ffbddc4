"""The loads of a run: what each is of, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.loads import Results
from sweep.make import folder_of, made_before
from sweep.plan import FILES, every_keras, plan_of
from sweep.summary import NOT_LOADED, artifacts_of, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sweep.blame import Kind

    Known = Mapping[str, Mapping[str, dict[str, Any]]]

_PARTS = ("outcome", "stage", "text")


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a run: what it is of, and what it came to.

    Args:
        writer: the version that wrote the artifact.
        reader: the version that read it.
        row: the artifact's, as of `make.make`.
        result: the reader's.
        kind: the result without what differs between files.
        is_planned: whether its reader is one of the plan; the others were asked where two of these differ.
    """

    writer: str
    reader: str
    row: dict[str, Any]
    result: dict[str, Any]
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
        constructs: Iterable[str] = self.row["constructs"]
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
        out: the folder of a run: an artifact that is there has its row of `make.make`, with `path` and `id`, and what
            Keras said in full; of others it is known what they are made of, and what became of them.
        folder: where the observations are.
    """
    results = {
        reader: Results(out / "results" / f"{reader.replace(' ', '-')}.jsonl").by_digest for reader in every_keras()
    }
    return [
        load for writer in every_keras() for load in _of_writer(writer, out, observed.read(writer, folder), results)
    ]


def _of_writer(writer: str, out: Path, data: dict[str, Any], results: Known) -> Iterator[Load]:
    made = {(row["name"], row["format"]): row for row in made_before(folder_of(writer, out))}
    kinds: list[Kind] = [(outcome, stage, text) for outcome, stage, text in data.get("kinds", ())]
    planned = {*plan_of(FILES).readers_of(writer)}
    columns = {reader: codes_of(runs) for reader, runs in data.get("readers", {}).items()}
    for place, (name, kind, form, constructs) in enumerate(artifacts_of(data)):
        row = made.get((name, form)) or {"name": name, "kind": kind, "format": form, "constructs": constructs}
        for reader, codes in columns.items():
            if codes[place] != NOT_LOADED:
                known = kinds[codes[place]]
                result = results[reader].get(row.get("id", "")) or dict(zip(_PARTS, known, strict=True))
                yield Load(writer, reader, row, result, known, is_planned=reader in planned)
