"""The places where an option is written, and what it is called on the command line and in an ini file."""

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


# Option -> its flag, which is given once for each word; the ini file's option is called as the option.
FLAGS = {
    "formats": "--modelcompat-format",
    "runtimes": "--modelcompat-runtime",
    "loads_in": "--modelcompat-loads-in",
    "custom_objects": "--modelcompat-custom-object",
    "imports": "--modelcompat-import",
    "op_libraries": "--modelcompat-op-library",
    "checks": "--modelcompat-check",
    "saved_model_loaders": "--modelcompat-saved-model-loader",
    "rtol": "--modelcompat-rtol",
    "atol": "--modelcompat-atol",
    "seed": "--modelcompat-seed",
    "timeout": "--modelcompat-timeout",
}
# Option -> its flag without a value, which sets it to False.
SWITCHES = {
    "safe_mode": "--modelcompat-unsafe",
    "compile_model": "--modelcompat-no-compile",
}
INI_PREFIX = "modelcompat_"
# What lets a file's code run is said where it runs, and not once for all in an ini file.
IN_INI = frozenset({*FLAGS, *SWITCHES} - {"safe_mode"})
