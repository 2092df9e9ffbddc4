"""Wrong predictions, each with its cause, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NO_CONSTRUCT = "no construct alone: other artifacts have each of them, and load"


class Miss(NamedTuple):
    """One wrong prediction.

    Args:
        form: the format of the artifact.
        predicted: what facts and rules say.
        seen: its result.
        text: what Keras says, without what differs between files.
        reasons: the constructs of which nothing was known and that it is of; or else what was found, and is not real.
        load: which load, in words.
    """

    form: str
    predicted: str
    seen: str
    text: str
    reasons: tuple[str, ...]
    load: str

    @property
    def reason(self) -> str:
        """Its cause, in words."""
        if self.predicted != "loads":
            how = "found, and not so" if self.seen == "loads" else "found, and otherwise"
            return f"{how}: {', '.join(self.reasons)}"
        return f"held out: {', '.join(self.reasons)}" if self.reasons else _NO_CONSTRUCT


def lines_of(misses: Iterable[Miss]) -> Iterator[str]:
    """All of them as Markdown, those with the same text and reason together, the most frequent first."""
    alike: dict[tuple[str, ...], list[Miss]] = {}
    for miss in misses:
        alike.setdefault((miss.form, miss.predicted, miss.seen, miss.reason, miss.text), []).append(miss)
    yield "# What was predicted wrongly\n\nWritten by `python -m sweep.crossvalidation --misses`.\n\n"
    yield "| loads | one of them | predicted | result | cause | what Keras says |\n|---|---|---|---|---|---|\n"
    for (_, predicted, seen, reason, text), group in sorted(alike.items(), key=lambda item: (-len(item[1]), item[0])):
        cells = (f"{len(group):,}", group[0].load, predicted, seen, reason, text)
        yield f"| {' | '.join(each.replace('|', chr(92) + '|').replace('`', chr(39)) for each in cells)} |\n"
