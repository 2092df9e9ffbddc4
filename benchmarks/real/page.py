"""The page of real models: a table of all of them, and every failure with its first line and what its fix did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from real.cells import FORMATS, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = """# Real models

Models of keras.applications, of KerasHub and in the manner of keras.io's examples, each tested in four formats with no
options, as a user would begin. Where a target fails, the fix that its text prints is pasted as it is printed, and the
test is run again: *fixed* says that this run passes. `fixed, 2` says that the second run printed another fix, and the
run with both passes. Where the printed fix is to change the model's code in words, nothing is pasted.

One command writes this page, in an environment that its first lines describe:

```
python benchmarks/real_models.py --write docs/real-models.md
```

"""
TITLES = {
    "applications": "keras.applications",
    "hub": "KerasHub",
    "keras_io_vision": "In the manner of keras.io: vision and generative",
    "keras_io_text": "In the manner of keras.io: text, tables, time series, graphs",
}


def render(cells: Sequence[Cell]) -> str:
    """The whole page."""
    return HEAD + f"**{summary(cells)}**\n\n" + "\n".join(_section(*each) for each in _by_module(cells)).rstrip() + "\n"


def summary(cells: Sequence[Cell]) -> str:
    """How many pass, fail, and are fixed by what is printed."""
    models = len({(cell.place.module, cell.place.model) for cell in cells})
    count = Counter(word(cell).partition(",")[0] for cell in cells)
    failing = sum(not cell.passes for cell in cells)
    return (
        f"{models} models, {len(cells)} targets: {count['passes']} pass; of {failing} that fail, "
        f"{count['fixed']} pass with what is printed, {count['not fixed']} do not, {count['in words']} say in words "
        "what to do."
    )


def word(cell: Cell) -> str:
    """`passes`, `fixed`, `fixed, 2`, `not fixed`, `in words`."""
    if cell.passes:
        return "passes"
    if cell.is_fixed:
        return "fixed" if len(cell.runs) == 1 else f"fixed, {len(cell.runs)}"
    return "not fixed" if cell.runs else "in words"


def failure(cell: Cell) -> str:
    """One failing cell in a line, for a terminal."""
    last = f" -> {cell.last}" if cell.last and not cell.is_fixed else ""
    return f"{cell.place.model} [{cell.place.format}] {word(cell)}: {cell.kind}: {cell.headline}{last}"


def _by_module(cells: Iterable[Cell]) -> list[tuple[str, list[Cell]]]:
    modules: dict[str, list[Cell]] = {}
    for cell in cells:
        modules.setdefault(cell.place.module, []).append(cell)
    return list(modules.items())


def _section(module: str, cells: Sequence[Cell]) -> str:
    models: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        models.setdefault(cell.place.model, {})[cell.place.format] = cell
    lines = [f"## {TITLES[module]}", "", f"| model | {' | '.join(FORMATS)} |", f"|---{'|---' * len(FORMATS)}|"]
    lines += [f"| {name} | {' | '.join(_mark(row[each]) for each in FORMATS)} |" for name, row in models.items()]
    failing = [cell for cell in cells if not cell.passes]
    lines += ["", "| target | first line | what is printed | with it |", "|---|---|---|---|"] if failing else []
    lines += [_row(cell) for cell in failing]
    return "\n".join([*lines, ""])


def _mark(cell: Cell) -> str:
    return "passes" if cell.passes else f"{cell.kind}: {word(cell)}"


def _row(cell: Cell) -> str:
    target = f"{cell.place.model} {cell.place.format}"
    printed = "\n".join(cell.pasted) or "\n".join(line for each in cell.first["findings"] for line in each["fix"])
    return f"| {target} | {_text(cell.kind + ': ' + cell.headline)} | {_code(printed)} | {word(cell)} |"


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("*", "\\*")


def _code(text: str) -> str:
    lines = (f"`{line.replace('|', chr(92) + '|')}`" for line in text.split("\n") if line.strip())
    return "<br>".join(lines)
