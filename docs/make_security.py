"""Writes the tables of `security.md`, from the vulnerabilities in the package and from what was found of the attacks.

Run it from the project's folder with the plugin installed: `python docs/make_security.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from pytest_modelcompat.artifacts.formats import READ
from pytest_modelcompat.compatibility.unsafe.vulnerabilities import VULNERABILITIES

PAGE = Path(__file__).with_name("security.md")
BENCHMARKS = PAGE.parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from attacks.registry import attacks  # noqa: E402
from attacks.registry import not_built as no_files  # noqa: E402


def vulnerabilities() -> str:
    """The table of published vulnerabilities."""
    rows = ["| vulnerability | files | first Keras without it | in Keras 2 too |", "|---|---|---|---|"]
    for each in VULNERABILITIES:
        formats = ", ".join(READ[name].title for name in each.formats)
        fixed = f"{each.fixed}, {each.backported}" if each.backported else each.fixed
        rows.append(f"| {each.id} | {formats} | {fixed} | {'yes' if each.in_keras_2 else 'no'} |")
    return "\n".join(rows)


def scanners() -> str:
    """How many of the attacks each scanner finds, and how many of those that act."""
    found = json.loads((BENCHMARKS / "attacks" / "found.json").read_text(encoding="utf-8"))["attacks"]
    acts = {attack.name for attack in attacks() if attack.acts_in}
    all_, of_acting = Counter[str](), Counter[str]()
    for name, attack in found.items():
        for tool, is_found in attack["found"].items():
            all_[tool] += is_found
            of_acting[tool] += is_found and name in acts
    rows = ["| scanner | attacks found | of those that were seen to act |", "|---|---|---|"]
    rows.extend(
        f"| {tool.replace('@', ' ')} | {count} of {len(found)} | {of_acting[tool]} of {len(acts)} |"
        for tool, count in sorted(all_.items(), key=lambda entry: (entry[1], entry[0]))
    )
    return "\n".join(rows)


def not_built() -> str:
    """What has no file, and why."""
    return "\n".join(f"- {each.shows}: {each.why}" for each in no_files())


def page(text: str) -> str:
    """The page with its tables written again.

    Args:
        text: the page as it is.
    """
    for name, write in (("vulnerabilities", vulnerabilities), ("scanners", scanners), ("not built", not_built)):
        begin, end = f"<!-- {name}: written by docs/make_security.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{write()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
