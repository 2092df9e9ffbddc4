"""`modelcompat explain`: what a traceback or a log reports, why, and what to do; or what a kind of failure means."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError, near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.results.finding import Kind

_EPILOG = """examples:
  modelcompat explain build.log
  kubectl logs serving | modelcompat explain -
  modelcompat explain "Unknown layer: 'Scale'"
  modelcompat explain MC101
  modelcompat explain "UNKNOWN ARGUMENT"

Exit codes: 0 all is explained, 1 there is something that is not known, 2 something could not be read.
"""
# Enough for any log that somebody reads; more would only take memory.
_MOST_BYTES = 50_000_000


def run(arguments: Sequence[str], console: Console) -> int:
    """Runs the command.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes.
    """
    options = _parser().parse(arguments)
    kinds = [_kind_of(given) for given in options.what]
    code = ExitCode.OK
    for given, kind in zip(options.what, kinds, strict=True):
        if kind is not None:
            _show_kind(kind, console, as_json=options.json)
        elif not _explain(_text_of(given), console, as_json=options.json):
            code = ExitCode.FAILED
    return code


def _parser() -> Parser:
    parser = Parser("explain", "Says what a traceback or a log reports, why, and what to do.", _EPILOG)
    parser.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help="a file, - for standard input, a message, or a kind of failure or its code",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _kind_of(given: str) -> Kind | None:
    """The kind that a word names, by its heading, its code or its page; None for what is none.

    Raises:
        UsageError: it is written like a kind or a code, and is none.
    """
    from pytest_modelcompat.results.finding import Kind
    from pytest_modelcompat.results.kind_codes import CODES

    if given == "-" or Path(given).exists():
        return None
    known = {kind.value: kind for kind in Kind} | {code: kind for kind, code in CODES.items()}
    word = " ".join(given.upper().replace("-", " ").replace("_", " ").removesuffix(".MD").split())
    if word in known:
        return known[word]
    if re.fullmatch(r"MC\w{1,4}", word):
        codes = sorted(CODES.values())
        raise UsageError(f"no kind of failure has the code {given}; codes are {codes[0]} to {codes[-1]}")
    hint = near(word, known)
    is_short = len(word) <= max(map(len, known)) + 2 and ":" not in given and "'" not in given
    if hint and is_short:
        raise UsageError(f"there is no kind of failure {given!r}{hint}")
    return None


def _text_of(given: str) -> str:
    """The text to explain: a file's, that of standard input, or the word itself.

    Raises:
        UsageError: it is the name of a file that is not there or cannot be read.
    """
    if given == "-":
        return sys.stdin.buffer.read(_MOST_BYTES).decode("utf-8", "replace")
    if not given.strip():
        raise UsageError("there is nothing to explain in an empty text; modelcompat explain -h")
    path = Path(given)
    try:
        if path.is_file():
            return _decoded(path.read_bytes()[:_MOST_BYTES])
    except OSError as error:
        raise UsageError(f"{given} cannot be read: {error.strerror or error}") from None
    if path.is_dir():
        raise UsageError(f"{given} is a folder; give a file, or - for standard input")
    if " " not in given.strip():
        raise UsageError(f"there is no file {given}, and no kind of failure of this name; modelcompat explain -h")
    return given


def _decoded(content: bytes) -> str:
    """A file's text; PowerShell writes what it redirects as UTF-16."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(encoding, "replace")


def _show_kind(kind: Kind, console: Console, *, as_json: bool) -> None:
    from pytest_modelcompat.report.explanation import kind_data, kind_page
    from pytest_modelcompat.report.json_data import line

    console.lines([line(kind_data(kind))] if as_json else kind_page(kind))


def _explain(text: str, console: Console, *, as_json: bool) -> bool:
    """Writes what a text reports; whether all of it is known, and there is anything."""
    from pytest_modelcompat.diagnosis.explanation import explanations, near_kinds
    from pytest_modelcompat.report.explanation import (
        explanation_data,
        explanation_lines,
        unexplained_data,
        unexplained_lines,
    )
    from pytest_modelcompat.report.json_data import line

    found, unexplained = explanations(text)
    if as_json:
        console.lines(line(explanation_data(each)) for each in found)
        console.lines(line(unexplained_data(each)) for each in unexplained)
        return bool(found) and not unexplained
    for each in found:
        console.lines(explanation_lines(each))
    if unexplained:
        console.lines(unexplained_lines(unexplained))
    if not found and not unexplained:
        console.lines(_nothing_found(near_kinds(text)))
    return bool(found) and not unexplained


def _nothing_found(near_of: Sequence[Kind]) -> list[str]:
    from pytest_modelcompat.results.kind_codes import CODES

    alike = "".join(f"\n  {CODES[kind]}  {kind.value}" for kind in near_of)
    found = "nothing in this text is a known failure of saving or loading a model"
    return [f"{found}; its words are like those of:{alike}" if alike else found]
