"""What the layers of a live model give, and those of a reloaded one; asked for after a failure, since it takes time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.layers import LayerTrace, layer_trace
from pytest_modelcompat.roundtrip.load_job import job_of

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def trace_of(model: Any, inputs: Any) -> LayerTrace | None:
    """What the layers of a Keras model in this process give, and whether that is steady; None where a call fails.

    Args:
        model: the Keras model.
        inputs: nested inputs that it takes.
    """
    try:
        return _recorded(model, inputs).steady_in(_recorded(model, inputs))
    except Exception:  # noqa: BLE001 - it runs the user's code; a failure is explained without
        return None


def _recorded(model: Any, inputs: Any) -> LayerTrace:
    from pytest_modelcompat.loader.layer_trace import LayerTrace as Recording

    recording = Recording(model)
    recording.run(inputs)
    return layer_trace({"entries": recording.entries, "state": recording.state(), "samples": recording.samples})


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
