"""Writes `options.md` and the table of options in README.md, both from the table of options in the package.

Run it from the project's folder with the plugin installed: `python docs/make_options.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

from pathlib import Path

from pytest_modelcompat.settings.table import OPTIONS, SESSION_FLAGS, SESSION_INI, Option

PAGE = Path(__file__).with_name("options.md")
README = PAGE.parents[1] / "README.md"
BEGIN, END = "<!-- options: written by docs/make_options.py -->", "<!-- end of options -->"
INTRODUCTION = """# Options

Every option, with the place where it is written. On a marker and in a call an option has its plain name; on the command
line and in the ini file it has the names below. The strongest source wins, option by option: command line, then marker
or call, then ini file, then default. `docs/make_options.py` writes this page.

## Of a case
"""
SESSION = """## Of the session

On the command line:
"""
INI = """In the ini file:
"""


def page() -> str:
    """The reference page."""
    parts = [INTRODUCTION, *map(section, OPTIONS), SESSION]
    flags = (
        (" ".join(filter(None, (flag, given.get("metavar")))), given["help"]) for flag, given in SESSION_FLAGS.items()
    )
    parts.append("\n".join(f"- `{flag}`: {text}" for flag, text in flags) + "\n")
    parts.append(INI)
    parts.append(
        "\n".join(f"- `{name}` ({given['type']}): {given['help']}" for name, given in SESSION_INI.items()) + "\n"
    )
    return "\n".join(parts)


def section(option: Option) -> str:
    """What the page says of one option."""
    return "\n".join(
        (
            f"### {option.name}",
            "",
            f"{option.meaning[0].upper()}{option.meaning[1:]}.",
            "",
            f"- argument: `{option.name}`, {option.takes}",
            f"- command line: {f'`{flag(option)}`' if option.flag else 'none'}",
            f"- ini: {f'`{option.ini}`' if option.ini else 'none'}",
            f"- default: {option.shown_default}",
            "",
        )
    )


def flag(option: Option) -> str:
    """An option's flag with what stands for its value."""
    return f"{option.flag} {option.metavar}".strip()


def table() -> str:
    """README's table."""
    rows = ["| option | meaning | default | command line / ini |", "|---|---|---|---|"]
    for option in OPTIONS:
        places = " / ".join(f"`{each}`" for each in (flag(option), option.ini) if each)
        rows.append(f"| `{option.name}` | {option.meaning} | {option.shown_default} | {places} |")
    return "\n".join(rows)


def readme(text: str) -> str:
    """README with its table written again.

    Args:
        text: README as it is.
    """
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Write the page and the table."""
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
