"""The compile configuration: losses, metrics and optimizers that `load_model` cannot give to `compile()` again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.compatibility.fixes import COMPILE_FIX
from pytest_modelcompat.compatibility.rules.arguments import argument_findings
from pytest_modelcompat.compatibility.rules.names import is_unknown
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import ObjectUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Between these Keras 3 does not find a loss or metric of an .h5 file by its short name.
_FIRST_KERAS_3, _ALIASES_ARE_FOUND = (3, 0), (3, 16)
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
    if _stays_a_name(context, use):
        return ""
    if is_unknown(context, use):
        if _is_made_by_name(context, use):
            return _why_not_by_name(context, str(use.config["name"]))
        return f"{context.reader_name} has no {use.role} of this name, and it is not declared"
    if _is_short_name(context, use):
        return (
            f"{context.reader_name} looks the {use.role} {use.name!r} up by another name when it reads an .h5 file, "
            "and does not find it"
        )
    return ""


def _stays_a_name(context: CompatibilityContext, use: ObjectUse) -> bool:
    """Whether Keras 3 leaves an unknown loss or metric as text until the model trains.

    In an .h5 file it looks up metrics and a single loss, and none of a list.
    """
    if context.reader_major != 3 or use.role not in ("loss", "metric") or use.is_class:
        return False
    if context.inventory.format == "keras":
        return use.module is None and is_unknown(context, use)
    losses = context.inventory.training.get("loss")
    is_one = not isinstance(losses, (list, dict)) or "class_name" in losses
    return use.role == "loss" and not is_one and is_unknown(context, use)


def left_as_names(context: CompatibilityContext) -> Iterator[Finding]:
    """A note for losses and metrics that a load leaves as text: the model predicts, and does not train as it is."""
    uses = [use for use in context.inventory.objects if use.path == COMPILE_PATH and _stays_a_name(context, use)]
    if uses:
        yield Finding(
            Kind.STATE_LOST,
            subject=listed(dict.fromkeys(use.name for use in uses), conjunction="and"),
            where=locations(uses),
            cause=f"{context.reader_name} knows nothing by that name and leaves it as text: the model loads and "
            "predicts, and does not train",
            fix=("nothing, if the model is only used to predict; else compile it in code after loading",),
            severity=Severity.NOTE,
            source="measured",
        )


def _is_made_by_name(context: CompatibilityContext, use: ObjectUse) -> bool:
    """Whether Keras 3 looks for an optimizer of an .h5 file by the name it was given, as it does not know its class."""
    is_asked = context.reader_major == 3 and context.inventory.format == "h5" and use.role == "optimizer"
    return is_asked and isinstance(use.config.get("name"), str) and is_unknown(context, use)


def _why_not_by_name(context: CompatibilityContext, name: str) -> str:
    found = context.optimizer(name)
    if found is None:
        return (
            f"{context.reader_name} has no optimizer of this name, looks for one by the name that it was given, "
            f"{name!r}, and finds none"
        )
    if found.required:
        needed = ", ".join(sorted(found.required))
        return f"{context.reader_name} makes a new {found.name} of it without any settings, and it needs {needed}"
    return ""


def _is_short_name(context: CompatibilityContext, use: ObjectUse) -> bool:
    """Whether an .h5 names a function by an alias, which Keras 3 then looks for beside the function's real name."""
    is_looked_up = _FIRST_KERAS_3 <= context.reader < _ALIASES_ARE_FOUND
    if not is_looked_up or context.inventory.format != "h5" or use.is_class:
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
    return _is_made_by_name(context, use)


def new_optimizer(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where Keras 3 does not know an optimizer's class, and makes a new one by the name that it was given."""
    for use in context.inventory.objects:
        if use.path == COMPILE_PATH and _is_made_by_name(context, use) and not _why_not(context, use):
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
