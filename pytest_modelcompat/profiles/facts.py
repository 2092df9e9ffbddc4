"""Facts: what each version of Keras was seen to make of each construct that another version wrote.

A construct is a class, or an argument of one with the kind of its value (`compatibility/constructs.py`). The data are
measured: `sweep/` saves a model of each construct in each version and loads it in others.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts.versions import NO_VERSION, minor_version
from pytest_modelcompat.profiles.handed_on import HANDED_ON, tried_elsewhere
from pytest_modelcompat.profiles.packed import read_packed, write_packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.versions import MinorVersion

FOLDER = Path(__file__).resolve().parent / "data"
# Ten thousand constructs are read sooner as one text.
_BETWEEN = "\n"
PAIR = " & "
# What stands between a wrapper and what it holds.
HOLDS = " > "
LOADS = "loads"
_ROWS = ";"
Row = tuple[int, list[int], list[int]]
# Of a writer and a reader, among all versions.
Place = tuple[int, int]
_KERAS_3: MinorVersion = (3, 0)


class Fact(NamedTuple):
    """What a reader makes of a construct.

    Args:
        construct: what it is about; two with `PAIR` between them, where only both together do it.
        outcome: `fails`, `changed`, `crashes` or `hangs`.
        stage: `load`, `call` or `training`.
        text: what Keras says, without what differs between files.
        writer: the version that wrote it, where it was measured.
        reader: the version that read it, where it was measured.
        is_seen: whether it was seen of it in these versions, rather than in those around the reader, or elsewhere.
        elsewhere: the construct that it was seen of, where that is the same value in another layer; or empty.
    """

    construct: str
    outcome: str
    stage: str
    text: str
    writer: str
    reader: str
    is_seen: bool = True
    elsewhere: str = ""


class Facts:
    """The facts about one format.

    Args:
        data: as of `data_of`.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._versions: list[str] = data["versions"]
        self._kinds: list[list[str]] = data["kinds"]
        self._stand_ins: dict[str, tuple[str, ...]] = {}
        self._unpacked: dict[str, list[Row]] = {}

    @cached_property
    def observed(self) -> frozenset[str]:
        """Every construct that was ever tried."""
        return frozenset(self._data["observed"].split(_BETWEEN))

    @cached_property
    def _measured(self) -> frozenset[tuple[int, int]]:
        return frozenset((writer, reader) for writer, reader in self._data["measured"])

    def has_seen(self, construct: str) -> bool:
        """Whether a construct was ever tried: itself, or its class and the same value of such an argument elsewhere.

        Every layer hands an activation, an initializer, a regularizer or a constraint on to the same code.
        """
        if construct in self.observed:
            return True
        head, _, argument = construct.partition(".")
        if head not in self.observed:
            return False
        if not self.observed.isdisjoint(tried_elsewhere(construct)):
            return True
        return argument.partition("=")[0].endswith(HANDED_ON) and argument in self._handed_on

    @cached_property
    def _handed_on(self) -> frozenset[str]:
        arguments = (construct.partition(".")[2] for construct in self.observed if "=" in construct)
        return frozenset(each for each in arguments if each.partition("=")[0].endswith(HANDED_ON))

    def about(self, constructs: Iterable[str], writer: str, reader: str) -> Iterator[Fact]:
        """The facts about some constructs of one file.

        A reader between two that were tried makes of a construct what both of them do. A file of a version that was not
        tried is taken for one of the versions beside it: of both, where they agree, of the oldest where it is older
        than all, and of the newest where it is newer. A value that no version was tried with in a layer becomes what
        it becomes in others, where all layers hand it on to the same code.

        Args:
            constructs: all of the file's.
            writer: the key of the version that wrote it, as in `profiles.store`.
            reader: the key of the version that reads it.
        """
        there = set(constructs)
        places = self._known_pairs(writer, reader)
        if not places:
            return
        together = (each for each in self._pairs if there.issuperset(each.split(PAIR)))
        facts = self._data["facts"]
        known = {each for each in there if each in facts}
        found = [self._at(construct, places) for construct in (*sorted(known), *together)]
        found += [self._at_elsewhere(construct, places) for construct in sorted(filter(self._stand_in, there - known))]
        yield from (each._replace(is_seen=each.is_seen and each.writer == writer) for each in found if each)

    def loads_in(self, fact: Fact) -> list[str]:
        """The versions in which the construct of a fact was seen to come back the same, from the same writer.

        Those that are newer than its reader stand before the older ones, and the nearest first.
        """
        writer, reader = self._versions.index(fact.writer), self._versions.index(fact.reader)
        sound = self._sound(fact.elsewhere or fact.construct, writer)
        found = [each for each in sorted(sound) if (writer, each) in self._measured]
        return [self._versions[each] for each in sorted(found, key=lambda each: (each < reader, abs(each - reader)))]

    def loads(self, construct: str, writer: str, reader: str) -> bool:
        """Whether a construct, or a pair, was seen to come back the same from a writer in a reader."""
        if writer not in self._versions or reader not in self._versions:
            return False
        return self._versions.index(reader) in self._sound(construct, self._versions.index(writer))

    def _rows(self, construct: str) -> list[Row]:
        if construct not in self._unpacked:
            self._unpacked[construct] = rows_of(self._data["facts"].get(construct, ""))
        return self._unpacked[construct]

    def _stand_in(self, construct: str) -> tuple[str, ...]:
        """The same value in other layers, of which there are facts; none for what was tried itself."""
        if construct not in self._stand_ins:
            others = () if construct in self.observed else tried_elsewhere(construct)
            self._stand_ins[construct] = tuple(each for each in others if each in self._data["facts"])
        return self._stand_ins[construct]

    def _sound(self, construct: str, writer: int) -> set[int]:
        """The readers in which a construct of a writer comes back the same, by their places."""
        sound = (
            readers
            for kind, writers, readers in self._rows(construct)
            if self._kinds[kind][0] == LOADS and writer in writers
        )
        return set().union(*sound)

    @cached_property
    def _pairs(self) -> tuple[str, ...]:
        return tuple(each for each in self._data["facts"] if PAIR in each)

    def _at(self, construct: str, places: Sequence[Place]) -> Fact | None:
        """What is known of a construct in some pairs of versions, if they agree."""
        kinds = [self._kind_at(construct, place) for place in places]
        kind = kinds[0]
        if kind is None or kind[0] == LOADS or any(not each or each[:2] != kind[:2] for each in kinds):
            return None
        writer, reader = (self._versions[each] for each in places[0])
        return Fact(construct, *kind, writer, reader, is_seen=places[0] in self._measured)

    def _at_elsewhere(self, construct: str, places: Sequence[Place]) -> Fact | None:
        """What is known there of the same value in other layers, if they agree."""
        others = [each for each in self._stand_in(construct) if all(self._kind_at(each, place) for place in places)]
        facts = [self._at(each, places) for each in others]
        if not facts or not facts[0] or len({each and each.outcome for each in facts}) > 1:
            return None
        return facts[0]._replace(construct=construct, is_seen=False, elsewhere=others[0])

    def _kind_at(self, construct: str, place: Place) -> tuple[str, str, str] | None:
        """Outcome, stage and text of a construct in a pair of versions; None where nothing is known."""
        for number, writers, readers in self._rows(construct):
            if place[0] in writers and place[1] in readers:
                outcome, stage, text = self._kinds[number]
                return outcome, stage, text
        return None

    def _known_pairs(self, writer: str, reader: str) -> list[Place]:
        """The places of a writer and a reader, or, where nothing is known of these, of the writers beside it."""
        if reader not in self._versions:
            return []
        column = self._versions.index(reader)
        if writer in self._versions and (self._versions.index(writer), column) in self._known:
            return [(self._versions.index(writer), column)]
        own = _minor(writer)
        if own == NO_VERSION:
            return []
        known = {place: _minor(key) for place, key in enumerate(self._versions) if (place, column) in self._known}
        alike = {place: minor for place, minor in known.items() if (minor < _KERAS_3) == (own < _KERAS_3)}
        before = [place for place, minor in alike.items() if minor < own][-1:]
        after = [place for place, minor in alike.items() if minor > own][:1]
        return [(place, column) for place in (*before, *after)]

    @cached_property
    def _known(self) -> frozenset[Place]:
        return self._measured | {(writer, reader) for writer, reader in self._data["between"]}


def _minor(version: str) -> MinorVersion:
    """The minor version of a key: (2, 16) of `tf_keras 2.16`."""
    return minor_version(version.rpartition(" ")[2])


def rows_of(packed: str) -> list[Row]:
    """What is known of a construct, as `pack` has written it: kind, writers and readers, as places."""
    rows = (row.split(":") for row in packed.split(_ROWS) if row)
    return [(int(kind), _numbers(writers), _numbers(readers)) for kind, writers, readers in rows]


def _numbers(packed: str) -> list[int]:
    ends = (part.partition("-") for part in packed.split(","))
    return [number for first, _, last in ends for number in range(int(first), int(last or first) + 1)]


def pack(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as a text, in which neighbours are a range: most files are checked by few of them, which are read then."""
    return _ROWS.join(f"{kind}:{_packed(writers)}:{_packed(readers)}" for kind, writers, readers in rows)


def _packed(numbers: Iterable[int]) -> str:
    return ",".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else f"{each[0]}" for each in ranges_of(numbers))


def ranges_of(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers in order, those that follow one another together."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    return ranges


def data_of(
    versions: Sequence[str],
    kinds: Sequence[Sequence[str]],
    measured: Iterable[tuple[int, int]],
    observed: Iterable[str],
    facts: Mapping[str, Iterable[Sequence[Any]]],
    between: Iterable[tuple[int, int]] = (),
) -> dict[str, Any]:
    """The facts about one format, ready to be written.

    Args:
        versions: every version, in order.
        kinds: outcome, stage and text of each kind.
        measured: writer and reader of each pair that was measured, as places in `versions`.
        observed: every construct that was tried.
        facts: construct -> kind, writers and readers of each row: what was seen of each that some version does not read
            back the same, in either format, and where it came back the same.
        between: each pair whose reader is between two that were measured, and is known by these.
    """
    return {
        "versions": list(versions),
        "kinds": [list(kind) for kind in kinds],
        "measured": [list(pair) for pair in sorted(measured)],
        "between": [list(pair) for pair in sorted(between)],
        "observed": _BETWEEN.join(sorted(observed)),
        "facts": {construct: pack(facts[construct]) for construct in sorted(facts)},
    }


def write(format_: str, data: Mapping[str, Any], folder: Path = FOLDER) -> int:
    """Writes the facts about a format, as of `data_of`; the same give the same bytes. How many bytes they are."""
    load_facts.cache_clear()
    return write_packed(path_of(format_, folder), data)


def path_of(format_: str, folder: Path = FOLDER) -> Path:
    """The file of a format's facts."""
    return folder / f"facts_{format_}.json.gz"


def read_data(format_: str, folder: Path = FOLDER) -> dict[str, Any]:
    """A format's facts as they were written; empty where nothing was measured of it."""
    path = path_of(format_, folder)
    if not path.exists():
        return {}
    data: dict[str, Any] = read_packed(path)
    return data


@cache
def load_facts(format_: str, folder: Path = FOLDER) -> Facts | None:
    """The facts about a format; None where nothing was measured of it."""
    data = read_data(format_, folder)
    return Facts(data) if data else None
