"""The witness: the old artifact in the first runtime that loads it, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.proof.evidence.attempts import Attempts, is_of_size, what_failed
from pytest_modelcompat.migration.proof.evidence.batches import InputsError, derived, from_file, sizes, variations
from pytest_modelcompat.migration.proof.evidence.outputs import predictions_of
from pytest_modelcompat.migration.proof.hosts import host_named
from pytest_modelcompat.migration.proof.request import LOCAL, MODES, NotProvenError
from pytest_modelcompat.migration.proof.witnesses import nearest_to_create, witnesses
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.proof.evidence.batches import Question, Variation
    from pytest_modelcompat.migration.proof.evidence.outputs import Predictions
    from pytest_modelcompat.migration.proof.hosts import Host, Loaders
    from pytest_modelcompat.migration.proof.request import ProofRequest
    from pytest_modelcompat.runtimes.protocol import LoadResult

_MOST_WITNESSES = 4


@dataclass(frozen=True)
class Witnessed:
    """What the old artifact gave.

    Args:
        attempts: loads it.
        question: what it was asked.
        predictions: its answer.
        first: the first of its loads, with the digests of its weights.
    """

    attempts: Attempts
    question: Question
    predictions: Predictions
    first: LoadResult


@dataclass(frozen=True)
class Search:
    """Looks for a runtime that loads the old artifact, and asks it there.

    Args:
        request: how.
        loaders: of runtimes.
    """

    request: ProofRequest
    loaders: Loaders

    def _hosts(self, old: Inventory) -> Iterator[Host]:
        """The runtimes in which to load the old artifact."""
        request, options = self.request, self.request.options
        if request.mode not in MODES:
            try:
                yield host_named(request.mode, request.declared.get(request.mode))
            except UnknownRuntimeError as error:
                raise NotProvenError(str(error)) from None
            return
        found = witnesses(old, request.custom, safe_mode=options.safe_mode, compile_model=options.compile_model)
        for host in found:
            if request.mode == LOCAL and not host.runtime.is_local:
                continue
            if host.is_there or request.may_create:
                yield host

    def witnessed(self, old: Inventory) -> Witnessed:
        """What the old artifact gives in the first runtime that loads it.

        Raises:
            NotProvenError: none does, or its outputs say nothing.
        """
        failures: list[tuple[str, str]] = []
        for host in islice(self._hosts(old), _MOST_WITNESSES):
            try:
                attempts = Attempts(old, host, self.loaders.of(host), self.request.options)
            except (RuntimeUnavailableError, ProfileError) as error:
                if self.request.mode not in MODES:
                    raise
                failures.append((str(host), str(error)))
                continue
            found = self._asked(attempts)
            if isinstance(found, Witnessed):
                return found
            failures.append((str(host), found))
        raise NotProvenError(self._no_witness(old, failures), *failures)

    def _no_witness(self, old: Inventory, failures: Sequence[tuple[str, str]]) -> str:
        if failures:
            host, why = failures[0]
            return f"the old artifact does not load in {host}: {why}"
        name = nearest_to_create(old, self.request.custom, safe_mode=self.request.options.safe_mode)
        if not name:
            return "no runtime is known that loads the old artifact with what is declared"
        return f"no runtime that is here loads the old artifact: run `modelcompat runtimes create {name}`"

    def _asked(self, attempts: Attempts) -> Witnessed | str:
        """What an artifact gives; or why it does not load.

        Raises:
            NotProvenError: it loads, and there is nothing to ask it, or its answers say nothing.
        """
        failed = ""
        for size in sizes(attempts.inventory, self.request.derive.sizes):
            problem = ""
            for kinds in variations(attempts.inventory.compute_dtypes):
                question = self._question(attempts.inventory, kinds, size)
                loads = loads_of(attempts, question)
                failed = what_failed(loads[-1])
                if failed and not (is_of_size(loads[-1]) and question.has_open_size):
                    return failed
                if failed:
                    break
                predictions = predictions_of(loads)
                problem = predictions.why_they_say_little()
                if not problem:
                    return Witnessed(attempts, question, predictions, loads[0])
                if self.request.inputs is not None:
                    break
            if problem and not (predictions.are_empty and question.has_open_size):
                raise NotProvenError(problem)
        return failed or problem

    def _question(self, old: Inventory, kinds: Sequence[Variation], size: int) -> Question:
        """What to ask.

        Raises:
            NotProvenError: there are no inputs.
        """
        request = self.request
        try:
            if request.inputs is not None:
                return from_file(request.inputs, old)
            return derived(old, request.derive.inputs, kinds, size)
        except InputsError as error:
            raise NotProvenError(str(error)) from None
        except request.derive.refusals as error:
            raise NotProvenError(f"{error}; give them with --inputs FILE.npz") from None


def loads_of(attempts: Attempts, question: Question) -> list[LoadResult]:
    """A load for each batch, as far as they succeed; the first has digests of the weights."""
    loads: list[LoadResult] = []
    for batch in question.batches:
        loads.append(attempts.call(batch.values, digests=not loads))
        if what_failed(loads[-1]):
            break
    return loads
