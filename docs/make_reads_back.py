"""Writes `reads-back.md` and its pages, what each version of Keras reads back, from the facts in the package.

Run it from the project's folder with the plugin installed: `python docs/make_reads_back.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.profiles.facts import HOLDS, LOADS, PAIR, ranges_of, read_data, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).with_name("reads-back.md")
# A page for all classes would be too long to be shown.
FOLDER = PAGE.with_suffix("")
PAIRS, OWN = "Two at once", "Your own"
FORMATS = {"h5": ".h5", "keras": ".keras"}
OUTCOMES = {
    ("fails", "load"): "fails to load",
    ("fails", "call"): "fails at the first call",
    ("crashes", "load"): "crashes",
    ("hangs", "load"): "does not end",
    ("changed", ""): "predicts something else",
    ("changed", "training"): "trains otherwise",
}
HEAD = """# What each version reads back

What was measured of every class of Keras and of its arguments: the smallest model of each is saved in one version and
loaded in others, and its predictions and two training steps are compared. These pages list what does **not** come back
the same; what they do not list came back. Look for a class below, or search [their folder](reads-back) for an argument
or a text that Keras printed.

`Dense.activation=<LeakyReLU>` is a Dense whose argument `activation` is an object LeakyReLU; `[int]` is a list of
numbers, `*` a class or function of your own that is declared, `registered *` one that was registered, `RNN > *` one
inside an RNN. *Two at once* fail only together. How it was measured is in [sweep/README.md](../sweep/README.md).
`modelcompat check` judges by the same facts.
"""


def main() -> None:
    """Write the pages."""
    data = {form: read_data(form) for form in FORMATS}
    pages: dict[str, list[str]] = {}
    titles: dict[str, list[str]] = {}
    for name, table in tables(data).items():
        page = page_of(name)
        pages.setdefault(page, []).extend([f"## {name}", "", *table, ""])
        titles.setdefault(page, []).append(name)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for page, lines in pages.items():
        head = "# What each version reads back\n\n[All classes, and what was measured](../reads-back.md)\n"
        (FOLDER / f"{page}.md").write_text("\n".join([head, *lines]), encoding="utf-8")
    PAGE.write_text("\n".join([HEAD, *index(titles), "", *versions_table(data), ""]), encoding="utf-8")


def page_of(name: str) -> str:
    """The page that a class stands on: that of its first letter."""
    if name in (PAIRS, OWN):
        return name.lower().replace(" ", "-")
    return name[0].lower() if name[0].isalpha() else "others"


def index(titles: dict[str, list[str]]) -> Iterator[str]:
    """The classes that do not come back everywhere, by page."""
    yield "## Classes"
    yield ""
    for page, names in sorted(titles.items()):
        yield f"- [{page}](reads-back/{page}.md): {', '.join(names)}"


def versions_table(data: dict[str, Any]) -> Iterator[str]:
    """Which versions were read by which."""
    yield "## What was measured"
    yield ""
    yield "| saved by Keras | as | read by Keras |"
    yield "|---|---|---|"
    readers: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    names = every_version(data)
    for form, title in FORMATS.items():
        pairs = data[form]["measured"]
        for writer in sorted({pair[0] for pair in pairs}):
            read_by = tuple(sorted(reader for each, reader in pairs if each == writer))
            readers.setdefault((writer, read_by), []).append(title)
    for (writer, read_by), titles in sorted(readers.items()):
        yield f"| {names[writer]} | {', '.join(titles)} | {', '.join(names[reader] for reader in read_by)} |"


def every_version(data: dict[str, Any]) -> list[str]:
    """Every version, in order, which is the same for each format."""
    names: list[str] = next(iter(data.values()))["versions"]
    return names


def tables(data: dict[str, Any]) -> dict[str, list[str]]:
    """A table for each class, of what does not come back the same."""
    by_class: dict[str, list[str]] = {}
    for form, title in FORMATS.items():
        names = data[form]["versions"]
        for construct, found in data[form]["facts"].items():
            for kind, writers, readers in rows_of(found):
                outcome, stage, text = data[form]["kinds"][kind]
                if outcome == LOADS:
                    continue
                cells = (
                    f"`{_shown(construct)}`",
                    title,
                    _versions(names, writers),
                    _versions(names, readers),
                    OUTCOMES[outcome, stage],
                    text.replace("|", "\\|") if outcome != "changed" else "",
                )
                by_class.setdefault(_class_of(construct), []).append(f"| {' | '.join(cells)} |")
    head = ("| construct | file | saved by | read by | becomes | Keras says |", "|---|---|---|---|---|---|")
    return {name: [*head, *sorted(by_class[name])] for name in sorted(by_class, key=str.lower)}


def _class_of(construct: str) -> str:
    """The class that a construct is of; of two, a heading for all of these."""
    if PAIR in construct:
        return PAIRS
    name = construct.split("=", maxsplit=1)[0].split(HOLDS, maxsplit=1)[0].partition(".")[0].rpartition(" ")[2]
    return OWN if name == "*" else name


def _shown(construct: str) -> str:
    return PAIR.join(each.partition(" ")[2] if each.startswith("layer ") else each for each in construct.split(PAIR))


def _versions(names: list[str], numbers: Iterable[int]) -> str:
    """Versions in order, neighbours as a range."""
    ranges = ranges_of(numbers)
    return ", ".join(names[each[0]] if len(each) == 1 else f"{names[each[0]]} to {names[each[-1]]}" for each in ranges)


if __name__ == "__main__":
    main()
