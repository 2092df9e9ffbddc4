"""What the layers of a reloaded model give, from one more load; asked for after a failure, since it takes time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.layers import layer_trace
from pytest_modelcompat.roundtrip.divergence.saved_model_source import classes_of, source_of
from pytest_modelcompat.roundtrip.load_job import job_of

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.layers import LayerTrace
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def reloaded_trace(context: SessionContext, attempt: Attempt, source: LayerTrace | None = None) -> LayerTrace | None:
    """What the layers of a reloaded model give, from one more load; None where that is not known.

    Args:
        context: what the session's targets share.
        attempt: the load that succeeded.
        source: what the layers give of the model that a SavedModel was saved from, which itself has a graph alone;
            None to take the name scopes of its graph for layers.
    """
    try:
        job = job_of(attempt.case, context, attempt.subject, attempt.inventory)
        job = replace(job, layers=True, call=False, digests=False, training=False, objects=(), ops=())
        job = replace(job, retry_uncompiled=False, saved_model_loaders=())
        if attempt.subject.format == "saved_model":
            known = classes_of(attempt.inventory) if source is None else source_of(source, list(attempt.outputs))
            job = replace(job, source=known)
        recorded = context.loaders.of(attempt.case.runtime).run(job).layers
        return layer_trace(recorded) if recorded is not None else None
    except Exception:  # noqa: BLE001 - the model's code has written what is read, and the failure is found already
        return None
