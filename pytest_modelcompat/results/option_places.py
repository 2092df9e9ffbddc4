"""The places where an option is written."""

from __future__ import annotations

from enum import Enum


class OptionPlace(str, Enum):
    """Where an option is written; its value is the word that messages use."""

    MARKER = "marker"
    ARTIFACT_MARKER = "artifact marker"
    CALL = "call"
    COMMAND_LINE = "command line"
    INI = "ini"

    def __str__(self) -> str:
        """The word that messages use."""
        return self.value
