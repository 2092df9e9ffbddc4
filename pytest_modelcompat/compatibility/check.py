"""Judging an inventory against what a runtime knows: what will load, what will not, and what changes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility.context import Scene
from pytest_modelcompat.compatibility.verdict import Judgement
from pytest_modelcompat.results.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.profile import Profile

__all__ = ["judge"]

_WEIGHT = {severity: place for place, severity in enumerate(Severity)}


def judge(inventory: Inventory, profile: Profile, *, custom: Collection[str] = (), safe_mode: bool = True) -> Judgement:
    """Foretells what becomes of an artifact in a runtime.

    An .h5 or .keras file is judged as `load_model` and a call of the model take it, a SavedModel as
    `tf.saved_model.load` and a call of its signatures do.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that will be declared (`custom_objects`) or registered there.
        safe_mode: what `load_model` is given; `False` lets Lambda bytecode run.
    """
    scene = Scene(inventory, profile, frozenset(custom), safe_mode)
    found = list(_findings(scene))
    return Judgement(inventory.path, profile.name, tuple(sorted(found, key=lambda each: _WEIGHT[each.severity])))


def _findings(scene: Scene) -> Iterator[Finding]:
    from pytest_modelcompat.compatibility.rules.known_changes import known_changes

    unopened = tuple(_opening(scene))
    if unopened:
        yield from unopened
        return
    for part in _parts(scene):
        yield from part(scene)
    yield from known_changes(scene)


def _opening(scene: Scene) -> Iterable[Finding]:
    from pytest_modelcompat.compatibility.rules.container import not_opened

    return not_opened(scene)


def _parts(scene: Scene) -> tuple[Callable[[Scene], Iterable[Finding]], ...]:
    from pytest_modelcompat.compatibility.rules import (
        arguments,
        axes,
        compile_config,
        connections,
        lambdas,
        names,
        nested_models,
        ops,
        state,
        weight_paths,
        weight_shapes,
    )

    if scene.inventory.format == "saved_model":
        return (
            state.missing_files,
            ops.unknown_ops,
            ops.attributes,
            state.slots,
            state.captured_tensors,
            ops.versions,
            ops.first_call,
            lambdas.in_saved_model,
            state.unnamed_inputs,
            state.half_inputs,
            state.by_keras,
        )
    return (
        names.unknown_names,
        names.operations,
        names.wrapped_without_module,
        arguments.wrong_arguments,
        arguments.taken_for_functions,
        axes.lost,
        connections.list_of_layers,
        connections.batch_for_input,
        connections.changed_ends,
        nested_models.counted_from_one,
        nested_models.wrong_ends,
        lambdas.bytecode,
        lambdas.in_activations,
        lambdas.named_functions,
        compile_config.not_compiled,
        compile_config.new_optimizer,
        weight_paths.moved,
        weight_shapes.misfits,
        weight_shapes.unbuilt,
        state.lost_optimizer,
    )
