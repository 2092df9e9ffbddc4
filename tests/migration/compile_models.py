"""Small models of Keras 2 that were compiled and trained, and the same models once they are migrated to Keras 3."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import DraftPlan, plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_modelcompat.migration.edit import Edit

    Compile = Callable[[Any], dict[str, Any]]

_ROWS = 6
# What the last layer does, so that the outputs are in the domain of a loss: its activation, and how many outputs.
_ENDS: dict[str, tuple[str | None, int]] = {
    "classes": ("softmax", 3),
    "yes or no": ("sigmoid", 1),
    "numbers": (None, 2),
    "counts": ("softplus", 2),
}


@dataclass(frozen=True)
class Case:
    """One way to compile a model.

    Args:
        name: in words.
        compile: gives the arguments of `compile()`, from `tf_keras`.
        end: what the model predicts.
        formats: in which it is tried.
        steps: of training before it is saved; of a `.keras` file, in which Keras 3 finds the optimizer's state again.
        outputs: how many the model has.
    """

    name: str
    compile: Compile
    end: str = "numbers"
    formats: tuple[str, ...] = ("h5", "keras")
    steps: int = 2
    outputs: int = 1


@dataclass
class Trained:
    """What a model gives when it is evaluated and then trained for two steps.

    Args:
        evaluated: by name.
        fitted: by name.
        weights: after training.
    """

    evaluated: dict[str, float] = field(default_factory=dict)
    fitted: dict[str, float] = field(default_factory=dict)
    weights: list[Any] = field(default_factory=list)

    def equals(self, other: Trained) -> bool:
        """Whether all of it is the same within what float32 rounds."""
        both = ((self.evaluated, other.evaluated), (self.fitted, other.fitted))
        if any(one.keys() - two.keys() or not _close([*one.values()], [two[key] for key in one]) for one, two in both):
            return False
        return all(_close(one, two) for one, two in zip(self.weights, other.weights, strict=True))


def data(case: Case) -> tuple[Any, Any]:
    """Inputs and targets, seeded."""
    random = np.random.default_rng(3)
    inputs = random.normal(size=(_ROWS, 4)).astype("float32")
    classes = np.eye(3, dtype="float32")[random.integers(0, 3, _ROWS)]
    made = {
        "classes": classes,
        "yes or no": random.integers(0, 2, (_ROWS, 1)).astype("float32"),
        "numbers": random.normal(size=(_ROWS, 2)).astype("float32"),
        "counts": random.integers(1, 5, (_ROWS, 2)).astype("float32"),
    }[case.end]
    return inputs, made if case.outputs == 1 else [made * number for number in range(1, case.outputs + 1)]


def model_of(case: Case, keras: Any) -> Any:
    """The model, compiled."""
    keras.utils.set_random_seed(1)
    activation, units = _ENDS[case.end]
    inner = keras.layers.Dense(3, activation="tanh")
    if case.outputs == 1:
        layers = [keras.layers.Input((4,)), inner, keras.layers.Dense(units, activation=activation)]
        model = keras.Sequential(layers)
    else:
        entry = keras.layers.Input((4,))
        names = [f"end{number}" for number in range(case.outputs)]
        model = keras.Model(
            entry, [keras.layers.Dense(units, activation=activation, name=name)(inner(entry)) for name in names]
        )
    model.compile(**case.compile(keras))
    return model


def migrated(
    case: Case, form: str, folder: Path, edits: Sequence[Edit] = EDITS, *, is_down: bool = False
) -> tuple[DraftPlan, Path, Path]:
    """The plan, the file that Keras 2 saved, and the one that was made of it.

    Args:
        case: what is saved.
        form: `h5` or `keras`.
        folder: where both files go.
        edits: that are tried.
        is_down: whether Keras 3 saves it, for Keras 2.
    """
    model = model_of(case, importlib.import_module("keras" if is_down else "tf_keras"))
    inputs, targets = data(case)
    for _ in range(case.steps if is_down or form == "keras" else 0):
        model.train_on_batch(inputs, targets)
    old = folder / f"old.{form}"
    model.save(old)
    inventory = read_inventory(old)
    profile = load_profile("tf2.21+tf_keras" if is_down else "tf2.21")
    plan = plan_edits(inventory, Target(profile, dict(inventory.saved_by)), edits)
    new = folder / f"new.{plan.draft.format}"
    write(Rewrite.of(plan.draft), new)
    return plan, old, new


def trained(model: Any, case: Case) -> Trained:
    """What it gives when it is evaluated, and then trained."""
    inputs, targets = data(case)
    evaluated = model.evaluate(inputs, targets, batch_size=3, verbose=0, return_dict=True)
    fitted = model.fit(inputs, targets, batch_size=3, epochs=1, shuffle=False, verbose=0).history
    weights = [np.asarray(each) for each in model.weights]
    return Trained(dict(evaluated), {name: values[0] for name, values in fitted.items()}, weights)


def _close(one: Any, two: Any) -> bool:
    return bool(np.allclose(one, two, rtol=2e-5, atol=2e-5, equal_nan=True))
