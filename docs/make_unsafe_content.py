"""Writes the table of rules in `unsafe-content.md`, from the rules in the package.

Run it from the project's folder with the plugin installed: `python docs/make_unsafe_content.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

from pathlib import Path

from pytest_modelcompat.compatibility.unsafe.rules import RULES

PAGE = Path(__file__).with_name("unsafe-content.md")
BEGIN, END = "<!-- rules: written by docs/make_unsafe_content.py -->", "<!-- end of rules -->"


def table() -> str:
    """The table of rules."""
    rows = ["| code | finds | severity | acts | blocks |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        blocks = "yes" if rule.blocks else "no"
        rows.append(f"| `{rule.code}` | {rule.title} | {rule.severity} | {rule.acts.value} | {blocks} |")
    return "\n".join(rows)


def page(text: str) -> str:
    """The page with its table written again.

    Args:
        text: the page as it is.
    """
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Write the table."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
