"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import clause
from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.report.compatibility import title
from pytest_modelcompat.report.diff import HEADS, change_text, summary_text
from pytest_modelcompat.report.graph_page.layer_rows import LayerRows
from pytest_modelcompat.report.graph_page.layer_weights import LayerWeights, WeightLines
from pytest_modelcompat.report.graph_page.links import Links
from pytest_modelcompat.report.graph_page.other_rows import op_rows, signature_rows, weight_rows
from pytest_modelcompat.report.graph_page.rows import Row, Status, all_rows, folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.comparison.artifacts import ArtifactComparison
    from pytest_modelcompat.report.graph_page.rows import Items

# What does not begin so is never replaced.
BEGINNING = "<!doctype html>\n<!-- a comparison of modelcompat -->"
GLYPHS = {
    Status.SAME: ("=", "the same"),
    Status.CHANGED: ("≠", "changed"),
    Status.VALUES: ("≈", "other values of weights"),
    Status.ADDED: ("+", "added"),
    Status.REMOVED: ("\N{MINUS SIGN}", "removed"),
    Status.MOVED: ("↕", "in another place"),
    Status.ALONE: ("·", "not compared"),
}
# Up to so many rows nothing is folded away; from so many on what is folded is only counted.
_NONE_FOLDED, _COUNTED_ONLY = 40, 5_000
# More rows than this that differ in the values of weights alone are folded away too.
_MOST_VALUES = 60
_MOST_CHANGES = 5_000
_MOST_LINKS = 4


class NoTemplatesError(Exception):
    """Jinja2, of which pages are made, is not installed; the message is a sentence with the fix."""


@dataclass(frozen=True)
class Section:
    """A part of the page with rows.

    Args:
        name: its heading.
        items: its rows, and folds of them.
        counts: how many rows there are of each status.
        note: a sentence, where there is something to say of all of them.
        folded: what is folded away, behind its number.
    """

    name: str
    items: Items
    counts: tuple[tuple[Status, int], ...]
    note: str = ""
    folded: str = ""

    @property
    def is_small(self) -> bool:
        """Whether all of it is shown at once."""
        return sum(count for _, count in self.counts) <= _NONE_FOLDED


def diff_page(one: Inventory, other: Inventory, comparison: ArtifactComparison) -> str:
    """Two artifacts side by side, as a page.

    Args:
        one: the old artifact.
        other: the new one.
        comparison: how they differ.

    Raises:
        NoTemplatesError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise NoTemplatesError(
            "a page needs Jinja2, which is not installed: pip install 'pytest-modelcompat[report]'"
        ) from error
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(clean=clause, gutters=_gutters)
    sections, links = _sections(one, other, comparison)
    changes = list(_changes(comparison, links))
    is_long = sum(each["status"] is Status.VALUES for each in changes) > _NONE_FOLDED
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("page.html.jinja", "page.css", "page.js")}
    return environment.from_string(text["page.html.jinja"]).render(
        beginning=BEGINNING,
        style=text["page.css"],
        script=text["page.js"],
        names=(one.path.name, other.path.name),
        titles=(title(one), title(other)),
        summary=summary_text(comparison),
        sections=sections,
        glyphs=GLYPHS,
        statuses=[status for status in GLYPHS if any(status in dict(each.counts) for each in sections)],
        changes=[each for each in changes if not (is_long and each["status"] is Status.VALUES)],
        values=[each for each in changes if is_long and each["status"] is Status.VALUES],
        left_out=max(0, len(comparison.differences) - _MOST_CHANGES),
        notes=comparison.notes,
        version=own_version(),
    )


def _sections(one: Inventory, other: Inventory, comparison: ArtifactComparison) -> tuple[list[Section], Links]:
    links = Links()
    lines = WeightLines(one, other, comparison)
    weights = LayerWeights(one, other, lines)
    parts = (
        ("Layers", LayerRows(one, other, weights, links).rows(), _layers_note(one, other)),
        ("Weights", weight_rows(one, other, weights, lines, links), _weights_note(one, other)),
        ("Signatures", signature_rows(one, other, links), ""),
        ("Ops", op_rows(one, other, links), "How often each operation stands in the graph."),
    )
    return [_section(name, rows, note) for name, rows, note in parts if rows], links


def _section(name: str, rows: Sequence[Row], note: str) -> Section:
    counts = Counter(row.status for row in all_rows(rows))
    shown = {Status.CHANGED, Status.ADDED, Status.REMOVED, Status.MOVED}
    words = "rows that are the same but for the values of weights"
    if counts[Status.VALUES] <= _MOST_VALUES:
        shown.add(Status.VALUES)
        words = "rows that are not compared" if set(counts) == {Status.ALONE} else "rows that are the same"
    items: Items = tuple(rows)
    if counts.total() > _NONE_FOLDED or (name == "Ops" and set(counts) == {Status.ALONE}):
        items = folded(rows, frozenset(shown), is_left_out=counts.total() > _COUNTED_ONLY)
    return Section(name, items, tuple((status, counts[status]) for status in GLYPHS if counts[status]), note, words)


def _layers_note(one: Inventory, other: Inventory) -> str:
    lacking = [each.path.name for each in (one, other) if not each.layers]
    return f"{lacking[0]} does not record its layers, so they are not compared." if len(lacking) == 1 else ""


def _weights_note(one: Inventory, other: Inventory) -> str:
    if one.layers or other.layers:
        return "Those that the names in the file do not assign to a layer."
    return "The file does not record its layers; this is the tree that the names of its weights make."


def _changes(comparison: ArtifactComparison, links: Links) -> Iterator[dict[str, Any]]:
    """The rows of the table of all changes."""
    for each in comparison.differences[:_MOST_CHANGES]:
        found = links.to(each)
        if each.greatest is not None:
            status = Status.VALUES
        elif not each.old or not each.new:
            status = Status.REMOVED if each.old else Status.ADDED
        else:
            status = Status.CHANGED
        is_long = len(found) > _MOST_LINKS
        yield {
            "status": status,
            "what": HEADS[each.what].lower(),
            "name": each.name,
            "change": change_text(each),
            "links": found[:_MOST_LINKS],
            "more": f"and {len(found) - _MOST_LINKS:,} more" if is_long else "",
            "where": "" if found else ", ".join(each.where),
        }


def _gutters(items: Items) -> str:
    """How wide the drawings beside some rows are, as a style: in lanes."""
    row = next((item if isinstance(item, Row) else next(iter(item.rows), None) for item in items), None)
    counts = [lanes.count if lanes is not None else 0 for lanes in (row.old_lanes, row.new_lanes)] if row else [0, 0]
    return f"--old:{counts[0]};--new:{counts[1]}"
