"""What became of a writer's artifacts in each version: as it was seen, and as it is taken to be between these."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep.blame import LOADS, OF_PYTHON
from sweep.plan import lines
from sweep.summary import NOT_LOADED, artifacts_of, codes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.blame import Kind

# By these it is seen how well the facts predict.
PAIR_KIND = "pair"
# No facts are made of these; what becomes of columns depends on the shape of the input, which no construct tells.
NOT_OF_FACTS = frozenset({PAIR_KIND, "column"})
_BYTECODE = re.compile(r"function_type=lambda|<__lambda__>|<function <lambda>>")
Column = list["Kind | None"]


class Table(NamedTuple):
    """A writer's artifacts of one format, and what each reader made of them.

    Args:
        artifacts: the constructs of each.
        readers: reader -> what became of each artifact, None where it was not loaded.
    """

    artifacts: list[frozenset[str]]
    readers: dict[str, Column]

    def measured(self) -> list[str]:
        """The readers that have loaded all of it."""
        return [reader for reader, column in self.readers.items() if None not in column]


def tables_of(data: Mapping[str, Any]) -> dict[str, Table]:
    """One writer's observations by format, without the kinds of which no facts are made."""
    found: dict[str, Table] = {}
    artifacts = artifacts_of(dict(data))
    kinds: list[Kind] = [(outcome, stage, text) for outcome, stage, text in data.get("kinds", ())]
    for form in sorted({form for _, _, form, _ in artifacts}):
        places = [place for place, each in enumerate(artifacts) if each[2] == form and each[1] not in NOT_OF_FACTS]
        readers: dict[str, Column] = {}
        for reader, runs in data["readers"].items():
            codes = codes_of(runs)
            readers[reader] = [
                None if codes[place] == NOT_LOADED else about_keras(artifacts[place][3], kinds[codes[place]])
                for place in places
            ]
        found[form] = Table([artifacts[place][3] for place in places], readers)
    return found


def about_keras(constructs: frozenset[str], kind: Kind) -> Kind:
    """What became of an artifact, as far as it says something about Keras.

    Whether bytecode runs is a matter of the two versions of Python: a rule knows which.
    """
    return OF_PYTHON if kind[0] != LOADS and any(map(_BYTECODE.search, constructs)) else kind


def filled(table: Table) -> dict[str, Column]:
    """The readers of a table and the versions between them, in each of the lines of versions.

    Where the two readers around a version make the same of an artifact, that version does too; where they do not, it is
    not known.
    """
    found: dict[str, Column] = {}
    for line in lines():
        columns = [table.readers.get(reader) for reader in line]
        rows = [_filled([column[number] if column else None for column in columns]) for number in _numbers(table)]
        for place, reader in enumerate(line):
            column = [row[place] for row in rows]
            if any(column):
                found[reader] = column
    return found


def _numbers(table: Table) -> range:
    return range(len(table.artifacts))


def _filled(row: Column) -> Column:
    """What became of one artifact along a line, with what lies between two that are alike."""
    known = [place for place, kind in enumerate(row) if kind]
    filled_row = list(row)
    for one, other in pairwise(known):
        if row[one] == row[other]:
            filled_row[one + 1 : other] = [row[one]] * (other - one - 1)
    return filled_row
