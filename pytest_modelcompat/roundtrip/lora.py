"""LoRA: Keras merges it into the kernels when it saves as .keras, by design, so that the file holds other weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.quantization import is_lora_weight, quantized_layers
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.static_check import option_syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.roundtrip.attempt import Attempt

_MOST_NAMED = 3
_CHECKED_BY = {Kind.WEIGHTS_CHANGED: ("weights",), Kind.PREDICTIONS_DRIFTED: ("weights", "predictions")}


def with_lora(finding: Finding, attempt: Attempt) -> Finding:
    """A finding of the round trip, explained by LoRA where that alone is what Keras saves in another way.

    Args:
        finding: the finding.
        attempt: the load.
    """
    paths = list(_merged(attempt))
    if not paths or finding.kind not in _CHECKED_BY:
        return finding
    named = listed((layer_location(path.split("/")) for path in paths), _MOST_NAMED, "and")
    merges = f"Keras merges LoRA into the kernel when it saves as .keras, by design: of {named}"
    if finding.kind is Kind.WEIGHTS_CHANGED:
        if not _are_of(attempt, paths):
            return finding
        cause = f"{merges} the file has the merged kernel, and LoRA weights that start again"
    elif set(paths) & {path for layers in quantized_layers(attempt.inventory).values() for path in layers}:
        cause = f"{merges} the quantized kernel is rounded again when LoRA is merged into it"
    else:
        return finding
    return replace(finding, cause=cause, fix=(_fix(finding, attempt),), blame=Blame.WRITER)


def _merged(attempt: Attempt) -> Iterator[str]:
    """The live layers whose LoRA a .keras does not have."""
    if attempt.subject.format != "keras" or attempt.is_given:
        return
    yield from dict.fromkeys(_owner(each.path) for each in attempt.subject.weights if is_lora_weight(each.path))


def _owner(path: str) -> str:
    return path.rpartition("/")[0]


def _are_of(attempt: Attempt, paths: list[str]) -> bool:
    """Whether only weights of these layers are others in the reloaded model."""
    kept = {each.content for each in attempt.loaded.weights}
    gone = [each.path for each in attempt.subject.weights if each.content not in kept]
    names = {path.rpartition("/")[2] for path in paths}
    return bool(gone) and all(_owner(path).rpartition("/")[2] in names for path in gone)


def _fix(finding: Finding, attempt: Attempt) -> str:
    """The option that checks everything but what the merge changes."""
    left = [check for check in attempt.case.settings.checks if check not in _CHECKED_BY[finding.kind]]
    return f"check the rest: {option_syntax(attempt).write('checks', left or ['structure'])}"
