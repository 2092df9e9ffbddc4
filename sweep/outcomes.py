"""The loads of a run: what each is of, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.bisection import followed
from sweep.loads import Results
from sweep.make import folder_of, made_before
from sweep.plan import FILES, every_keras, plan_of
from sweep.summary import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sweep.blame import Kind

    Known = Mapping[str, Mapping[str, dict[str, Any]]]


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
    def form(self) -> str:
        """The format of the artifact."""
        form: str = self.row["format"]
        return form

    @property
    def classes(self) -> set[str]:
        """The names of all classes and functions in it."""
        constructs: list[str] = self.row["constructs"]
        return {name for construct in constructs if "=" not in construct for name in construct.split(" ")[1:]}

    @property
    def of_class(self) -> str:
        """The class that it is about."""
        name: str = self.row["name"]
        return name.partition(".")[0]

    def __str__(self) -> str:
        """Which load it is, in words."""
        return f"{self.form} of {self.writer} in {self.reader}: {self.row['name']}"


def loads_of(out: Path) -> list[Load]:
    """Every load of a run, of pairs that are finished; each artifact's together."""
    results = {
        reader: Results(out / "results" / f"{reader.replace(' ', '-')}.jsonl").by_digest for reader in every_keras()
    }
    kinds: dict[Kind, Kind] = {}
    kind_in = {
        reader: {digest: kinds.setdefault(kind_of(each), kind_of(each)) for digest, each in known.items()}
        for reader, known in results.items()
    }
    return [
        Load(writer, reader, row, results[reader][row["id"]], kind_in[reader][row["id"]], is_planned=is_planned)
        for writer in every_keras()
        for row, reader, is_planned in _of_writer(writer, out, results)
    ]


def _of_writer(writer: str, out: Path, results: Known) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """Each artifact of a writer with each version that read it, and whether that is a reader of the plan."""
    rows = made_before(folder_of(writer, out))
    plan = plan_of(FILES)
    finished = [reader for reader in plan.readers_of(writer) if all(row["id"] in results[reader] for row in rows)]
    for row in rows:
        yield from ((row, reader, True) for reader in finished)
        tried = {reader for reader in plan.readers_for(writer, row["kind"]) if row["id"] in results[reader]}
        between = tried | followed(row["id"], {*finished, *tried}, results)[0]
        yield from ((row, reader, False) for reader in sorted(between - {*finished}))
