"""Proof: the old artifact in a runtime that loads it, the new one in its own, and what both give for one input."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.proof.evidence.attempts import Attempts, LoadOptions, what_failed
from pytest_modelcompat.migration.proof.evidence.batches import for_other_names
from pytest_modelcompat.migration.proof.evidence.graph_loader import graph_loader_agreement
from pytest_modelcompat.migration.proof.evidence.outputs import agreement, predictions_of, tolerances_for
from pytest_modelcompat.migration.proof.evidence.trial import Trial
from pytest_modelcompat.migration.proof.evidence.weights import weight_agreement
from pytest_modelcompat.migration.proof.evidence.witness import Search, loads_of
from pytest_modelcompat.migration.proof.hosts import Host, Loaders, host_named
from pytest_modelcompat.migration.proof.request import NONE, Derivation, NotProvenError, ProofRequest
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.results.migration import Proof
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError, NoSpaceError
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.proof.evidence.witness import Witnessed
    from pytest_modelcompat.results.migration import Lost

__all__ = ["Derivation", "LoadOptions", "ProofRequest", "Prover"]


class Prover:
    """Proves written artifacts; its loaders serve for many.

    Args:
        request: how.
        tell: is called with a line about each step of the creation of a runtime.
        local: a loader of the local runtime that is there already; its maker closes it.
    """

    def __init__(
        self, request: ProofRequest, tell: Callable[[str], None] = lambda _: None, local: LoaderProcess | None = None
    ) -> None:
        self._request = request
        self.loaders = Loaders(local, tell, request.may_create, request.sys_path)

    def close(self) -> None:
        """End every loader that was started."""
        self.loaders.close()

    def prove(self, old: Inventory, new: Inventory, lost: Sequence[Lost] = ()) -> Proof:
        """Load both artifacts, ask both the same, and hold the answers against each other.

        Args:
            old: of the artifact as it is.
            new: of the written one, under a name that its runtime reads.
            lost: what was dropped knowingly: it is not asked for.
        """
        proof = Proof()
        if self._request.mode == NONE:
            return replace(proof, problem="no proof was asked for")
        try:
            target = self._target()
            witnessed = Search(self._request, self.loaders).witnessed(old)
            proof = replace(proof, old=str(witnessed.attempts.host), inputs=witnessed.question.words, new=str(target))
            attempts = Attempts(new, target, self.loaders.of(target), self._request.options)
            proof = self._with_predictions(proof, witnessed, attempts)
            if proof.holds:
                training = Trial(self._request, witnessed).agreement(attempts, lost)
                proof = replace(proof, training=training.words, problem=training.problem)
        except NotProvenError as error:
            return replace(proof, problem=str(error), details=error.details)
        except RuntimeUnavailableError as error:
            return replace(proof, problem=str(error), details=tuple(("fix", each) for each in error.fix))
        except ProfileError as error:
            return replace(proof, problem=str(error))
        except (LoaderUnavailableError, NoSpaceError) as error:
            return replace(proof, problem=f"a loader cannot be started: {error or 'its process ended'}")
        return proof

    def _target(self) -> Host:
        request = self._request
        try:
            return host_named(request.target, request.declared.get(request.target), request.profile)
        except UnknownRuntimeError as error:
            raise NotProvenError(str(error)) from None

    def _with_predictions(self, proof: Proof, witnessed: Witnessed, attempts: Attempts) -> Proof:
        """A proof with what the new artifact predicts, and with its weights.

        Raises:
            NotProvenError: it does not load and predict.
        """
        old, new, question = witnessed.attempts.inventory, attempts.inventory, witnessed.question
        batches = tuple(replace(each, values=for_other_names(each.values, old, new)) for each in question.batches)
        loads = loads_of(attempts, replace(question, batches=batches))
        failed = what_failed(loads[-1])
        if failed:
            raise NotProvenError(f"the new artifact does not load and predict in {attempts.host}: {failed}")
        allowed = tolerances_for((*old.compute_dtypes, *new.compute_dtypes), self._request.rtol, self._request.atol)
        predicted = predictions_of(loads, served=old.format != "saved_model")
        found = agreement(witnessed.predictions, predicted, batches, allowed, in_order=_has_order(old))
        proof = replace(proof, figures=found.figures)
        if found.problem:
            return replace(proof, problem=self._or_random(found.problem, witnessed))
        served = graph_loader_agreement(witnessed.first, loads[0], batches[0], allowed)
        if served.words:
            proof = replace(proof, details=(*proof.details, ("served", served.words)))
        if served.problem:
            return replace(proof, problem=served.problem)
        weights = weight_agreement(witnessed.first.weights, loads[0].weights)
        return replace(proof, weights=weights.words, problem=weights.problem)

    def _or_random(self, problem: str, witnessed: Witnessed) -> str:
        """A problem, unless the old model does not agree with itself either."""
        again = predictions_of(loads_of(witnessed.attempts, witnessed.question))
        allowed = tolerances_for(witnessed.attempts.inventory.compute_dtypes, self._request.rtol, self._request.atol)
        with_itself = agreement(witnessed.predictions, again, witnessed.question.batches, allowed, in_order=False)
        if with_itself.problem:
            return f"the old model predicts something else at each call, so that nothing is compared: {problem}"
        return problem


def _has_order(inventory: Inventory) -> bool:
    """Whether a model's outputs are a list, not a dict."""
    config = inventory.root.get("config")
    return isinstance(config, dict) and isinstance(config.get("output_layers"), list)
