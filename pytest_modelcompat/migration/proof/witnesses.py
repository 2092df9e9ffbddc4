"""Witnesses: the runtimes that load an artifact as it was meant, by what `check` says, nearest to its writer first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.config import without_compile_config
from pytest_modelcompat.artifacts.versions import minor_version
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.migration.proof.hosts import hosts_here, hosts_to_create
from pytest_modelcompat.results.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.migration.proof.hosts import Host
    from pytest_modelcompat.results.finding import Finding

_IN_THE_WAY = (Severity.ERROR, Severity.CHANGE)


def witnesses(
    inventory: Inventory, custom: frozenset[str], *, safe_mode: bool = True, compile_model: bool = True
) -> Iterator[Host]:
    """The hosts that load an artifact and predict what it was saved to predict: those that are there, then others.

    Args:
        inventory: the artifact's.
        custom: names of classes and functions that are declared where it is loaded.
        safe_mode: what `load_model` is given.
        compile_model: likewise.
    """
    writer = writer_of(inventory)
    judged = inventory if compile_model else without_compile_config(inventory)
    for hosts in (hosts_here(), hosts_to_create(writer)):
        for host in sorted(hosts, key=lambda each: distance(each.reader, writer)):
            if not in_the_way(judged, host, custom, safe_mode=safe_mode):
                yield host


def in_the_way(
    inventory: Inventory, host: Host, custom: frozenset[str], *, safe_mode: bool = True
) -> tuple[Finding, ...]:
    """What keeps a host from loading an artifact, or from predicting the same.

    Args:
        inventory: the artifact's.
        host: the runtime.
        custom: names that are declared there.
        safe_mode: what `load_model` is given.
    """
    found = check_compatibility(inventory, host.profile, custom=custom, safe_mode=safe_mode)
    return tuple(each for each in found.findings if each.severity in _IN_THE_WAY)


def nearest_to_create(inventory: Inventory, custom: frozenset[str], *, safe_mode: bool = True) -> str:
    """The name of the runtime to create for an artifact; empty where none loads it."""
    writer = writer_of(inventory)
    for host in sorted(hosts_to_create(writer), key=lambda each: distance(each.reader, writer)):
        if not in_the_way(inventory, host, custom, safe_mode=safe_mode):
            return host.name
    return ""


def writer_of(inventory: Inventory) -> MinorVersion:
    """The Keras that wrote an artifact, for a SavedModel without Keras its TensorFlow; `(0, 0)` where it is unknown."""
    return minor_version(inventory.saved_by.get("keras") or inventory.saved_by.get("tensorflow", ""))


def distance(reader: MinorVersion, writer: MinorVersion) -> tuple[int, int, int]:
    """How far a reader is from a writer: another major counts most, and a newer reader is nearer than an older one.

    Args:
        reader: a version of Keras.
        writer: another, `(0, 0)` where it is unknown: then the newest Keras 2 is nearest.
    """
    if writer == (0, 0):
        writer = (2, 15)
    # Keras 1 and the Keras 2 before TensorFlow's are read by the oldest there is.
    major = max(writer[0], 2)
    minor = writer[1] if writer[0] == major else 0
    return abs(reader[0] - major), int(reader[1] < minor), abs(reader[1] - minor)
