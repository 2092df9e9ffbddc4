"""Third-party objects: layers and objects of an artifact that are not Keras' own, the user's among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.artifacts.modules import KERAS_OWN_PACKAGE, NO_MODULE, is_of_keras

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.locations import Use


def third_party_uses(inventory: Inventory) -> tuple[Use, ...]:
    """The layers and objects that are part of no Keras, in the order of the inventory.

    A `.keras` file names their modules; an `.h5` file names classes alone, so there every name that no recorded
    version of Keras knows counts.

    Args:
        inventory: what the artifact holds.
    """
    uses: tuple[Use, ...] = (*inventory.layers, *inventory.objects)
    return tuple(use for use in uses if _is_third_party(use))


def is_operation(use: Use) -> bool:
    """Whether what an .h5 file lists as a layer is an operation of Keras 3, such as `ops.matmul`: no layer's node.

    Args:
        use: a layer of an `.h5` file, which a layer writes `trainable` for, and an operation does not.
    """
    from pytest_modelcompat.profiles.known_names import is_keras_name

    return isinstance(use, LayerUse) and "trainable" not in use.config and is_keras_name("operation", use.name)


def _is_third_party(use: Use) -> bool:
    from pytest_modelcompat.profiles.known_names import is_keras_name

    if use.module and use.module != NO_MODULE:
        return not is_of_keras(use.module)
    role, name = use.role, use.name
    if role == "optimizer":
        name = name.removeprefix(KERAS_OWN_PACKAGE)
    return ">" in name or not (is_keras_name(role, name) or is_operation(use))
