"""Edits of the names by which classes are found: modules that are gone, and inner layers that name none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.modules import KERAS_PACKAGES
from pytest_modelcompat.migration.configuration.translation import is_model, is_translated, module_of, name_module
from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.profiles.profile import ObjectKnowledge
    from pytest_modelcompat.results.migration import Change

# Keras 3 finds these by their class alone, whatever module stands beside it.
_BY_NAME = frozenset({"activation", "constraint", "initializer", "regularizer"})
_KEEPS_NUMBERS = (3, 9)
_LOOKS_TEXTS_UP = (3, 14)


def _moved_modules(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.nodes():
        module = node.data.get("module")
        if node.in_compile or node.role in _BY_NAME or not isinstance(module, str):
            continue
        if module.partition(".")[0] not in KERAS_PACKAGES or target.profile.public(module, node.class_name):
            continue
        known = target.known(node)
        if known is not None and known.is_class and not _is_of_other_role(node, module, known, target):
            before = f"{module}.{node.class_name}"
            name_module(node, known)
            yield change(node, before, f"{node.data['module']}.{node.class_name}")


def _is_of_other_role(node: Node, module: str, known: ObjectKnowledge, target: Target) -> bool:
    """Whether it only has the name of the reader's class: an operation `Add` is no layer."""
    own = target.writer_profile.public(module, node.class_name) if target.writer_profile is not None else None
    return own is not None and own.role != known.role


def _inner_modules(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    for node in draft.layers():
        is_inner = node.holder is not None and not is_model(node.holder)
        known = target.known(node) if is_inner and not node.data.get("module") else None
        if known is not None and known.is_class:
            name_module(node, known)
            yield change(node, node.class_name, f"{node.data['module']}.{node.class_name}")


def _kept_as_it_stands(draft: Draft, target: Target) -> Iterator[Change]:
    """Layers of which the translation takes something away: an axis, a text that is also the name of a function."""
    if not target.is_up:
        return
    for node in draft.layers():
        known = target.known(node) if is_translated(draft, node) and not is_model(node) else None
        if known is None or not known.is_class:
            continue
        if _loses_axis(node, target) or _has_text_of_function(node, target):
            name_module(node, known)
            yield change(node, node.class_name, f"{module_of(known, node.class_name)}.{node.class_name}")


def _loses_axis(node: Node, target: Target) -> bool:
    axis = node.config.get("axis")
    if isinstance(axis, list):
        return len(axis) > 1
    return isinstance(axis, int) and axis != -1 and target.reader < _KEEPS_NUMBERS


def _has_text_of_function(node: Node, target: Target) -> bool:
    if target.reader < _LOOKS_TEXTS_UP:
        return False
    texts = (value for key, value in node.config.items() if isinstance(value, str) and key != "name")
    named = (target.profile.public("keras.layers", each) for each in texts)
    return any(known is not None and not known.is_class for known in named)


EDITS = (
    Edit(
        "name-module-of-reader",
        what="a class of Keras is named by the module in which {reader} has it",
        because="it is the class of the same name and arguments; only the place in the package is another",
        source="keras-team/keras#19089",
        wrong_if="{reader} has no class of this name, or the class is declared as the user's own",
        apply=_moved_modules,
    ),
    Edit(
        "name-module-of-inner-layer",
        what="a layer or cell inside another layer is given the module in which {reader} has its class",
        because="{writer} found it by its class alone, which is the same class",
        source="keras/src/layers/core/wrapper.py and keras/src/saving/serialization_lib.py of {reader}",
        wrong_if="{reader} has no class of this name, or the class is declared as the user's own",
        apply=_inner_modules,
    ),
    Edit(
        "name-module-of-layer",
        what="a layer is given the module of its class, so that {reader} takes its arguments as they stand",
        because="without a module {reader} drops an axis that is not the last one, and takes a text such as 'dot' for "
        "a function of this name",
        source="keras/src/legacy/saving/saving_utils.py of {reader}",
        wrong_if="{reader} has no class of this name, or the class is declared as the user's own",
        apply=_kept_as_it_stands,
    ),
)
