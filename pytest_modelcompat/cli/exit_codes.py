"""What a process ends with: `modelcompat` itself, and the pytest that it runs."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `modelcompat`."""

    OK = 0
    """All is well: it loads, it is the same, every target held; what was asked for is done."""
    FAILED = 1
    """The answer is no: it does not load, it differs, a target failed; something would be removed with `--yes`."""
    ERROR = 2
    """Something could not be read, understood, created, run or written."""
    INTERRUPTED = 130
    """The user pressed Ctrl-C; what a shell reports of a process that SIGINT (2) ended."""
    PIPE_CLOSED = 141
    """Whoever read the output closed it; what a shell reports of a process that SIGPIPE (13) ended."""


class PytestExitCode(IntEnum):
    """Those of pytest that mean that it has run: `pytest.ExitCode`, which only the plugin may import."""

    OK = 0
    """All tests passed; where it collects only, all were collected."""
    TESTS_FAILED = 1
    """Some failed."""
    NO_TESTS_COLLECTED = 5
    """There were none."""
