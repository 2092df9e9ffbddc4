"""What an option is called on the command line and in an ini file.

A pytest session without model tests imports it too.
"""

from __future__ import annotations

# Option -> its flag, which is given once for each word; the ini file's option is called as the option.
FLAGS = {
    "formats": "--modelcompat-format",
    "runtimes": "--modelcompat-runtime",
    "loads_in": "--modelcompat-loads-in",
    "custom_objects": "--modelcompat-custom-object",
    "imports": "--modelcompat-import",
    "op_libraries": "--modelcompat-op-library",
    "checks": "--modelcompat-check",
    "train": "--modelcompat-train",
    "allow_unsafe": "--modelcompat-allow-unsafe",
    "saved_model_loaders": "--modelcompat-saved-model-loader",
    "rtol": "--modelcompat-rtol",
    "atol": "--modelcompat-atol",
    "compare": "--modelcompat-compare",
    "stochastic": "--modelcompat-stochastic",
    "seed": "--modelcompat-seed",
    "timeout": "--modelcompat-timeout",
    "memory_limit": "--modelcompat-memory-limit",
    "isolation": "--modelcompat-isolation",
}
# Option -> its flag without a value, which sets it to False.
SWITCHES = {
    "safe_mode": "--modelcompat-unsafe",
    "compile_model": "--modelcompat-no-compile",
}
INI_PREFIX = "modelcompat_"
# What lets a file's code run is said where it runs, and not once for all in an ini file.
IN_INI = frozenset({*FLAGS, *SWITCHES} - {"safe_mode"})
