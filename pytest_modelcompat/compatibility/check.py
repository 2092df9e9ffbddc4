"""An inventory compared with a profile: what loads, what does not, and what changes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import BARE_GRAPHS
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.verdict import CompatibilityResult
from pytest_modelcompat.results.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile

__all__ = ["check_compatibility"]

_SEVERITY_ORDER = {severity: place for place, severity in enumerate(Severity)}


def check_compatibility(
    inventory: Inventory, profile: Profile, *, custom: Collection[str] = (), safe_mode: bool = True
) -> CompatibilityResult:
    """Predicts whether an artifact loads in a runtime, and whether it still predicts the same there.

    An .h5 or .keras file is judged as `load_model` and a call of the model take it, a SavedModel as
    `tf.saved_model.load` and a call of its signatures do, a graph alone as `tf.graph_util.import_graph_def` does.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that will be declared (`custom_objects`) or registered there.
        safe_mode: what `load_model` is given; `False` lets Lambda bytecode run.
    """
    context = CompatibilityContext(inventory, profile, frozenset(custom), safe_mode)
    found = list(_findings(context))
    return CompatibilityResult(
        inventory.path, profile.name, tuple(sorted(found, key=lambda each: _SEVERITY_ORDER[each.severity]))
    )


def _findings(context: CompatibilityContext) -> Iterator[Finding]:
    from pytest_modelcompat.compatibility.rules.known_changes import known_changes

    unopened = tuple(_container_findings(context))
    if unopened:
        yield from unopened
        return
    for part in _rule_findings(context):
        yield from part(context)
    yield from known_changes(context)


def _container_findings(context: CompatibilityContext) -> Iterable[Finding]:
    from pytest_modelcompat.compatibility.rules.container import not_opened

    return not_opened(context)


def _rule_findings(context: CompatibilityContext) -> tuple[Callable[[CompatibilityContext], Iterable[Finding]], ...]:
    from pytest_modelcompat.compatibility.rules import (
        arguments,
        axes,
        compile_config,
        connections,
        container,
        lambdas,
        names,
        nested_models,
        ops,
        safe_mode,
        state,
        weight_paths,
        weight_shapes,
    )

    if context.inventory.format in BARE_GRAPHS:
        return (
            ops.unregistered_ops,
            ops.op_attributes,
            ops.graph_versions,
            ops.unexecutable_ops,
            container.values_elsewhere,
            container.loaded_otherwise,
        )
    if context.inventory.format == "saved_model":
        return (
            state.missing_files,
            ops.unregistered_ops,
            ops.op_attributes,
            state.lost_slot_variables,
            state.captured_tensors,
            ops.graph_versions,
            ops.unexecutable_ops,
            lambdas.in_saved_model,
            state.unnamed_inputs,
            state.half_inputs,
            state.by_keras,
        )
    return (
        names.unknown_names,
        names.operations,
        names.wrapped_without_module,
        names.unseen_classes,
        arguments.wrong_arguments,
        arguments.taken_for_functions,
        axes.lost_axes,
        connections.list_of_layers,
        connections.batch_for_input,
        connections.changed_inputs_outputs,
        nested_models.miscounted_calls,
        nested_models.lost_nested_outputs,
        lambdas.lambda_bytecode,
        lambdas.in_arguments,
        lambdas.in_compile,
        lambdas.named_functions,
        safe_mode.refused_outside,
        compile_config.not_compiled,
        compile_config.new_optimizer,
        weight_paths.moved_weights,
        weight_shapes.weight_shape_findings,
        weight_shapes.unbuilt_model_findings,
        weight_shapes.without_weights,
        state.lost_optimizer,
        state.lost_vocabulary,
        container.loaded_otherwise,
    )
