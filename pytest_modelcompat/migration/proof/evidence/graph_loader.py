"""The graph loader: whether what loads a SavedModel as TensorFlow 1 and TensorFlow Serving do takes the new one, too.

`tf.saved_model.load` reads the functions of a SavedModel, and never its main graph, which is what these run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.migration.proof.evidence.attempts import GRAPH
from pytest_modelcompat.migration.proof.evidence.outputs import Predictions, agreement, predictions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.migration.proof.evidence.batches import Batch
    from pytest_modelcompat.migration.proof.evidence.outputs import Tolerances
    from pytest_modelcompat.runtimes.protocol import LoadResult, OtherLoadResult

_CALL = "tf.compat.v1.saved_model.load"


@dataclass(frozen=True)
class GraphLoaderAgreement:
    """What the graph loader makes of the new artifact, beside the old one.

    Args:
        words: what was asked; empty where nothing was.
        problem: why the new one is worse, in one sentence; empty where it is not.
    """

    words: str = ""
    problem: str = ""


def graph_loader_agreement(old: LoadResult, new: LoadResult, batch: Batch, allowed: Tolerances) -> GraphLoaderAgreement:
    """Hold what the graph loader gives for both artifacts against each other.

    Args:
        old: the load of the old artifact that tried it; it may be of a format that this loader does not read.
        new: that of the new one.
        batch: what both were called with.
        allowed: tolerance by output and dtype.
    """
    theirs, mine = new.other_results.get(GRAPH), old.other_results.get(GRAPH)
    if theirs is None or theirs.unavailable:
        return GraphLoaderAgreement()
    if not theirs.succeeded:
        does = "refuses" if theirs.stage == "load" else "loads and does not run"
        if mine is not None and not mine.succeeded and not mine.unavailable:
            return GraphLoaderAgreement(f"{_CALL} refuses both, the old artifact and the new one: {_why(theirs)}")
        problem = f"{_CALL}, which is strict as TensorFlow Serving, {does} the new artifact: {_why(theirs)}"
        return GraphLoaderAgreement(problem=problem)
    if mine is None or not mine.succeeded or _problem(predictions_of([old]), _given(mine), batch, allowed):
        # Where it gives something else for the old one already, as random numbers, there is nothing to compare.
        return GraphLoaderAgreement(f"{_CALL} takes the new artifact, too")
    problem = _problem(_given(mine), _given(theirs), batch, allowed)
    if problem:
        return GraphLoaderAgreement(problem=f"in {_CALL}, {problem}")
    return GraphLoaderAgreement(f"{_CALL} takes the new artifact, too, and gives the same")


def _given(other: OtherLoadResult) -> Predictions:
    return predictions_of([other])


def _problem(old: Predictions, new: Predictions, batch: Batch, allowed: Tolerances) -> str:
    batches: Sequence[Batch] = (batch,)
    return agreement(old, new, batches, allowed, in_order=False).problem


def _why(other: OtherLoadResult) -> str:
    if other.error is not None:
        kind = str(other.error["type"])
        return f"{kind}: {root_cause(str(other.error['message']), kind)}"
    return f"its process ended with exit code {other.process_exit.code}"
