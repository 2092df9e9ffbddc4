"""What the layers of a reloaded model give, from one more load; asked for after a failure, since it takes time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.layers import layer_trace
from pytest_modelcompat.roundtrip.load_job import job_of

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.layers import LayerTrace
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def reloaded_trace(context: SessionContext, attempt: Attempt) -> LayerTrace | None:
    """What the layers of a reloaded model give, from one more load; None for a SavedModel, which has no layers to call.

    Args:
        context: what the session's targets share.
        attempt: the load that succeeded.
    """
    if attempt.subject.format == "saved_model":
        return None
    try:
        job = job_of(attempt.case, context, attempt.subject, attempt.inventory)
        job = replace(job, layers=True, call=False, digests=False, training=False, objects=(), ops=())
        recorded = context.loaders.of(attempt.case.runtime).run(replace(job, retry_uncompiled=False)).layers
        return layer_trace(recorded) if recorded is not None else None
    except Exception:  # noqa: BLE001 - the model's code has written what is read, and the failure is found already
        return None
