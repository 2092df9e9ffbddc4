"""What of a compile configuration no edit keeps: dropped and reported, so that the model loads and predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.configuration.compiled import Place, changed, output_names, places
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.layouts.optimizer import state_of
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.migration import Change


def _metrics(draft: Draft, target: Target) -> Iterator[Change]:
    """Metrics that the reader cannot make, one by one; they change nothing that is learnt."""
    left = _compile_findings(draft, target)
    for place in reversed([*places(draft)] if left else []):
        # One of several outputs stands at its own place, which another must not take.
        if place.role != "metric" or (
            place.holder is draft.training.get(place.argument) and _has_several_outputs(draft)
        ):
            continue
        tried = draft.copy()
        _remove(next(each for each in places(tried) if each.name == place.name))
        after = _compile_findings(tried, target)
        if len(after) < len(left):
            left = after
            yield changed(place.argument, place.value)
            _remove(place)


def _remove(place: Place) -> None:
    if place.is_alone:
        place.holder[place.key] = None
    else:
        del place.holder[place.key]


def _has_several_outputs(draft: Draft) -> bool:
    config = draft.root.get("config")
    outputs = config.get("output_layers") if isinstance(config, dict) else None
    return isinstance(outputs, dict) or len(output_names(draft)) > 1


def _compile_findings(draft: Draft, target: Target) -> list[Finding]:
    return [each for each in target.findings(draft.inventory(), draft.source) if "compile()" in each.where]


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
        what="a metric that {reader} cannot make again is dropped",
        because="metrics change neither predictions nor training",
        source=MEASURED,
        wrong_if="code reads it by its name: give it to compile() again",
        apply=_metrics,
        loses="a metric: compile the model again after loading to have it",
    ),
    Edit(
        "drop-compile-configuration",
        what="all that compile() was given is dropped, as {reader} cannot make it again",
        because="the model predicts the same; it is no longer compiled",
        source=MEASURED,
        wrong_if="the model is trained or evaluated after loading without compile() before it",
        apply=_all,
        loses="the optimizer with its state, the loss and the metrics: compile the model again after loading",
        loses_loss=True,
    ),
)
