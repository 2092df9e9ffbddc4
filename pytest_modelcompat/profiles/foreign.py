"""Foreign: the layers and objects of an artifact that Keras does not bring along, the user's and third parties'."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.places import Use

# `builtins` stands where Keras found no module of its own.
_KERAS_FAMILY = frozenset({"keras", "tf_keras", "keras_hub", "keras_cv", "keras_nlp", "keras_core"})
_KERAS_IN_TENSORFLOW = ("tensorflow.keras", "tensorflow.python.keras")
_NO_MODULE = "builtins"
# Keras 2.11 to 2.15 registered its own new optimizers the way a user's are.
KERAS_OWN_PACKAGE = "Custom>"


def is_of_keras(module: str) -> bool:
    """Whether a module is Keras', or that of a package Keras takes for its own."""
    return module.partition(".")[0] in _KERAS_FAMILY or module.startswith(_KERAS_IN_TENSORFLOW)


def is_foreign_module(module: object) -> bool:
    """Whether what an artifact gives as a module is one from outside Keras."""
    return isinstance(module, str) and module not in ("", _NO_MODULE) and not is_of_keras(module)


def foreign_uses(inventory: Inventory) -> tuple[Use, ...]:
    """The layers and objects that no Keras brings along, in the order of the inventory.

    A `.keras` file names their modules; an `.h5` file names classes alone, so there every name that no recorded
    version of Keras knows counts.

    Args:
        inventory: what the artifact holds.
    """
    uses: tuple[Use, ...] = (*inventory.layers, *inventory.objects)
    return tuple(use for use in uses if _is_foreign(use))


def _is_foreign(use: Use) -> bool:
    from pytest_modelcompat.profiles.lore import is_keras_name

    if use.module and use.module != _NO_MODULE:
        return not is_of_keras(use.module)
    role, name = use.role, use.name
    if role == "optimizer":
        name = name.removeprefix(KERAS_OWN_PACKAGE)
    return ">" in name or not is_keras_name(role, name)
