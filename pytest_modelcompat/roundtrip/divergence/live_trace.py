"""What the layers of a live model give; asked for after a failure, or to write a golden, since it takes time."""

from __future__ import annotations

from typing import Any

from pytest_modelcompat.comparison.layers import LayerTrace, layer_trace


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
