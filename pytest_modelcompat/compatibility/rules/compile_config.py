"""The compile configuration: losses, metrics and optimizers that `load_model` cannot give to `compile()` again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.config import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.modules import KERAS_OWN_PACKAGE
from pytest_modelcompat.compatibility.fixes import COMPILE_FIX
from pytest_modelcompat.compatibility.rules.arguments import argument_findings
from pytest_modelcompat.compatibility.rules.names import is_unknown
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import ObjectUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# What Keras 2 wraps a metric given as a function in; it reads it back, though it is no public name.
_WRAPPER = "MeanMetricWrapper"
# From 2.11 on Keras 2 has two optimizers of each name, and reads a configuration with the one that fits.
_TWO_OPTIMIZERS = (2, 11)


def not_compiled(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each thing `compile()` was given that the runtime's Keras cannot make again."""
    uses = tuple(use for use in context.inventory.objects if use.path == COMPILE_PATH)
    seen = set()
    for use in uses:
        why = _why_not(context, use)
        if why and (use.role, use.name) not in seen:
            seen.add((use.role, use.name))
            yield Finding(
                Kind.OPTIMIZER_NOT_READ if use.role == "optimizer" else Kind.COMPILE_NOT_READ,
                subject=use.name,
                where=locations([use]),
                cause=why,
                fix=COMPILE_FIX,
                stage=Stage.CONFIG,
                source="keras-team/keras#19330" if "by another name" in why else "",
            )
    yield from argument_findings(context, (use for use in uses if not _has_its_own_optimizer(context, use)))


def _why_not(context: CompatibilityContext, use: ObjectUse) -> str:
    if is_unknown(context, use) and not (use.name == _WRAPPER and context.reader_major == 2):
        return f"{context.reader_name} has no {use.role} of this name, and it is not declared"
    if _is_short_name(context, use):
        return (
            f"{context.reader_name} looks the {use.role} {use.name!r} up by another name when it reads an .h5 file, "
            "and does not find it"
        )
    return ""


def _is_short_name(context: CompatibilityContext, use: ObjectUse) -> bool:
    """Whether an .h5 names a function by an alias, which Keras 3 then looks for beside the function's real name."""
    if context.reader_major != 3 or context.inventory.format != "h5" or use.is_class or use.role == "optimizer":
        return False
    known = context.known(use)
    if known is None or known.is_class or context.is_declared(use):
        return False
    modules = {path.rpartition(".")[0] for path in known.paths}
    return not any(f"{module}.{use.name}" in known.paths for module in modules)


def _has_its_own_optimizer(context: CompatibilityContext, use: ObjectUse) -> bool:
    """Whether the reader makes an optimizer without its stored configuration, or with one that takes it."""
    if use.role != "optimizer":
        return False
    if context.reader_major == 2:
        return context.reader >= _TWO_OPTIMIZERS
    return context.inventory.format == "h5" and use.name.startswith(KERAS_OWN_PACKAGE)


def new_optimizer(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where Keras 3 takes an optimizer that Keras 2 registered for a name, and makes a new one of it."""
    if context.reader_major == 3 and context.inventory.format == "h5":
        for use in context.inventory.objects:
            if use.path == COMPILE_PATH and use.role == "optimizer" and use.name.startswith(KERAS_OWN_PACKAGE):
                yield Finding(
                    Kind.STATE_LOST,
                    subject=use.name,
                    where=locations([use]),
                    cause=f"{context.reader_name} creates a new optimizer of that name, without the saved settings "
                    "and state",
                    fix=("nothing, if the model is only used to predict",),
                    severity=Severity.NOTE,
                    source="measured",
                )
