"""Writes the tables of edits and of the ways that remain in `migration.md`, from the package.

Run it from the project's folder with the plugin installed: `python docs/make_migration.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.edits.vocabulary import vocabulary_edit
from pytest_modelcompat.migration.edits.wanted_format import CONVERTED, wanted_format_edits
from pytest_modelcompat.migration.layouts.optimizer import NOT_KEPT, Form, kept_slots
from pytest_modelcompat.migration.needs.ways import REMAINING, WAYS
from pytest_modelcompat.migration.saved_model.graph_edits import EDITS as GRAPH_EDITS
from pytest_modelcompat.results.finding import MEASURED
from pytest_modelcompat.results.kind_codes import CODES
from pytest_modelcompat.results.kind_texts import thread_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.edit import Edit
    from pytest_modelcompat.migration.saved_model.graph_edit import GraphEdit
    from pytest_modelcompat.results.finding import Kind

PAGE = Path(__file__).with_name("migration.md")
_WORDS = {"reader": "the reader", "writer": "the writer"}


def ways() -> str:
    """What each way means."""
    return "\n".join(["| way | means |", "|---|---|", *(f"| `{way}` | {text} |" for way, text in WAYS.items())])


def remaining() -> str:
    """The way that remains for each kind of finding."""
    rows = ["| finding | code | of | way | what to do |", "|---|---|---|---|---|"]
    for each in REMAINING:
        for kind in each.kinds:
            of = each.when or "all" if _is_only(kind) else each.when or "all others"
            rows.append(f"| {kind.value} | {CODES[kind]} | {of} | `{each.way}` | {each.text} |")
    return "\n".join(rows)


def _is_only(kind: Kind) -> bool:
    return sum(kind in each.kinds for each in REMAINING) == 1


def edits() -> str:
    """Every edit, in the order in which they are tried."""
    return "\n\n".join(_edit(each) for each in (vocabulary_edit({}), *_wanted(), *EDITS))


def _wanted() -> Iterator[Edit]:
    for each in CONVERTED:
        yield from wanted_format_edits(each)


def graph_edits() -> str:
    """Every edit of SavedModels, in the order in which they are tried."""
    return "\n\n".join(_edit(each) for each in GRAPH_EDITS)


def _edit(edit: Edit | GraphEdit) -> str:
    rows = [
        ("equal because", edit.because),
        ("wrong if", edit.wrong_if),
        ("loses", edit.loses),
        ("source", _source(edit.source)),
    ]
    lines = [f"- *{label}*: {text.format(**_WORDS)}" for label, text in rows if text]
    return "\n".join([f"### {edit.name}", "", f"{_sentence(edit.what.format(**_WORDS))}", "", *lines])


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _source(source: str) -> str:
    if source == MEASURED or source.startswith("http"):
        return source if source == MEASURED else f"<{source}>"
    return f"[{source}]({thread_url(source)})" if "#" in source and " " not in source else source


def states() -> str:
    """What becomes of the variables of each optimizer, by whose it is."""
    names = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion")
    rows = ["| optimizer | legacy (`.h5`) | Keras 2.11 to 2.15 | Keras 3 |", "|---|---|---|---|"]
    for name in names:
        kept = [", ".join(kept_slots(name, form)) for form in Form]
        rows.append(f"| `{name}` | {' | '.join(each or 'no such class' for each in kept)} |")
    rows += [f"| `{name}` | lost: {text} | lost | lost |" for name, text in NOT_KEPT.items()]
    return "\n".join(rows)


PARTS = {"states": states, "ways": ways, "remaining": remaining, "edits": edits, "edits of SavedModels": graph_edits}


def page(text: str) -> str:
    """The page with its tables written again.

    Args:
        text: the page as it is.
    """
    for name, part in PARTS.items():
        begin, end = f"<!-- {name}: written by docs/make_migration.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{part()}\n\n{end}{after}"
    return text


def main() -> None:
    """Write the tables."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
