"""What is said about each text that Keras failed with: `python -m sweep.texts --out FOLDER [--open FILE]`.

For each text of a run's failures, the artifact that failed with it is judged, and the text is diagnosed as that of a
load is. A text is `explained` where a rule or the catalogue gives each of its loads a cause and a fix, `measured` where
some have no more than what was seen of the construct, in which versions it loads included, and `open` where some have
no cause or no fix at all. The open ones are written to FILE, with a load of each.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.profiles.facts import Facts, data_of
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit
from sweep.outcomes import loads_of, said_in
from sweep.plan import runtime_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.results.finding import Finding
    from sweep.outcomes import Load

AT_ONCE = 2
# The inventories of artifacts that are judged one after the other, for all their readers.
_AT_HAND = 8
EXPLAINED, MEASURED, OPEN = "explained", "measured", "open"
ORDER = (EXPLAINED, MEASURED, OPEN)
# Of one text, one writer and one reader, so many loads say what is to be said.
MOST_ALIKE = 4
# Kinds that say that a load failed, and not why.
_VAGUE = (Kind.LOAD_FAILED, Kind.PREDICTION_FAILED)


class Said(NamedTuple):
    """What is said about one load that failed.

    Args:
        text: what Keras said, normalised.
        how: one of `ORDER`.
        load: the load, in words.
    """

    text: str
    how: str
    load: str


def sample_of(loads: Iterable[Load]) -> Iterator[Load]:
    """Loads that failed, a few of each text, writer, reader and format."""
    count: Counter[tuple[str, str, str, str]] = Counter()
    for load in loads:
        if load.is_there and load.kind[0] == "fails":
            key = (load.kind[2], load.writer, load.reader, load.row["format"])
            count[key] += 1
            if count[key] <= MOST_ALIKE:
                yield load


def said_of(failed: tuple[Load, str]) -> Said:
    """What is said about a load that failed, with the text that it failed with."""
    load, text = failed
    inventory = _inventory(load.row["path"])
    how = OPEN
    if _explains(diagnosed(load, text, inventory)) or any(map(_explains, _judged(load, inventory, nothing_known()))):
        how = EXPLAINED
    elif any(map(_explains, _judged(load, inventory, None))):
        how = MEASURED
    return Said(load.kind[2], how, str(load))


def _explains(finding: Finding) -> bool:
    return finding.kind not in _VAGUE and bool(finding.cause and finding.fix)


def _judged(load: Load, inventory: Inventory, facts: Facts | None) -> list[Finding]:
    profile = load_profile(runtime_of(load.reader))
    found = check_compatibility(
        inventory, profile, custom=load.row["declared"], safe_mode=not load.row["is_code"], facts=facts
    )
    return [finding for finding in found.findings if finding.severity is Severity.ERROR]


def diagnosed(load: Load, text: str, inventory: Inventory) -> Finding:
    """What the catalogue says about the text of a load that failed."""
    exception, _, message = text.partition(": ")
    profile = load_profile(runtime_of(load.reader))
    error = {"type": exception, "message": message, "traceback": ""}
    stage = "predict" if load.kind[1] == "call" else "load"
    form = inventory.format
    versions = {"keras": profile.keras, "tensorflow": profile.tensorflow, "python": ""}
    context = DiagnosisContext(
        f"model.{form}", form, inventory, versions, 60.0, OptionSyntax(OptionPlace.MARKER), runtime=profile.name
    )
    return diagnose(LoadResult(ProcessExit(0), stage=stage, error=error), context)


@cache
def nothing_known() -> Facts:
    """No facts at all."""
    return Facts(data_of([], [], [], [], {}))


@lru_cache(_AT_HAND)
def _inventory(path: str) -> Any:
    return read_inventory(Path(path))


def worst_of(said: Iterable[Said]) -> dict[str, Said]:
    """Of each text what is said worst."""
    found: dict[str, Said] = {}
    for each in said:
        if each.text not in found or ORDER.index(each.how) > ORDER.index(found[each.text].how):
            found[each.text] = each
    return found


def main() -> None:
    """Prints how many texts are explained, and writes the open ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of a run")
    parser.add_argument("--open", type=Path, help="where the texts without a cause or a fix are listed")
    options = parser.parse_args()
    loads = list(loads_of(options.out))
    often = Counter(load.kind[2] for load in loads if load.kind[0] == "fails")
    with ProcessPoolExecutor(AT_ONCE) as pool:
        texts = worst_of(pool.map(said_of, said_in(options.out, sample_of(loads)), chunksize=200))
    for how in ORDER:
        there = [text for text, said in texts.items() if said.how == how]
        print(f"{how}: {len(there):,} texts, {sum(often[text] for text in there):,} loads")
    if options.open:
        options.open.write_text("".join(lines_of(texts.values(), often)), encoding="utf-8")


def lines_of(texts: Iterable[Said], often: Counter[str]) -> Iterator[str]:
    """The open texts as Markdown, the most frequent first."""
    yield "# Texts without a cause or a fix\n\nWritten by `python -m sweep.texts`.\n\n"
    yield "| loads | one of them | what Keras says |\n|---|---|---|\n"
    for said in sorted(texts, key=lambda each: (-often[each.text], each.text)):
        if said.how == OPEN:
            text = said.text.replace("|", "\\|").replace("`", "'")
            yield f"| {often[said.text]:,} | {said.load} | `{text}` |\n"


if __name__ == "__main__":
    main()
