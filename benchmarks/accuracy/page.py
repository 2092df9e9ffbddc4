"""The page that shows how often the static verdicts are right."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accuracy.cells import Cell

FORMATS = {"h5": ".h5", "keras": ".keras", "saved_model": "SavedModel"}
# Why a verdict is wrong where it is known to be, by model and format.
REASONS: dict[tuple[str, str], str] = {
    ("stateful_lstm", "saved_model"): (
        "a stateful layer's state is saved with the model, and the call before the save has changed it"
    ),
    ("hashing_and_bins", "saved_model"): (
        "the export of Keras 3.3 to 3.11 itself: its own version, too, predicts something else than the saved model did"
    ),
    ("subclassed_without_config", "keras"): (
        "the class is the user's: what its constructor takes is not known without importing it"
    ),
    ("image_preprocessing", "saved_model"): (
        "the exported signature holds random layers, whose generator is a number in the graph that older kernels read "
        "differently or refuse; values of constants are not read"
    ),
}
UNKNOWN = "not understood yet"
CHANGE_MISSED = ("changed", "loads")
HEAD = """# How often the static verdicts are right

`modelcompat check` says what will load without loading it. This page compares it with what really happens: models
saved by several TensorFlow versions in every format each of them writes, each artifact then really loaded and called in
several versions, each load in a process of its own. *Loads* means that `load_model` (or `tf.saved_model.load`) and a
call succeeded; models with Lambda layers are loaded with `safe_mode=False` too.

Two commands write this page; the first creates an environment for each version with uv, and takes some hours:

```
python benchmarks/accuracy/matrix.py --out matrix
python benchmarks/accuracy/compare.py matrix/results.jsonl --write docs/accuracy.md
```
"""
HELD_OUT = """
## Versions held out

The matrix above was used to write the rules. The loads below are between versions that are not in it:

```
python benchmarks/accuracy/matrix.py --out held-out --savers {savers} --loaders {loaders} \\
  --models {models}
python benchmarks/accuracy/compare.py matrix/results.jsonl --held-out held-out/results.jsonl --write docs/accuracy.md
```
"""


def summary(cells: Sequence[Cell]) -> str:
    """One line: how many verdicts agree, and how many crashes were not predicted."""
    agreeing = sum(cell.agrees for cell in cells)
    crashes = [cell for cell in cells if cell.seen["outcome"] == "crash"]
    missed = sum(cell.is_missed_crash for cell in crashes)
    share = f"{100 * agreeing / len(cells):.2f} %" if cells else "none"
    return f"{agreeing} of {len(cells)} verdicts agree ({share}); {missed} of {len(crashes)} crashes not predicted"


def disagreement(cell: Cell) -> str:
    """One line on a verdict that was wrong."""
    seen = cell.seen
    unsafe = ", safe_mode=False" if seen["safe_mode"] is False else ""
    causes = f" ({'; '.join(cell.causes[:3])})" if cell.causes else ""
    said = " ".join(str(seen["message"])[-160:].split())
    return (
        f"{seen['model']}, {FORMATS[seen['format']]} of {seen['saver']} in {seen['loader']}{unsafe}: "
        f"predicted {cell.predicted.value}{causes}, really {seen['outcome']}" + (f": {said}" if said else "")
    )


def render(cells: Sequence[Cell], held_out: Sequence[Cell]) -> str:
    """The whole page."""
    parts = [HEAD, *_section(cells)]
    if held_out:
        savers = " ".join(_in_order(cell.seen["saver"] for cell in held_out))
        loaders = " ".join(_in_order(cell.seen["loader"] for cell in held_out))
        models = " ".join(sorted({cell.seen["model"] for cell in held_out}))
        parts += [HELD_OUT.format(savers=savers, loaders=loaders, models=models), *_section(held_out)]
    return "\n".join(parts).rstrip() + "\n"


def _section(cells: Sequence[Cell]) -> list[str]:
    models = {cell.seen["model"] for cell in cells}
    return [
        (
            f"**{summary(cells)}.** {len(models)} models; "
            f"{sum(cell.loaded for cell in cells)} of the loads succeed, "
            f"{sum(not cell.loaded for cell in cells)} do not."
        ),
        "",
        *_confusion(cells),
        *(line for name in FORMATS for line in _table(name, [cell for cell in cells if cell.seen["format"] == name])),
        *_disagreements([cell for cell in cells if not cell.agrees]),
        *_missed_changes([cell for cell in cells if (cell.seen["outcome"], cell.predicted.value) == CHANGE_MISSED]),
    ]


def _confusion(cells: Sequence[Cell]) -> list[str]:
    predicted = ("loads", "changed", "fails", "unreadable")
    counts = Counter((cell.seen["outcome"], cell.predicted.value) for cell in cells)
    lines = ["| really | " + " | ".join(f"predicted {each}" for each in predicted) + " |", "|---" * 5 + "|"]
    for outcome in ("loads", "changed", "fails", "hang", "crash"):
        row = [counts[outcome, each] for each in predicted]
        if any(row):
            lines.append(f"| {outcome} | " + " | ".join(map(str, row)) + " |")
    return [*lines, ""]


def _table(name: str, cells: Sequence[Cell]) -> list[str]:
    """Savers by loaders: how many artifacts load, and how many verdicts are right where not all are."""
    if not cells:
        return []
    savers = _in_order(cell.seen["saver"] for cell in cells)
    loaders = _in_order(cell.seen["loader"] for cell in cells)
    lines = [
        f"### {FORMATS[name]}",
        "",
        "Loads that succeed, of those tried. In bold: how many verdicts are right, if not all are.",
        "",
        "| saved by / loaded by | " + " | ".join(loaders) + " |",
        "|---" * (len(loaders) + 1) + "|",
    ]
    for saver in savers:
        row = (_entry([c for c in cells if (c.seen["saver"], c.seen["loader"]) == (saver, each)]) for each in loaders)
        lines.append(f"| {saver} | " + " | ".join(row) + " |")
    return [*lines, ""]


def _entry(cells: Sequence[Cell]) -> str:
    if not cells:
        return ""
    right = sum(cell.agrees for cell in cells)
    return f"{sum(cell.loaded for cell in cells)}/{len(cells)}" + (f" **{right}**" if right < len(cells) else "")


def _disagreements(cells: Sequence[Cell]) -> list[str]:
    if not cells:
        return ["No verdict is wrong.", ""]
    wrong = (f"- {disagreement(cell)}. Reason: {_reason(cell)}." for cell in cells)
    return ["### Verdicts that are wrong", "", *wrong, ""]


def _missed_changes(cells: Sequence[Cell]) -> list[str]:
    """Loads that succeed and predict something else, though no change was predicted; grouped by model."""
    if not cells:
        return []
    groups = Counter((cell.seen["model"], FORMATS[cell.seen["format"]], _reason(cell)) for cell in cells)
    lines = [
        "### Changes that were not predicted",
        "",
        "These load, as predicted, but then predict something else:",
        "",
    ]
    lines += [f"- {model}, {form}, {count} loads. Reason: {why}." for (model, form, why), count in groups.items()]
    return [*lines, ""]


def _reason(cell: Cell) -> str:
    return REASONS.get((cell.seen["model"], cell.seen["format"]), UNKNOWN)


def _in_order(names: Iterable[str]) -> list[str]:
    """Runtimes, oldest first."""
    return sorted(set(names), key=lambda name: ([int(part) for part in name[2:].partition("+")[0].split(".")], name))
