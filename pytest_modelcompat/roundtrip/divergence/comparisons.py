"""The two comparisons of a target, each with the layer where models part: reloaded with saved, saved with golden."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import MOST_PLACES, listed
from pytest_modelcompat.golden.golden import GoldenError, digest_changes
from pytest_modelcompat.roundtrip.divergence.findings import explainable, of_golden, of_reloaded, with_place
from pytest_modelcompat.roundtrip.divergence.golden_layers import golden_trace, has_versions
from pytest_modelcompat.roundtrip.divergence.graph_place import graph_place
from pytest_modelcompat.roundtrip.divergence.place import place_of
from pytest_modelcompat.roundtrip.divergence.reloaded_trace import reloaded_trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_modelcompat.comparison.layers import LayerTrace
    from pytest_modelcompat.comparison.routes import Tolerances
    from pytest_modelcompat.golden.golden import Golden
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.live_model import LiveModel
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def current_trace(context: SessionContext, attempt: Attempt) -> LayerTrace | None:
    """What the layers of the model under test give: of the live one, or of an artifact as loaded."""
    live = attempt.subject.live
    return live.trace if live is not None else reloaded_trace(context, attempt)


def reloaded_with_place(
    findings: Sequence[Finding], context: SessionContext, attempt: Attempt, allowed: Tolerances
) -> list[Finding]:
    """Findings where the reloaded model is not the saved one, with the layer where the two part.

    Args:
        findings: those of the round trip.
        context: what the session's targets share.
        attempt: the load.
        allowed: the tolerance of an output.
    """
    live = attempt.subject.live
    if live is None or explainable(findings) is None:
        return list(findings)
    is_graph = attempt.subject.format == "saved_model"
    saved = live.trace
    reloaded = reloaded_trace(context, attempt, saved) if saved is not None and saved.outputs else None
    if saved is None or reloaded is None or (is_graph and not reloaded.outputs):
        return _by_weights(findings, live, attempt) if is_graph else list(findings)
    elsewhere = attempt.is_elsewhere
    if is_graph:
        there = {each.sha256 for each in attempt.loaded.weights}
        place = graph_place(saved, reloaded, allowed, same_runtime=not elsewhere, weights=there)
        if place is None:
            return _by_weights(findings, live, attempt)
    else:
        place = place_of(saved, reloaded, allowed, same_runtime=not elsewhere)
    tolerance = allowed("", saved.outputs[-1].dtype)
    return with_place(findings, place, tolerance, partial(of_reloaded, elsewhere=elsewhere))


def golden_with_place(
    findings: Sequence[Finding], context: SessionContext, attempt: Attempt, allowed: Tolerances
) -> list[Finding]:
    """Findings where the model is not the golden's, with the layer where the two part, as far as the golden tells.

    Args:
        findings: those of the comparison.
        context: what the session's targets share.
        attempt: the load.
        allowed: the tolerance of an output.
    """
    chosen = explainable(findings)
    if chosen is None or "inputs" in dict(chosen.details):
        # Other inputs differ in every layer.
        return list(findings)
    try:
        golden = context.store.read(attempt.case.golden)
    except GoldenError:
        return list(findings)
    expected = golden_trace(golden)
    current = current_trace(context, attempt) if expected is not None else None
    if expected is None or current is None or not current.outputs:
        return list(findings)
    same_runtime = has_versions(golden, attempt.made_by)
    is_graph = attempt.is_given and attempt.subject.format == "saved_model"
    place = (graph_place if is_graph else place_of)(
        _with_modules(expected, current),
        current,
        allowed,
        same_runtime=same_runtime,
        other_weights=(_other_contents(golden, current) if is_graph else _other_weights(golden, attempt, current)),
    )
    tolerance = allowed("", current.outputs[-1].dtype)
    return with_place(findings, place, tolerance, partial(of_golden, same_runtime=same_runtime))


def _with_modules(expected: LayerTrace, current: LayerTrace) -> LayerTrace:
    """A golden's trace, with where classes are defined now: a golden does not say."""
    modules = {each.class_name: each.module for each in current.outputs}
    return replace(
        expected,
        outputs=tuple(replace(each, module=modules.get(each.class_name, "")) for each in expected.outputs),
    )


def _other_weights(golden: Golden, attempt: Attempt, current: LayerTrace) -> Mapping[str, Sequence[str]]:
    """The weights of each layer that are not those of the golden, by the layer's path."""
    changes = digest_changes(golden.weights, attempt.weights, by_content=not has_versions(golden, attempt.made_by))
    other = {*changes.changed, *changes.added}
    if changes.missing:
        # Under which layer they were is not recorded.
        return {}
    return {
        path: [each["path"] for each in state["weights"] if each["path"] in other]
        for path, state in current.state.items()
    }


def _other_contents(golden: Golden, current: LayerTrace) -> Mapping[str, Sequence[str]]:
    """The same of a SavedModel, whose variables may share a name; a layer is left out where that is not certain."""
    recorded: dict[str, set[str]] = {}
    for digest in golden.weights:
        recorded.setdefault(digest.sha256, set()).add(digest.path)
    found = {}
    for path, state in current.state.items():
        weights = [(each["path"].partition("#")[0], each["sha256"]) for each in state["weights"]]
        if all(name in recorded.get(sha256, {name}) for name, sha256 in weights):
            found[path] = [name for name, sha256 in weights if sha256 not in recorded]
    return found


def _by_weights(findings: Sequence[Finding], live: LiveModel, attempt: Attempt) -> list[Finding]:
    """Findings of a SavedModel, with the first layer whose weights are not in it: its layers cannot be called alone."""
    trace, chosen = live.trace, explainable(findings)
    there = {each.sha256 for each in attempt.loaded.weights}
    for output in trace.outputs if trace is not None else ():
        state = trace.state.get(output.path) if trace is not None else None
        gone = [each["path"] for each in state["weights"] if each["sha256"] not in there] if state else []
        if gone and chosen is not None:
            text = f'by its weights, first in "{output.path}" ({output.class_name}): {listed(gone, MOST_PLACES)}'
            explained = replace(chosen, details=(*chosen.details, ("moved", text)))
            return [explained if each is chosen else each for each in findings]
    return list(findings)
