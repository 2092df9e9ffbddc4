"""A target that failed, handed to what keeps it as a folder for others to run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.comparison.routes import compare_routes
from pytest_modelcompat.golden.golden import GoldenError
from pytest_modelcompat.results.failed_target import FailedTarget, ModelCall, SavedTraining
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.reproduction import Reproduction
from pytest_modelcompat.roundtrip import save
from pytest_modelcompat.roundtrip.golden_check import unpacked
from pytest_modelcompat.roundtrip.layer_outputs import layer_outputs
from pytest_modelcompat.roundtrip.load_job import job_of
from pytest_modelcompat.roundtrip.stop import TargetStoppedError
from pytest_modelcompat.roundtrip.subject import Subject
from pytest_modelcompat.roundtrip.tolerances import tolerances
from pytest_modelcompat.roundtrip.workspace import golden_folder
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import Signature
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext

_NOTHING_LOADED = "nothing was loaded"


def with_reproduction(
    result: Result, case: Case, context: SessionContext, attempt: Attempt | None = None, stopped: Any = None
) -> Result:
    """A result with the folder that its failure is kept in; as it is where it passed or nobody asks for a folder.

    Args:
        result: the target's result.
        case: the case.
        context: what the session's targets share.
        attempt: the load; None where nothing was loaded.
        stopped: what stopped the target before its artifact was loaded; None where nothing did.
    """
    keeper = context.keeper
    if keeper is None:
        return result
    where = (*case.golden.escape(), str(case.target))
    if not result.failed:
        keeper.clear(where)
        return result
    runtime = context.loaders.runtimes.get(case.runtime) if attempt is not None else LOCAL_RUNTIME
    base = FailedTarget(result, where, runtime, context.root, problem=_NOTHING_LOADED, golden=_golden(case, context))
    try:
        if attempt is not None:
            return replace(result, reproduction=keeper.keep(_of_attempt(base, context, attempt)))
        called = getattr(stopped, "called", None)
        if called is not None:
            return replace(result, reproduction=_kept_call(base, case, context, called))
        return replace(result, reproduction=keeper.keep(base))
    except Exception as error:  # noqa: BLE001 - the failure itself must be reported, whatever happens here
        problem = f"the folder could not be written: {type(error).__name__}: {error}"
        return replace(result, reproduction=Reproduction("", problem=problem.partition("\n")[0]))


def _golden(case: Case, context: SessionContext) -> Path | None:
    folder = golden_folder(case, context)
    return folder if (folder / "golden.json").is_file() else None


def _of_attempt(base: FailedTarget, context: SessionContext, attempt: Attempt) -> FailedTarget:
    """A target whose artifact was given to the loader."""
    case, subject, loaded = attempt.case, attempt.subject, attempt.loaded
    outputs = _expected(context, attempt)
    calls, problem = _calls(subject, attempt.inventory, outputs)
    allowed = tolerances(case.settings, attempt.inventory.compute_dtypes, list(outputs), case.extensions.compare)
    live = subject.live
    return replace(
        base,
        job=job_of(case, context, subject, attempt.inventory),
        loaded=loaded,
        calls=tuple(each.call for each in calls),
        tolerances={
            theirs: allowed(ours, _dtype(outputs[ours])) for each in calls for theirs, ours in each.names.items()
        },
        weights=subject.weights,
        training=_training(attempt),
        versions=loaded.versions or (attempt.versions_here if case.target.is_local else {}),
        problem=problem,
        defining=tuple(subject.defining_modules.values()),
        layer_outputs=live.layer_outputs if live is not None else lambda: None,
    )


def _training(attempt: Attempt) -> SavedTraining:
    trial, loaded = attempt.subject.trial, attempt.loaded
    saved = SavedTraining(attempt.subject.training, loaded.training)
    if trial is None or trial.problem:
        return saved
    return replace(saved, targets=trial.targets, evaluated=trial.evaluated, step={} if trial.draws else trial.step)


def _expected(context: SessionContext, attempt: Attempt) -> Mapping[str, Any]:
    """What the artifact should have given: the live model's outputs, or the golden's."""
    live = attempt.subject.outputs
    case, loads = attempt.case, attempt.loaded.succeeded
    if live is not None and (case.frozen is not None or not loads):
        return live
    allowed = tolerances(case.settings, attempt.inventory.compute_dtypes, list(live or ()), case.extensions.compare)
    if live is not None and not compare_routes(attempt.routes, live, allowed).holds:
        return live
    try:
        golden: Mapping[str, Any] = unpacked(context.store.read(case.golden).outputs)
    except GoldenError:
        return live or {}
    return golden


@dataclass(frozen=True)
class _NamedCall:
    """A call, with the name that messages have for each of its outputs."""

    call: ModelCall
    names: Mapping[str, str]


def _calls(subject: Subject, inventory: Inventory, outputs: Mapping[str, Any]) -> tuple[list[_NamedCall], str]:
    """How the artifact is called, and why it cannot be called by others; empty where it can."""
    inputs = subject.inputs if subject.sent is None else subject.sent
    if subject.uncallable is not None:
        return [], ""
    if subject.format != "saved_model":
        call = ModelCall("", inputs, outputs, subject.order)
        return [_NamedCall(call, {name: name for name in outputs})], ""
    from pytest_modelcompat.loader.calls import SignatureMismatchError

    calls = []
    for signature in inventory.signatures:
        if subject.per_signature and signature.name not in inputs:
            continue
        given = inputs[signature.name] if subject.per_signature else inputs
        try:
            matched = _matched(signature, given, () if subject.per_signature else subject.input_names)
        except SignatureMismatchError as error:
            return [], str(error)
        names = _names(signature, outputs, subject)
        calls.append(
            _NamedCall(ModelCall(signature.name, matched, {key: outputs[ours] for key, ours in names.items()}), names)
        )
    return calls, ""


def _names(signature: Signature, outputs: Mapping[str, Any], subject: Subject) -> dict[str, str]:
    """A signature's own names of outputs -> those that messages have, as far as both are known."""
    from pytest_modelcompat.loader import tensors

    own = sorted((each.name for each in signature.outputs), key=tensors.natural)
    if subject.per_signature:
        called = {name: f"{signature.name}/{name}" for name in own}
        return {name: ours for name, ours in called.items() if ours in outputs}
    if set(own) == set(outputs) or len(own) != len(subject.order):
        return {name: name for name in own if name in outputs}
    paired = dict(zip(own, subject.order, strict=True))
    return {name: ours for name, ours in paired.items() if ours in outputs}


@dataclass(frozen=True)
class _Dtype:
    name: str


@dataclass(frozen=True)
class _Shape:
    sizes: tuple[int | None, ...] | None

    def is_compatible_with(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of a shape may be given."""
        if self.sizes is None:
            return True
        pairs = zip(self.sizes, shape, strict=False)
        return len(self.sizes) == len(shape) and all(size in (None, given) for size, given in pairs)


@dataclass(frozen=True)
class _Spec:
    """An input of a signature as `loader.calls` asks for it, without TensorFlow."""

    dtype: _Dtype
    shape: _Shape


def _matched(signature: Signature, inputs: Any, input_names: tuple[str, ...]) -> dict[str, Any]:
    """A signature's inputs by its own names, as the dense arrays that it takes."""
    from pytest_modelcompat.loader import calls, tensors

    specs = {each.name: _Spec(_Dtype(each.dtype), _Shape(each.shape)) for each in signature.inputs}
    matched = calls.match_inputs(specs, signature.name, tensors.as_leaves(inputs), input_names)
    return {name: _dense(leaf, specs[name].dtype.name, signature.name) for name, leaf in matched.items()}


def _dense(leaf: Any, dtype: str, signature: str) -> Any:
    import numpy as np

    from pytest_modelcompat.loader import calls, tensors

    if isinstance(leaf, tensors.Ragged):
        raise calls.SignatureMismatchError(
            f"signature {signature!r} takes a dense tensor where the model takes a ragged one"
        )
    if isinstance(leaf, tensors.Sparse):
        filled = np.full(leaf.dense_shape, b"" if leaf.values.dtype.kind == "O" else 0, leaf.values.dtype)
        filled[tuple(leaf.indices.T)] = leaf.values
        leaf = filled
    is_plain = leaf.dtype.kind in "biufc" and dtype in np.sctypeDict
    return leaf.astype(dtype) if is_plain else leaf


def _dtype(leaf: Any) -> str:
    from pytest_modelcompat.comparison.leaves import leaf_dtype_name

    return leaf_dtype_name(leaf)


def _kept_call(base: FailedTarget, case: Case, context: SessionContext, called: tuple[Any, Any]) -> Reproduction:
    """A live model that a call stopped: it is saved for that, if its file fails the same way."""
    assert context.keeper is not None  # noqa: S101 - asked for by the caller
    model, inputs = called
    folder = context.loaders.folder / "kept-call"
    problem = "the model was not saved yet, and fails before that"
    for format_ in dict.fromkeys((case.format, "keras") if model.is_keras else (case.format,)):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            artifact = save.save(model, format_, folder).artifact
        except (save.FormatCannotHoldError, save.SaveFailedError) as error:
            problem = f"the model cannot be saved either: {error.__cause__ or error}".partition("\n")[0]
            continue
        subject = _saved_subject(model, inputs, artifact, FORMATS[format_].artifact)
        failed = _saved_call(base, case, context, subject, model.model)
        if failed is not None:
            return context.keeper.keep(failed)
        problem = "the model does not fail the same way once it is saved and loaded again"
    return context.keeper.keep(replace(base, problem=problem))


def _saved_subject(model: Any, inputs: Any, artifact: Path, format_: str) -> Subject:
    return Subject(
        artifact,
        format_,
        model.keras or "keras",
        inputs,
        per_signature=not model.is_keras,
        sent=model.sent(inputs),
        input_names=model.input_names(),
        is_trusted=True,
    )


def _saved_call(
    base: FailedTarget, case: Case, context: SessionContext, subject: Subject, model: Any
) -> FailedTarget | None:
    """The target with a file of its model; None where that does not fail as the model did."""
    inventory = read_inventory(subject.artifact)
    local = replace(case, target=replace(case.target, runtime=LOCAL_RUNTIME.name))
    try:
        job = job_of(local, context, subject, inventory)
    except TargetStoppedError:
        return None
    loaded = context.loaders.of(LOCAL_RUNTIME.name).run(job)
    first = base.result.errors[0]
    if not _fails_alike(first, loaded):
        return None
    calls, problem = _calls(subject, inventory, {})
    return replace(
        base,
        job=job,
        loaded=loaded,
        calls=tuple(each.call for each in calls),
        versions=loaded.versions,
        problem=problem,
        layer_outputs=lambda: layer_outputs(model, subject.inputs),
    )


def _fails_alike(first: Finding, loaded: Any) -> bool:
    if first.kind is Kind.NOT_DETERMINISTIC:
        return bool(loaded.succeeded)
    return loaded.stage == "predict" and loaded.error is not None and loaded.error["type"] in first.quote
