"""The live model's loss and metrics on one batch, and a step of training that leaves the model as it was."""

from __future__ import annotations

import contextlib
import math
import random
import re
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.trained.targets import NoTargetsError, derived_targets, given_targets
from pytest_modelcompat.roundtrip.unsaved.parts import given_to_compile, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.roundtrip.model import ModelUnderTest

# Between two runs of the same step; what draws at random is further apart.
_REPEATS = 1e-4


@dataclass(frozen=True)
class LiveTrial:
    """What the live model gives for one batch.

    Args:
        targets: nested arrays; None where its loss needs none.
        evaluated: its loss and its metrics by name.
        step: losses of one step of training and after it; empty where a step cannot be compared.
        draws: whether the step draws at random, so that another Keras does another one.
        problem: why it was not evaluated; empty where it was.
        is_given: whether the targets are given rather than derived.
    """

    targets: Any = None
    evaluated: Mapping[str, Any] = field(default_factory=dict)
    step: Mapping[str, Any] = field(default_factory=dict)
    draws: bool = False
    problem: str = ""
    is_given: bool = False


def live_trial(model: ModelUnderTest, inputs: Any, outputs: Any, given: Any, seed: int) -> LiveTrial | None:
    """Evaluate a compiled model and do a step of training, from which it is put back; None where it has no loss.

    Args:
        model: the live model, of Keras.
        inputs: nested inputs that it takes.
        outputs: what it predicts for them, nested arrays.
        given: the option `train` of the case; None where it gives no targets.
        seed: of targets that are derived.
    """
    loss = given_to_compile(model.model, "loss")
    if getattr(model.model, "optimizer", None) is None:
        return None
    with _put_back(model.model):
        trial = _evaluated(model, inputs, _candidates(model, outputs, loss, given, seed), is_given=given is not None)
    if trial.problem:
        return None if loss is None and given is None else trial
    step, draws = _steady_step(model, inputs, trial.targets) if _has_plain_step(model.model) else ({}, False)
    return replace(trial, step=step, draws=draws)


def _candidates(model: ModelUnderTest, outputs: Any, loss: Any, given: Any, seed: int) -> Iterator[Any]:
    from pytest_modelcompat.loader import calls

    if given is not None:
        yield given_targets(given)
    elif loss is None:
        yield None
    else:
        yield from derived_targets(outputs, loss, calls.output_names(model.model) or [], seed)


def _evaluated(model: ModelUnderTest, inputs: Any, candidates: Iterable[Any], *, is_given: bool) -> LiveTrial:
    from pytest_modelcompat.loader import training_step

    problem = ""
    try:
        for targets in candidates:
            try:
                found = training_step.evaluated(model.model, training_step.batch(model.model, inputs, targets))
            except Exception as error:  # noqa: BLE001 - a loss is the user's code; the next targets may suit it
                problem = problem or f"{type(error).__name__}: {_first_line(error)}"
                continue
            if math.isfinite(_number(found.get("loss", 0.0))):
                return LiveTrial(targets, found, is_given=is_given)
            problem = problem or "the loss is not a finite number"
    except NoTargetsError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - a function that gives targets is the user's code
        problem = f"{type(error).__name__}: {_first_line(error)}"
    return LiveTrial(problem=problem or "there are no targets to try", is_given=is_given)


def _first_line(error: Exception) -> str:
    # TensorFlow begins with the function in which an op failed, and its device.
    text = re.sub(r"\{\{function_node [^}]*\}\}\s*", "", str(error))
    return next(iter(text.strip().splitlines()), "")[:200]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _has_plain_step(model: Any) -> bool:
    """Whether a step is Keras' own: one of the user's may change what nobody could put back, as a second optimizer."""
    names = ("train_step", "compile", "apply_gradients", "compute_loss")
    return all(is_of_keras(owner_of(type(model), name).__module__) or not hasattr(model, name) for name in names)


def _steady_step(model: ModelUnderTest, inputs: Any, targets: Any) -> tuple[Mapping[str, Any], bool]:
    """The losses of a step and whether it draws; no losses where it draws in a way that no seed governs."""
    try:
        first = _step(model, inputs, targets, 0)
        if _are_close(first, _step(model, inputs, targets, 1)):
            return first, False
        # It draws. Keras 2 keeps the state of that where no other process can be given the same.
        is_keras_3 = bool(getattr(sys.modules[model.keras or "keras"], "__version__", "2").startswith("3."))
        return (first if is_keras_3 and _are_close(first, _step(model, inputs, targets, 0)) else {}), True
    except Exception:  # noqa: BLE001 - what cannot be trained here is not compared
        return {}, False


def _step(model: ModelUnderTest, inputs: Any, targets: Any, seed: int) -> Mapping[str, Any]:
    from pytest_modelcompat.loader import training_step

    keras = sys.modules[model.keras or "keras"]
    with _put_back(model.model), _unbuilt_kept(model.model, keras):
        data = training_step.batch(model.model, inputs, targets)
        return training_step.stepped(model.model, data, keras, seed)


def _are_close(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    pairs = ((_number(one[key]), _number(other[key])) for key in one)
    return all(math.isclose(first, second, rel_tol=_REPEATS, abs_tol=_REPEATS) for first, second in pairs)


@contextlib.contextmanager
def _unbuilt_kept(model: Any, keras: Any) -> Iterator[None]:
    """Let another optimizer do the step where the model's own has no variables yet, so that it gets none."""
    optimizer = model.optimizer
    if getattr(optimizer, "built", getattr(optimizer, "_built", len(_variables_of(optimizer)) > 1)):
        yield
        return
    own = {type(optimizer).__name__: type(optimizer)}
    with keras.utils.custom_object_scope(own if not is_of_keras(type(optimizer).__module__) else {}):
        stand_in = type(optimizer).from_config(optimizer.get_config())
    # Keras watches what is assigned to a model; this is none of its business.
    vars(model)["optimizer"] = stand_in
    try:
        yield
    finally:
        vars(model)["optimizer"] = optimizer


@contextlib.contextmanager
def _put_back(model: Any) -> Iterator[None]:
    """Give all variables of a model, its optimizer and its metrics their values again, and the generators theirs."""
    import numpy as np

    held = [*model.variables, *_variables_of(model.optimizer), *(v for each in model.metrics for v in each.variables)]
    values = [(each, np.array(each.numpy())) for each in {id(each): each for each in held}.values()]
    drawn, state = random.getstate(), np.random.get_state()  # noqa: NPY002 - a step seeds them, and they are the user's
    try:
        yield
    finally:
        for variable, value in values:
            variable.assign(value)
        random.setstate(drawn)
        np.random.set_state(state)  # noqa: NPY002


def _variables_of(optimizer: Any) -> list[Any]:
    variables = optimizer.variables
    return list(variables() if callable(variables) else variables)
