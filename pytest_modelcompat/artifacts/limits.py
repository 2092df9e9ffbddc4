"""How much of a file is read at most: several times what the largest models need, and little for a machine.

What is larger is refused in a sentence that says the limit.
"""

from __future__ import annotations

MEGABYTE = 1 << 20

# A model's configuration. The largest hold a vocabulary of a million words, some 10 MB.
LARGEST_JSON = 32 * MEGABYTE
# The same as text in memory, where a single character can make all of them four bytes wide.
LARGEST_TEXT_OF_JSON = 64 * MEGABYTE
# The layers and other objects in it.
MOST_USES = 50_000
# What one of them is called, and the names of the layers that it stands in, together.
LONGEST_NAME, LONGEST_LAYER_PATH = 4096, 1000
# What a compressed member of a zip is unpacked to, to be looked into. Keras stores weights as they are.
LARGEST_UNPACKED = 64 * MEGABYTE
# All members together that have to be unpacked so.
MOST_UNPACKED = 4 * LARGEST_UNPACKED
# What is larger is unpacked to disk, to be looked into there, as far as all such members together go.
MOST_STORED = 512 * MEGABYTE
# A zip's table of contents, and its members.
LARGEST_CONTENTS = 4 * MEGABYTE
MOST_MEMBERS = 10_000
# A protobuf message that is parsed as it is; a larger one is thinned first.
LARGEST_PARSED = 4 * MEGABYTE
# A protobuf message in text form, of which Python reads about a megabyte a second.
LARGEST_TEXT = 16 * MEGABYTE
# A checkpoint's index, packed and unpacked.
LARGEST_INDEX = 64 * MEGABYTE


def megabytes(size: int) -> str:
    """A size in words: `32 MB`."""
    return f"{size / MEGABYTE:,.0f} MB"
