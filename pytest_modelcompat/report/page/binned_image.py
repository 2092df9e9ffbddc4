"""A plane of bins as a PNG in a `data:` address: https://www.w3.org/TR/png-3/."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.pictures import NOT_FINITE, NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS = "0123456789"
# One colour that is seen on white and on black, the more opaque the more there is; NaN and infinities in another.
_COLOUR = (0xD1, 0x4A, 0x1F)
_OTHER = (0x7B, 0x3F, 0xE4)
_LEAST_OPAQUE = 90
_INDEXED = 3


def image_address(rows: Sequence[str], levels: int) -> str:
    """The image's address.

    Args:
        rows: of bins, as characters, the first one at the top.
        levels: how many digits there are in use.
    """
    places = {character: index for index, character in enumerate((NOTHING, NOT_FINITE, *_DIGITS))}
    pixels = b"".join(b"\0" + bytes(places[character] for character in row) for row in rows)
    step = (255 - _LEAST_OPAQUE) / max(levels - 1, 1)
    opacity = bytes([0, 255, *(min(255, round(_LEAST_OPAQUE + step * digit)) for digit in range(len(_DIGITS)))])
    palette = bytes((*_COLOUR, *_OTHER, *_COLOUR * len(_DIGITS)))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, _INDEXED, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", opacity),
        (b"IDAT", zlib.compress(pixels, 9)),
        (b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
