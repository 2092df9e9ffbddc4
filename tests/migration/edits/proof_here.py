"""The proof in this process: what both models give is held against each other as `migrate` does it."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.weight_digest import weight_digests
from pytest_modelcompat.loader import calls, tensors, training_state, training_step, weights
from pytest_modelcompat.migration.proof.evidence.batches import Batch, Part, for_other_names, input_names
from pytest_modelcompat.migration.proof.evidence.evaluation import Training, training_agreement
from pytest_modelcompat.migration.proof.evidence.outputs import Predictions, agreement, tolerances_for
from pytest_modelcompat.migration.proof.evidence.weights import weight_agreement
from tests.migration.edits.row import LOADING, OUTPUTS, TRAINING, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.results.migration import Lost
    from tests.migration.edits.row import Model

ROWS = 6
_HALF = frozenset({"float16", "bfloat16"})


@dataclass(frozen=True)
class Given:
    """What a model gives: outputs by name, digests of its weights, and its training."""

    outputs: dict[str, Any]
    weights: tuple[WeightDigest, ...]
    training: Training


@dataclass(frozen=True)
class Saved:
    """A model in a file.

    Args:
        model: of which it is.
        path: the file.
        inputs: by name.
        targets: nested, or None.
        given: by the model that was saved.
    """

    model: Model
    path: Path
    inputs: dict[str, Any]
    targets: Any
    given: Given

    @classmethod
    def of(cls, model: Model, folder: Path) -> Saved:
        """Build, train and save a model."""
        kit = importlib.import_module(model.writer)
        kit.utils.set_random_seed(0)
        live = model.build(kit)
        random = np.random.default_rng(0)
        live.set_weights([_numbers_like(each, random) for each in live.get_weights()])
        values = _values(model.data, random)
        targets = [_targets(shape, random) for shape in model.targets]
        wanted = targets if len(targets) > 1 else next(iter(targets), None)
        for _ in range(model.steps):
            live.train_on_batch(values, wanted)
        path = folder / (model.name or f"old.{model.format}")
        # A Keras 2 that is not told goes by the name, which may be another format's.
        live.save(path, **({"save_format": model.format} if kit.__name__ == "tf_keras" else {}))
        inputs = dict(zip(input_names(read_inventory(path)), values, strict=True))
        if model.age is not None:
            model.age(path)
        asked = values if len(values) > 1 else values[0]
        return cls(model, path, inputs, wanted, _given(live, asked, wanted, kit))


def problem_of(saved: Saved, draft: Draft, path: Path, lost: Sequence[Lost], keras: Any) -> tuple[str, str]:
    """What of the proof does not hold of a written file, and why; both empty where all of it does.

    Args:
        saved: the model as it was.
        draft: of which the file was written.
        path: the file.
        lost: what was dropped knowingly.
        keras: the package that loads it.
    """
    old, new = saved.given, read_inventory(path)
    try:
        found = _loaded(saved, new, keras)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from loading
        return LOADING, f"{type(error).__name__}: {error}"
    source = draft.source
    dtypes = (*source.compute_dtypes, *new.compute_dtypes)
    batch = (Batch(None, (Part(0, ROWS),)),)
    held = agreement(
        Predictions((old.outputs,)),
        Predictions((found.outputs,)),
        batch,
        tolerances_for(dtypes, None, None),
        in_order=isinstance(source.root["config"], dict) and "output_layers" in source.root["config"],
    )
    if held.problem:
        return OUTPUTS, held.problem
    of_weights = weight_agreement(old.weights, found.weights)
    if of_weights.problem:
        return WEIGHTS, of_weights.problem
    if not saved.model.targets or not new.training:
        return "", ""
    is_kept = new.format == "keras" or keras.__name__ == "tf_keras"
    trained = training_agreement(
        old.training,
        old.training,
        found.training,
        is_half=bool(_HALF & set(dtypes)),
        keeps_state=is_kept,
        lost=lost,
    )
    return (TRAINING, trained.problem) if trained.problem else ("", "")


def _loaded(saved: Saved, new: Inventory, keras: Any) -> Given:
    declared = saved.model.declared(keras) if saved.model.declared is not None else {}
    with keras.utils.custom_object_scope(declared) if declared else nullcontext():
        model = keras.models.load_model(new.path)
        inputs = next(iter(saved.inputs.values()))
        if len(saved.inputs) > 1:
            inputs = for_other_names(saved.inputs, read_inventory(saved.path), new)
        return _given(model, inputs, saved.targets, keras)


def _given(model: Any, inputs: Any, targets: Any, keras: Any) -> Given:
    called = calls.call_model(model, inputs)
    outputs = tensors.named_leaves(called, calls.output_names(model))
    digests = weight_digests(weights.of_variables(each for each in model.weights if hasattr(each, "shape")))
    state = training_state.state(model)
    trial = training_step.trial(model, inputs, targets, keras, steps=True) if targets is not None else {}
    return Given(outputs, digests, Training.of(state, trial))


def _values(data: Any, random: Any) -> list[Any]:
    if isinstance(data, list):
        return data
    shapes = data if isinstance(data[0], tuple) else (data,)
    return [random.normal(size=(ROWS, *shape)).astype("float32") for shape in shapes]


def _targets(shape: tuple[int, ...], random: Any) -> Any:
    """Classes where there are three, else numbers."""
    found = np.eye(3)[random.integers(0, 3, ROWS)] if shape == (3,) else random.normal(size=(ROWS, *shape))
    return found.astype("float32")


def _numbers_like(weight: Any, random: Any) -> Any:
    """No weight is 0 or 1, or its place would not matter; what is counted stays."""
    return random.normal(0.3, 0.3, weight.shape).clip(0.05) if weight.dtype.kind == "f" else weight
