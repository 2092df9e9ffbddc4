"""JSON packed into a file: the same data give the same bytes on every system."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# What zlib calls a gzip file of any window; the module of that name takes longer to import than to unpack.
_GZIP = zlib.MAX_WBITS | 16
# The byte of a gzip file that names the system it was written on.
_SYSTEM, _UNIX = 9, 3


def write_packed(path: Path, data: Any) -> int:
    """Writes data as packed JSON; how many bytes they are.

    Args:
        path: the file, whose folder is there.
        data: what JSON has.
    """
    import gzip

    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    packed = bytearray(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    packed[_SYSTEM] = _UNIX
    path.write_bytes(packed)
    return len(packed)


def read_packed(path: Path) -> Any:
    """The data of a file that `write_packed` wrote."""
    return json.loads(zlib.decompress(path.read_bytes(), _GZIP))
