"""References: what a .keras file names where neither layers nor objects stand, and a Keras 3 does not find or allow."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.modules import NO_MODULE, is_declared
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility.fixes import declare
from pytest_modelcompat.compatibility.rules.imported import is_imported_package
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Reference
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# A Keras 3 looks up what stands here; the rest of what a file holds it passes over.
_READ = frozenset({"inbound_nodes", "function", "output_shape", "layers"})
# Where it looks for a function that names no module.
_ROLES = ("activation", "constraint", "initializer", "loss", "metric", "optimizer", "regularizer")


def unknown_references(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each function or class in a call or a Lambda that Keras 3 does not find, or takes for no layer."""
    if context.reader_major != 3 or context.inventory.format != "keras":
        return
    groups: dict[str, list[Reference]] = {}
    for each in context.inventory.references:
        if each.key in _READ and not _is_found(context, each):
            groups.setdefault(f"{each.module}.{each.name}", []).append(each)
    for path, uses in groups.items():
        yield Finding(
            Kind.UNKNOWN_OBJECT,
            subject=path,
            where=first_few(layer_location(use.path) for use in uses),
            cause=f"{context.reader_name} {_why(uses[0])}",
            fix=declare(uses[0].name),
            stage=Stage.CONFIG,
            source=MEASURED,
        )


def _why(reference: Reference) -> str:
    if reference.key == "layers":
        return "takes no function for a layer"
    return "does not look up what the file names there, and it is not declared"


def _is_found(context: CompatibilityContext, reference: Reference) -> bool:
    profile, module = context.profile, reference.module or ""
    registered, is_function = reference.registered_name, reference.is_function
    if is_declared(reference.name, registered, context.custom, is_function=is_function):
        return True
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
