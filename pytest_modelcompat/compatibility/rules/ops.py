"""Ops: those of a SavedModel that a runtime's TensorFlow does not know, with their attributes and versions."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import BARE_GRAPHS
from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS
from pytest_modelcompat.artifacts.locations import op_locations
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.artifacts.way_on import importer_of
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.profiles.op_packages import package_of
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import OpUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.profiles.profile import OpKnowledge

# From this version on, tf.saved_model.load imports a node with an attribute it does not know, and logs it. Measured.
_LENIENT_SINCE = (2, 5)
# Names, checks and hints, for gradients or placement: whoever ignores them predicts the same.
_COSMETIC = frozenset(
    {"debug_name", "shared_name", "container", "metadata", "config_proto", "executor_type"}
    | {"grad_a", "grad_b", "validate_shape"}
)
_MOST_VALUES = 3
_LOOPS = ("While", "StatelessWhile")


def unregistered_ops(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each op that the runtime's TensorFlow has not registered."""
    for op in context.inventory.ops:
        if context.profile.op(op.op) is None and op.op not in context.custom:
            yield Finding(
                Kind.UNKNOWN_OP,
                subject=op.op,
                where=op_locations(op),
                cause=_why_unknown(context, op),
                fix=_unknown_op_fix(context, op),
                details=(("count", str(op.count)),),
                stage=Stage.GRAPH,
            )


def _why_unknown(context: CompatibilityContext, op: OpUse) -> str:
    from pytest_modelcompat.profiles.known_names import first_tensorflow_with

    since = first_tensorflow_with(op.op)
    if since is None:
        package = package_of(op.op)
        home = f"with the package {package.module}" if package else "from an op library"
        return f"{context.tensorflow_name} has no op of this name, and no other TensorFlow has one: it comes {home}"
    if since > context.profile.tensorflow_version:
        return f"{context.tensorflow_name} has no op of this name; it came with TensorFlow {since[0]}.{since[1]}"
    return f"{context.tensorflow_name} has no op of this name any more"


def _unknown_op_fix(context: CompatibilityContext, op: OpUse) -> tuple[str, ...]:
    from pytest_modelcompat.profiles.known_names import first_tensorflow_with

    since = first_tensorflow_with(op.op)
    if since is None:
        # A package's ops have a > in their names, which a shell would take for a redirection.
        return (*_registering(context, op), f"{fixes.TO_THE_COMMAND} --custom {shlex.quote(op.op)}")
    if since > context.profile.tensorflow_version:
        return (
            f"upgrade TensorFlow there to {since[0]}.{since[1]} or newer",
            f"or export the model again with {context.tensorflow_name}",
        )
    return (f"export the model again with {context.tensorflow_name}",)


def _registering(context: CompatibilityContext, op: OpUse) -> tuple[str, ...]:
    """How an op that is not part of TensorFlow gets registered there, in code and in a test."""
    package = package_of(op.op)
    if package is None:
        return ("import the package that registers it before loading, or load its library: tf.load_op_library(path)",)
    install = f"{package.install(context.profile.tensorflow)} there, and before loading "
    if package.library:
        path = package.library_path
        return (f'{install}tf.load_op_library("{path}")', f'in a test: op_libraries=["{path}"]')
    return (f"{install}import {package.module}", f'in a test: imports=["{package.module}"]')


def op_attributes(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each attribute that an op there does not have, or requires and is not given."""
    for op in context.inventory.ops:
        known = context.profile.op(op.op)
        if known is None:
            continue
        for name in op.attributes:
            if name not in known.attributes:
                yield _unknown_attribute(context, op, name)
        for name, attribute in known.attributes.items():
            if attribute.default is None and name not in op.always:
                yield _missing_attribute(context, op, name)
        yield from _refused_values(context, op, known)


def _unknown_attribute(context: CompatibilityContext, op: OpUse, name: str) -> Finding:
    defaults = {each.op: each.attributes for each in context.inventory.op_definitions}.get(op.op, {})
    values = op.values.get(name, ())
    is_default = name in defaults and all(value == defaults[name] for value in values)
    # import_meta_graph leaves out what has its default and is not known.
    is_left_out = is_default and context.inventory.format == "meta_graph"
    lenient = context.profile.tensorflow_version >= _LENIENT_SINCE or is_left_out
    at_default = name in _COSMETIC or is_default
    severity = Severity.ERROR
    if lenient:
        severity = Severity.NOTE if at_default or not values else Severity.CHANGE
    consequence = "it is ignored there" if lenient else "it refuses the graph"
    return Finding(
        Kind.UNKNOWN_ATTRIBUTE,
        subject=f"{op.op}.{name}",
        where=op_locations(op),
        cause=f"{context.tensorflow_name} knows {op.op} without the attribute {name!r}; {consequence}",
        fix=("upgrade TensorFlow there to the version that exported the model, or export it with the older one",),
        severity=severity,
        details=(("value", _few(values)),),
        stage=None if lenient else Stage.GRAPH,
        source="measured",
    )


def _few(values: tuple[str, ...]) -> str:
    return listed(values, _MOST_VALUES) or "not a plain value"


def _missing_attribute(context: CompatibilityContext, op: OpUse, name: str) -> Finding:
    return Finding(
        Kind.MISSING_ATTRIBUTE,
        subject=f"{op.op}.{name}",
        where=op_locations(op),
        cause=f"{context.tensorflow_name} requires the attribute {name!r} of {op.op}, and the graph does not have it",
        fix=(f"export the model again with {context.tensorflow_name}",),
        stage=Stage.GRAPH,
    )


def _refused_values(context: CompatibilityContext, op: OpUse, known: OpKnowledge) -> Iterator[Finding]:
    for name, attribute in known.attributes.items():
        if not attribute.allowed:
            continue
        refused = [value for value in op.values.get(name, ()) if not _allowed(value, attribute.allowed)]
        if refused:
            yield Finding(
                Kind.UNKNOWN_ATTRIBUTE,
                subject=f"{op.op}.{name}",
                where=op_locations(op),
                cause=f"{op.op} of {context.tensorflow_name} does not take {refused[0]} as {name!r}",
                fix=("upgrade TensorFlow there to the version that exported the model",),
                stage=Stage.GRAPH,
            )


def _allowed(value: str, allowed: tuple[str, ...]) -> bool:
    if value.startswith("["):
        inner = [each.strip() for each in value.strip("[]").split(",") if each.strip()]
        return all(each in allowed for each in inner)
    return value in allowed


def graph_versions(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where the graph asks for another TensorFlow; TensorFlow's own strict loader and Serving heed it.

    A graph alone is imported by the strict one.
    """
    inventory, profile = context.inventory, context.profile
    asked = ""
    if inventory.min_consumer > profile.producer:
        asked = f"asks for GraphDef version {inventory.min_consumer} or newer"
    elif profile.producer in inventory.bad_consumers:
        asked = f"refuses to be read by GraphDef version {profile.producer}"
    elif inventory.producer and inventory.producer < profile.min_producer:
        asked = f"was written with GraphDef version {inventory.producer}"
    if asked:
        is_strict = inventory.format in BARE_GRAPHS
        who = (
            f"{importer_of(inventory)} refuses it"
            if is_strict
            else "tf.saved_model.load does not look, TensorFlow Serving and tf.compat.v1 refuse it"
        )
        yield Finding(
            Kind.GRAPH_VERSION,
            subject="GraphDef",
            cause=f"the graph {asked}, and {context.tensorflow_name} reads {profile.min_producer} to {profile.producer}"
            f": {who}",
            fix=("upgrade TensorFlow there, or export the model again with it",),
            severity=Severity.ERROR if is_strict else Severity.NOTE,
            stage=Stage.GRAPH if is_strict else None,
            source="measured",
        )


def unexecutable_ops(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each op that loads and cannot be executed."""
    for op in context.inventory.ops:
        known = context.profile.op(op.op)
        if op.op in PYTHON_FUNCTION_OPS:
            yield _python_function(op)
        elif known is not None and not known.has_cpu_kernel and not _has_substitute(context, op):
            yield _without_kernel(context, op)


def _without_kernel(context: CompatibilityContext, op: OpUse) -> Finding:
    """Of an op that another TensorFlow executes on a CPU, no device is missing but the version."""
    from pytest_modelcompat.profiles.known_names import tensorflows_with_cpu_kernel

    found = Finding(
        Kind.NO_KERNEL,
        subject=op.op,
        where=op_locations(op),
        cause=f"{context.tensorflow_name} has no CPU kernel for it: the model loads, and a call that reaches it on a "
        "CPU fails",
        fix=("run it on the device it was exported for, or export it for a CPU",),
        severity=Severity.NOTE,
        stage=Stage.FIRST_CALL,
        source="measured",
    )
    executing = tensorflows_with_cpu_kernel(op.op)
    if not executing:
        return found
    is_later = executing[0] > context.profile.tensorflow_version
    # Measured: ApproxTopK runs from its first kernel on; those of oneDNN are placeholders in some builds.
    newer = f"try TensorFlow {dotted(executing[0])} or newer, which registers a kernel for it"
    other = newer if is_later else f"run it with TensorFlow {dotted(executing[-1])} or older"
    when = "no kernel for it yet" if is_later else "no kernel for it any more"
    return replace(
        found,
        cause=f"{context.tensorflow_name} has {when}: the model loads, and a call that reaches it fails",
        fix=(
            other,
            f"or build the model without it in {context.tensorflow_name}, and export it again",
        ),
        severity=Severity.ERROR,
    )


def _has_substitute(context: CompatibilityContext, op: OpUse) -> bool:
    """Whether TensorFlow has other ops for it on a CPU: Keras 2 saves a loop beside each op for recurrence on a GPU."""
    return op.op.startswith("CudnnRNN") and any(each.op in _LOOPS for each in context.inventory.ops)


def _python_function(op: OpUse) -> Finding:
    """Of an op that no signature leads to, such as one in the `adapt()` of a layer, no prediction fails."""
    found = Finding(
        Kind.PYTHON_FUNCTION,
        subject=op.op,
        where=op_locations(op),
        cause="tf.py_function and tf.numpy_function keep the Python function in the process that saved the model; "
        "no other process has it, and a call that reaches it fails",
        fix=("write the function with TensorFlow ops, or apply it outside the model",),
        blame=Blame.WRITER,
        stage=Stage.FIRST_CALL,
        source="tensorflow/serving#1167",
    )
    if op.is_served:
        return found
    cause = (
        "no signature leads to it, so that predictions are made without it; a function that reaches it fails, since "
    )
    return replace(found, cause=f"{cause}{found.cause}", severity=Severity.NOTE, stage=None)
