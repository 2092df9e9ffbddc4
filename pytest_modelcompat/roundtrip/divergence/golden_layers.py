"""What the layers of a model gave when its golden was recorded: a line for each output, in the golden's own form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.layers import LayerOutput, LayerTrace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.golden.golden import Golden

_VERSIONS = ("keras", "tensorflow")
_DIGITS = 7
_KEY = re.compile(r"(?P<path>.*?)(?:#(?P<call>[2-9]|[1-9][0-9]+))?(?::(?P<leaf>[1-9][0-9]*))?", re.DOTALL)
_SPEC = re.compile(r"(?P<dtype>\S+) \((?P<shape>[0-9, ]*)\)")


def golden_layers(trace: LayerTrace | None, made_by: Mapping[str, str]) -> dict[str, Any]:
    """The section `layers` of a golden; empty where nothing is known of layers.

    Args:
        trace: what the layers of the model give.
        made_by: versions of what computed it.
    """
    if trace is None:
        return {}
    # The outputs of the model itself are in the golden as they are.
    outputs = {
        each.key: [
            each.class_name,
            f"{each.dtype} ({', '.join(map(str, each.shape))})",
            each.digest,
            each.inputs,
            [float(f"{number:.{_DIGITS}g}") for number in each.sketch],
        ]
        for each in trace.outputs
        if each.path and each.is_steady
    }
    versions = {name: made_by[name] for name in _VERSIONS if name in made_by}
    return {"made_by": versions, "outputs": outputs} if outputs else {}


def golden_trace(golden: Golden) -> LayerTrace | None:
    """What the layers gave when a golden was recorded; None where it does not say, as one of an earlier plugin."""
    outputs = golden.layers.get("outputs")
    if not outputs:
        return None
    found = [_output(key, *entry) for key, entry in outputs.items()]
    return LayerTrace(tuple(each for each in found if each is not None))


def _output(key: str, class_name: str, spec: str, digest: str, inputs: str, sketch: list[float]) -> LayerOutput | None:
    name, tensor = _KEY.fullmatch(key), _SPEC.fullmatch(spec)
    if name is None or tensor is None:
        return None
    return LayerOutput(
        path=name["path"],
        class_name=class_name,
        dtype=tensor["dtype"],
        shape=tuple(int(size) for size in tensor["shape"].split(",") if size.strip()),
        digest=digest,
        sketch=tuple(sketch),
        inputs=inputs,
        call=int(name["call"] or 1),
        leaf=int(name["leaf"] or 0),
    )


def has_versions(golden: Golden, made_by: Mapping[str, str]) -> bool:
    """Whether a golden's layers were recorded with these versions of TensorFlow and Keras."""
    recorded = golden.layers.get("made_by", {})
    return all(recorded.get(name) == made_by.get(name) for name in _VERSIONS)
