"""Instructions of a code object as a CPython reads them, and whether they are ones that it could have written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.bytecode.opcodes import (
    ABSOLUTE_JUMPS,
    CELLS,
    CONSTANTS,
    JUMPS,
    LOCAL_PAIRS,
    LOCALS,
    NAMES,
    SIMPLE_LOADS,
    opcodes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts.bytecode.marshal_reader import CodeObject
    from pytest_modelcompat.artifacts.versions import MinorVersion

_EXTENDED_ARG = "EXTENDED_ARG"
_OPTIMIZED, _GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x1, 0x20, 0x80, 0x200
_YIELDS = _GENERATOR | _COROUTINE | _ASYNC_GENERATOR
_COMPARISONS = {(3, 6): 11, (3, 7): 11, (3, 8): 11}  # before CPython 3.9, `in`, `is` and matching exceptions are too
_COMPARISON_SHIFT = {(3, 12): 4, (3, 13): 5, (3, 14): 5}
_BINARY_OPERATIONS = 26
_WITH_SUBSCRIPTION = 27  # from CPython 3.14 on, `a[b]` is one of them
_INTRINSICS = {"CALL_INTRINSIC_1": range(1, 12), "CALL_INTRINSIC_2": range(1, 5)}
_OF_NAMESPACES = frozenset({"LOAD_FROM_DICT_OR_GLOBALS", "LOAD_FROM_DICT_OR_DEREF", "LOAD_LOCALS"})
_BEFORE_RESUME = frozenset({"MAKE_CELL", "COPY_FREE_VARS", "RETURN_GENERATOR", "POP_TOP"})
# Conditional jumps backwards in CPython 3.11, and something else in 3.12; and the arguments of the first of these.
_NEW_NUMBERS = range(173, 175)
_INTRINSIC_1 = 173
_STOP_ITERATION, _WRAP, _UNARY_POSITIVE, _LIST_TO_TUPLE, _TYPE_ALIAS = 3, 4, 5, 6, 11
_OF_TYPE_PARAMETERS = range(7, 11)
_GENERIC = "<generic parameters of"
_SETUPS = frozenset({"SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH"})


class Instruction(NamedTuple):
    """One instruction: where it begins (prefixes included) and where the next one does, in bytes."""

    name: str
    number: int
    argument: int
    start: int
    end: int


class NotThisVersion(ValueError):  # noqa: N818 - an answer, not an error
    """A CPython has not written this, and would not run it."""


@dataclass(frozen=True)
class Disassembly:
    """What a CPython makes of the bytecode of one code object."""

    instructions: tuple[Instruction, ...]
    jumps: tuple[tuple[Instruction, int], ...]

    def is_equivalent(self, other: Disassembly) -> bool:
        """Whether it does the same as another version's reading of the same bytes."""
        return [_meaning(each) for each in self.instructions] == [_meaning(each) for each in other.instructions] and (
            [target for _, target in self.jumps] == [target for _, target in other.jumps]
        )

    def global_names(self, code: CodeObject, version: MinorVersion) -> Iterator[str]:
        """The names that the code object looks up as globals, as that version reads it."""
        for each in self.instructions:
            if each.name == "LOAD_GLOBAL":
                yield code.names[each.argument >> _name_shift(each.name, version)]

    @property
    def loops(self) -> bool:
        """Whether it jumps backwards, or iterates."""
        return any(target <= jump.start or jump.name == "FOR_ITER" for jump, target in self.jumps)


def _meaning(instruction: Instruction) -> tuple[str, int]:
    # CPython 3.11 says FORWARD where 3.12 knows no other direction.
    return instruction.name.replace("JUMP_FORWARD_IF", "JUMP_IF"), instruction.argument


def disassemble(code: CodeObject, version: MinorVersion) -> Disassembly:
    """Reads a code object as a CPython from 3.6 to 3.14 does.

    Raises:
        NotThisVersion: it has an opcode, an argument, a cache or a jump that the compiler of that version does not
            write.
    """
    instructions = tuple(_instructions(code, version))
    jumps = tuple((each, _target(each, version)) for each in instructions if each.name in JUMPS)
    _check_jumps(instructions, jumps)
    for each in instructions:
        _check_argument(each, code, version)
    _check_start(code, instructions, version)
    if version in {(3, 11), (3, 12)}:
        _check_intrinsics(code, instructions, version)
    _check_finally(instructions, version)
    return Disassembly(instructions, jumps)


def _instructions(code: CodeObject, version: MinorVersion) -> Iterator[Instruction]:
    known, words = opcodes(version), code.instructions
    if len(words) % 2 or not words:
        raise NotThisVersion
    position = start = prefix = 0
    while position < len(words):
        number, argument = words[position], words[position + 1] | prefix
        opcode = known.get(number)
        if opcode is None:
            raise NotThisVersion
        position += 2
        if opcode.name == _EXTENDED_ARG:
            prefix = (argument << 8) & 0xFFFFFFFF
            continue
        end = position + 2 * opcode.caches
        # Unmarshalled code has nothing in its caches.
        if end > len(words) or any(words[position:end]):
            raise NotThisVersion
        yield Instruction(opcode.name, number, argument, start, end)
        position = start = end
        prefix = 0
    if start != position:
        raise NotThisVersion


def _target(jump: Instruction, version: MinorVersion) -> int:
    distance = jump.argument * (2 if version >= (3, 10) else 1)
    if version < (3, 11) and jump.name in ABSOLUTE_JUMPS:
        return distance
    return jump.end - distance if "BACKWARD" in jump.name else jump.end + distance


def _check_jumps(instructions: Sequence[Instruction], jumps: Sequence[tuple[Instruction, int]]) -> None:
    starts = {each.start for each in instructions}
    if any(target not in starts for _, target in jumps):
        raise NotThisVersion


def _check_argument(each: Instruction, code: CodeObject, version: MinorVersion) -> None:
    name, argument = each.name, each.argument
    if name in CONSTANTS:
        fits = argument < code.constants
    elif name in NAMES:
        fits = argument >> _name_shift(name, version) < len(code.names)
    elif name in LOCALS:
        fits = argument < code.variables
    elif name in LOCAL_PAIRS:
        fits = max(argument >> 4, argument & 0xF) < code.variables
    elif name in CELLS:
        fits = argument in code.cells
    else:
        fits = _fits_otherwise(each, code, version)
    if not fits:
        raise NotThisVersion


def _name_shift(name: str, version: MinorVersion) -> int:
    if name == "LOAD_SUPER_ATTR":
        return 2
    return int((name == "LOAD_GLOBAL" and version >= (3, 11)) or (name == "LOAD_ATTR" and version >= (3, 12)))


def _fits_otherwise(each: Instruction, code: CodeObject, version: MinorVersion) -> bool:
    name, argument = each.name, each.argument
    if name == "COMPARE_OP":
        return argument >> _COMPARISON_SHIFT.get(version, 0) < _COMPARISONS.get(version, 6)
    if name == "BINARY_OP":
        return argument < (_WITH_SUBSCRIPTION if version >= (3, 14) else _BINARY_OPERATIONS)
    if name == "COPY_FREE_VARS":
        return argument == code.free
    if name in _INTRINSICS:
        return argument in _INTRINSICS[name]
    # Class bodies and the like, which no function that is given to a layer is.
    return name not in _OF_NAMESPACES or not code.flags & _OPTIMIZED or code.name.startswith(_GENERIC)


def _check_start(code: CodeObject, instructions: Sequence[Instruction], version: MinorVersion) -> None:
    if version >= (3, 11):
        first = next((each.name for each in instructions if each.name not in _BEFORE_RESUME), "")
        if first != "RESUME":
            raise NotThisVersion
    elif version == (3, 10) and code.flags & _YIELDS and instructions[0].name != "GEN_START":
        raise NotThisVersion


def _check_intrinsics(code: CodeObject, instructions: Sequence[Instruction], version: MinorVersion) -> None:
    """Tells the jumps of CPython 3.11 from the instructions that have their numbers in 3.12."""
    for index, each in enumerate(instructions):
        if each.number in _NEW_NUMBERS and _is_intrinsic(code, instructions, index) != (version == (3, 12)):
            raise NotThisVersion


def _is_intrinsic(code: CodeObject, instructions: Sequence[Instruction], index: int) -> bool:
    number, argument = instructions[index][1:3]
    if number != _INTRINSIC_1:
        return number == _INTRINSIC_1 + 1 and (argument == 1 or code.name.startswith(_GENERIC))
    before, after = (
        instructions[place].name if 0 <= place < len(instructions) else "" for place in (index - 1, index + 1)
    )
    if argument == _UNARY_POSITIVE:
        return not _closes_a_loop(instructions, index)
    return {
        _STOP_ITERATION: after == "RERAISE",
        _WRAP: after == "YIELD_VALUE",
        _LIST_TO_TUPLE: before in {"LIST_EXTEND", "LIST_APPEND"},
        _TYPE_ALIAS: before == "BUILD_TUPLE",
    }.get(argument, argument in _OF_TYPE_PARAMETERS and code.name.startswith(_GENERIC))


def _closes_a_loop(instructions: Sequence[Instruction], index: int) -> bool:
    """Whether it jumps back to where a loop is entered: past a test that jumps to the instruction after it."""
    end, argument = instructions[index].end, instructions[index].argument
    for test, body in pairwise(instructions):
        if body.start == end - 2 * argument:
            return "_IF_" in test.name and test.end + 2 * test.argument == end
    return False


def _check_finally(instructions: Sequence[Instruction], version: MinorVersion) -> None:
    """Tells POP_FINALLY of CPython 3.8 from SET_UPDATE, which has its number in 3.9 and 3.10."""
    names = [each.name for each in instructions]
    for index, name in enumerate(names):
        if name == "POP_FINALLY" and (_adds_to_a_set(names, index) or not _SETUPS.intersection(names)):
            raise NotThisVersion
        if name == "SET_UPDATE" and version < (3, 11) and "BUILD_SET" not in names:
            raise NotThisVersion


def _adds_to_a_set(names: Sequence[str], index: int) -> bool:
    return index > 1 and names[index - 2] == "BUILD_SET" and names[index - 1] in SIMPLE_LOADS
