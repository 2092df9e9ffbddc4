"""Edits of optimizers that Keras 2.11 to 2.15 find in an .h5 file only under the name that they are registered by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_PACKAGE = "Custom>"
# The first whose optimizers are the new ones. `keras/optimizers/__init__.py` of Keras 2.11.
_NEW_OPTIMIZERS = (2, 11)


def _registered_names(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down or draft.format != "h5" or target.reader < _NEW_OPTIMIZERS:
        return
    for node in draft.nodes():
        registered = f"{_PACKAGE}{node.class_name}"
        known = target.profile.registered.get(registered)
        if node.in_compile and node.role == "optimizer" and known is not None and node.class_name not in target.custom:
            before = node.class_name
            node.data["class_name"] = registered
            # With a module beside it the name is looked for there.
            for key in ("module", "registered_name"):
                node.data.pop(key, None)
            yield change(node, before=before, after=registered)


EDITS = (
    Edit(
        "registered-optimizer",
        what="an optimizer gets the name by which {reader} has registered its own optimizer of that class",
        because="under the plain name {reader} takes its legacy optimizer, which does not have these arguments",
        source="keras/src/optimizers/__init__.py and keras/src/saving/legacy/serialization.py of Keras 2.15",
        wrong_if="{reader} has registered no optimizer of this class, or the class is the user's own",
        apply=_registered_names,
        is_unseen=True,
        loses="the state that the optimizer has in the file, which {reader} does not take: "
        "training goes on with a new one",
    ),
)
