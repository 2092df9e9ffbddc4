"""The golden of all verdicts: `verdicts.json`, written again by `python -m tests.compatibility.verdicts`.

For each artifact it has what is found, one finding a line, with the runtimes it is found in: neighbours are joined, and
where an artifact has no finding, it loads. The texts, in which `{reader}` and the like stand for versions, are in a
table of their own, each once.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.runtimes.names import all_names, parse_name
from tests.compatibility.verdict_artifacts import ARTIFACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding
    from tests.compatibility.verdict_artifacts import Judged

    # One finding, or one text, as the golden has it.
    Line = dict[str, Any]

GOLDEN = Path(__file__).with_name("verdicts.json")
COMMAND = "python -m tests.compatibility.verdicts"
_FIRST_WITH_KERAS_3 = 16


@cache
def runtimes() -> tuple[tuple[str, ...], ...]:
    """The runtimes that have a profile, in rows of neighbours: Keras 2, tf_keras, each Keras 3, later TensorFlows."""
    names = all_names()
    old = [name for name in names if _minor(name) < _FIRST_WITH_KERAS_3]
    new = [name for name in names if _minor(name) >= _FIRST_WITH_KERAS_3]
    every_keras = (parse_name(f"{new[0]}+keras3.{minor}").plain for minor in range(16))
    return tuple(old), tuple(f"{name}+tf_keras" for name in new), tuple(every_keras), tuple(new[1:])


def _minor(name: str) -> int:
    return int(name.rpartition(".")[2])


def judge(judged: Judged, inventory: Inventory, runtime: str) -> tuple[Finding, ...]:
    """What is predicted of an artifact in a runtime."""
    return check_compatibility(
        inventory, load_profile(runtime), custom=judged.custom, safe_mode=not judged.unsafe
    ).findings


def verdicts_of(name: str, folder: Path) -> tuple[list[Line], dict[str, Line]]:
    """The findings on one artifact, each with the runtimes it is for, and their texts.

    Args:
        name: of the artifact.
        folder: where it is made.
    """
    judged = ARTIFACTS[name]
    inventory = read_inventory(judged.build(folder))
    texts: dict[str, Line] = {}
    found: dict[str, set[str]] = {}
    for runtime in itertools.chain(*runtimes()):
        for finding in judge(judged, inventory, runtime):
            text = _text(finding, inventory, load_profile(runtime), folder)
            texts[_key(text)] = text
            line = json.dumps(_line(finding, _key(text)), ensure_ascii=False)
            found.setdefault(line, set()).add(runtime)
    return [{"in": ", ".join(_spans(names)), **json.loads(line)} for line, names in found.items()], texts


def by_runtime(lines: Iterable[Line]) -> dict[str, list[str]]:
    """The findings of each runtime, as texts, from those of an artifact."""
    found: dict[str, list[str]] = {runtime: [] for runtime in itertools.chain(*runtimes())}
    for line in lines:
        text = json.dumps(
            {key: value for key, value in line.items() if key != "in"}, sort_keys=True, ensure_ascii=False
        )
        for span in line["in"].split(", "):
            first, _, last = span.partition(" .. ")
            row = next(row for row in runtimes() if first in row)
            for runtime in row[row.index(first) : row.index(last or first) + 1]:
                found[runtime].append(text)
    return found


def _line(finding: Finding, text: str) -> Line:
    stage = finding.stage.value if finding.stage else None
    line = {"kind": finding.kind.value, "severity": finding.severity.value, "stage": stage, "subject": finding.subject}
    more = {"details": list(map(list, finding.details)), "where": list(finding.where)}
    return line | {"text": text} | {key: value for key, value in more.items() if value}


def _text(finding: Finding, inventory: Inventory, profile: Profile, folder: Path) -> Line:
    words = _words(inventory, profile, folder)
    blame = finding.blame.value if finding.blame else None
    return {
        "blame": blame,
        "cause": _without(finding.cause, words),
        "fix": [_without(line, words) for line in finding.fix],
        "source": finding.source,
    }


def _words(inventory: Inventory, profile: Profile, folder: Path) -> dict[str, str]:
    """What differs from runtime to runtime in a text that is the same, with the word that stands for it."""
    major, minor = profile.tensorflow.split(".")[:2]
    package = "tf_keras" if profile.name.endswith("+tf_keras") else "Keras"
    python = ".".join(map(str, profile.python))
    return {
        f"{folder}": "{folder}",
        f"{package} {'.'.join(profile.keras.split('.')[:2])}": "{reader}",
        f"TensorFlow {major}.{minor}": "{tensorflow}",
        f"tensorflow-text=={major}.{minor}": "tensorflow-text=={tensorflow}",
        f"CPython {python}": "{python}",
        f"{profile.min_producer} to {profile.producer}": "{versions}",
    }


def _without(text: str, words: Mapping[str, str]) -> str:
    for each, word in words.items():
        before, *parts = text.split(each)
        for part in parts:
            # Keras 3.1 is not the beginning of Keras 3.11, and "2.16 or newer" is no runtime's own version.
            is_other = re.match(r"\.?\d| or newer", part)
            before += (each if is_other else word) + part
        text = before
    return text


def _key(text: Line) -> str:
    return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()[:8]


def _spans(names: set[str]) -> Iterator[str]:
    """Neighbours by their first and last: `tf2.4 .. tf2.15`."""
    for row in runtimes():
        for is_in, run in itertools.groupby(row, names.__contains__):
            first, *rest = run
            if is_in:
                yield f"{first} .. {rest[-1]}" if rest else first


def rendered(verdicts: Mapping[str, Sequence[Line]], texts: Mapping[str, Line]) -> str:
    """The golden, one finding and one text a line."""
    table = _lines(f'    "{key}": {_json(texts[key])}' for key in sorted(texts))
    artifacts = _lines(f"    {_json(name)}: [{_rendered(verdicts[name])}]" for name in sorted(verdicts))
    return f'{{\n  "texts": {{\n{table}\n  }},\n  "verdicts": {{\n{artifacts}\n  }}\n}}\n'


def _rendered(found: Sequence[Line]) -> str:
    inner = _lines(sorted(f"      {_json(line)}" for line in found))
    return f"\n{inner}\n    " if found else ""


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _lines(lines: Iterable[str]) -> str:
    return ",\n".join(lines)


def write() -> None:
    """Writes the golden again."""
    verdicts: dict[str, list[Line]] = {}
    texts: dict[str, Line] = {}
    for name in ARTIFACTS:
        with tempfile.TemporaryDirectory() as folder:
            verdicts[name], more = verdicts_of(name, Path(folder))
            texts |= more
    GOLDEN.write_text(rendered(verdicts, texts), encoding="utf-8")


if __name__ == "__main__":
    write()
