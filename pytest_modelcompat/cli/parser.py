"""Parsing a command's arguments: plain argparse, whose errors name the near match."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_modelcompat.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_modelcompat.cli.console import Console

_USUAL_WIDTH = 100


class UsageError(Exception):
    """The command was given something it does not understand; the message is one sentence."""


class Parser(argparse.ArgumentParser):
    """The arguments of one command; options and paths may come in any order.

    Args:
        command: what stands after `modelcompat`.
        description: what it does, in a sentence.
        epilog: examples and exit codes, printed as they are.
    """

    def __init__(self, command: str, description: str, epilog: str = "") -> None:
        self._options: list[str] = []
        super().__init__(
            prog=f"modelcompat {command}".strip(),
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """As in argparse; the options' names are kept to find near matches among them."""
        action = super().add_argument(*args, **kwargs)
        self._options.extend(action.option_strings)
        return action

    def error(self, message: str) -> NoReturn:
        """Raises what argparse would print and exit for.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message}; {self.prog} -h lists what it takes")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parses arguments.

        Args:
            arguments: those behind the command's name.

        Raises:
            UsageError: they are not what the command takes.
            SystemExit: `-h` was asked for and answered.
        """
        self._refuse_unknown(arguments)
        return self.parse_intermixed_args(list(arguments))

    def _refuse_unknown(self, arguments: Sequence[str]) -> None:
        for argument in arguments:
            if argument == "--":
                return
            option = argument.partition("=")[0]
            if _is_option(option) and option not in self._options:
                meant = f"--{option.lstrip('-')}"
                raise UsageError(f"there is no option {option}{near(meant, self._options)}; see {self.prog} -h")


def _is_option(argument: str) -> bool:
    """Whether an argument is written as an option: -runtime is meant for one too, and -1 is a number."""
    return argument.startswith("--") or (argument.startswith("-") and len(argument) > 2 and argument[1].isalpha())


def run_verb(
    command: str,
    verbs: Mapping[str, Callable[[Sequence[str], Console], int]],
    text: str,
    arguments: Sequence[str],
    console: Console,
) -> int:
    """Runs the verb that stands behind a command's name, as in `modelcompat profile list`.

    Args:
        command: the command's name.
        verbs: what each verb runs with its own arguments.
        text: the command's help.
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code: of the verb, else 0 where help was asked for, 2 where no verb is given.

    Raises:
        UsageError: there is no such verb, or its arguments are not what it takes.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        console.lines(text.splitlines())
        return ExitCode.OK if arguments else ExitCode.ERROR
    verb = verbs.get(arguments[0])
    if verb is None:
        raise UsageError(
            f"there is no `{command} {arguments[0]}`{near(arguments[0], verbs) or ': ' + ', '.join(verbs)}"
        )
    return verb(arguments[1:], console)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse's, told its width: to ask a terminal for it costs an import, and argparse asks for every option."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        super().__init__(prog, width=(int(columns) if columns.isdigit() else _USUAL_WIDTH) - 2)


def near(given: str, known: Iterable[str]) -> str:
    """`; did you mean 'check'?` where a known word is near to a given one, else nothing."""
    from pytest_modelcompat.artifacts.text import did_you_mean

    hint = did_you_mean(given, known, "")
    return f"; {hint}" if hint else ""
