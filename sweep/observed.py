"""What was observed of one writer's artifacts, as it is committed: names, constructs, and each reader's results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pytest_modelcompat.profiles.facts import PAIR
from pytest_modelcompat.profiles.packed import read_packed, write_packed
from sweep.plan import FILES

FOLDER = Path(__file__).resolve().parent / "observed"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NUMBERS = re.compile(r"\d+(\.\d+)?(e-?\d+)?")
_PLACES = re.compile(r"(/[\w.+@-]+){2,}/?|0x[0-9a-f]+|<[\w.]+ object at [^>]*>")
_LONG = re.compile(r"\{.{40,}\}?|\[.{60,}\]?")
LONGEST = 160
# Some of the last characters may have been spaces.
_CUT = LONGEST - 2
_SENTENCES = re.compile(r".{40,}[.!?](?=\s)")
# What `objects.py` has; the last word of a text may be cut. Keras' own word is `registered_name`.
_OF_THE_SWEEP = re.compile(r"(sweep>)?\b(Unsaveable|(Plain|Registered)(?!Name)[A-Z]\w*|(plain|registered)_(?!n)\w*)")


def normal(text: str) -> str:
    """A failure's text without what differs from one file to the next: numbers, paths, whole configurations."""
    text = _PLACES.sub("…", _COLOURS.sub("", text).split("Call arguments received", maxsplit=1)[0])
    return _NUMBERS.sub("N", _LONG.sub("{…}", text))[:LONGEST].strip().removesuffix(":")


def as_said(construct: str, text: str) -> str:
    """A normalised text for people who know nothing of the sweep.

    The names of a construct's classes are as they are, `Conv2D` and not `ConvND`; those of the sweep's own classes and
    functions are left out; a text that was cut ends with its last whole sentence, or says that it was cut.
    """
    is_cut = len(text) >= _CUT
    text = _OF_THE_SWEEP.sub("…", with_names_of(construct, text))
    sentence = _SENTENCES.match(text) if is_cut else None
    return sentence[0] if sentence else f"{text} …" if is_cut and not text.endswith("…") else text


def with_names_of(construct: str, text: str) -> str:
    """A normalised text with the names of a construct's classes as they are: `Conv2D`, and not `ConvND`."""
    names: dict[str, set[str]] = {}
    for part in construct.split(PAIR):
        for name in re.findall(r"\w*[A-Za-z_]\d\w*", part.partition("=")[0].partition(".")[0]):
            names.setdefault(_NUMBERS.sub("N", name), set()).add(name)
    for normalised, alike in names.items():
        if len(alike) == 1:
            text = re.sub(rf"\b{normalised}\b", min(alike), text)
    return text


def folder_of(what: str) -> Path:
    """Where the observations of a plan are committed: those of files, or of SavedModels."""
    return FOLDER if what == FILES else FOLDER / what


def path_of(keras: str, folder: Path = FOLDER) -> Path:
    """The file of a writer's observations."""
    return folder / f"{keras.replace(' ', '-')}.json.gz"


def write(keras: str, data: dict[str, Any], folder: Path = FOLDER) -> int:
    """Writes a writer's observations; the same give the same bytes. How many bytes they are."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_packed(path_of(keras, folder), data)


def read(keras: str, folder: Path = FOLDER) -> dict[str, Any]:
    """A writer's observations; empty where there are none."""
    path = path_of(keras, folder)
    if not path.exists():
        return {}
    data: dict[str, Any] = read_packed(path)
    return data
