"""The order of an optimizer's variables: what goes where, what is added, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.migration.configuration.scalar import Scalar
from pytest_modelcompat.migration.layouts.optimizer import (
    Form,
    State,
    Variable,
    form_by_name,
    keras_moves,
    ordered,
)

KERNEL, BIAS, ONE = (4, 3), (3,), ()


def state(form: Form, name: str, shapes: list[tuple[int, ...]], **config: Any) -> State:
    """An optimizer whose variables are called by their places."""
    variables = tuple(Variable(f"optimizer/vars/{number}", shape) for number, shape in enumerate(shapes))
    return State(form, name, {"learning_rate": 0.5, **config}, variables)


def places(order: list[Variable | Scalar] | None) -> list[Any] | None:
    """Where each comes from; the value of one that is added."""
    if order is None:
        return None
    return [each.value if isinstance(each, Scalar) else int(each.path.rpartition("/")[2]) for each in order]


UP: list[tuple[str, State, list[Any]]] = [
    ("adam", state(Form.KERAS_2, "Adam", [ONE, KERNEL, KERNEL, BIAS, BIAS]), [0, 0.5, 1, 2, 3, 4]),
    ("legacy adam", state(Form.LEGACY, "Adam", [ONE, KERNEL, BIAS, KERNEL, BIAS]), [0, 0.5, 1, 3, 2, 4]),
    (
        "amsgrad",
        state(Form.KERAS_2, "Adam", [ONE, KERNEL, KERNEL, BIAS, BIAS, KERNEL, BIAS], amsgrad=True),
        [0, 0.5, 1, 2, 3, 4, 5, 6],
    ),
    (
        "average",
        state(Form.KERAS_2, "Adam", [ONE, KERNEL, BIAS, KERNEL, KERNEL, BIAS, BIAS], use_ema=True),
        [0, 0.5, 1, 2, 3, 4, 5, 6],
    ),
    ("a schedule is no variable", state(Form.KERAS_2, "Adam", [ONE, BIAS, BIAS], learning_rate={}), [0, 1, 2]),
    ("unused momentum", state(Form.KERAS_2, "SGD", [ONE, KERNEL, BIAS], momentum=0.0), [0, 0.5]),
    ("momentum", state(Form.KERAS_2, "SGD", [ONE, KERNEL, BIAS], momentum=0.9), [0, 0.5, 1, 2]),
    ("legacy sgd", state(Form.LEGACY, "SGD", [ONE], momentum=0.0), [0, 0.5]),
    ("legacy momentum", state(Form.LEGACY, "SGD", [ONE, KERNEL, BIAS], momentum=0.9), [0, 0.5, 1, 2]),
    (
        "rmsprop",
        state(Form.LEGACY, "RMSprop", [ONE, KERNEL, BIAS, KERNEL, BIAS], centered=True),
        [0, 0.5, 1, 2, 3, 4],
    ),
    ("adadelta", state(Form.LEGACY, "Adadelta", [ONE, KERNEL, BIAS, KERNEL, BIAS]), [0, 0.5, 1, 3, 2, 4]),
]


@pytest.mark.parametrize(("stored", "expected"), [row[1:] for row in UP], ids=[row[0] for row in UP])
def test_to_keras_3(stored: State, expected: list[Any]) -> None:
    """The learning rate stands behind the counter of steps."""
    assert places(ordered(stored, (3, 15))) == expected


UNKNOWN: list[tuple[str, State]] = [
    ("it has another momentum", state(Form.LEGACY, "Nadam", [ONE, ONE, BIAS, BIAS])),
    ("its product is not stored", state(Form.KERAS_2, "Nadam", [ONE, BIAS, BIAS])),
    ("its order was never seen", state(Form.KERAS_2, "Adafactor", [ONE, BIAS, BIAS])),
    ("theirs", state(Form.KERAS_2, "Theirs", [ONE, BIAS, BIAS])),
    ("shapes that alternate otherwise", state(Form.KERAS_2, "Adam", [ONE, KERNEL, BIAS, KERNEL, BIAS])),
    ("one too few", state(Form.KERAS_2, "Adam", [ONE, KERNEL, KERNEL, BIAS])),
    ("no counter", state(Form.KERAS_2, "Adam", [KERNEL, KERNEL])),
    ("nothing", state(Form.KERAS_2, "Adam", [])),
    ("sums of gradients", state(Form.KERAS_3, "Adam", [ONE, ONE, BIAS, BIAS], gradient_accumulation_steps=2)),
]


@pytest.mark.parametrize("stored", [row[1] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_what_is_not_known(stored: State) -> None:
    """Nothing is guessed."""
    assert ordered(stored, (3, 15)) is None


def test_down_and_back() -> None:
    """The learning rate is left out; Keras 2 has a slot for a momentum that there is not, which Keras 3 lacks."""
    adam = state(Form.KERAS_3, "Adam", [ONE, ONE, KERNEL, KERNEL])
    assert places(ordered(adam, (2, 15))) == [0, 2, 3]
    assert ordered(state(Form.KERAS_3, "SGD", [ONE, ONE], momentum=0.0), (2, 15)) is None


def test_paths_in_a_keras_file() -> None:
    """Each goes to its number, what has no place is left out, and the learning rate is added."""
    moves = keras_moves(state(Form.KERAS_2, "SGD", [ONE, BIAS], momentum=0.0), (3, 15))
    assert moves is not None
    assert moves.moved == {"optimizer/vars/0": "optimizer/vars/0", "optimizer/vars/1": None}
    assert moves.added == {"optimizer/vars/1": Scalar(0.5)}


@pytest.mark.parametrize(
    ("first", "form"),
    [
        ("iteration:0", Form.KERAS_2),
        ("Adam/iter:0", Form.LEGACY),
        ("adam/iteration", Form.KERAS_3),
        ("training/Adam/Variable:0", None),
    ],
)
def test_the_form_by_its_first_name(first: str, form: Form | None) -> None:
    """As the attribute of an .h5 file has it."""
    assert form_by_name(first) is form
