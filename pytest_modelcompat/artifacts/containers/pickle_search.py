"""Looking for pickles anywhere in a file: behind other data, without a signature, and in what compresses them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.pickle_reader import HEAD, NPY, describe_call, describe_pickle
from pytest_modelcompat.artifacts.limits import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, Protocol

    from pytest_modelcompat.artifacts.budget import Budget

    class _Decompressor(Protocol):
        def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


# Of each file, so much is looked at. What is larger holds a model's values.
LARGEST_SEARCHED = 64 * MEGABYTE
_PIECE = MEGABYTE // 4
# Of what is compressed, so much is unpacked.
_LARGEST_UNPACKED = 16 * MEGABYTE
_DEEPEST = 3
# Nothing here can be matched in more than one way, so that no text takes long to be told from a pickle.
_NAME = rb"[\w.]{1,200}"
# What a pickle that imports anything begins with, or has at the place where it does: its protocol and an opcode, the
# import of protocols 0 to 3, that of 4 and 5, and a call of protocol 0 with its arguments. Without any, a list of words
# may have it: "(in", "name", ".".
_BEGINNINGS = re.compile(
    rb"\x80[\x02-\x05](?=[\x95(\]})cNKJMGXBTU\x8a\x8c\x8d\x8e\x88\x89])"
    rb"|c" + _NAME + rb"\n" + _NAME + rb"\n(?=[p(q\x80-\x97XUVSN)tIKJMGr])"
    rb"|\x8c[\x01-\xff]" + _NAME + rb"\x94?\x8c[\x01-\xff]" + _NAME + rb"\x94?\x93"
    rb"|\((?:[SVIFL][^\n]{0,500}\n){1,4}i" + _NAME + rb"\n" + _NAME + rb"\n",
    re.DOTALL,
)  # fmt: skip


# How what is compressed begins.
_WRAPPINGS = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9]1AY&SY"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "lzma": re.compile(rb"\x5d\x00\x00"),
    "zlib": re.compile(rb"[\x08\x18\x28\x38\x48\x58\x68\x78][\x01\x5e\x9c\xda]"),
}


def find_pickle(file: BinaryIO, budget: Budget, depth: int = 0) -> str | None:
    """Says what the first pickle in a file would do; None where there is none.

    At its beginning any pickle counts; behind other data only what imports something, calls it, and comes to an end.

    Args:
        file: the file, at its beginning.
        budget: what looking at it may cost.
        depth: in how many wrappings it is.

    Returns:
        One clause, such as `a pickle that imports posix.system, in gzip`.

    Raises:
        OSError: it cannot be read.
        BudgetSpentError: it takes too long.
    """
    head = file.read(HEAD)
    told = describe_pickle(head, budget)
    if told or head.startswith(NPY):
        return told
    wrapping = next((name for name, signature in _WRAPPINGS.items() if signature.match(head)), None)
    if wrapping is not None and depth < _DEEPEST:
        unpacked = _unpacked(wrapping, head, file)
        told = find_pickle(io.BytesIO(unpacked), budget, depth + 1) if unpacked else None
        if told or unpacked:
            return f"{told}, in {wrapping}" if told else None
    return next(_behind(head, file, budget), None)


def pickle_within(data: bytes, budget: Budget) -> str | None:
    """Says what the first pickle in some data would do that imports something and calls it; None where there is none.

    Args:
        data: the data.
        budget: what looking at them may cost.
    """
    for found in _BEGINNINGS.finditer(data):
        budget.spend()
        told = describe_call(data[found.start() : found.start() + HEAD], budget)
        if told:
            return told
    return None


def _decompressor(wrapping: str) -> _Decompressor:
    import bz2
    import lzma
    import zlib

    makers: dict[str, Callable[[], _Decompressor]] = {
        "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
        "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
        "zlib": zlib.decompressobj,
    }
    return makers[wrapping]()


def _unpacked(wrapping: str, head: bytes, file: BinaryIO) -> bytes:
    """What is compressed, as far as it goes; empty where it is not, in spite of how it begins."""
    import lzma
    import zlib

    decompressor, found, left = _decompressor(wrapping), list[bytes](), _LARGEST_UNPACKED
    while head and left > 0:
        try:
            found.append(decompressor.decompress(head, left))
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            break
        left -= len(found[-1])
        head = b"" if getattr(decompressor, "eof", False) else file.read(_PIECE)
    return b"".join(found)


def _behind(head: bytes, file: BinaryIO, budget: Budget) -> Iterator[str]:
    """The pickles that begin later than a file does."""
    window, start, left = head, 0, LARGEST_SEARCHED
    while window:
        more = file.read(_PIECE) if left > 0 else b""
        left -= len(more)
        for found in _BEGINNINGS.finditer(window):
            # What begins in the last part is met again with what follows it.
            if more and found.start() > len(window) - HEAD:
                break
            budget.spend()
            told = describe_call(window[found.start() : found.start() + HEAD], budget)
            if told:
                yield f"{told}, at byte {start + found.start():,}"
        budget.look()
        if not more:
            return
        kept = window[-HEAD:]
        start += len(window) - len(kept)
        window = kept + more
