"""Which modules are Keras' own, and which come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

KERAS_PACKAGES = ("keras", "tf_keras")
# With what Keras takes for its own.
_KERAS_FAMILY = frozenset({*KERAS_PACKAGES, "keras_hub", "keras_cv", "keras_nlp", "keras_core"})
_KERAS_IN_TENSORFLOW = ("tensorflow.keras", "tensorflow.python.keras")
# Where Keras' own modules are.
KERAS_ROOTS = (*KERAS_PACKAGES, *_KERAS_IN_TENSORFLOW)
# What stands where Keras found no module of its own.
NO_MODULE = "builtins"
# Keras 2.11 to 2.15 registered its own new optimizers the way a user's are.
KERAS_OWN_PACKAGE = "Custom>"


def is_of_keras(module: str) -> bool:
    """Whether a module is Keras', or that of a package Keras takes for its own."""
    return module.partition(".")[0] in _KERAS_FAMILY or module.startswith(_KERAS_IN_TENSORFLOW)


def is_third_party_module(module: object) -> bool:
    """Whether what an artifact gives as a module is one from outside Keras."""
    return isinstance(module, str) and module not in ("", NO_MODULE) and not is_of_keras(module)


def is_declared(name: str, registered_name: str | None, custom: Collection[str], *, is_function: bool) -> bool:
    """Whether Keras finds what a file names among what is declared: a function by its name alone, a class by either.

    Args:
        name: the name that the file gives.
        registered_name: the name that it was registered under; None or empty where the file gives none.
        custom: the names that are declared.
        is_function: whether the file says that it is a function.
    """
    return name in custom or (not is_function and bool(registered_name) and registered_name in custom)
