"""Edits of shapes and ends: what Keras 3 says of a model's inputs and outputs, as an older Keras says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Keras 3.4 was the first to read a single tensor that is not inside a list. `keras/src/models/functional.py`.
_READS_BARE_TENSORS = (3, 4)
_ENDS = ("input_layers", "output_layers")


def _batch_shapes(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers("InputLayer"):
        known = target.known(node)
        accepts = known.accepts if known is not None else None
        if accepts is None or "batch_shape" in accepts or "batch_input_shape" not in accepts:
            continue
        if isinstance(node.config.get("batch_shape"), list):
            shape = node.config["batch_input_shape"] = node.config.pop("batch_shape")
            yield change(node, before="batch_shape", after=f"batch_input_shape={shape}")


def _single_ends(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_older or target.reader >= _READS_BARE_TENSORS:
        return
    for node in draft.layers():
        for key in _ENDS:
            if is_tensor(node.config.get(key)):
                bare = node.config[key]
                node.config[key] = [bare]
                yield change(node, before=bare, after=[bare], key=key)


def is_tensor(value: Any) -> bool:
    """Whether it names one tensor: a layer, the index of a call, and that of an output."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(each, int) for each in value[1:])
    )


EDITS = (
    Edit(
        "batch-input-shape",
        what="`batch_shape` of an InputLayer becomes `batch_input_shape`",
        because="it is the same shape under the name that {reader} has for it",
        source="keras/src/engine/input_layer.py of Keras 2",
        wrong_if="{reader} takes `batch_shape`",
        apply=_batch_shapes,
    ),
    Edit(
        "list-single-end",
        what="the only input or output of a functional model is put into a list",
        because="{reader} writes them so itself, and takes them out again",
        source="tensorflow/tensorflow#63853",
        wrong_if="{reader} is Keras 3.4 or newer, which takes a list of one for a list",
        apply=_single_ends,
    ),
)
