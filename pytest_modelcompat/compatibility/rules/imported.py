"""Packages of the Keras team's that Keras imports by itself where a .keras file names a class of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.results.finding import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Of `_retrieve_class_or_fn` in serialization_lib.py, read in Keras 3.0 to 3.15: up to 3.8 any module, later these.
# Keras 2 has the same lines, and does not come to them with a layer that a model holds: it takes its name for it.
_PACKAGES = {"keras_hub": "keras-hub", "keras_nlp": "keras-nlp", "keras_cv": "keras-cv"}
_MOST_NAMED = 3


def imported_by_keras(context: CompatibilityContext, use: Use) -> bool:
    """Whether the runtime's Keras imports what an artifact names, undeclared, where its package is installed."""
    is_asked = context.inventory.format == "keras" and context.reader_major == 3
    return is_asked and is_imported_package(use.module or "")


def is_imported_package(module: str) -> bool:
    """Whether a module is in a package that Keras 3 imports by itself."""
    return _package(module) in _PACKAGES


def _package(module: str) -> str:
    return module.partition(".")[0]


def imported_packages(context: CompatibilityContext) -> Iterator[Finding]:
    """A note for each package that a load needs and nobody has to declare."""
    groups: dict[str, list[Use]] = {}
    for use in context.uses:
        if imported_by_keras(context, use) and not context.is_declared(use):
            groups.setdefault(_package(str(use.module)), []).append(use)
    for package, group in groups.items():
        names = listed(dict.fromkeys(use.name for use in group), _MOST_NAMED, "and")
        yield Finding(
            Kind.PACKAGE_NEEDED,
            subject=package,
            where=locations(group),
            cause=f"{context.reader_name} imports {names} from {package} by itself, so the file loads where that is "
            "installed in a version that has them",
            fix=(f"pip install {_PACKAGES[package]}",),
            severity=Severity.NOTE,
            source="measured",
        )
