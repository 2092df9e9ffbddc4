"""The process that opens an .h5 file with the HDF5 library, which some damaged files crash or hang.

It runs as a script of its own, and takes the standard library, NumPy and h5py only. On standard input it gets a line
of JSON that sets it up, then one for each dataset. On standard output it answers in messages: a byte that says its
kind, the size of its content as a little-endian integer of 8 bytes, the content. For a dataset they are

- `D`: its dtype and shape as JSON;
- `P`, none or more: its values in C order, little-endian, a whole number of elements each;
- `.`: all values have been sent; or `E`: why they cannot be read, as text.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How much is read at once, where the chunks allow it.
_PIECE = 8 << 20
# What is read at once all the same, so that a row of chunks is unpacked once and not for each of its rows.
_LARGEST_PIECE = 256 << 20
# The library remembers some 500 bytes of each.
_MOST_CHUNKS = 1 << 16


def main() -> None:
    """Answers requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    setup = json.loads(sys.stdin.readline())
    sys.path[:] = setup["sys_path"]
    import h5py

    limit_memory(setup["memory"])
    file = None
    for line in sys.stdin:
        request = json.loads(line)
        limit_time(request["seconds"])
        try:
            file = file or h5py.File(setup["file"].encode("latin-1"), "r")
            for kind, content in _messages(file[request["dataset"]]):
                _send(answers, kind, content)
        # h5py raises whatever comes to hand where HDF5 meets damage.
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
            _send(answers, b"E", str(error).encode("utf-8", "backslashreplace"))
        answers.flush()


def _send(answers: BinaryIO, kind: bytes, content: bytes) -> None:
    answers.write(struct.pack("<cq", kind, len(content)))
    answers.write(content)


def _messages(dataset: Any) -> Iterator[tuple[bytes, bytes]]:
    if dataset.is_virtual or dataset.external or dataset.dtype.hasobject:
        raise ValueError("its values do not lie in it")
    yield b"D", json.dumps({"dtype": dataset.dtype.name, "shape": dataset.shape}).encode()
    little = dataset.dtype.newbyteorder("<")
    for selection in selections(dataset.shape, dataset.chunks or dataset.shape, dataset.dtype.itemsize):
        yield b"P", dataset[selection].astype(little, copy=False).tobytes()
    yield b".", b""


def selections(shape: Sequence[int], chunk: Sequence[int], itemsize: int) -> Iterator[tuple[int | slice, ...]]:
    """What to read, one after the other, to get an array in C order and never much of it at once.

    Args:
        shape: the array's.
        chunk: the shape of the chunks that it is stored in.
        itemsize: bytes of an element.

    Yields:
        An index of the array each.
    """
    if not shape:
        yield ()
        return
    if 0 in shape:
        return
    chunks = [-(-whole // part) for whole, part in zip(shape, chunk, strict=True)]
    axis = 0
    # What belongs to one index of the axis: how many bytes, and how many chunks.
    size, count = itemsize * math.prod(shape[1:]), math.prod(chunks[1:])
    while axis < len(shape) - 1 and (count > _MOST_CHUNKS or (size > _PIECE and size * chunk[axis] > _LARGEST_PIECE)):
        axis += 1
        size, count = size // shape[axis], count // chunks[axis]
    step = _step(size, count, chunk[axis])
    for number in range(math.prod(shape[:axis])):
        for start in range(0, shape[axis], step):
            yield (*_index(number, shape[:axis]), slice(start, start + step))


def _step(size: int, count: int, chunk: int) -> int:
    """How many indices of an axis are read at once.

    Args:
        size: bytes of what belongs to one index.
        count: the chunks that this is spread over.
        chunk: how many indices a chunk has.
    """
    step = max(1, _PIECE // size)
    if size * chunk <= _LARGEST_PIECE:
        step = max(step - step % chunk, chunk)
    return min(step, chunk * max(1, _MOST_CHUNKS // count))


def _index(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The index of the element that is `number` in C order."""
    found = []
    for size in reversed(shape):
        number, position = divmod(number, size)
        found.append(position)
    return tuple(reversed(found))


def limit_memory(more: int) -> None:
    """Lets this process have that many bytes more than now, and keep none of them when it crashes."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _lower(resource.RLIMIT_CORE, 0)
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, used + more)


def limit_time(seconds: float) -> None:
    """Lets this process compute that much longer, should nobody be there any more who ends it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _lower(resource.RLIMIT_CPU, math.ceil(used + seconds) + 1)


def _lower(limit: int, wanted: int) -> None:
    import resource

    _, most = resource.getrlimit(limit)
    resource.setrlimit(limit, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


if __name__ == "__main__":
    main()
