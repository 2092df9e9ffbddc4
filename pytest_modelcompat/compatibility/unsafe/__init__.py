"""Unsafe content: what in an artifact runs code, or reaches files or the network, when somebody loads or calls it.

Nothing here moves a verdict of compatibility: an artifact may load perfectly well and do harm.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding


def unsafe_content(
    inventory: Inventory, *, custom: Collection[str] = (), profile: Profile | None = None
) -> tuple[Finding, ...]:
    """Finds what in an artifact can harm whoever loads or calls it; every finding is a `WARNING` with its rule's code.

    A SavedModel is judged by all of its functions, whether a signature reaches them or not, and by all of its graphs.

    Args:
        inventory: what the artifact holds.
        custom: names of classes and functions that will be declared, for which Keras imports nothing.
        profile: what the runtime is that will load it, for the vulnerabilities that its Keras has; None for any.
    """
    found = (
        *_in_configuration(inventory, custom),
        *_in_container(inventory),
        *_in_graph(inventory),
        *(_vulnerabilities(inventory, profile, custom) if profile is not None else ()),
    )
    others = (each for other in inventory.others for each in _in_part(other, custom, profile))
    return tuple(chain(found, (each for each in others if each not in found)))


# What there is nothing of to judge is not imported, either: these are a tenth of the time that reading a file takes.


def _in_configuration(inventory: Inventory, custom: Collection[str]) -> Iterable[Finding]:
    if not (inventory.layers or inventory.objects or inventory.lambdas or inventory.references):
        return ()
    from pytest_modelcompat.compatibility.unsafe.configuration import unsafe_in_configuration

    return unsafe_in_configuration(inventory, custom)


def _in_container(inventory: Inventory) -> Iterable[Finding]:
    if not (inventory.hazards or inventory.assets):
        return ()
    from pytest_modelcompat.compatibility.unsafe.container import unsafe_in_container

    return unsafe_in_container(inventory)


def _in_graph(inventory: Inventory) -> Iterable[Finding]:
    if not inventory.ops:
        return ()
    from pytest_modelcompat.compatibility.unsafe.ops import unsafe_ops

    return unsafe_ops(inventory)


def _vulnerabilities(inventory: Inventory, profile: Profile, custom: Collection[str]) -> Iterator[Finding]:
    from pytest_modelcompat.compatibility.unsafe.vulnerabilities import vulnerabilities

    return vulnerabilities(inventory, profile, custom)


def _in_part(other: Inventory, custom: Collection[str], profile: Profile | None) -> Iterator[Finding]:
    """The findings of another part of an artifact, which say where they are."""
    for finding in unsafe_content(other, custom=custom, profile=profile):
        where = tuple(f"{place} in {other.part}" for place in finding.where) or (f"in {other.part}",)
        yield replace(finding, where=where) if other.part else finding
