"""Proof: the old artifact in a runtime that loads it, the new one in its own, and what both give for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.evidence.attempts import Attempts, LoadOptions, is_of_size, what_failed
from pytest_modelcompat.migration.evidence.batches import (
    InputsError,
    derived,
    for_other_names,
    from_file,
    sizes,
    variations,
)
from pytest_modelcompat.migration.evidence.outputs import agreement, predictions_of, tolerances_for
from pytest_modelcompat.migration.evidence.training import (
    Training,
    TrainingAgreement,
    loss_names,
    training_agreement,
)
from pytest_modelcompat.migration.evidence.weights import weight_agreement
from pytest_modelcompat.migration.hosts import Host, Loaders, host_named
from pytest_modelcompat.migration.witnesses import nearest_to_create, witnesses
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.results.migration import Proof
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError, NoSpaceError
from pytest_modelcompat.runtimes.protocol import TrainingJob
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.evidence.batches import Derive, Question
    from pytest_modelcompat.migration.evidence.outputs import Predictions
    from pytest_modelcompat.runtimes.protocol import LoadResult
    from pytest_modelcompat.runtimes.runtime import Runtime

    # Outputs, losses by name, names of outputs, seed -> nested targets to try.
    Targets = Callable[[Any, Any, Sequence[str], int], Iterable[Any]]

# Ways to prove that are no runtime's name.
AUTO, LOCAL, NONE = "auto", "local", "none"
MODES = (AUTO, LOCAL, NONE)
_MOST_WITNESSES = 4
_HALF = frozenset({"float16", "bfloat16"})


@dataclass(frozen=True)
class Derivation:
    """What gives inputs to a model, and targets to its loss, where nobody gives them.

    Args:
        inputs: gives them by inventory, seed and size of open axes.
        sizes: gives further sizes of open axes from the configurations of layers; None for a few that often fit.
        targets: gives targets for a compiled loss to try, by the outputs (nested arrays), the losses' names, the
            outputs' names and a seed; without it, no compiled model is proven.
        refusals: the exceptions with which these say, in a sentence, that they cannot.
    """

    inputs: Derive
    sizes: Callable[[Iterable[Mapping[str, Any]]], Sequence[int]] | None = None
    targets: Targets | None = None
    refusals: tuple[type[Exception], ...] = ()


@dataclass(frozen=True)
class ProofRequest:
    """How artifacts are to be proven.

    Args:
        target: the name of the runtime that the new artifact is for.
        derive: what gives inputs and targets.
        mode: `auto`; `local` for the local runtime and its `tf_keras` alone; `none`; or the name of the runtime in
            which the old artifact is loaded.
        inputs: an .npz of inputs, in place of derived ones.
        options: what is declared to both loads.
        rtol: in place of the table's; None for the table's.
        atol: likewise.
        may_create: whether a runtime that is not there may be created.
        declared: runtimes that the project declares, by name.
        profile: the name or path of the target's profile, where its name does not say it.
    """

    target: str
    derive: Derivation
    mode: str = AUTO
    inputs: Path | None = None
    options: LoadOptions = field(default_factory=LoadOptions)
    rtol: float | None = None
    atol: float | None = None
    may_create: bool = True
    declared: Mapping[str, Runtime] = field(default_factory=dict)
    profile: str = ""

    @property
    def custom(self) -> frozenset[str]:
        """The names that are declared."""
        return frozenset(self.options.declared.custom_objects)


class NotProvenError(Exception):
    """Why there is no proof, in one sentence; `details` are further facts, labelled."""

    def __init__(self, message: str, *details: tuple[str, str]) -> None:
        super().__init__(message)
        self.details = details


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
        self.loaders = Loaders(local, tell, request.may_create)

    def __enter__(self) -> Prover:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every loader that was started."""
        self.loaders.close()

    def prove(self, old: Inventory, new: Inventory, lost: Sequence[str] = ()) -> Proof:
        """Load both artifacts, ask both the same, and hold the answers against each other.

        Args:
            old: of the artifact as it is.
            new: of the written one, under a name that its runtime reads.
            lost: what was dropped knowingly, in words (`PlannedEdit.loses`): it is not asked for.
        """
        proof = Proof()
        try:
            if self._request.mode == NONE:
                raise NotProvenError("no proof was asked for")
            target = self._target()
            witnessed = self._witnessed(old)
            proof = replace(proof, old=str(witnessed.attempts.host), inputs=witnessed.question.words)
            attempts = Attempts(new, target, self.loaders.of(target), self._request.options)
            proof = replace(proof, new=str(target))
            return self._compared(proof, witnessed, attempts, tuple(lost))
        except NotProvenError as error:
            return replace(proof, problem=str(error), details=(*proof.details, *error.details))
        except RuntimeUnavailableError as error:
            fix = tuple(("fix", each) for each in error.fix)
            return replace(proof, problem=str(error), details=(*proof.details, *fix))
        except (LoaderUnavailableError, NoSpaceError) as error:
            return replace(proof, problem=f"a loader cannot be started: {error}")

    def _target(self) -> Host:
        request = self._request
        try:
            return host_named(request.target, request.declared.get(request.target), request.profile)
        except UnknownRuntimeError as error:
            raise NotProvenError(str(error)) from None

    def _hosts(self, old: Inventory) -> Iterator[Host]:
        """The runtimes in which to load the old artifact."""
        request, options = self._request, self._request.options
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

    def _witnessed(self, old: Inventory) -> Witnessed:
        """What the old artifact gives in the first runtime that loads it.

        Raises:
            NotProvenError: none does, or its outputs say nothing.
        """
        failures: list[tuple[str, str]] = []
        for host in islice(self._hosts(old), _MOST_WITNESSES):
            try:
                attempts = Attempts(old, host, self.loaders.of(host), self._request.options)
            except (RuntimeUnavailableError, ProfileError) as error:
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
        name = nearest_to_create(old, self._request.custom, safe_mode=self._request.options.safe_mode)
        if not name:
            return "no runtime is known that loads the old artifact with what is declared"
        return f"no runtime that is here loads the old artifact: run `modelcompat runtimes create {name}`"

    def _asked(self, attempts: Attempts) -> Witnessed | str:
        """What an artifact gives; or why it does not load.

        Raises:
            NotProvenError: it loads, and there is nothing to ask it, or its answers say nothing.
        """
        loaded, problem = None, ""
        for question in self._questions(attempts.inventory):
            loads = _loads(attempts, question)
            failed = what_failed(loads[-1])
            if failed and not is_of_size(loads[-1]):
                return failed
            problem = failed or predictions_of(loads).why_they_say_little()
            loaded = loads[-1]
            if not problem:
                return Witnessed(attempts, question, predictions_of(loads), loads[0])
        if loaded is not None and what_failed(loaded):
            return problem
        raise NotProvenError(problem)

    def _questions(self, old: Inventory) -> Iterator[Question]:
        """What to ask, until an answer tells something.

        Raises:
            NotProvenError: there are no inputs.
        """
        request = self._request
        try:
            if request.inputs is not None:
                yield from_file(request.inputs, old)
                return
            kinds = variations(old.compute_dtypes)
            for size in sizes(old, request.derive.sizes):
                question = derived(old, request.derive.inputs, kinds[0], size)
                yield question
                for others in kinds[1:]:
                    yield derived(old, request.derive.inputs, others, size)
        except InputsError as error:
            raise NotProvenError(str(error)) from None
        except request.derive.refusals as error:
            raise NotProvenError(f"{error}; give them with --inputs FILE.npz") from None

    def _compared(self, proof: Proof, witnessed: Witnessed, attempts: Attempts, lost: tuple[str, ...]) -> Proof:
        old, new = witnessed.attempts.inventory, attempts.inventory
        question = witnessed.question
        renamed = tuple(replace(each, values=for_other_names(each.values, old, new)) for each in question.batches)
        loads = _loads(attempts, replace(question, batches=renamed))
        failed = what_failed(loads[-1])
        if failed:
            raise NotProvenError(f"the new artifact does not load and predict in {attempts.host}: {failed}")
        allowed = tolerances_for((*old.compute_dtypes, *new.compute_dtypes), self._request.rtol, self._request.atol)
        found = agreement(
            witnessed.predictions, predictions_of(loads), question.batches, allowed, in_order=_has_order(old)
        )
        proof = replace(proof, figures=found.figures)
        if found.problem:
            return replace(proof, problem=self._or_random(found.problem, witnessed))
        weights = weight_agreement(witnessed.first.weights, loads[0].weights)
        proof = replace(proof, weights=weights.words)
        if weights.problem:
            raise NotProvenError(weights.problem)
        training = self._training(witnessed, attempts, lost)
        return replace(proof, training=training.words, problem=training.problem)

    def _or_random(self, problem: str, witnessed: Witnessed) -> str:
        """A problem, unless the old model does not agree with itself either."""
        again = predictions_of(_loads(witnessed.attempts, witnessed.question))
        allowed = tolerances_for(witnessed.attempts.inventory.compute_dtypes, self._request.rtol, self._request.atol)
        with_itself = agreement(witnessed.predictions, again, witnessed.question.batches, allowed, in_order=False)
        if with_itself.problem:
            return f"the old model predicts something else at each call, so that nothing is compared: {problem}"
        return problem

    def _training(self, witnessed: Witnessed, attempts: Attempts, lost: tuple[str, ...]) -> TrainingAgreement:
        old, new = witnessed.attempts.inventory, attempts.inventory
        if not self._request.options.compile_model or not old.training or "saved_model" in (old.format, new.format):
            return TrainingAgreement("")
        if not new.training:
            dropped = "; ".join(lost)
            problem = "" if lost else "the new artifact has nothing of what compile() was given"
            return TrainingAgreement(f"not compared, as it is lost: {dropped}" if lost else "", problem)
        targets, mine = self._trial(witnessed)
        if mine is None:
            return TrainingAgreement("the old model has no loss to evaluate")
        inputs = for_other_names(witnessed.question.first, old, new)
        again = _trained(witnessed.attempts, witnessed.question.first, targets, seed=1)
        theirs = _trained(attempts, inputs, targets)
        return training_agreement(
            mine,
            again,
            theirs,
            is_half=bool(_HALF & {*old.compute_dtypes, *new.compute_dtypes}),
            keeps_state=new.format == "keras" or attempts.host.reader < (3, 0),
            lost=lost,
        )

    def _trial(self, witnessed: Witnessed) -> tuple[Any, Training | None]:
        """The targets with which the old model can be evaluated, and what it gives; None where it has no loss.

        Raises:
            NotProvenError: there are no targets that fit.
        """
        inventory = witnessed.attempts.inventory
        loss = loss_names(inventory.training)
        if loss is None:
            return None, None
        if self._request.derive.targets is None:
            raise NotProvenError("the compiled loss is not compared: nothing derives targets for it")
        problem = "no targets are derived for its loss"
        try:
            for targets in self._request.derive.targets(_shaped(witnessed), loss, witnessed.predictions.names, 0):
                training = _trained(witnessed.attempts, witnessed.question.first, targets)
                if training.is_evaluated:
                    return targets, training
                problem = training.error or "the loss is not a finite number"
        except self._request.derive.refusals as error:
            problem = str(error)
        raise NotProvenError(f"the old model cannot be evaluated, so that training is not compared: {problem}")


def _loads(attempts: Attempts, question: Question) -> list[LoadResult]:
    """A load for each batch, as far as they succeed; the first has digests of the weights."""
    loads: list[LoadResult] = []
    for batch in question.batches:
        loads.append(attempts.call(batch.values, digests=not loads))
        if what_failed(loads[-1]):
            break
    return loads


def _trained(attempts: Attempts, inputs: Any, targets: Any, seed: int = 0) -> Training:
    loaded = attempts.train(inputs, TrainingJob(targets, steps=True, seed=seed))
    failed = what_failed(loaded)
    return Training(None, {}, {}, failed) if failed else Training.of(loaded.training, loaded.trial)


def _shaped(witnessed: Witnessed) -> Any:
    """The outputs for the first part of the question, nested as a list or alone, from which targets get their shapes."""
    batch, outputs = witnessed.question.batches[0], witnessed.predictions.batches[0]
    stop = batch.parts[0].stop if len(batch.parts) > 1 else None
    leaves = {name: leaf[:stop] if stop and hasattr(leaf, "shape") else leaf for name, leaf in outputs.items()}
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    root = witnessed.attempts.inventory.root.get("config")
    is_dict = isinstance(root, dict) and isinstance(root.get("output_layers"), dict)
    return leaves if is_dict else list(leaves.values())


def _has_order(inventory: Inventory) -> bool:
    config = inventory.root.get("config")
    return isinstance(config, dict) and isinstance(config.get("output_layers"), list)
