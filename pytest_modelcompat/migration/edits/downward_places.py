"""Edits of places: classes of Keras' own that an older Keras has under another module, or under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.target import KERAS_3
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.profiles.profile import ObjectKnowledge
    from pytest_modelcompat.results.migration import Change

_KERAS = frozenset({"keras", "tf_keras"})


def _moved_classes(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_older:
        return
    for node in draft.nodes():
        module = node.data.get("module")
        if not isinstance(module, str) or module.partition(".")[0] not in _KERAS:
            continue
        if target.profile.public(module, node.class_name) is not None:
            continue
        found = _same_class(node, module, target)
        if found is not None:
            before = f"{module}.{node.class_name}"
            node.data["module"], node.data["class_name"] = _place(found)
            yield change(node, before=before, after=f"{node.data['module']}.{node.data['class_name']}")


def _same_class(node: Node, module: str, target: Target) -> ObjectKnowledge | None:
    """The reader's class of the same role that goes by any name that the writer has for it; None of none."""
    profile = target.writer_profile
    own = profile.public(module, node.class_name) if profile is not None else None
    if profile is None or own is None or not own.is_class:
        return None
    aliases = [name for name, known in profile.names.get(own.role, {}).items() if known is own]
    for name in (own.name, *aliases):
        found = target.profile.find(own.role, name)
        if found is not None and found.is_class and found.role == own.role:
            return found
    return None


def _modules_of_axes(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_older or target.reader < KERAS_3 or draft.format != "h5":
        return
    for node in draft.layers():
        known = target.known(node)
        is_layer = known is not None and known.role == "layer" and "trainable" in node.config
        if known is not None and is_layer and "axis" in node.config and "module" not in node.data:
            module, name = _place(known)
            node.data.update(module=module, class_name=name, registered_name=None)
            yield change(node, before=name, after=f"{module}.{name}")


def _place(known: ObjectKnowledge) -> tuple[str, str]:
    """Module and name of a class as its Keras writes them: the public ones, else where it is defined."""
    public = [path.rpartition(".") for path in known.paths]
    named = [module for module, _, name in public if name == known.name]
    return (min(named, key=len) if named else known.home), known.name


EDITS = (
    Edit(
        "move-class",
        what="a class of Keras is named as {reader} has it",
        because="both versions know the class, of one role, by a name that they share",
        source=MEASURED,
        wrong_if="the class is the user's own, or an operation that only has the name of a layer",
        apply=_moved_classes,
    ),
    Edit(
        "module-of-layer-with-axis",
        what="a layer with an axis gets the module of its class",
        because="with a module {reader} keeps the axis that an .h5 file has, and without one it takes the last axis",
        source="keras/src/legacy/saving/legacy_h5_format.py of Keras 3",
        wrong_if="{reader} does not have the class",
        apply=_modules_of_axes,
    ),
)
