"""An optimizer's variables in an .h5 file, which lists them by name, and where they go in a .keras file and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.scalar import Scalar
from pytest_modelcompat.migration.layouts.optimizer import (
    H5_STATE,
    Form,
    Moves,
    State,
    Variable,
    form_by_name,
    keras_moves,
    numbered,
    ordered,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.migration.configuration.draft import Draft

# From this version on Keras 2 has the optimizers whose order is known.
_FIRST_NEWER = (2, 11)
_COUNTER = "iteration:0"


def listed(draft: Draft) -> tuple[Variable, ...]:
    """The variables of an optimizer in an .h5 file, in the order in which Keras reads them.

    Args:
        draft: of an .h5 file.

    Returns:
        Nothing where the file does not list all of them.
    """
    shapes = {each.path: each.shape for each in draft.source.weights if each.path.startswith(H5_STATE)}
    paths = [f"{H5_STATE}{name}" for name in draft.source.optimizer_names]
    if len(paths) != len(shapes) or set(paths) != shapes.keys():
        return ()
    return tuple(Variable(path, shapes[path]) for path in paths)


def state_in_keras(draft: Draft, optimizer: Mapping[str, Any], reader: MinorVersion) -> Moves | None:
    """Where the variables of an optimizer in an .h5 file go in a .keras file.

    Args:
        draft: of the .h5 file.
        optimizer: its node, as it is written.
        reader: Keras' version that reads the file, 3.0 or newer.

    Returns:
        None where a variable of the reader's optimizer has no equal one in the file.
    """
    variables = listed(draft)
    form = form_by_name(draft.source.optimizer_names[0]) if variables else None
    return keras_moves(_state(form, optimizer, variables), reader) if form is not None else None


def state_in_h5(
    draft: Draft, optimizer: Mapping[str, Any], writer: MinorVersion, reader: MinorVersion
) -> tuple[Moves, tuple[str, ...]] | None:
    """Where the variables of an optimizer in a .keras file go in an .h5 file, and their names in order.

    Args:
        draft: of the .keras file.
        optimizer: its node, as it is written.
        writer: Keras' version that wrote the file.
        reader: Keras' version that is to read it.

    Returns:
        None where a variable of the reader's optimizer has no equal one in the file, and where the reader restores
        nothing: Keras 3 makes the optimizer of an .h5 file for no weight at all.
    """
    if not _FIRST_NEWER <= reader < (3, 0):
        return None
    form = Form.KERAS_3 if writer >= (3, 0) else Form.KERAS_2
    variables = numbered(draft)
    order = ordered(_state(form, optimizer, variables), reader)
    if order is None:
        return None
    moved: dict[str, str | None] = {each.path: None for each in variables}
    added: dict[str, Scalar] = {}
    names = [_COUNTER, *(f"optimizer/{number}:0" for number in range(1, len(order)))]
    for name, each in zip(names, order, strict=True):
        if isinstance(each, Scalar):
            added[f"{H5_STATE}{name}"] = each
        else:
            moved[each.path] = f"{H5_STATE}{name}"
    return Moves(moved, added), tuple(names)


def _state(form: Form, optimizer: Mapping[str, Any], variables: tuple[Variable, ...]) -> State:
    config = optimizer.get("config")
    name = str(optimizer.get("class_name")).rpartition(">")[2]
    return State(form, name, config if isinstance(config, dict) else {}, variables)
