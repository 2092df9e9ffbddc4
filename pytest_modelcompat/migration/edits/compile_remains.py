"""What of a compile configuration no edit keeps: dropped and reported, so that the model loads and predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.compiled import changed
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.layouts.optimizer import state_of
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_METRICS = ("metrics", "weighted_metrics")


def _metrics(draft: Draft, target: Target) -> Iterator[Change]:
    """Metrics change nothing that is learnt: they go before all the rest does."""
    del target
    for argument in _METRICS:
        if draft.training.get(argument):
            yield changed(argument, str(draft.training[argument]))
            draft.training[argument] = None


def _all(draft: Draft, target: Target) -> Iterator[Change]:
    del target
    if not draft.training:
        return
    yield changed("optimizer, loss, metrics", "all that compile() was given")
    draft.root.pop("compile_config", None)
    draft.training = {}
    for path in state_of(draft):
        draft.moved[path] = None


EDITS = (
    Edit(
        "drop-metrics",
        what="the metrics that compile() was given are dropped, as {reader} cannot make one of them again",
        because="metrics change neither predictions nor training",
        source=MEASURED,
        wrong_if="code reads them by name: give them to compile() again",
        apply=_metrics,
        loses="the metrics: compile the model again after loading to have them",
    ),
    Edit(
        "drop-compile-configuration",
        what="all that compile() was given is dropped, as {reader} cannot make it again",
        because="the model predicts the same; it is no longer compiled",
        source=MEASURED,
        wrong_if="the model is trained or evaluated after loading without compile() before it",
        apply=_all,
        loses="the optimizer with its state, the loss and the metrics: compile the model again after loading",
    ),
)
