"""Marshalled code objects, read as data: nothing is unmarshalled by Python, and nothing is run.

The format is `marshal`'s, which is the same from CPython 3.4 to 3.14 but for the fields of a code object; CPython 2.7
writes the same type codes with two of its own, and 3.14 has one for slices. Only what tells versions apart is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# A function of a model has some hundred objects and instructions. Far more than these is not one, and would be slow.
_MOST_BYTES = 1 << 24
_MOST_OBJECTS = 100_000
_DEEPEST = 60
_REFERABLE = 0x80
_CUT_SHORT = "it is cut short, or not a code object at all"
_SINGLES = {"N": None, "T": True, "F": False, ".": Ellipsis, "S": StopIteration, "0": None}


class MarshalError(ValueError):
    """The bytes are no marshalled code object; the message is a clause that says why."""


@dataclass(frozen=True)
class CodeObject:
    """What is kept of one code object.

    Args:
        layout: the fields it has: of CPython 2.7, 3.6 and 3.7, 3.8 to 3.10, or 3.11 and later.
        name: the function's name.
        flags: its `co_flags`.
        instructions: its bytecode.
        constants: how many constants it has.
        names: names of globals and attributes.
        variables: how many local variables it has; from 3.11 on those of `cells` are among them.
        cells: indices of cell and free variables.
        free: how many of them are free variables.
        lines: the table that maps instructions to lines.
    """

    layout: Layout
    name: str
    flags: int
    instructions: bytes
    constants: int
    names: tuple[str, ...]
    variables: int
    cells: range | frozenset[int]
    free: int
    lines: bytes


@dataclass(frozen=True)
class Layout:
    """The fields of a code object, in order; a `#` marks an integer, the other types follow from the names."""

    fields: tuple[str, ...]

    @property
    def is_flat(self) -> bool:
        """Whether locals, cells and free variables are one list, as from CPython 3.11 on."""
        return "kinds" in self.fields


_TAIL = ("code", "consts", "names", "varnames", "freevars", "cellvars", "filename", "name", "#first", "lines")
PYTHON_2 = Layout(("#arguments", "#locals", "#stack", "#flags", *_TAIL))
UP_TO_3_7 = Layout(("#arguments", "#keywords", "#locals", "#stack", "#flags", *_TAIL))
UP_TO_3_10 = Layout(("#arguments", "#positionals", "#keywords", "#locals", "#stack", "#flags", *_TAIL))
FROM_3_11 = Layout(
    (
        *("#arguments", "#positionals", "#keywords", "#stack", "#flags", "code", "consts", "names", "varnames"),
        *("kinds", "filename", "name", "qualname", "#first", "lines", "exceptions"),
    )
)
_BYTES = frozenset({"code", "lines", "kinds", "exceptions"})
_TUPLES = frozenset({"consts", "names", "varnames", "freevars", "cellvars"})
_CELL, _FREE = 0x40, 0x80  # in `kinds`


def read_marshalled(data: bytes) -> tuple[CodeObject, ...]:
    """Reads a marshalled code object and those nested in it, itself last.

    Raises:
        MarshalError: the bytes are none, or need more than a function's share of time and memory to read.
    """
    if len(data) > _MOST_BYTES:
        raise MarshalError(f"its {len(data)} bytes are more than a function has")
    if not data:
        raise MarshalError("it is empty")
    if data[0] & ~_REFERABLE != ord("c"):
        raise MarshalError("it is no marshalled code object")
    errors: list[tuple[int, MarshalError]] = []
    for layout in (FROM_3_11, UP_TO_3_10, UP_TO_3_7, PYTHON_2):
        reader = _Reader(data, layout)
        try:
            reader.read(0)
        except MarshalError as error:
            errors.append((reader.position, error))
        else:
            return tuple(reader.codes)
    raise max(errors, key=lambda found: found[0])[1]


@dataclass
class _Reader:
    """Reads marshalled objects one after the other, with code objects of one layout."""

    data: bytes
    layout: Layout
    position: int = 0
    objects: int = 0
    references: list[Any] = field(default_factory=list)
    interned: list[bytes] = field(default_factory=list)
    codes: list[CodeObject] = field(default_factory=list)

    def read(self, depth: int) -> Any:
        self.objects += 1
        if depth > _DEEPEST:
            raise MarshalError("its objects are nested too deeply")
        if self.objects > _MOST_OBJECTS:
            raise MarshalError(f"it holds more than {_MOST_OBJECTS} objects")
        head = self._take(1)[0]
        kind = chr(head & ~_REFERABLE)
        if kind in _SINGLES:
            return _SINGLES[kind]
        if kind in _CONTAINERS:
            return self._container(kind, head, depth)
        if kind not in _PLAIN:
            raise MarshalError(f"it holds an object of the unknown type {kind!r}")
        found = _PLAIN[kind](self)
        if head & _REFERABLE:
            self.references.append(found)
        return found

    def _container(self, kind: str, head: int, depth: int) -> Any:
        # It has its number before what it holds, and a hostile one may refer to itself.
        number = len(self.references)
        if head & _REFERABLE:
            self.references.append(None)
        found = _CONTAINERS[kind](self, depth + 1)
        if head & _REFERABLE:
            self.references[number] = found
        return found

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise MarshalError(_CUT_SHORT)
        found = self.data[self.position : end]
        self.position = end
        return found

    def integer(self, size: int = 4) -> int:
        return int.from_bytes(self._take(size), "little", signed=True)

    def long(self) -> int:
        digits = int.from_bytes(self._take(4), "little", signed=True)
        return int.from_bytes(self._take(2 * abs(digits))[:8], "little")

    def sized(self, width: int = 4) -> bytes:
        return self._take(int.from_bytes(self._take(width), "little"))

    def text(self, width: int = 4) -> str:
        try:
            return self.sized(width).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise MarshalError("it holds a string that is none") from None

    def interned_text(self) -> str | bytes:
        if self.layout is not PYTHON_2:
            return self.text()
        self.interned.append(self.sized())
        return self.interned[-1]

    def interned_reference(self) -> bytes:
        number = self.integer()
        if self.layout is not PYTHON_2 or not 0 <= number < len(self.interned):
            raise MarshalError("it refers to a string that it does not hold")
        return self.interned[number]

    def reference(self) -> Any:
        number = self.integer()
        if not 0 <= number < len(self.references):
            raise MarshalError("it refers to an object that it does not hold")
        return self.references[number]

    def complex_text(self) -> bytes:
        return self.sized(1) + self.sized(1)

    def sequence(self, depth: int, width: int = 4) -> tuple[Any, ...]:
        size = int.from_bytes(self._take(width), "little")
        return tuple([self.read(depth) for _ in range(size)])

    def dictionary(self, depth: int) -> None:
        while self.data[self.position : self.position + 1] != b"0":
            self.read(depth)
        self.position += 1

    def code(self, depth: int) -> CodeObject:
        values = {name.lstrip("#"): self._field(name, depth) for name in self.layout.fields}
        found = _code_object(self.layout, values)
        self.objects += len(found.names) + found.variables + len(found.instructions) // 2
        self.codes.append(found)
        return found

    def _field(self, name: str, depth: int) -> Any:
        if name.startswith("#"):
            return self.integer()
        value = self.read(depth)
        expected: tuple[type, ...] = (str,)
        if name in _BYTES:
            expected = (bytes,)
        elif name in _TUPLES:
            expected = (tuple,)
        elif self.layout is PYTHON_2:
            expected = (bytes, str)
        if not isinstance(value, expected):
            raise MarshalError("its fields are not those of a code object of CPython 2.7 or 3.6 to 3.14")
        return value


def _code_object(layout: Layout, values: dict[str, Any]) -> CodeObject:
    names = tuple(_as_text(name) for name in values["names"])
    variables = len(values["varnames"])
    cells: range | frozenset[int]
    if layout.is_flat:
        kinds: bytes = values["kinds"]
        if len(kinds) != variables:
            raise MarshalError("it has other variables than it says")
        cells = frozenset(index for index, kind in enumerate(kinds) if kind & (_CELL | _FREE))
        free = sum(bool(kind & _FREE) for kind in kinds)
    else:
        cells = range(len(values["cellvars"]) + len(values["freevars"]))
        free = len(values["freevars"])
    return CodeObject(
        layout=layout,
        name=_as_text(values["name"]),
        flags=values["flags"],
        instructions=values["code"],
        constants=len(values["consts"]),
        names=names,
        variables=variables,
        cells=cells,
        free=free,
        lines=values["lines"],
    )


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise MarshalError("a name in it is no string")
    return value


_PLAIN: dict[str, Callable[[_Reader], Any]] = {
    "i": _Reader.integer,
    "I": lambda reader: reader.integer(8),
    "l": _Reader.long,
    "f": lambda reader: reader.sized(1),
    "g": lambda reader: reader.integer(8),
    "x": _Reader.complex_text,
    "y": lambda reader: reader.integer(16),
    "s": _Reader.sized,
    "u": _Reader.text,
    "a": _Reader.text,
    "A": _Reader.text,
    "z": lambda reader: reader.text(1),
    "Z": lambda reader: reader.text(1),
    "t": _Reader.interned_text,
    "R": _Reader.interned_reference,
    "r": _Reader.reference,
}
_CONTAINERS: dict[str, Callable[[_Reader, int], Any]] = {
    "(": _Reader.sequence,
    "[": _Reader.sequence,
    "<": _Reader.sequence,
    ">": _Reader.sequence,
    ")": lambda reader, depth: reader.sequence(depth, 1),
    ":": lambda reader, depth: slice(*[reader.read(depth) for _ in range(3)]),
    "{": _Reader.dictionary,
    "c": _Reader.code,
}
