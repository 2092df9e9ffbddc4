"""A pickle, recognized by its opcodes and never unpickled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

# How much of a file is looked at.
HEAD = 1 << 16
NPY = b"\x93NUMPY"
# Where an array's elements are Python objects, its type has an O in it: '|O', or [('name', 'O')].
_OBJECTS = re.compile(rb"'descr':[^}]*'[|<>=]?O\d*'")
NPY_HEADER = 1 << 12
_PROTOCOL = b"\x80"
_NEWEST_PROTOCOL = 5
_MOST_OPCODES = 100_000
# So many opcodes are counted at once.
_BETWEEN_LOOKS = 256
_MOST_NAMES = 3
_DEEPEST_STACK = 1000
# What calls something, and how much has to stand above the mark for it: an instance of nothing is in many lists of
# words ("(in", "name", "."), and so is what only sets the state of one.
_LEAST_GIVEN = {"REDUCE": 0, "NEWOBJ": 0, "NEWOBJ_EX": 0, "INST": 1, "OBJ": 2}
_NAMED_IMPORTS = frozenset({"GLOBAL", "INST"})
_IMPORTS = _NAMED_IMPORTS | {"STACK_GLOBAL"}
_CALLS = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
# What recalls a text that was put aside, and what pushes nothing.
_RECALLS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_SILENT = frozenset({"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "FRAME", "PROTO"})
_IDENTIFIERS = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")


def describe_pickle(data: bytes, budget: Budget | None = None) -> str | None:
    """Says what a pickle would do, None for data that is no pickle.

    Protocols 0 and 1 have no signature: their opcodes are letters, which a word list may begin with. There, only what
    reads as a pickle to its end, imports something and calls it, counts.

    Args:
        data: the data, or its beginning.
        budget: what looking at it may cost.

    Returns:
        One clause, such as `a pickle that imports posix.system`.
    """
    if data.startswith(NPY):
        header = data[:NPY_HEADER]
        return "a NumPy array of Python objects, which is a pickle" if _OBJECTS.search(header) else None
    if _has_signature(data):
        return _listed_imports(_read(data, budget or Budget())[1])
    return _described(data, budget or Budget())


def describe_call(data: bytes, budget: Budget) -> str | None:
    """Says what a pickle would do that stands somewhere in a file; None for anything else.

    There, what it calls has to be on its stack, too, for words read as opcodes in many places.

    Args:
        data: the data, from where a pickle may begin.
        budget: what looking at it may cost.
    """
    told = _described(data, budget)
    return told if told and _calls(data) else None


def _described(data: bytes, budget: Budget) -> str | None:
    opcodes, names = _read(data, budget)
    is_pickle = "STOP" in opcodes and not _IMPORTS.isdisjoint(opcodes) and not _CALLS.isdisjoint(opcodes)
    return _listed_imports(names) if is_pickle and names else None


def _calls(data: bytes) -> bool:
    """Whether what opcodes take from the stack is there up to the first call: in words that read as opcodes it is not.

    Args:
        data: what reads as a pickle to its end.
    """
    import pickletools

    stack: list[object] = []
    for opcode, _, _ in pickletools.genops(data):
        taken, given = opcode.stack_before, 1
        if pickletools.markobject in taken:
            if pickletools.markobject not in stack:
                return False
            given = stack[::-1].index(pickletools.markobject)
            stack = stack[: len(stack) - 1 - given]
            taken = taken[: taken.index(pickletools.markobject)]
        if len(stack) < len(taken):
            return False
        stack = [*stack[: len(stack) - len(taken)], *opcode.stack_after]
        is_call = given >= _LEAST_GIVEN.get(opcode.name, given + 1)
        if is_call or opcode.name == "STOP" or len(stack) > _DEEPEST_STACK:
            return is_call
    return False


def _read(data: bytes, budget: Budget) -> tuple[set[str], dict[str, None]]:
    """The kinds of opcodes of a pickle, and the names that it imports."""
    opcodes: set[str] = set()
    names: dict[str, None] = {}
    for opcode, name in _opcodes(data, budget):
        opcodes.add(opcode)
        if name:
            names[name] = None
    return opcodes, names


def _has_signature(data: bytes) -> bool:
    """Whether it begins as protocols 2 and newer do: with the protocol, and an opcode."""
    import pickletools

    begins = data.startswith(_PROTOCOL) and len(data) > 2 and data[1] <= _NEWEST_PROTOCOL
    return begins and any(opcode.code == chr(data[2]) for opcode in pickletools.opcodes)


def _listed_imports(names: dict[str, None]) -> str:
    if not names:
        return "a pickle of plain data"
    return f"a pickle that imports {listed(names, _MOST_NAMES)}"


def _opcodes(data: bytes, budget: Budget) -> Iterator[tuple[str, str]]:
    """Yields each opcode with the dotted name it imports, if it does, up to the end or to what is no opcode."""
    import pickletools

    # The last texts that were pushed, and those that were put aside to be pushed again.
    texts, memo = ["", ""], [""]
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if number == _MOST_OPCODES or (opcode.name in _NAMED_IMPORTS and not _IDENTIFIERS.fullmatch(str(argument))):
                return
            if number % _BETWEEN_LOOKS == _BETWEEN_LOOKS - 1:
                budget.spend(_BETWEEN_LOOKS)
            yield opcode.name, _imported(opcode.name, argument, texts)
            if opcode.name == "MEMOIZE":
                memo.append(texts[-1])
            elif opcode.name in _RECALLS and isinstance(argument, int):
                texts.append(memo[argument + 1] if argument + 1 < len(memo) else "")
            elif opcode.name not in _SILENT:
                texts.append(argument if isinstance(argument, str) else "")
    except (ValueError, OverflowError):
        return


def _imported(opcode: str, argument: object, texts: list[str]) -> str:
    if opcode in _NAMED_IMPORTS:
        return str(argument).replace(" ", ".")
    return ".".join(texts[-2:]) if opcode == "STACK_GLOBAL" else ""
