"""Pickles anywhere in a file, and words and numbers that look like some."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import pickle
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.containers import pickle_search
from pytest_modelcompat.artifacts.containers.pickle_reader import HEAD
from pytest_modelcompat.artifacts.containers.pickle_search import find_pickle, pickle_within

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = b"".join(b"word%d\n" % number for number in range(8_000))


class Runs:
    """Unpickling it calls something harmless."""

    def __reduce__(self) -> tuple[object, ...]:
        return len, ("",)


def found(data: bytes) -> str | None:
    return find_pickle(io.BytesIO(data), Budget())


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("before", [b"", WORDS, b"\0" * len(WORDS), b"\n"], ids=["first", "words", "zeros", "line"])
def test_every_protocol_behind_anything(protocol: int, before: bytes) -> None:
    told = found(before + pickle.dumps(Runs(), protocol) + WORDS)
    assert told is not None
    assert "a pickle that imports" in told
    assert not before or f"at byte {len(before):,}" in told


@pytest.mark.parametrize("start", [HEAD - 20, HEAD, HEAD + 1, (1 << 20) - 5, (1 << 20) + HEAD - 5, (1 << 20) + HEAD])
def test_where_two_pieces_of_a_file_meet(start: int) -> None:
    assert f"at byte {start:,}" in (found((200 * WORDS)[:start] + pickle.dumps(Runs(), 4)) or "")


def test_without_a_signature_and_as_an_instance() -> None:
    assert found(pickle.dumps(Runs(), 4)[2:]) == "a pickle that imports builtins.len"
    assert found(WORDS + b"(S'a'\nios\nsystem\n.") == f"a pickle that imports os.system, at byte {len(WORDS):,}"


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE)),
        *(("zlib", lambda data, level=level: zlib.compress(data, level)) for level in (1, 3, 9)),
    ],
)
def test_in_what_compresses_them(name: str, compress: Callable[[bytes], bytes]) -> None:
    told = found(compress(pickle.dumps(Runs(), 2)))
    assert told == f"a pickle that imports __builtin__.len, in {name}"
    assert found(compress(compress(WORDS + pickle.dumps(Runs())))) == (
        f"a pickle that imports builtins.len, at byte {len(WORDS):,}, in {name}, in {name}"
    )
    assert found(compress(WORDS)) is None


def test_a_bomb_is_unpacked_no_further_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_search, "_LARGEST_UNPACKED", 1000)
    assert found(gzip.compress(b" " * 2000 + pickle.dumps(Runs()))) is None


def test_words_that_read_as_opcodes_are_none() -> None:
    lines = ("cat\nto.\n", "ched\nthe\ntR.\n", "in\nit\n.\n", "(i\nwas\nthere\n.\n", "(in\nthe\n.\n", "cab\ncan\nR.\n")
    for line in lines:
        assert found(f"the\n{line}".encode()) is None
    # What tokenizers for text and code have in their vocabularies, in every order of three.
    tokens = ("(in", "(it", "c", "can", "name", "t", "R", ".", ".o", "(", "(t", "tR", "o", "b.", "N", "p0", "V", "i")
    text = "\n".join("\n".join(three) for three in itertools.permutations(tokens, 3))
    assert found(text.encode()) is None


def test_numbers_are_none() -> None:
    numbers = np.random.default_rng(0).standard_normal(1 << 17, "float32")
    assert found(numbers.tobytes()) is None
    assert found(bytes(range(256)) * 1000) is None


def test_in_memory_only_what_calls_something_counts() -> None:
    assert pickle_within(b"head" + pickle.dumps(Runs()), Budget()) == "a pickle that imports builtins.len"
    assert pickle_within(pickle.dumps([1]), Budget()) is None
