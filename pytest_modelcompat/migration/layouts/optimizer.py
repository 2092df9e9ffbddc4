"""The order of an optimizer's variables: of Keras 2's legacy optimizers, of its newer ones, and of Keras 3.

All of it is measured with optimizers that had made a step, in Keras 2.4 to 2.15, tf_keras 2.21 and Keras 3.3 to 3.15.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.migration.configuration.draft import Draft

H5_STATE, KERAS_STATE = "optimizer_weights/", "optimizer/"
_NUMBERED = re.compile(r"(?P<owner>.*/)?vars/(?P<number>\d+)$")


class Form(Enum):
    """Whose optimizer it is."""

    LEGACY = "an optimizer of Keras 2.10 or older, or a legacy one"
    KERAS_2 = "an optimizer of Keras 2.11 or newer"
    KERAS_3 = "an optimizer of Keras 3"


@dataclass(frozen=True)
class Variable:
    """One stored variable of an optimizer.

    Args:
        path: of its dataset.
        shape: its shape.
    """

    path: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class State:
    """An optimizer and its variables, in stored order.

    Args:
        form: whose it is.
        class_name: its class, without a package.
        config: its configuration.
        variables: in the order of the attribute `weight_names` of an .h5, or of their numbers in a .keras file.
    """

    form: Form
    class_name: str
    config: Mapping[str, Any]
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True)
class Moves:
    """Where an optimizer's variables go.

    Args:
        moved: path of a dataset -> its path in what is written; None for one that is left out.
        added: path -> a variable that the old file does not have.
    """

    moved: Mapping[str, str | None] = field(default_factory=dict)
    added: Mapping[str, Scalar] = field(default_factory=dict)


def state_of(draft: Draft) -> tuple[str, ...]:
    """The paths of an optimizer's variables in the source of a draft."""
    prefix = KERAS_STATE if draft.source.format == "keras" else H5_STATE
    return tuple(each.path for each in draft.source.weights if each.path.startswith(prefix))


def numbered(draft: Draft, owner: str = KERAS_STATE) -> tuple[Variable, ...]:
    """The variables of an optimizer in a .keras file, in order.

    Args:
        draft: of a .keras file.
        owner: the group of the optimizer, `optimizer/` or that of one inside it.
    """
    found: dict[int, Variable] = {}
    for each in draft.source.weights:
        match = _NUMBERED.match(each.path)
        if match and (match["owner"] or "") == owner:
            found[int(match["number"])] = Variable(each.path, each.shape)
    return tuple(found[number] for number in sorted(found))


def form_by_name(first: str) -> Form | None:
    """Whose optimizer it is, by the name of its first variable in an .h5 file.

    Args:
        first: as the attribute `weight_names` has it.
    """
    if first == "iteration:0":
        return Form.KERAS_2
    if first.endswith("/iter:0"):
        return Form.LEGACY
    return Form.KERAS_3 if first.endswith("/iteration") else None


def keras_moves(state: State, reader: MinorVersion, class_name: str = "", owner: str = KERAS_STATE) -> Moves | None:
    """Where variables go in a .keras file.

    Args:
        state: the optimizer as it is stored.
        reader: Keras' version that reads the file.
        class_name: its class there; empty for the same.
        owner: the group that they are written to.

    Returns:
        None where a variable of the reader's optimizer has no equal one in the file.
    """
    order = ordered(state, reader, class_name)
    if order is None:
        return None
    moved: dict[str, str | None] = dict.fromkeys((each.path for each in state.variables), None)
    added: dict[str, Scalar] = {}
    for number, each in enumerate(order):
        path = f"{owner}vars/{number}"
        if isinstance(each, Scalar):
            added[path] = each
        else:
            moved[each.path] = path
    return Moves(moved, added)


def scaled_moves(outer: State, inner: State, config: Mapping[str, Any], reader: MinorVersion) -> Moves | None:
    """Where the variables of an optimizer go that scales losses, and those of the one inside it.

    Keras 2 stores those of the inner one twice, and neither the scale nor the steps since it changed: both start again,
    as they do when Keras 2 loads the file.

    Args:
        outer: the inner optimizer, with the variables that stand in the group of the outer one.
        inner: the same with the variables of its own group.
        config: of the outer one.
        reader: Keras' version that reads the file, 3.0 or newer.

    Returns:
        None where it is not known.
    """
    within = keras_moves(inner, reader, owner=f"{KERAS_STATE}inner_optimizer/")
    order = ordered(outer, reader)
    if within is None or order is None or len(outer.variables) != len(inner.variables):
        return None
    # The counter of the outer one is its own, and counts steps of any kind: it starts again in Keras 2, too.
    head = [Scalar(0, "int64"), Scalar(0.0), Scalar(0, "int64"), Scalar(float(config.get("initial_scale", 2.0**15)))]
    moved: dict[str, str | None] = dict.fromkeys((each.path for each in outer.variables), None)
    added = dict(within.added)
    for number, each in enumerate([*head, *order]):
        path = f"{KERAS_STATE}vars/{number}"
        if isinstance(each, Scalar):
            added[path] = each
        else:
            moved[each.path] = path
    return Moves({**within.moved, **moved}, added)


def ordered(state: State, reader: MinorVersion, class_name: str = "") -> list[Variable | Scalar] | None:
    """The variables in the order of the reader's optimizer.

    Args:
        state: the optimizer as it is stored.
        reader: Keras' version, of which an optimizer of the newest form is meant.
        class_name: its class there; empty for the same.

    Returns:
        None where a variable of the reader's optimizer has no equal one in the file.
    """
    parts = _parts(state)
    if parts is None:
        return None
    form = Form.KERAS_3 if reader[0] >= 3 else Form.KERAS_2
    to = State(form, class_name or state.class_name, state.config)
    groups = _groups(to)
    if groups is None or not all(slot in parts.slots for group in groups for slot in group):
        return None
    order: list[Variable | Scalar] = [parts.iteration]
    if form is Form.KERAS_3 and _has_rate(state):
        order.append(parts.rate or Scalar(float(state.config["learning_rate"])))
    slots: list[Variable | Scalar] = []
    for group in groups:
        for each in zip(*(parts.slots[slot] for slot in group), strict=True):
            slots.extend(each)
    return [*order, *slots]


def kept_slots(name: str, form: Form) -> tuple[str, ...]:
    """What an optimizer keeps of each weight, with all that its settings can add, where the order is known.

    Args:
        name: its class.
        form: whose it is.
    """
    on = {"amsgrad": True, "momentum": 0.9, "centered": True}
    return tuple(slot for group in _own_groups(State(form, name, on)) or () for slot in group)


@dataclass(frozen=True)
class _Parts:
    """The variables of an optimizer by what they are.

    Args:
        iteration: the counter of steps.
        rate: the learning rate; None where it is no variable.
        slots: name of a slot -> one variable for each weight that is trained.
    """

    iteration: Variable
    rate: Variable | None
    slots: Mapping[str, Sequence[Variable]]


def _parts(state: State) -> _Parts | None:
    groups = _groups(state)
    if groups is None or not state.variables or state.variables[0].shape != ():
        return None
    iteration, rest = state.variables[0], list(state.variables[1:])
    rate = None
    if state.form is Form.KERAS_3 and _has_rate(state):
        if not rest or rest[0].shape != ():
            return None
        rate = rest.pop(0)
    width = sum(len(group) for group in groups)
    if not width:
        return _Parts(iteration, rate, {}) if not rest else None
    if len(rest) % width:
        return None
    slots = _slots(groups, rest, len(rest) // width)
    return _Parts(iteration, rate, slots) if _fit(slots.values()) else None


def _slots(groups: Sequence[Sequence[str]], rest: Sequence[Variable], count: int) -> dict[str, list[Variable]]:
    found: dict[str, list[Variable]] = {}
    start = 0
    for group in groups:
        for position, slot in enumerate(group):
            found[slot] = [rest[start + each * len(group) + position] for each in range(count)]
        start += count * len(group)
    return found


def _fit(slots: Iterable[Sequence[Variable]]) -> bool:
    """Whether all slots of a weight have its shape."""
    return all(len({each.shape for each in same}) == 1 for same in zip(*slots, strict=True))


def _has_rate(state: State) -> bool:
    return isinstance(state.config.get("learning_rate"), int | float)


def _groups(state: State) -> list[tuple[str, ...]] | None:
    """The slots in order: those of a group alternate weight by weight; None where the order is not known."""
    own = _own_groups(state)
    if own is None:
        return None
    if state.config.get("gradient_accumulation_steps"):
        return None
    return [("average",), *own] if state.config.get("use_ema") else own


def _own_groups(state: State) -> list[tuple[str, ...]] | None:
    config, name, is_legacy = state.config, state.class_name, state.form is Form.LEGACY
    if is_legacy and name in _WITHOUT_LEGACY:
        return None
    if name in ("Adam", "AdamW"):
        both: list[tuple[str, ...]] = [("m",), ("v",)] if is_legacy else [("m", "v")]
        return [*both, ("vhat",)] if config.get("amsgrad") else both
    if name == "SGD":
        return _of_sgd(state)
    if name == "RMSprop":
        kept = {"velocity": True, "momentum": bool(config.get("momentum")), "average_gradient": config.get("centered")}
        return [(slot,) for slot, is_there in kept.items() if is_there]
    if is_legacy and name in _LEGACY:
        return _LEGACY[name]
    return _NEWER.get(name)


# Why the variables of an optimizer are in neither of both tables below.
NOT_KEPT: Mapping[str, str] = {
    "Nadam": "Keras 2 does not store the product of its momentums, which Keras 3 goes on with",
    "Adafactor": "the order of what it keeps was not measured",
}
_WITHOUT_LEGACY = frozenset({"AdamW", "Lion"})
_LEGACY: Mapping[str, list[tuple[str, ...]]] = {
    "Adagrad": [("accumulator",)],
    "Adadelta": [("gradient",), ("delta",)],
    "Adamax": [("m",), ("norm",)],
    "Ftrl": [("accumulator", "linear")],
}
_NEWER: Mapping[str, list[tuple[str, ...]]] = {
    "Adagrad": [("accumulator",)],
    "Adadelta": [("gradient", "delta")],
    "Adamax": [("m", "norm")],
    "Ftrl": [("accumulator", "linear")],
    "Lion": [("m",)],
}


def _of_sgd(state: State) -> list[tuple[str, ...]] | None:
    has_momentum = bool(state.config.get("momentum"))
    # The newer ones of Keras 2 have the slot even where there is no momentum.
    return [("m",)] if has_momentum or state.form is Form.KERAS_2 else []
