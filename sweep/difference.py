"""What two runs saw otherwise: `python -m sweep.difference BEFORE AFTER`, two folders of observations.

It prints, in Markdown, what each reader made of each writer's artifacts before and after, where that differs, and exits
with 1 if anything does. Writers and readers that only one run has are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.plan import every_keras
from sweep.summary import outcomes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    Outcomes = dict[tuple[str, str], dict[str, Any]]

NOTHING = "not made"


def differences(before: Path, after: Path) -> Iterator[str]:
    """A line of Markdown for each artifact that a reader makes something else of.

    Args:
        before: a folder of observations.
        after: another.
    """
    for writer in every_keras():
        one, other = observed.read(writer, before), observed.read(writer, after)
        for reader in sorted(set(one.get("readers", {})) & set(other.get("readers", {}))):
            lines = list(_of_pair(outcomes_of(one, reader), outcomes_of(other, reader)))
            if lines:
                yield f"\n## Saved by {writer}, read by {reader}\n"
                yield from ("| artifact | format | before | after |", "|---|---|---|---|", *lines)


def _of_pair(before: Outcomes, after: Outcomes) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        one, other = _words(before.get(key)), _words(after.get(key))
        if one != other:
            yield f"| `{key[0]}` | {key[1]} | {one} | {other} |"


def _words(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return NOTHING
    words = " ".join(filter(None, (outcome["outcome"], outcome["stage"])))
    return f"{words}: {outcome['text']}".replace("|", "\\|") if outcome["text"] else words


def main() -> int:
    """Prints; the exit code says whether anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args()
    lines = list(differences(options.before, options.after))
    print("\n".join(lines) if lines else "both saw the same")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
