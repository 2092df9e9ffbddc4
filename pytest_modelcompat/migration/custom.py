"""What a user declares by `NAME`, `module:NAME` or `file.py:NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.protocol import Declarations

if TYPE_CHECKING:
    from collections.abc import Iterable


class CustomError(ValueError):
    """What was declared cannot be understood; one sentence."""


@dataclass(frozen=True)
class Custom:
    """Classes and functions that are declared where a model is loaded.

    Args:
        names: of all of them, as files spell them, `Scale` or `shop>Scale`.
        declared: those with a place that they are imported from, and the modules that register the others.
        sys_path: folders of the files that were named.
    """

    names: frozenset[str]
    declared: Declarations
    sys_path: tuple[str, ...]


def custom_of(given: Iterable[str], imports: Iterable[str] = ()) -> Custom:
    """What was declared.

    Args:
        given: each a `NAME`, a `module:NAME`, or a `file.py:NAME`.
        imports: modules, or files, that register classes when they are imported.

    Raises:
        CustomError: one of them has no name, or names a file that does not exist.
    """
    names: set[str] = set()
    objects: dict[str, tuple[str, str]] = {}
    folders: dict[str, None] = {}
    for each in given:
        place, has_place, name = each.rpartition(":")
        if not name or (has_place and not place):
            raise CustomError(f"--custom {each} names no class: write NAME, module:NAME or file.py:NAME")
        word = name.rpartition(".")[2]
        names.add(word)
        if place:
            objects[word] = (_module(place, folders), name)
    modules = tuple(_module(each, folders) for each in imports)
    return Custom(frozenset(names), Declarations(custom_objects=objects, imports=modules), tuple(folders))


def _module(place: str, folders: dict[str, None]) -> str:
    if not place.endswith(".py"):
        return place
    file = Path(place)
    if not file.is_file():
        raise CustomError(f"{place} does not exist; write module:NAME or file.py:NAME")
    folders[str(file.parent.resolve())] = None
    return file.stem
