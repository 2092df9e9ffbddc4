"""Bytecode in an artifact: which CPythons can have written it, and what each makes of it."""

from __future__ import annotations

import ast
import base64
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter

import pytest

import pytest_modelcompat.artifacts
from pytest_modelcompat.artifacts.bytecode import outcome, read_code
from pytest_modelcompat.artifacts.inventory import Code

HERE = Path(__file__).parent
WRITER = HERE / "write_code.py"
Version = tuple[int, int]
PYTHONS: tuple[Version, ...] = tuple((3, minor) for minor in range(6, 14))
WRITERS: tuple[Version, ...] = ((2, 7), *PYTHONS)


@functools.cache
def written(version: Version) -> dict[str, bytes]:
    """What that CPython really wrote, by name of the function; see `write_code.py`."""
    text = (HERE / "data" / "{}.{}.json".format(*version)).read_text()
    return {name: base64.b64decode(code) for name, code in json.loads(text).items()}


def code(name: str, version: Version) -> Code:
    return read_code(written(version)[name])


# ---------------------------------------------------------------------------------------------- who wrote it


@pytest.mark.parametrize("version", WRITERS)
def test_the_true_writer_is_always_among_the_possible_ones(version: Version) -> None:
    wrong = {name: code(name, version) for name in written(version) if version not in code(name, version).written_by}

    assert wrong == {}
    assert len(written(version)) > 70


# Functions whose bytes tell the version, and functions of which two versions make the same bytes.
TOLD = {
    (2, 7): ("identity", "generator"),
    (3, 6): ("method", "attribute_call"),
    (3, 7): ("method", "attribute_call"),
    (3, 8): ("member", "is_none", "list_unpacked", "def_try", "set_constants", "def_finally", "double_star_call"),
    (3, 9): ("member", "is_none", "list_unpacked", "def_try", "set_constants", "def_finally", "double_star_call"),
    (3, 10): ("identity", "condition", "generator", "def_try", "call"),
    (3, 11): (
        "call",
        "attribute",
        "comprehension",
        "def_for",
        "plus",
        "def_while_none",
        "def_while_plus",
        "def_while_pass",
    ),
    (3, 12): ("call", "attribute", "comprehension", "def_for", "plus", "tuple_unpacked", "constant"),
    (3, 13): ("identity", "constant", "comprehension", "def_try"),
}


@pytest.mark.parametrize(("version", "name"), [(version, name) for version, names in TOLD.items() for name in names])
def test_bytes_that_one_version_alone_writes_name_it(version: Version, name: str) -> None:
    assert code(name, version).written_by == (version,)


@pytest.mark.parametrize("pair", [((3, 6), (3, 7)), ((3, 8), (3, 9)), ((3, 11), (3, 12))])
def test_two_versions_remain_only_where_their_bytes_are_alike(pair: tuple[Version, Version]) -> None:
    first, second = pair

    for name in written(first).keys() & written(second).keys():
        if code(name, first).written_by == code(name, second).written_by:
            assert code(name, first) == code(name, second)
            assert code(name, first).written_by == pair
    assert code("arithmetic", first).written_by == pair


def test_names_are_those_of_nested_code_too() -> None:
    assert code("attribute_call", (3, 12)).names == ("K", "first", "second")
    assert code("def_inner", (3, 12)).names == ()
    assert code("method", (2, 7)).names == ("replace", "upper")


@pytest.mark.parametrize("version", WRITERS)
def test_loops_are_iteration_and_jumps_back(version: Version) -> None:
    loops = {name for name in written(version) if code(name, version).loops}

    expected = {
        *("comprehension", "comprehension_if", "comprehension_nested", "dict_comprehension", "set_comprehension"),
        *("generator", "def_for", "def_for_break", "def_while", "def_while_true", "def_long"),
    }
    assert expected <= loops
    assert not loops & {"identity", "arithmetic", "condition", "condition_long", "call", "chained", "def_if", "def_try"}


# ------------------------------------------------------------------------------------------- what becomes of it


def kind(name: str, writer: Version, python: Version) -> str:
    return outcome(code(name, writer), python).kind


@pytest.mark.parametrize("version", PYTHONS)
def test_every_version_runs_its_own(version: Version) -> None:
    assert {outcome(code(name, version), version).kind for name in written(version)} == {"runs"}
    assert all(version in code(name, version).runs_on for name in written(version))


@pytest.mark.parametrize(
    ("name", "writer", "python"),
    [
        ("method", (3, 6), (3, 7)),
        ("comprehension", (3, 6), (3, 7)),
        ("comprehension", (3, 9), (3, 8)),
        ("attribute_call", (3, 8), (3, 10)),
        ("is_none", (3, 9), (3, 10)),
        ("attribute_call", (3, 10), (3, 8)),
        ("arithmetic", (3, 11), (3, 12)),
        ("condition_none", (3, 12), (3, 11)),
    ],
)
def test_it_runs_where_another_version_reads_the_same_in_it(name: str, writer: Version, python: Version) -> None:
    assert kind(name, writer, python) == "runs"


# What really happened when each was run by the other, in a process of its own.
@pytest.mark.parametrize(
    ("name", "writer", "python", "expected", "text"),
    [
        ("method", (3, 7), (3, 6), "raises", "SystemError: unknown opcode"),
        ("identity", (3, 7), (3, 8), "raises", "ValueError: bad marshal data (unknown type code)"),
        ("identity", (3, 6), (3, 12), "raises", "EOFError: EOF read where object expected"),
        ("identity", (3, 8), (3, 7), "raises", "ValueError: bad marshal data (unknown type code)"),
        ("identity", (3, 9), (3, 11), "raises", "ValueError: bad marshal data (unknown type code)"),
        ("double_star_call", (3, 8), (3, 9), "raises", "SystemError: unknown opcode (or crashes)"),
        ("tuple_unpacked", (3, 8), (3, 10), "crashes", "SystemError: unknown opcode, or a wrong result"),
        ("comprehension", (3, 8), (3, 10), "hangs", "SystemError: unknown opcode"),
        ("def_generator", (3, 8), (3, 10), "hangs", "SystemError: unknown opcode"),  # it begins otherwise
        ("def_while_true", (3, 10), (3, 9), "hangs", "SystemError: unknown opcode"),
        ("condition", (3, 9), (3, 10), "crashes", "SystemError: unknown opcode, or a wrong result"),
        ("set_constants", (3, 9), (3, 8), "raises", "SystemError: unknown opcode (or crashes)"),
        ("call", (3, 11), (3, 12), "crashes", "SystemError: unknown opcode"),
        ("tuple_unpacked", (3, 12), (3, 11), "crashes", "SystemError: unknown opcode"),
        ("identity", (3, 12), (3, 13), "crashes", "SystemError: unknown opcode"),
        (
            *("identity", (3, 13), (3, 12), "raises"),
            "SystemError: no locals found when setting up annotations (or crashes)",
        ),
        ("identity", (3, 13), (3, 10), "raises", "ValueError: bad marshal data (unknown type code)"),
        (
            *("identity", (3, 11), (3, 6), "raises"),
            "SystemError: Objects/codeobject.c: bad argument to internal function",
        ),
        ("identity", (2, 7), (3, 8), "raises", "ValueError: bad marshal data (unknown type code)"),
    ],
)
def test_what_others_make_of_it(name: str, writer: Version, python: Version, expected: str, text: str) -> None:
    found = outcome(code(name, writer), python)

    assert (found.kind, found.text) == (expected, text)
    assert python not in code(name, writer).runs_on


def test_bytecode_of_python_2_runs_in_no_python_3() -> None:
    assert code("identity", (2, 7)).runs_on == ()


def test_code_with_a_problem_runs_nowhere() -> None:
    broken = read_code(b"c")

    assert {outcome(broken, python).kind for python in PYTHONS} == {"raises"}


def test_opcodes_of_a_later_python_are_said_to_be_that() -> None:
    # RESUME of CPython 3.13 is 149, that of 3.14 is 128; 130 begins no function of either.
    newer = read_code(written((3, 13))["identity"].replace(bytes([149, 0, 85, 0]), bytes([130, 0, 85, 0])))

    assert newer.problem == "it was written by a CPython newer than 3.14"
    assert {outcome(newer, python).kind for python in PYTHONS if python >= (3, 11)} == {"crashes"}
    assert outcome(newer, (3, 10)).text == "ValueError: bad marshal data (unknown type code)"


# ---------------------------------------------------------------------------------------------------- CPython 3.14


def marshalled(words: str, constants: bytes = b")\x00", names: str = "", variables: str = "x") -> bytes:
    """A function of CPython 3.14, from its instructions; `dis` of 3.14 shows them with these numbers."""

    def texts(joined: str) -> bytes:
        found = joined.split()
        return b")" + bytes([len(found)]) + b"".join(b"Z" + bytes([len(each)]) + each.encode() for each in found)

    def sized(data: bytes) -> bytes:
        return b"s" + len(data).to_bytes(4, "little") + data

    count = len(variables.split())
    head = b"".join(number.to_bytes(4, "little") for number in (count, 0, 0, 4, 3))
    end = b"z\x01fz\x01fz\x01f" + (1).to_bytes(4, "little") + sized(b"") * 2
    kinds = sized(bytes([0x26]) * count)
    return b"\xe3" + head + sized(bytes.fromhex(words)) + constants + texts(names) + texts(variables) + kinds + end


# `lambda x: x`, `x * 2`, `x + y`, `x[0]`, `x[1:]`, `abs(x)`, `1 if x else 2`
OF_3_14 = {
    "identity": marshalled("8000 5600 2300"),
    "product": marshalled("8000 5600 5e02 2c05 0000000000000000 0000 2300"),
    "sum": marshalled("8000 5701 2c00 0000000000000000 0000 2300", variables="x y"),
    "subscript": marshalled("8000 5600 5e00 2c1a 0000000000000000 0000 2300"),
    "slice": marshalled("8000 5600 5200 2c1a 0000000000000000 0000 2300", b")\x01:i\x01\x00\x00\x00NN"),
    "call": marshalled("8000 5c01 0000000000000000 5600 3401 000000000000 2300", names="abs"),
    "condition": marshalled("8000 5600 2700 000000000000 6403 0000 1c00 5e01 2300 5e02 2300"),
}


@pytest.mark.parametrize("name", OF_3_14)
def test_code_of_3_14_is_known_and_runs_there_alone(name: str) -> None:
    found = read_code(OF_3_14[name])

    assert (found.written_by, found.problem) == (((3, 14),), "")
    assert found.globals == (("abs",) if name == "call" else ())
    assert found.runs_on == ((3, 14),)
    assert outcome(found, (3, 14)).kind == "runs"
    assert {outcome(found, python).kind for python in PYTHONS if python >= (3, 11)} == {"crashes", "raises"}
    assert outcome(found, (3, 13)).text.startswith("SystemError: unknown opcode")
    assert outcome(found, (3, 9)).text == "ValueError: bad marshal data (unknown type code)"


@pytest.mark.parametrize("version", PYTHONS)
def test_3_14_runs_no_code_of_another(version: Version) -> None:
    assert {kind(name, version, (3, 14)) for name in written(version)} == {
        "crashes" if version >= (3, 11) else "raises"
    }


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
@pytest.mark.parametrize("name", ["identity", "product", "slice"])
def test_code_of_3_14_really_fails_elsewhere(version: Version, name: str) -> None:
    pair = [name if name in written(version) else "arithmetic", base64.b64encode(OF_3_14[name]).decode()]
    done = run_writer(version, "run", json.dumps([pair]))

    assert done.returncode or done.stdout != "ok\n"


# ------------------------------------------------------------------------------------- the Pythons of this machine


def interpreter(version: Version) -> str | None:
    name = "{}.{}".format(*version)
    if version == sys.version_info[:2]:
        return sys.executable
    roots = [Path(root) / "versions" for root in [os.environ.get("PYENV_ROOT", "~/.pyenv")]]
    found = [each for root in roots for each in root.expanduser().glob(f"{name}.*/bin/python")]
    return str(found[0]) if found else shutil.which(f"python{name}")


def run_writer(version: Version, *arguments: str) -> subprocess.CompletedProcess[str]:
    python = interpreter(version)
    if python is None:
        pytest.skip("there is no CPython {}.{} here".format(*version))
    command = [python, "-S", "-E", "-W", "ignore", str(WRITER), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("version", WRITERS)
def test_the_interpreters_here_still_write_what_is_recorded(version: Version) -> None:
    codes = json.loads(run_writer(version, "write").stdout)

    found = {name: read_code(base64.b64decode(text)) for name, text in codes.items()}
    assert found == {name: code(name, version) for name in written(version)}


def test_this_interpreter_is_recognised() -> None:
    current = sys.version_info[:2]
    if current not in (*PYTHONS, (3, 14)):
        pytest.skip("this Python is newer than what is known")
    codes = json.loads(run_writer(current, "write").stdout)

    assert all(current in read_code(base64.b64decode(text)).written_by for text in codes.values())


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_said_to_run_does(python: Version) -> None:
    """Runs, in one process, all that other versions wrote and this one is said to run."""
    pairs = [
        [name, base64.b64encode(data).decode()]
        for writer in PYTHONS
        if writer != python
        for name, data in written(writer).items()
        if name in written(python) and python in read_code(data).runs_on
    ]
    done = run_writer(python, "run", json.dumps(pairs))

    assert len(pairs) > 30 or python == (3, 13)  # which reads nothing as others do
    assert (done.returncode, done.stdout.split("\n")) == (0, ["ok"] * len(pairs) + [""]), done.stderr


# -------------------------------------------------------------------------------------------------- hostile input


def test_nothing_is_ever_unmarshalled() -> None:
    home = Path(pytest_modelcompat.artifacts.__path__[0])
    # These two import readers by the names that stand in the package.
    sources = sorted(set(home.rglob("*.py")) - {home / "__init__.py", home / "second_format.py"})
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    taken = {
        (node.module or "", alias.name) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    # A namespace makes no code, nor does the type of a module.
    imported |= {module for module, _ in taken - {("types", "SimpleNamespace"), ("types", "ModuleType")}}
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert "pytest_modelcompat.artifacts.inventory" in imported
    assert not imported & {"marshal", "pickle", "types", "importlib", "dis"}
    assert not called & {"exec", "eval", "compile", "__import__"}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (b"hello", "it is no marshalled code object"),
        (b"\x80\x04K\x01.", "it is no marshalled code object"),
        (b"c", "it is cut short, or not a code object at all"),
        (b"c" + bytes(24) + b"?", "it holds an object of the unknown type '?'"),
        (b"c" + bytes(24) + b"NNNN", "its fields are not those of a code object of CPython 2.7 or 3.6 to 3.14"),
    ],
)
def test_what_is_no_code_is_said_to_be_none(data: bytes, problem: str) -> None:
    found = read_code(data)

    assert found.written_by == ()
    assert found.problem == problem


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize("name", ["comprehension", "def_try", "closure"])
def test_every_truncation_is_a_problem(version: Version, name: str) -> None:
    data = written(version)[name]

    assert all(read_code(data[:size]).problem for size in range(len(data)))


@pytest.mark.parametrize("version", WRITERS)
def test_flipped_bits_are_answered_quickly(version: Version) -> None:
    chance = random.Random(version[1])  # noqa: S311
    samples = list(written(version).values())
    start = perf_counter()
    for _ in range(1500):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        found = read_code(bytes(data))
        assert bool(found.problem) != bool(found.written_by)
        assert {outcome(found, python).kind for python in PYTHONS} <= {"runs", "raises", "crashes", "hangs"}
    assert perf_counter() - start < 30


def test_random_bytes_are_answered() -> None:
    chance = random.Random(0)  # noqa: S311
    for _ in range(5000):
        data = b"\xe3"[: chance.randint(0, 1)] + chance.randbytes(chance.randint(0, 200))
        assert isinstance(read_code(data), Code)


INT = b"\x00\x00\x00\x00"
HUGE = b"\xff\xff\xff\x7f"
HEAD = b"\xe3" + INT * 5  # of a code object of CPython 3.11 and later
BYTES = b"s\x02\x00\x00\x00\x97\x00"
NONE = b"N"
BOMBS = {
    "nested tuples": HEAD + BYTES + b"\xa9\x01" * 100_000,
    "nested code": HEAD * 100_000,
    "nested dictionaries": HEAD + BYTES + b"{" * 100_000,
    "a huge tuple": HEAD + BYTES + b"(" + HUGE,
    "a huge tuple of what is there": HEAD + BYTES + b"(\x00\x00\x40\x00" + NONE * (4 << 20),
    "a tuple of a negative size": HEAD + BYTES + b"(\xff\xff\xff\xff",
    "a huge string": HEAD + b"s" + HUGE,
    "a huge integer": HEAD + BYTES + b"(\x01\x00\x00\x00l" + HUGE,
    "an endless dictionary": HEAD + BYTES + b"{" + NONE * (1 << 20),
    "a tuple in itself": HEAD + BYTES + b"\xa9\x02r\x01\x00\x00\x00r\x02\x00\x00\x00",
    "references that double": HEAD
    + BYTES
    + b"(\x28\x00\x00\x00"
    + b"\xa9\x00"
    + b"".join(b"\xa9\x02" + (b"r" + number.to_bytes(4, "little")) * 2 for number in range(1, 40)),
    "too many instructions": HEAD + b"s\x00\x00\x80\x00" + b"\x97\x00" * (4 << 20),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_answered_in_bounded_time_and_memory(name: str) -> None:
    data = BOMBS[name]
    start = perf_counter()
    tracemalloc.start()
    try:
        found = read_code(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found.problem
    assert peak < 2 * len(data) + (16 << 20)
    assert perf_counter() - start < 10


def test_more_bytes_than_a_function_has_are_not_read() -> None:
    data = written((3, 12))["identity"]

    assert not read_code(data + bytes(1 << 10)).problem
    assert read_code(data.ljust((1 << 24) + 1)).problem == "its 16777217 bytes are more than a function has"


def test_code_that_repeats_its_instructions_by_reference_is_answered_quickly() -> None:
    instructions = b"\xf3\x20\xa1\x07\x00" + b"\x97\x00" * 250_000  # reference 1
    rest = b")\x00)\x00)\x00s\x00\x00\x00\x00" + b"z\x00" * 3 + INT + b"s\x00\x00\x00\x00" * 2
    inner = b"c" + INT * 5 + b"r\x01\x00\x00\x00" + rest
    data = HEAD + instructions + b"(\xe8\x03\x00\x00" + inner * 1000 + rest[2:]
    start = perf_counter()

    found = read_code(data)

    assert found.problem == "it holds more than 100000 objects"
    assert perf_counter() - start < 5
