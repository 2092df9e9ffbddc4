"""References: what a file names where neither layers nor objects stand, and a Keras 3 does not find or allow."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.modules import NO_MODULE, is_declared, is_in_full
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility.constructs import is_registered_function
from pytest_modelcompat.compatibility.fixes import (
    DECORATOR,
    IN_A_SCOPE,
    REGISTER_FUNCTION,
    TO_THE_COMMAND,
    declare,
    upgrade_keras,
)
from pytest_modelcompat.compatibility.rules.imported import is_imported_package
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Reference
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# A Keras 3 looks up what stands here; the rest of what a file holds it passes over.
_READ = frozenset({"inbound_nodes", "function", "output_shape", "layers"})
_IN_LAMBDAS = frozenset({"function", "output_shape"})
# From this version on what is declared is found in an .h5 file too. Measured.
_FINDS_DECLARED = (3, 3)
_NEWER = f"or {upgrade_keras(_FINDS_DECLARED)}"
# From this version on a Lambda's function has the name that it is registered by: `Custom>halve`. Measured.
_TELLS_REGISTERED = (3, 7)
# Where it looks for a function that names no module.
_ROLES = ("activation", "constraint", "initializer", "loss", "metric", "optimizer", "regularizer")


def unknown_references(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each function or class in a call or a Lambda that Keras 3 does not find, or takes for no layer."""
    if context.reader_major != 3 or not context.is_keras_file:
        return
    groups: dict[str, list[Reference]] = {}
    for each in context.inventory.references:
        if _is_read(context, each) and not _is_found(context, each):
            groups.setdefault(f"{each.module}.{each.name}", []).append(each)
    for path, uses in groups.items():
        is_forgotten = _is_forgotten(context, uses[0])
        yield Finding(
            Kind.UNKNOWN_OBJECT,
            subject=path,
            where=first_few(layer_location(use.path) for use in uses),
            cause=f"{context.reader_name} {_why(context, uses[0])}",
            fix=_fix(context, uses[0].name) if is_forgotten else declare(uses[0].name),
            stage=Stage.CONFIG,
            source=MEASURED,
        )


def _fix(context: CompatibilityContext, name: str) -> tuple[str, ...]:
    """What finds a function that is only declared; that it is registered an older file does not say."""
    if context.writer >= _TELLS_REGISTERED:
        return (IN_A_SCOPE, f"or {REGISTER_FUNCTION}", _NEWER)
    registered = f"{TO_THE_COMMAND} --custom 'Custom>{name}'"
    return (IN_A_SCOPE, f"or register it where it is loaded, {DECORATOR}", registered, _NEWER)


def _is_read(context: CompatibilityContext, reference: Reference) -> bool:
    """Whether a Keras 3 looks up what stands there; in an .h5 file only Keras 3 has written functions so."""
    if context.inventory.format == "keras":
        return reference.key in _READ
    return reference.key in _IN_LAMBDAS and context.writer_major == 3


def _why(context: CompatibilityContext, reference: Reference) -> str:
    if reference.key == "layers":
        return "takes no function for a layer"
    if _is_forgotten(context, reference):
        return (
            "does not look among custom_objects for what is named there in an .h5 file, only among what is registered"
        )
    return "does not look up what the file names there, and it is not declared"


def _is_forgotten(context: CompatibilityContext, reference: Reference) -> bool:
    """Whether it is declared and not registered, which the first Keras 3 did not find in an .h5 file."""
    if context.inventory.format != "h5" or context.reader >= _FINDS_DECLARED:
        return False
    is_registered = is_in_full(reference.name, reference.registered_name)
    is_registered = is_registered or is_registered_function(reference, context.custom)
    return context.is_declared(reference) and not is_registered


def _is_found(context: CompatibilityContext, reference: Reference) -> bool:
    profile, module = context.profile, reference.module or ""
    registered, is_function = reference.registered_name, reference.is_function
    if is_registered_function(reference, context.custom):
        return True
    if is_declared(reference.name, registered, context.custom, is_function=is_function):
        return not _is_forgotten(context, reference)
    # A Keras that imports any module takes any function for a layer, too.
    if reference.key == "layers" and not profile.imports_foreign:
        return False
    if module == NO_MODULE:
        is_known = any(profile.find(role, reference.name) for role in _ROLES) or _is_reported(context, reference)
        return is_known or (profile.imports_foreign and hasattr(builtins, reference.name))
    # It imports classes of some packages all the same, and refuses what else it finds there. Read in its sources.
    is_imported = profile.imports_foreign or (is_imported_package(module) and not is_function)
    return is_imported or profile.public(module, reference.name) is not None


def _is_reported(context: CompatibilityContext, reference: Reference) -> bool:
    """Whether it is a function of a Lambda of which another rule says that nothing has its name."""
    return reference.key == "function" and context.profile.find("object", reference.name) is None
