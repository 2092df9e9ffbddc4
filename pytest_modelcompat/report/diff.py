"""A comparison of two artifacts as a page: what was, what is, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import aligned, counted
from pytest_modelcompat.report.compatibility import title
from pytest_modelcompat.report.json_data import as_plain_json
from pytest_modelcompat.report.layout import INDENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.comparison.artifacts import ArtifactComparison, Difference

HEADS = {
    "model": "MODEL",
    "layer": "LAYERS",
    "wiring": "WIRING",
    "config": "CONFIGURATION",
    "compile": "COMPILED WITH",
    "signature": "SIGNATURES",
    "op": "OPS",
    "asset": "ASSETS",
    "weight": "WEIGHTS",
}
_WIDEST_NAME = 60


def comparison_page(one: Inventory, other: Inventory, comparison: ArtifactComparison) -> Iterator[str]:
    """Everything that differs, by what it is.

    Args:
        one: the first artifact.
        other: the second.
        comparison: how they differ.
    """
    yield f"old: {title(one)}"
    yield f"new: {title(other)}"
    yield ""
    for what, head in HEADS.items():
        found = [each for each in comparison.differences if each.what == what]
        if found:
            yield head
            yield from _rows(found)
            yield ""
    yield from (f"{INDENT}{note}" for note in comparison.notes)
    yield summary_text(comparison)


def _rows(found: Sequence[Difference]) -> Iterator[str]:
    if found[0].what == "config":
        yield from _by_layer(found)
    else:
        yield from _aligned([(each.name, change_text(each)) for each in found], INDENT)


def _by_layer(found: Sequence[Difference]) -> Iterator[str]:
    """Changes of configuration below the layers they are of."""
    groups: dict[tuple[str, tuple[str, ...]], list[Difference]] = {}
    for each in found:
        groups.setdefault((each.name.partition(".")[0], each.where), []).append(each)
    for (class_name, where), changes in groups.items():
        yield f"{INDENT}{class_name}  {', '.join(where)}"
        yield from _aligned([(each.name.partition(".")[2], change_text(each)) for each in changes], INDENT * 2)


def _aligned(rows: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    yield from (indent + line for line in aligned(rows, widest=_WIDEST_NAME))


def change_text(each: Difference) -> str:
    """What a thing was and is: `16 -> 32`, `added: ReLU`, `differs by up to 0.5, in 4 of 4 values`."""
    if each.greatest is not None:
        return f"differs by up to {each.greatest:.3g}, in {each.differing:,} of {each.total:,} values"
    if not each.old:
        return f"added: {each.new}"
    if not each.new:
        return f"removed: {each.old}"
    return f"{each.old} -> {each.new}"


def summary_text(comparison: ArtifactComparison) -> str:
    """How many differences there are, and how many arrays of weights have none."""
    equal = f"{comparison.equal_weights} arrays of weights are equal" if comparison.equal_weights else ""
    count = len(comparison.differences)
    if not count:
        return f"no difference{'; ' if equal else ''}{equal}"
    return f"{counted(count, 'difference')}{'; ' if equal else ''}{equal}"


def comparison_data(one: Inventory, other: Inventory, comparison: ArtifactComparison) -> dict[str, Any]:
    """A comparison as plain data: `old`, `new`, `same`, `differences`, `notes`, `equal_weights`, `unread_weights`."""
    return {
        "old": str(one.path),
        "new": str(other.path),
        "same": comparison.is_same and comparison.is_conclusive,
        "differences": [as_plain_json(each) for each in comparison.differences],
        "notes": list(comparison.notes),
        "equal_weights": comparison.equal_weights,
        "unread_weights": comparison.unread_weights,
    }
