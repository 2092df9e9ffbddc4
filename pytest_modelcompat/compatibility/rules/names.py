"""Names: the layers, objects and modules of an artifact that a runtime's Keras does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import WITHOUT_PACKAGE, locations
from pytest_modelcompat.artifacts.modules import KERAS_PACKAGES, NO_MODULE, is_of_keras
from pytest_modelcompat.artifacts.public_modules import importing, is_private
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.context import without_package
from pytest_modelcompat.compatibility.rules.imported import imported_by_keras
from pytest_modelcompat.profiles.known_names import METRICS_BY_OUTPUT, is_keras_name
from pytest_modelcompat.profiles.third_party import is_operation
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.profiles.profile import ObjectKnowledge

# Where wrappers and RNNs keep the layers inside them.
_INNER = ("layer", "backward_layer", "cell", "cells")


def unknown_names(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each name in the model's configuration that the runtime's Keras cannot resolve.

    What only `compile()` was given is judged by `compiling`.
    """
    groups: dict[tuple[str, str, str], list[Use]] = {}
    for use in context.uses:
        if use.path != COMPILE_PATH and is_unknown(context, use):
            groups.setdefault((use.role, use.name, use.module or ""), []).append(use)
    for group in groups.values():
        yield _unknown(context, group)


def is_unknown(context: CompatibilityContext, use: Use) -> bool:
    """Whether neither the runtime's Keras nor the user has the class or function."""
    if use.role == "metric" and use.name in METRICS_BY_OUTPUT:
        return False
    return not context.is_declared(use) and context.known(use) is None and not imported_by_keras(context, use)


def _unknown(context: CompatibilityContext, group: Sequence[Use]) -> Finding:
    use = group[0]
    if _names_keras_module(use):
        is_private_there = context.is_found_by_name(use) and is_private(str(use.module))
        return _not_public(context, group) if is_private_there else _module_moved(context, group)
    if _is_operation(context, use):
        return _operation(group, "looks for a layer of this name, of which there is none", context)
    namesake = context.profile.find(use.role, use.name) if use.module == NO_MODULE else None
    if namesake is not None and namesake.name != use.name:
        return _function_of_others(context, group, namesake)
    kind = Kind.UNKNOWN_LAYER if isinstance(use, LayerUse) else Kind.UNKNOWN_OBJECT
    full_name = use.registered_name if use.registered_name and ">" in use.registered_name else use.name
    is_keras_own = _is_keras_own(use)
    return Finding(
        kind,
        subject=full_name,
        where=locations(group),
        cause=_why_unknown(context, use, is_keras_own=is_keras_own),
        fix=_fix_of_unknown(context, full_name, _registering(context, use), is_keras_own=is_keras_own),
        stage=Stage.CONFIG,
    )


def _registering(context: CompatibilityContext, use: Use) -> str:
    """The public module whose import registers this and all else from its package; empty where none is known."""
    registered = use.registered_name or use.name
    if ">" not in registered or not use.module or use.module == NO_MODULE:
        # KerasHub and its like register their classes under their own name.
        named = registered.partition(">")[0] if ">" in registered else ""
        return named if named not in KERAS_PACKAGES and is_of_keras(named) else ""
    package = use.module.partition(".")[0]
    alike = [each.module for each in context.uses if each.module and each.module.partition(".")[0] == package]
    found = importing(list(dict.fromkeys(alike)))
    if len(found) == 1 and not is_private(found[0]):
        return found[0]
    return package if is_of_keras(use.module) else ""


def _fix_of_unknown(context: CompatibilityContext, name: str, module: str, *, is_keras_own: bool) -> tuple[str, ...]:
    if not is_keras_own:
        can_be_registered = name not in context.inventory.names_without_package
        return fixes.declare(name, module, can_be_registered=can_be_registered)
    if context.inventory.format == "h5" and context.writer == context.reader and context.reader_major == 3:
        return (fixes.leave_h5(context.inventory, ", which name the module"),)
    return fixes.other_keras(context)


def _function_of_others(context: CompatibilityContext, group: Sequence[Use], namesake: ObjectKnowledge) -> Finding:
    """A function that is not Keras' own, called as Keras calls one of its own besides: `tf.nn.silu` is called swish."""
    name = group[0].name
    public = next((path for path in namesake.paths if path.endswith(f".{namesake.name}")), namesake.name)
    return Finding(
        Kind.UNKNOWN_OBJECT,
        subject=name,
        where=locations(group),
        cause=f"{name} is a function from outside Keras in this file, as tf.nn.silu is; {context.reader_name} finds "
        f"{namesake.name} by the name {name} only where a file gives the name alone",
        fix=(
            *fixes.declare_as(name, public),
            f"or give the layer the name {namesake.name!r} in place of the function, and save the model again",
        ),
        stage=Stage.CONFIG,
        source="measured",
    )


def _why_unknown(context: CompatibilityContext, use: Use, *, is_keras_own: bool) -> str:
    role = use.role
    if is_keras_own and context.writer == context.reader:
        return (
            f"it is a {role} of Keras' own that is not public, and the file does not say which module it is in, so "
            f"{context.reader_name} does not find it again"
        )
    if is_keras_own and "keras" not in context.inventory.saved_by:
        return f"{context.reader_name} has no {role} of this name, which other versions of Keras have"
    if is_keras_own:
        return f"{context.reader_name} has no {role} of this name; {context.writer_name}, which wrote it, has"
    if use.module and use.module != NO_MODULE:
        return f"it is defined in {use.module}, outside Keras, and is not declared"
    more = f"; {WITHOUT_PACKAGE}" if use.name in context.inventory.names_without_package else ""
    return f"{context.reader_name} has no {role} of this name, and it is not declared{more}"


def _is_keras_own(use: Use) -> bool:
    return ">" not in use.name and is_keras_name(use.role, use.name)


def _names_keras_module(use: Use) -> bool:
    return (use.module or "").partition(".")[0] in KERAS_PACKAGES


def _not_public(context: CompatibilityContext, group: Sequence[Use]) -> Finding:
    """A class of Keras' own that its reader looks for among the public ones: `LayerScale` of a ConvNeXt."""
    use = group[0]
    module = str(use.module)
    if context.profile.package == "tf_keras" and not module.startswith("tf_"):
        module = f"tf_{module}"
    is_there = context.profile.has_module(module)
    return Finding(
        Kind.UNKNOWN_LAYER if isinstance(use, LayerUse) else Kind.UNKNOWN_OBJECT,
        subject=use.name,
        where=locations(group),
        cause=f"{context.reader_name} looks for it by its name alone, among the {use.role}s that are public, and "
        f"{use.module}.{use.name} is none of these",
        fix=fixes.declare_as(use.name, f"{module}.{use.name}") if is_there else fixes.other_keras(context),
        stage=Stage.CONFIG,
        source="measured",
    )


def _module_moved(context: CompatibilityContext, group: Sequence[Use]) -> Finding:
    use = group[0]
    module = str(use.module)
    name = use.name
    if module.partition(".")[0] != context.profile.package and module.startswith("tf_keras"):
        cause = f"it names {module}.{name}, and the Keras that loads is keras, not tf_keras"
    elif context.profile.has_module(module):
        cause = f"it names {module}.{name}, and {context.reader_name} has no {name} there"
    else:
        cause = f"it names the module {module}, which {context.reader_name} does not have"
    return Finding(
        Kind.MODULE_MOVED,
        subject=name,
        where=locations(group),
        cause=cause,
        fix=fixes.other_keras(context),
        stage=Stage.CONFIG,
        source="keras-team/keras#19089",
    )


def operations(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where Keras 3 wrote an operation among an .h5's layers that bears the name of a layer: `x * 2`."""
    if context.reader_major != 3 or context.writer_major != 3 or context.inventory.format != "h5":
        return
    groups: dict[str, list[Use]] = {}
    for layer in context.inventory.layers:
        known = context.known(layer)
        # The layer does it; where it drops an axis, `axes` says so.
        is_done = layer.class_name in context.profile.operations_in_h5
        # A layer that writes `trainable` always does, and an operation has none.
        if (
            not is_done
            and known is not None
            and "trainable" in (known.writes or ())
            and "trainable" not in layer.config
        ):
            groups.setdefault(layer.name, []).append(layer)
    for group in groups.values():
        yield _operation(group, "takes it for the layer of the same name", context)


def _is_operation(context: CompatibilityContext, use: Use) -> bool:
    return context.inventory.format == "h5" and context.writer_major == 3 and is_operation(use)


def _operation(group: Sequence[Use], consequence: str, context: CompatibilityContext) -> Finding:
    return Finding(
        Kind.UNKNOWN_LAYER,
        subject=group[0].name,
        where=locations(group),
        cause=f"it is an operation on tensors, such as x * 2, which an .h5 file cannot hold: {context.reader_name} "
        f"{consequence}",
        fix=(fixes.leave_h5(context.inventory),),
        stage=Stage.CONFIG if context.known(group[0]) is None else Stage.BUILD,
        source="measured",
    )


def unseen_classes(context: CompatibilityContext) -> Iterator[Finding]:
    """A note for each class that is declared: only its code says whether it takes the configuration in the file."""
    groups: dict[str, list[Use]] = {}
    for use in context.uses:
        is_class = isinstance(use, LayerUse) or use.is_class
        if is_class and context.is_declared(use) and context.known(use) is None:
            groups.setdefault(without_package(use.registered_name or use.name), []).append(use)
    for name, group in groups.items():
        keys = dict.fromkeys(key for use in group for key in use.config)
        yield Finding(
            Kind.CLASS_NOT_SEEN,
            subject=name,
            where=locations(group),
            cause=f"the code of {name} is not in the file; the model loads if {name} takes its configuration"
            + (f": {listed(keys, conjunction='and')}" if keys else ""),
            fix=("load it once where that code is: modelcompat check compares a file with Keras, and not with it",),
            severity=Severity.NOTE,
            source="measured",
        )


def wrapped_without_module(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a file names no module for a layer or cell inside another, which Keras 3 asks for."""
    if context.reader_major != 3:
        return
    is_h5 = context.inventory.format == "h5"
    read = (layer for layer in context.inventory.layers if is_h5 or context.is_translated(layer))
    wrappers = [layer for layer in read if any(map(_has_no_module, _inner(layer.config)))]
    if wrappers:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject=wrappers[0].class_name,
            where=locations(wrappers),
            cause=f"it names no module for the layer inside it, as up to Keras 2.12, and {context.reader_name} finds "
            "an inner layer by its module only",
            fix=fixes.other_keras(context),
            stage=Stage.CONFIG,
            source="measured",
        )


def _inner(config: Mapping[str, Any]) -> Iterator[Any]:
    for key in _INNER:
        value = config.get(key)
        yield from value if isinstance(value, list) else (value,)


def _has_no_module(node: Any) -> bool:
    return isinstance(node, dict) and "class_name" in node and "config" in node and not node.get("module")
