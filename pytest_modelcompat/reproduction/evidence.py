"""What a script can show of a failed target, or why it can show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.results.failed_target import FailedTarget
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.runtimes.protocol import LoadResult

_COMPARED = {
    Kind.PREDICTIONS_DRIFTED: "outputs",
    Kind.STRUCTURE_CHANGED: "structure",
    Kind.WEIGHTS_CHANGED: "weights",
    Kind.TRAINING_CHANGED: "training",
    Kind.WEIGHTS_DO_NOT_FIT: "loads",
}
_OF_THE_MACHINE = (Kind.OUT_OF_MEMORY, Kind.DISK_FULL, Kind.STOPPED_BY_ISOLATION, Kind.ISOLATION_MISSING)
# Raised by the loader itself, which a plain script does without.
_OWN_ERRORS = ("SignatureMismatchError", "NoKerasModelError", "UnavailableError", "ShapeVariesError")


class NothingToShowError(Exception):
    """No script can fail as the target did; the message says why."""


def shown(failed: FailedTarget) -> tuple[str, ...]:
    """What a script shows, in the order of the findings; see `Recipe.shows`.

    Args:
        failed: the target.

    Raises:
        NothingToShowError: it can show nothing.
    """
    first = failed.result.errors[0]
    if failed.loaded is None or failed.job is None:
        raise NothingToShowError(failed.problem or "nothing was loaded")
    if first.kind in _OF_THE_MACHINE:
        raise NothingToShowError(f"{first.kind.value} is about the machine that it ran on")
    if failed.problem:
        raise NothingToShowError(failed.problem)
    if not failed.loaded.succeeded:
        return (_ending(failed.loaded),)
    kinds = tuple(dict.fromkeys(_compared(failed)))
    if not kinds:
        raise NothingToShowError(f"{first.kind.value} is neither about loading the model nor about what it predicts")
    if "outputs" in kinds:
        _refuse_incomparable(failed)
    return kinds


def _ending(loaded: LoadResult) -> str:
    """How a load that failed has ended."""
    ended, error = loaded.process_exit, loaded.error
    if ended.timed_out:
        return "hang"
    if ended.code:
        return "crash" if ended.code < 0 else "exit"
    if error is None or error["type"] == "SystemExit":
        return "exit"
    if error["type"] in _OWN_ERRORS:
        raise NothingToShowError(f"the loader itself refused it: {error['message']}".partition("\n")[0])
    return "error"


def _compared(failed: FailedTarget) -> Iterator[str]:
    for finding in failed.result.errors:
        if finding.runtime:
            # It is predicted for another runtime.
            continue
        if finding.kind is Kind.NOT_DETERMINISTIC and not any(call.expected for call in failed.calls):
            yield "twice"
        elif finding.kind is Kind.LOADERS_DISAGREE and finding.subject == "graph":
            yield "graph"
        elif finding.kind in _COMPARED:
            yield _COMPARED[finding.kind]


def _refuse_incomparable(failed: FailedTarget) -> None:
    from pytest_modelcompat.loader.tensors import Sampled

    for call in failed.calls:
        for name, leaf in call.expected.items():
            limit = failed.tolerances.get(name)
            if isinstance(leaf, Sampled):
                raise NothingToShowError(f"output {name!r} draws random numbers and is compared over many calls")
            if limit is not None and limit.own is not None and not hasattr(limit.own, "arguments"):
                raise NothingToShowError("a hook of the project compares the outputs")


def training_evidence(failed: FailedTarget) -> dict[str, Any] | None:
    """What the reloaded model lacks of its training, as `training.json` has it; None where nothing is known.

    Args:
        failed: a target that fails with `TRAINING CHANGED`.
    """
    training = failed.training
    finding = next(each for each in failed.result.errors if each.kind is Kind.TRAINING_CHANGED)
    found = dict(_state(training.saved or {}, training.reloaded)) if training.saved else {}
    evaluated = _evaluated(finding)
    named = {name: value for name, value in training.evaluated.items() if name in evaluated}
    if any("raises on a batch" in line for line in evaluated.values()):
        found["raises"] = True
    elif named:
        found["evaluated"] = named
    elif "loss after it" in evaluated and training.step:
        found["step"] = training.step["loss after it"]
    return found or None


def _state(saved: Mapping[str, Any], reloaded: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    if reloaded is None or saved["optimizer"] != reloaded["optimizer"]:
        yield "optimizer", saved["optimizer"]
        return
    for part in ("config", "compile"):
        if saved[part] != reloaded[part]:
            yield part, saved[part]
    digests = [each["sha256"] for each in saved["variables"]]
    if set(digests) - {each["sha256"] for each in reloaded["variables"]}:
        yield "variables", digests


def _evaluated(finding: Finding) -> dict[str, str]:
    text = dict(finding.details).get("evaluated", "")
    return {line.partition(":")[0]: line for line in text.splitlines()}
