"""The rules in the order they are asked, for each kind of artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import BARE_GRAPHS
from pytest_modelcompat.compatibility.rules import (
    arguments,
    axes,
    calls,
    compile_config,
    connections,
    container,
    imported,
    lambdas,
    later_failures,
    layer_names,
    names,
    nested_models,
    ops,
    references,
    replaced_texts,
    safe_mode,
    state,
    weight_paths,
    weight_shapes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.results.finding import Finding

    Rule = Callable[[CompatibilityContext], Iterable[Finding]]

_OF_BARE_GRAPHS: tuple[Rule, ...] = (
    ops.unregistered_ops,
    ops.op_attributes,
    ops.graph_versions,
    ops.unexecutable_ops,
    container.values_elsewhere,
    container.loaded_otherwise,
)
_OF_SAVED_MODELS: tuple[Rule, ...] = (
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
_OF_MODEL_FILES: tuple[Rule, ...] = (
    names.unknown_names,
    names.operations,
    names.wrapped_without_module,
    layer_names.refused_names,
    names.unseen_classes,
    imported.imported_packages,
    arguments.wrong_arguments,
    arguments.taken_for_functions,
    axes.lost_axes,
    connections.list_of_layers,
    connections.batch_for_input,
    connections.changed_inputs_outputs,
    calls.unread_calls,
    nested_models.miscounted_calls,
    nested_models.lost_nested_outputs,
    lambdas.lambda_bytecode,
    lambdas.in_arguments,
    lambdas.in_compile,
    lambdas.named_functions,
    references.unknown_references,
    replaced_texts.replaced_texts,
    safe_mode.refused_outside,
    safe_mode.refused_weights,
    compile_config.not_compiled,
    compile_config.new_optimizer,
    compile_config.left_as_names,
    later_failures.steps_of_none,
    weight_paths.moved_weights,
    weight_shapes.weight_shape_findings,
    weight_shapes.unbuilt_model_findings,
    weight_shapes.without_weights,
    state.lost_optimizer,
    state.lost_vocabulary,
    container.loaded_otherwise,
)


def rules_for(format_: str) -> tuple[Rule, ...]:
    """The rules that an artifact of a format is held to."""
    if format_ in BARE_GRAPHS:
        return _OF_BARE_GRAPHS
    return _OF_SAVED_MODELS if format_ == "saved_model" else _OF_MODEL_FILES
