"""Edits around a TimeDistributed of a model, of which a first Keras 3 does not find the shape that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from pytest_modelcompat.migration.configuration.translation import is_model
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# From this one on a Sequential has a `compute_output_shape`. `keras/src/models/sequential.py`.
_SHAPED = (3, 4)
_SHAPE = "build_input_shape"


def _built_when_called(draft: Draft, target: Target) -> Iterator[Change]:
    # Layers of an .h5 file do not say for which shape they were built, so that nothing would build them.
    if draft.format != "keras" or not KERAS_3 <= target.reader < _SHAPED:
        return
    for node in draft.layers():
        around = node.holder
        if not is_model(node) or around is None or around.class_name != "TimeDistributed":
            continue
        chain = around.holder
        if _is_chain(chain, target) and target.known(around) is not None and chain.config.get(_SHAPE):
            yield change(chain, before=chain.config.pop(_SHAPE), key=_SHAPE)


def _is_chain(node: Node | None, target: Target) -> TypeGuard[Node]:
    return node is not None and node.class_name == "Sequential" and target.known(node) is not None


EDITS = (
    Edit(
        "built-when-called",
        what="a Sequential around a TimeDistributed of a model does not say any more for which shape it was built",
        because="{reader} then applies its layers one by one when it is first called; each says for itself for which "
        "shape it was built, and gets its weights",
        source="keras/src/models/sequential.py of Keras 3.3",
        wrong_if="it stands in a functional model, which calls it without numbers, or in an .h5 file",
        apply=_built_when_called,
    ),
)
