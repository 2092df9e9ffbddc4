"""Python bytecode in an artifact: which CPython wrote it, and what others make of it.

The bytes are read as data, and never unmarshalled or run. The fields of a code object tell CPython 3.6 and 3.7, 3.8
to 3.10, and 3.11 and later apart; opcodes, their arguments, caches and jumps tell versions of one layout apart. Two
versions remain where both write the very same bytes (`lambda x: x * 2` in 3.8 and 3.9): what they do is then the same.

What a Python makes of another's bytecode was measured: eighty functions written by each of CPython 3.6 to 3.13 and run
by each other, every pair in a process of its own; and a hundred files that 3.14 compiled, run by 3.11 to 3.13. What
3.14 makes of the others' was not: the instruction that each function begins with has another number there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_modelcompat.artifacts.bytecode.instructions import Disassembly, NotThisVersion, disassemble
from pytest_modelcompat.artifacts.bytecode.marshal_reader import (
    FROM_3_11,
    PYTHON_2,
    UP_TO_3_7,
    UP_TO_3_10,
    CodeObject,
    Layout,
    MarshalError,
    read_marshalled,
)
from pytest_modelcompat.artifacts.bytecode.opcodes import SIMPLE_LOADS
from pytest_modelcompat.artifacts.inventory import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_modelcompat.artifacts.versions import MinorVersion

_FAMILIES: dict[Layout, tuple[MinorVersion, ...]] = {
    UP_TO_3_7: ((3, 6), (3, 7)),
    UP_TO_3_10: ((3, 8), (3, 9), (3, 10)),
    FROM_3_11: ((3, 11), (3, 12), (3, 13), (3, 14)),
}
_NEWER = "it was written by a CPython newer than 3.14"
_UNKNOWN = "its instructions are not those of a CPython from {} to {}"
_GENERATOR = 0x20
_MAPS = frozenset({"BUILD_CONST_KEY_MAP", "BUILD_MAP", "DICT_MERGE"})
_FIRST_ARGUMENT = 90  # in CPython 2.7, opcodes from here on take two bytes of argument
_FOR_ITER_2, _JUMP_2 = 93, 113


@dataclass(frozen=True)
class Outcome:
    """What a Python makes of a piece of bytecode.

    Args:
        kind: `runs`: it does what it did where it was written; else the most likely of what it does instead.
        text: for `raises`, what is raised; for `crashes` and `hangs`, what may be raised instead. Empty for `runs`.
    """

    kind: Literal["runs", "raises", "crashes", "hangs"]
    text: str = ""


def read_code(data: bytes) -> Code:
    """Says what marshalled bytecode is, from its bytes alone.

    Args:
        data: what `marshal.dumps` made of a function's code object, or anything else.

    Returns:
        Always an answer: with `problem` where the bytes are no code object of a known CPython.
    """
    try:
        codes = read_marshalled(data)
    except MarshalError as error:
        return Code(problem=str(error))
    names = tuple(sorted({name for code in codes for name in code.names}))
    layout = codes[-1].layout
    if layout is PYTHON_2:
        return Code(((2, 7),), any(map(_loops_in_python_2, codes)), names)
    listings = {version: found for version in _FAMILIES[layout] if (found := _listings(codes, version)) is not None}
    if not listings:
        family = _FAMILIES[layout]
        versions = (".".join(map(str, version)) for version in (family[0], family[-1]))
        return Code(names=names, problem=_NEWER if layout is FROM_3_11 else _UNKNOWN.format(*versions))
    written_by = _writers(codes, listings)
    loops = any(code.flags & _GENERATOR for code in codes) or any(each.loops for each in listings[written_by[0]])
    return Code(
        written_by,
        loops,
        names,
        runs_on=_runners(written_by, listings),
        globals=_globals(codes, listings[written_by[0]], written_by[0]),
    )


def outcome(code: Code, python: MinorVersion) -> Outcome:
    """What a CPython makes of bytecode.

    Where several can have written it, their bytes are the same, and so is what becomes of it.

    Args:
        code: what `read_code` said of it.
        python: the CPython, from 3.6 to 3.14; a later one is taken for one that runs none of it.

    Returns:
        `runs` only where the code is sure to do what it did where it was written. Code with a `problem` never runs.
    """
    if python in code.runs_on:
        return Outcome("runs")
    if code.problem:
        return _of_newer(python) if code.problem == _NEWER else Outcome("raises", "ValueError: bad marshal data")
    writer = code.written_by[-1]
    if _family(writer) != _family(python):
        return Outcome("raises", _unreadable(writer, python))
    return _within_family(code, python)


def _within_family(code: Code, python: MinorVersion) -> Outcome:
    if python <= (3, 7):
        return Outcome("raises", "SystemError: unknown opcode")
    if python <= (3, 10):
        return _among_3_8_to_3_10(code, python)
    if code.written_by == ((3, 14),):
        return _of_3_14(python)
    if code.written_by == ((3, 13),) and python < (3, 13):
        return Outcome("raises", "SystemError: no locals found when setting up annotations (or crashes)")
    return Outcome("crashes", "SystemError: unknown opcode")


def _of_3_14(python: MinorVersion) -> Outcome:
    # A slice of constants is one itself there, of a type that no other version reads.
    raised = "SystemError: unknown opcode, or ValueError: bad marshal data"
    return Outcome("raises", f"{raised} (or crashes)") if python == (3, 13) else Outcome("crashes", raised)


def _of_newer(python: MinorVersion) -> Outcome:
    if python >= (3, 11):
        return Outcome("crashes", "SystemError: unknown opcode")
    return Outcome("raises", _unreadable((3, 14), python))


def _among_3_8_to_3_10(code: Code, python: MinorVersion) -> Outcome:
    other_jumps = (python == (3, 10)) != ((3, 10) in code.written_by)
    if other_jumps and code.loops:
        return Outcome("hangs", "SystemError: unknown opcode")
    if other_jumps:
        return Outcome("crashes", "SystemError: unknown opcode, or a wrong result")
    return Outcome("raises", "SystemError: unknown opcode (or crashes)")


def _family(version: MinorVersion) -> int:
    """Versions whose code objects have the same fields have the same number."""
    return sum(version >= first for first in ((3, 6), (3, 8), (3, 11)))


def _unreadable(writer: MinorVersion, python: MinorVersion) -> str:
    """What a CPython raises for code whose fields are not those it expects."""
    if writer >= (3, 11) and python <= (3, 7):
        return "SystemError: Objects/codeobject.c: bad argument to internal function"
    if (3, 6) <= writer <= (3, 7) and python >= (3, 11):
        return "EOFError: EOF read where object expected"
    return "ValueError: bad marshal data (unknown type code)"


def _globals(codes: Sequence[CodeObject], found: Sequence[Disassembly], version: MinorVersion) -> tuple[str, ...]:
    pairs = zip(codes, found, strict=True)
    return tuple(sorted({name for code, each in pairs for name in each.global_names(code, version)}))


def _listings(codes: Sequence[CodeObject], version: MinorVersion) -> tuple[Disassembly, ...] | None:
    try:
        return tuple(disassemble(code, version) for code in codes)
    except NotThisVersion:
        return None


def _writers(
    codes: Sequence[CodeObject], listings: dict[MinorVersion, tuple[Disassembly, ...]]
) -> tuple[MinorVersion, ...]:
    """Those of the versions that can read it whose compiler also would have written it so."""
    doubts: dict[MinorVersion, Callable[[CodeObject, Disassembly], bool]] = {
        (3, 7): _calls_attribute,
        (3, 8): _maps_ranges,
        (3, 9): lambda code, found: _maps_ranges(code, found) or _is_of_3_8(found),
        (3, 10): _maps_no_ranges,
    }
    sure = tuple(
        version
        for version, found in listings.items()
        if not (version in doubts and any(map(doubts[version], codes, found)))
    )
    return sure or tuple(listings)


def _runners(
    written_by: Sequence[MinorVersion], listings: dict[MinorVersion, tuple[Disassembly, ...]]
) -> tuple[MinorVersion, ...]:
    """The versions that read in it what every version that can have written it means by it."""
    return tuple(
        version
        for version, found in listings.items()
        if all(
            each.is_equivalent(own) for writer in written_by for each, own in zip(found, listings[writer], strict=True)
        )
    )


def _calls_attribute(_: CodeObject, found: Disassembly) -> bool:
    """Whether `a.b(c)` is a call of an attribute: CPython 3.7 and later call a method."""
    names = [each.name for each in found.instructions]
    for index, name in enumerate(names):
        if name != "LOAD_ATTR":
            continue
        call = index + 1
        while call < len(names) and names[call] in SIMPLE_LOADS:
            call += 1
        if (
            call < len(names)
            and names[call] == "CALL_FUNCTION"
            and found.instructions[call].argument == call - index - 1
        ):
            return True
    return False


def _is_of_3_8(found: Disassembly) -> bool:
    """Whether it has what CPython 3.9 writes in other words: a list of three constants, a call with `**`."""
    names = [each.name for each in found.instructions]
    targets = {target for _, target in found.jumps}
    for index, each in enumerate(found.instructions):
        if each.name == "CALL_FUNCTION_EX" and each.argument & 1 and names[index - 1] not in _MAPS:
            return True
        if each.name in {"BUILD_LIST", "BUILD_SET"} and each.argument > 2:
            items = found.instructions[max(0, index - each.argument) : index]
            # A jump to between them is the end of a condition, whose last word is a constant too.
            joined = any(item.start in targets for item in (*items[1:], each))
            if not joined and [item.name for item in items] == ["LOAD_CONST"] * each.argument:
                return True
    return False


def _maps_no_ranges(code: CodeObject, _: Disassembly) -> bool:
    """Whether its table of lines is not that of CPython 3.10, whose ranges cover all of the code."""
    return sum(code.lines[::2]) != len(code.instructions) or _starts_on_a_later_line(code)


def _maps_ranges(code: CodeObject, _: Disassembly) -> bool:
    """Whether its table of lines is that of CPython 3.10: earlier ones end before the code does, but for dead code."""
    return not _maps_no_ranges(code, _)


def _starts_on_a_later_line(code: CodeObject) -> bool:
    return len(code.lines) > 1 and code.lines[0] == 0 and code.lines[1] not in (0x7F, 0x80, 0x81)


def _loops_in_python_2(code: CodeObject) -> bool:
    words, position = code.instructions, 0
    while position < len(words):
        number = words[position]
        target = int.from_bytes(words[position + 1 : position + 3], "little")
        if number == _FOR_ITER_2 or (number == _JUMP_2 and target <= position):
            return True
        position += 3 if number >= _FIRST_ARGUMENT else 1
    return bool(code.flags & _GENERATOR)
