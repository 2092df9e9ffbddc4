"""Edits of the arguments of `compile()` itself: those that a file holds as None, and those that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.configuration.compiled import changed, output_names
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# What Keras 2 takes None for.
_MEANT_BY_NONE = {"steps_per_execution": 1, "run_eagerly": False, "jit_compile": False}
# Of Keras 2, and of no effect in it where they have these values.
_WITHOUT_EFFECT = {
    "sample_weight_mode": (None,),
    "target_tensors": (None,),
    "distribute": (None,),
    "pss_evaluation_shards": (0, None),
    "from_serialized": (True, False),
    "is_pss": (True, False),
}


def _none(draft: Draft, target: Target) -> Iterator[Change]:
    if draft.format != "keras" or not target.is_up:
        return
    for argument, meant in _MEANT_BY_NONE.items():
        if argument in draft.training and draft.training[argument] is None:
            draft.training[argument] = meant
            yield changed(argument, "None", str(meant))


def _gone(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3:
        return
    for argument, values in _WITHOUT_EFFECT.items():
        if argument in draft.training and _is_one_of(draft.training[argument], values):
            yield changed(argument, str(draft.training.pop(argument)))


def _is_one_of(value: object, values: tuple[object, ...]) -> bool:
    return any(value is each or (isinstance(value, int) and value == each) for each in values)


def _needed(draft: Draft, target: Target) -> Iterator[Change]:
    """An .h5 is compiled only where these keys are there at all."""
    del target
    if draft.format == "h5" and "optimizer_config" in draft.training and "loss_weights" not in draft.training:
        draft.training["loss_weights"] = None
        yield changed("loss_weights", None, "None")


def _each_output(draft: Draft, target: Target) -> Iterator[Change]:
    """Keras 2 stores None for an output without a metric or a loss, or leaves the output out."""
    outputs = output_names(draft)
    if target.reader[0] < 3 or len(outputs) < 2:
        return
    for argument in ("metrics", "weighted_metrics"):
        given = draft.training.get(argument)
        for metrics in given if isinstance(given, list) else ():
            if isinstance(metrics, list) and None in metrics:
                metrics[:] = [each for each in metrics if each is not None]
                yield changed(argument, "None of an output")
    loss = draft.training.get("loss")
    if isinstance(loss, dict) and set(loss) < set(outputs):
        draft.training["loss"] = {name: loss.get(name) for name in outputs}
        yield changed("loss", ", ".join(loss), ", ".join(outputs))


EDITS = (
    Edit(
        "compile-argument-of-none",
        what="steps_per_execution, run_eagerly and jit_compile that are None get the value that Keras 2 means by it",
        because="{reader} takes None for a value: predict() fails on steps_per_execution=None",
        source=MEASURED,
        wrong_if="the file was saved by Keras 3, which writes values",
        apply=_none,
        is_unseen=True,
    ),
    Edit(
        "drop-compile-argument",
        what="an argument of compile() that {reader} does not have is dropped where it has no effect",
        because="its value says that nothing is to be done",
        source=MEASURED,
        wrong_if="it has another value",
        apply=_gone,
        is_unseen=True,
    ),
    Edit(
        "add-loss-weights",
        what="a compile configuration without loss_weights gets them, as None",
        because="Keras takes what is not there for None, and the reader of .h5 files looks it up",
        source="keras/src/legacy/saving/saving_utils.py of Keras 3",
        wrong_if="there are loss weights",
        apply=_needed,
        is_unseen=True,
    ),
    Edit(
        "output-without-loss",
        what="an output without a loss is named with None, and one without a metric gets an empty list",
        because="Keras 2 takes an output that is not named for one that nothing is asked of, and {reader} refuses it",
        source=MEASURED,
        wrong_if="every output has a loss and a metric",
        apply=_each_output,
        is_unseen=True,
    ),
)
