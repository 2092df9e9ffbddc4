"""What is left: the operations of a draft for which Keras 3 has no equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.conversion import Conversion
from pytest_modelcompat.migration.operations.own_layers import symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_modelcompat.profiles.profile import Profile


def left_operations(
    configs: Iterable[dict[str, Any]], profile: Profile, is_own: Callable[[str], bool]
) -> dict[str, tuple[str, str]]:
    """The operations of a draft that no operation of Keras 3 equals: layer -> its symbol in TensorFlow, and why.

    Args:
        configs: of the functional models of a draft, after all edits.
        profile: of the reader.
        is_own: whether a class of this name is the user's own.
    """
    found: dict[str, tuple[str, str]] = {}
    for config in configs:
        symbols = {each.get("name"): symbol_of(each) for each in config["layers"] if isinstance(each, dict)}
        for name, why in Conversion.of(config, profile, is_own).left.items():
            found[name] = (symbols[name], why)
    return found
