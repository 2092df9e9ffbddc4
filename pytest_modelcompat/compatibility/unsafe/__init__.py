"""Unsafe content: what in an artifact runs code, or reaches files or the network, when somebody loads or calls it.

Nothing here moves a verdict of compatibility: an artifact may load perfectly well and do harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding


def unsafe_content(
    inventory: Inventory, *, custom: Collection[str] = (), profile: Profile | None = None
) -> tuple[Finding, ...]:
    """Finds what in an artifact can harm whoever loads or calls it; every finding is a `WARNING` with its rule's code.

    A SavedModel is judged by all of its functions, whether a signature reaches them or not.

    Args:
        inventory: what the artifact holds.
        custom: names of classes and functions that will be declared, for which Keras imports nothing.
        profile: what the runtime is that will load it, for the vulnerabilities that its Keras has; None for any.
    """
    from pytest_modelcompat.compatibility.unsafe.configuration import unsafe_in_configuration
    from pytest_modelcompat.compatibility.unsafe.container import unsafe_in_container
    from pytest_modelcompat.compatibility.unsafe.ops import unsafe_ops
    from pytest_modelcompat.compatibility.unsafe.vulnerabilities import vulnerabilities

    return (
        *unsafe_in_configuration(inventory, custom),
        *unsafe_in_container(inventory),
        *unsafe_ops(inventory),
        *(vulnerabilities(inventory, profile, custom) if profile is not None else ()),
    )
