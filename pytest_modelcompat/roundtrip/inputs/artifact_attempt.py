"""Loading a given artifact with derived inputs that fit the model in it, and that tell something of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.degenerate import why_degenerate
from pytest_modelcompat.roundtrip.attempt import Attempt
from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_artifact
from pytest_modelcompat.roundtrip.inputs.recorded import recorded_inputs
from pytest_modelcompat.roundtrip.inputs.search import as_recorded, few_other_sizes, have_elements, seeds
from pytest_modelcompat.roundtrip.inputs.values import OPEN_SIZE, DerivedInputs
from pytest_modelcompat.roundtrip.load_job import job_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.roundtrip.subject import Subject
    from pytest_modelcompat.runtimes.process import LoaderProcess, SubmittedJob

# What TensorFlow and Keras raise for a tensor of a size that does not fit.
_OF_SIZE = ("InvalidArgumentError", "AbortedError", "ValueError")


class ArtifactAttempts:
    """The attempts to load one artifact, each in a fresh process.

    Args:
        case: the case.
        context: what the session's targets share.
        inventory: what was read of the artifact.
        loader: loads it.
    """

    def __init__(self, case: Case, context: SessionContext, inventory: Inventory, loader: LoaderProcess) -> None:
        self._case, self._context, self._inventory, self._loader = case, context, inventory, loader

    def load(self, subject: Subject) -> Attempt:
        """Load an artifact; where its inputs are derived, with those that fit it and tell something of it.

        Args:
            subject: the artifact.
        """
        if not subject.derived or self._case.artifact is None:
            return self._attempt(subject)
        sizes = few_other_sizes(layer.config for layer in self._inventory.layers)
        seed = self._case.settings.seed
        known = as_recorded(self._derive, seed, sizes, recorded_inputs(self._case, self._context))
        if known is not None:
            return self._attempt(_with(subject, known))
        first = self._attempt(subject)
        if (_is_of_size(first) or _is_empty(first)) and self._derive(seed, OPEN_SIZE).has_open_size:
            return self._fitting(first, sizes)
        return self._telling(first)

    def begin(self, subject: Subject) -> SubmittedJob:
        """Have an artifact loaded, whose outcome `end` gives.

        Args:
            subject: the artifact.
        """
        return self._loader.submit(job_of(self._case, self._context, subject, self._inventory))

    def end(self, subject: Subject, submitted: SubmittedJob) -> Attempt:
        """Wait for an artifact to be loaded.

        Args:
            subject: the artifact, with all that is known of it by now.
            submitted: what `begin` gave.
        """
        return Attempt(self._case, subject, self._inventory, self._loader.result(submitted))

    def _attempt(self, subject: Subject) -> Attempt:
        return self.end(subject, self.begin(subject))

    def _derive(self, seed: int, size: int) -> DerivedInputs:
        return inputs_for_artifact(self._inventory, seed, size)

    def _fitting(self, first: Attempt, sizes: Iterable[int]) -> Attempt:
        for size in sizes:
            other = self._attempt(_with(first.subject, self._derive(self._case.settings.seed, size)))
            if other.loaded.succeeded and not _is_empty(other):
                return other
        return first

    def _telling(self, first: Attempt) -> Attempt:
        best, fewest = first, _degenerate(first)
        for seed in seeds(self._case.settings.seed):
            if not fewest:
                break
            other = self._attempt(_with(first.subject, self._derive(seed, OPEN_SIZE)))
            if other.loaded.succeeded and _degenerate(other) < fewest:
                best, fewest = other, _degenerate(other)
        return best


def _with(subject: Subject, derived: DerivedInputs) -> Subject:
    return replace(subject, inputs=derived.values, derived=str(derived))


def _is_of_size(attempt: Attempt) -> bool:
    error = attempt.loaded.error
    return attempt.loaded.stage == "predict" and error is not None and error["type"] in _OF_SIZE


def _is_empty(attempt: Attempt) -> bool:
    return attempt.loaded.succeeded and not have_elements(attempt.outputs.values())


def _degenerate(attempt: Attempt) -> int:
    """How many outputs say little of the model; none where it did not load."""
    return sum(bool(why_degenerate(output)) for output in attempt.outputs.values()) if attempt.loaded.succeeded else 0
