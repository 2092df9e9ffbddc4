"""Golden: the recorded truth of a case, its name on disk, and in which weights two models differ."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_modelcompat.artifacts.weight_digest import Content, WeightDigest

GOLDEN_SCHEMA = 1
JSON_FILE = "golden.json"
ARRAYS_FILE = "arrays.npz"
# Inside a golden's folder: `frozen/<label>/`, each with the golden and the artifacts of that release.
FROZEN_FOLDER = "frozen"
FROZEN_FILE = "frozen.json"

Packed = tuple[Mapping[str, Any], Mapping[str, "NDArray[Any]"]]

# File systems take 255 bytes a name; Windows, by default, 260 characters a path.
_LONGEST = 150
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.=+,@[]-")
# Names of builders hold a `:` (`shop.models:build`), and no file name on Windows may. What stands for it reads better
# than `%3A`, and is in no name otherwise.
_SPELT = {ord(":"): "#"}
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any extension, too. And the
# golden's own files: a case of their name would want its folder where another golden has its file or its
# frozen artifacts.
_RESERVED = re.compile(
    r"(?:(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?|golden\.json|arrays\.npz|frozen(?:\.json)?)",
    re.IGNORECASE | re.DOTALL,
)


class GoldenError(Exception):
    """Something is wrong with a golden on disk; the message is one sentence that names the file."""


class GoldenMissingError(GoldenError):
    """There is no golden of this name."""


class GoldenBrokenError(GoldenError):
    """There is something where the golden should be, but it is not a golden."""


class GoldenTooNewError(GoldenBrokenError):
    """A later version of this plugin recorded the golden, and knows more than this one could keep."""


class GoldenNotWrittenError(GoldenError):
    """The golden could not be written; what was there before still is.

    Args:
        message: one sentence.
        fix: what to do about it; empty where nothing can be done.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class ReleaseBrokenError(GoldenBrokenError):
    """What is frozen of a release is not what was frozen, or not all of it."""


class ReleaseExistsError(GoldenNotWrittenError):
    """The label holds another model of this case already: a release is frozen once."""


@dataclass(frozen=True)
class GoldenName:
    """What a golden is called.

    Args:
        folder: the parts of the path the golden is kept under (`("tests", "test_models")`).
        name: the case's own name (`TestRanker.test_save[a/b]`).

    Raises:
        ValueError: a part is empty, and so has no place on disk.
    """

    folder: tuple[str, ...]
    name: str

    def __post_init__(self) -> None:
        if not all((*self.folder, self.name)):
            raise ValueError(f"a golden's name has an empty part: {'/'.join((*self.folder, self.name))!r}")

    def escape(self) -> tuple[str, ...]:
        """The folders that hold it, one to one: no two names share them."""
        return tuple(escape(part) for part in (*self.folder, self.name))

    def former(self) -> tuple[str, ...]:
        """The folders that held it before `:` had a sign of its own; no other name shares these either."""
        return tuple(escape(part, {}) for part in (*self.folder, self.name))

    @property
    def folded(self) -> tuple[str, ...]:
        """Equal for two names that a file system which ignores case would keep in one folder."""
        return tuple(_lower(part) for part in (*self.folder, self.name))

    def __str__(self) -> str:
        return "/".join((*self.folder, self.name))


@lru_cache(maxsize=1024)
def _lower(part: str) -> str:
    return escape(part).lower()


def escape(part: str, spelt: Mapping[int, str] = _SPELT) -> str:
    """One part of a name as a folder's name that every common file system takes, one to one.

    A `:` becomes `#`. Other bytes of its UTF-8 outside `[A-Za-z0-9_.=+,@[]-]` become `%XX`, and so does what some
    system would alter: a dot at either end, the first letter of a name that Windows reserves, or that a golden's
    folder has for itself. What comes out longer than 150 bytes is cut, with `~` and a digest of the whole at its
    end; an uncut one never holds a `~`.

    Args:
        part: the part.
        spelt: signs of their own, by byte.
    """
    codes = part.encode("utf-8", "surrogatepass")
    hidden = {place for place in (0, len(codes) - 1) if codes[place] == ord(".")}
    if _RESERVED.fullmatch(part):
        hidden.add(0)
    escaped = "".join(
        chr(code) if code in _SAFE and place not in hidden else spelt.get(code, f"%{code:02X}")
        for place, code in enumerate(codes)
    )
    if len(escaped) <= _LONGEST:
        return escaped
    digest = "~" + hashlib.sha256(escaped.encode("ascii")).hexdigest()[:16]
    return re.sub(r"%.?$", "", escaped[: _LONGEST - len(digest)]) + digest


def unescape(escaped: str) -> str | None:
    """The part that `escape` made this of, now or before; None if it was cut, or if `escape` makes no such name."""
    try:
        part = unquote_to_bytes(escaped.replace("#", ":")).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return part if part and escaped in (escape(part), escape(part, {})) else None


@dataclass(frozen=True)
class WeightChanges:
    """In which weights two models differ, by path.

    Args:
        changed: other values, or another shape or dtype.
        missing: in the old one only.
        added: in the new one only.
        total: how many weights the old one has.
    """

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    total: int

    @property
    def none(self) -> bool:
        """Whether both hold the same weights."""
        return not (self.changed or self.missing or self.added)


def digest_changes(
    old: Sequence[WeightDigest], new: Sequence[WeightDigest], *, by_content: bool = False
) -> WeightChanges:
    """Compare two models' weights by path, in the old one's order.

    Weights that share a path are distinguished by their order.

    Args:
        old: one model's.
        new: the other's.
        by_content: whether the same values under other paths are the same weights: another Keras names them its way.
    """
    if by_content and _contents(old) == _contents(new):
        return WeightChanges((), (), (), len(old))
    before, after = _by_path(old), _by_path(new)
    return WeightChanges(
        changed=tuple(each.path for key, each in before.items() if key in after and after[key] != each),
        missing=tuple(each.path for key, each in before.items() if key not in after),
        added=tuple(each.path for key, each in after.items() if key not in before),
        total=len(old),
    )


def _contents(digests: Sequence[WeightDigest]) -> Counter[Content]:
    return Counter(each.content for each in digests)


def _by_path(digests: Sequence[WeightDigest]) -> dict[tuple[str, int], WeightDigest]:
    seen: Counter[str] = Counter()
    keyed = {}
    for digest in digests:
        keyed[digest.path, seen[digest.path]] = digest
        seen[digest.path] += 1
    return keyed


@dataclass(frozen=True, eq=False)
class Golden:
    """The recorded truth of a case. One golden serves all targets of its case.

    Args:
        made_by: what recorded it: versions by `keras`, `tensorflow`, `python`, `numpy`.
        inputs: structure and plain arrays, as `loader.tensors.pack` gives them; numbers and bool only.
        outputs: likewise.
        statistics: `compare.statistics` by output.
        weights: a digest of each weight, in the model's order.
        formats: what each format's artifact holds: format -> `layers` (class by path), `ops` (count by op),
            `signatures`; JSON-able.
        layers: what each layer gave: `made_by`, versions, and `outputs`, by layer: class, dtype and shape, short
            digests of the output and of the inputs, a sketch; empty where that is not known, as in a golden of before.
        schema: the version of all this on disk.
    """

    made_by: Mapping[str, str]
    inputs: Packed
    outputs: Packed
    statistics: Mapping[str, Mapping[str, int | float | None]] = field(default_factory=dict)
    weights: tuple[WeightDigest, ...] = ()
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    layers: Mapping[str, Any] = field(default_factory=dict)
    schema: int = GOLDEN_SCHEMA

    def with_format(self, name: str, section: Mapping[str, Any]) -> Golden:
        """The same golden with one format's section put in place of what it held."""
        return replace(self, formats={**self.formats, name: section})
