"""The state of optimizers between formats: two steps of training go on as in the old file, or it is said to be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.layouts.optimizer import NOT_KEPT, Form, kept_slots
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import DraftPlan, plan_edits
from pytest_modelcompat.migration.request import MigrationRequest
from pytest_modelcompat.migration.request_edits import request_edits
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow

_RANDOM = np.random.default_rng(3)
INPUTS, TARGETS = (_RANDOM.normal(size=(6, size)).astype("float32") for size in (4, 2))


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    """Nothing is traced: that would take most of the time."""
    import tensorflow as tf

    pytest.importorskip("tf_keras")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@dataclass(frozen=True)
class Case:
    """An optimizer.

    Args:
        name: its class.
        form: whose it is.
        settings: of it.
        format: in which it is saved.
    """

    name: str
    form: Form
    settings: dict[str, Any] = field(default_factory=dict)
    format: str = "h5"

    @property
    def is_down(self) -> bool:
        """Whether Keras 3 saves it."""
        return self.form is Form.KERAS_3

    def __str__(self) -> str:
        return "-".join([self.form.name, self.name, *self.settings, self.format])


def packages(case: Case) -> tuple[Any, Any]:
    """The Keras that saves it, and the one that reads it."""
    import keras
    import tf_keras

    return (keras, tf_keras) if case.is_down else (tf_keras, keras)


def steps(model: Any, count: int = 2) -> list[Any]:
    """The weights after training."""
    for _ in range(count):
        model.train_on_batch(INPUTS, TARGETS)
    return [np.asarray(each) for each in model.weights]


def saved(case: Case, folder: Path) -> tuple[Path, Any]:
    """A file of a model that was trained, and the model."""
    package, _ = packages(case)
    optimizers = package.optimizers.legacy if case.form is Form.LEGACY else package.optimizers
    package.utils.set_random_seed(1)
    layers = [package.layers.Dense(3, activation="tanh", name="second"), package.layers.Dense(2, name="first")]
    model = package.Sequential([package.layers.Input((4,)), *layers])
    model.compile(getattr(optimizers, case.name)(learning_rate=0.05, **case.settings), "mse")
    steps(model, 3)
    path = folder / f"old.{case.format}"
    model.save(path)
    return path, model


def migrated(case: Case, path: Path, wanted: str) -> tuple[DraftPlan, Path]:
    """The plan, and what is written in a format."""
    profile = load_profile("tf2.21+tf_keras" if case.is_down else "tf2.21")
    request = MigrationRequest("tf2.21", profile)
    inventory = read_inventory(path)
    plan = plan_edits(inventory, request.target_for(inventory), request_edits(request, wanted), is_written=True)
    new = path.with_name(f"new.{plan.draft.format}")
    write(Rewrite.of(plan.draft), new)
    return plan, new


def lost(plan: DraftPlan) -> list[str]:
    """The edits of a plan that lose something."""
    return [each.name for each in plan.edits if each.loses]


def difference(one: list[Any], other: list[Any]) -> float:
    """The greatest one of all weights."""
    return max(float(np.abs(mine - theirs).max()) for mine, theirs in zip(one, other, strict=True))


_SGD = {"momentum": 0.9, "nesterov": True}
_BOTH = {"momentum": 0.5, "centered": True}
_OLD_AND_NEW = (Form.LEGACY, Form.KERAS_2)
KEPT = [
    Case("SGD", Form.LEGACY, _SGD),
    Case("AdamW", Form.KERAS_2, {"use_ema": True}),
    Case("RMSprop", Form.KERAS_3, _BOTH, "keras"),
]
# They go the same way in the same code, and take seconds.
MORE = [
    Case("SGD", Form.LEGACY, {"decay": 0.1}),
    Case("SGD", Form.KERAS_2, _SGD),
    Case("Adam", Form.LEGACY, {"amsgrad": True, "global_clipnorm": 0.1}),
    Case("Adam", Form.KERAS_2, {"amsgrad": True}),
    Case("Lion", Form.KERAS_2),
    *(Case("RMSprop", form, _BOTH) for form in _OLD_AND_NEW),
    *(Case(name, form) for name in ("Adagrad", "Adadelta", "Adamax") for form in _OLD_AND_NEW),
    *(Case("Ftrl", form, {"l1_regularization_strength": 0.01}) for form in _OLD_AND_NEW),
    *(Case(name, Form.KERAS_3, format="keras") for name in ("Adam", "Adagrad", "Adadelta", "Adamax", "Ftrl")),
    Case("SGD", Form.KERAS_3, _SGD, "keras"),
    Case("AdamW", Form.KERAS_3, {"amsgrad": True}, "keras"),
]
_SLOW = pytest.mark.runtimes


@pytest.mark.parametrize("case", [*KEPT, *(pytest.param(each, marks=_SLOW) for each in MORE)], ids=str)
def test_training_goes_on_in_the_other_format(case: Case, tmp_path: Path) -> None:
    """As that of the old file does in the Keras that saved it."""
    path, model = saved(case, tmp_path)
    plan, new = migrated(case, path, "h5" if case.is_down else "keras")
    assert (plan.left, lost(plan)) == ((), [])
    old_keras, new_keras = packages(case)
    again, found = old_keras.models.load_model(path), new_keras.models.load_model(new)
    after = steps(found)
    assert difference(steps(again), after) < 1e-6
    assert difference(steps(model), after) < 1e-6


def test_every_class_of_the_table_is_tried() -> None:
    """The page says of each what is kept, or that it is lost."""
    tried = {(each.name, each.form) for each in [*KEPT, *MORE]}
    assert all(kept_slots(name, form) for name, form in tried)
    assert {each.name for each in LOST} == NOT_KEPT.keys()


LOST = [Case("Nadam", Form.KERAS_2), Case("Nadam", Form.KERAS_3, format="keras"), Case("Adafactor", Form.KERAS_2)]


@pytest.mark.parametrize("case", [LOST[0], *(pytest.param(each, marks=_SLOW) for each in LOST[1:])], ids=str)
def test_what_is_not_kept_is_said(case: Case, tmp_path: Path) -> None:
    """The model trains, as one with a new optimizer."""
    path, _ = saved(case, tmp_path)
    wanted = "h5" if case.is_down else "keras"
    plan, new = migrated(case, path, wanted)
    assert (plan.left, lost(plan)) == ((), [f"to-{wanted}-without-state"])
    assert np.isfinite(steps(packages(case)[1].models.load_model(new))[0]).all()


FORMULAS = [
    ("arithmetic-of-rmsprop", Case("RMSprop", Form.LEGACY)),
    ("arithmetic-of-rmsprop", Case("RMSprop", Form.LEGACY, {"centered": True})),
    ("arithmetic-of-adagrad", Case("Adagrad", Form.LEGACY, {"initial_accumulator_value": 0.0})),
]


@pytest.mark.parametrize(
    ("edit", "case"), [FORMULAS[0], *(pytest.param(*each, marks=_SLOW) for each in FORMULAS[1:])], ids=str
)
def test_another_formula_is_said(edit: str, case: Case, tmp_path: Path) -> None:
    """Keras 3 trains a little otherwise."""
    path, _ = saved(case, tmp_path)
    plan, new = migrated(case, path, "keras")
    assert lost(plan) == [edit]
    old_keras, new_keras = packages(case)
    again, found = old_keras.models.load_model(path), new_keras.models.load_model(new)
    assert 1e-5 < difference(steps(again), steps(found)) < 1e-2


@_SLOW
def test_formulas_of_the_newer_optimizers_are_those_of_keras_3(tmp_path: Path) -> None:
    """Nothing is said of them."""
    path, _ = saved(Case("RMSprop", Form.KERAS_2), tmp_path)
    assert lost(migrated(Case("RMSprop", Form.KERAS_2), path, "keras")[0]) == []


def test_two_variables_at_each_others_place_train_otherwise(tmp_path: Path) -> None:
    """The edit applied wrongly: shapes agree, and the steps show it."""
    case = Case("Adam", Form.LEGACY)
    path, model = saved(case, tmp_path)
    plan, _ = migrated(case, path, "keras")
    moved = plan.draft.moved
    one, other = (f"optimizer_weights/Adam/first/kernel/{slot}:0" for slot in "mv")
    moved[one], moved[other] = moved[other], moved[one]
    wrong = tmp_path / "wrong.keras"
    write(Rewrite.of(plan.draft), wrong)
    found = packages(case)[1].models.load_model(wrong)
    assert difference(steps(model), steps(found)) > 1e-3


def test_an_h5_file_that_is_left_one_says_which_option_keeps_it(tmp_path: Path) -> None:
    """And there, where it says so, that option keeps it."""
    case = Case("Adam", Form.LEGACY)
    path, _ = saved(case, tmp_path)
    plan, _ = migrated(case, path, "h5")
    assert [each.loses.rpartition("; ")[2] for each in plan.edits if each.loses] == ["`--to keras` keeps it"]
    assert lost(migrated(case, path, "keras")[0]) == []
