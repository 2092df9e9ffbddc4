"""The main job: save, read, judge, load, compare, verdict."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat import deriving, live, saving, verdicts
from pytest_modelcompat.artifacts import BrokenArtifactError, Inventory, read_inventory
from pytest_modelcompat.case import Case, NotImportableError, declared, object_places, seed_everything
from pytest_modelcompat.diagnosis import Context, diagnose, save_failed, true_cause
from pytest_modelcompat.findings import Blame, Finding, Kind, Severity
from pytest_modelcompat.golden import WeightDigest
from pytest_modelcompat.profiles import judging
from pytest_modelcompat.recording import Recording, settle
from pytest_modelcompat.results import Facts, Result
from pytest_modelcompat.runtimes.jobs import Job
from pytest_modelcompat.runtimes.local import LoaderUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.golden_store import GoldenStore
    from pytest_modelcompat.runtimes.jobs import Loaded
    from pytest_modelcompat.runtimes.local import LocalLoader


@dataclass(frozen=True)
class Bench:
    """What the targets of a session share.

    Args:
        loader: the loader of the `local` runtime.
        store: the project's goldens.
        root: the project's folder, which paths in messages are relative to.
        updating: whether goldens are written rather than only compared with.
        keep: where artifacts are kept after the session; None to remove them.
        threads: threads a loader's child may use; 0 for TensorFlow's default.
    """

    loader: LocalLoader
    store: GoldenStore
    root: Path
    updating: bool = False
    keep: Path | None = None
    threads: int = 0


@dataclass(frozen=True)
class Subject:
    """An artifact with what is known of the model it holds.

    Args:
        artifact: the file or folder.
        format: the artifact's format: `h5`, `keras` or `saved_model`.
        keras: the package to load it with.
        inputs: nested inputs; by signature if `per_signature`.
        per_signature: see `Job`.
        outputs: the live model's outputs by name; None for an artifact something else saved.
        sent: the inputs as the loader takes them, where that is another way.
        input_names: what the live model calls its inputs, in TensorFlow's order.
        order: names of the live model's outputs in TensorFlow's order.
        weights: digests of the live model's weights.
        training: its training state before the save.
        homes: name -> import path of the classes and functions it is made of.
        notes: findings of the save.
    """

    artifact: Path
    format: str
    keras: str
    inputs: Any
    per_signature: bool = False
    outputs: Mapping[str, Any] | None = None
    sent: Any = None
    input_names: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    weights: tuple[Mapping[str, Any], ...] = ()
    training: Mapping[str, Any] | None = None
    homes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()


class _StoppedError(Exception):
    """The target cannot go on; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.cause)
        self.finding = finding


def check(case: Case, bench: Bench) -> Result:
    """Run one target of a case: save or take its artifact, reload it in a fresh process, compare.

    What the user's own builder raises is passed on as it is; everything else ends in the result's findings.
    """
    with _workplace(case, bench) as folder:
        facts = Facts(
            artifact=_artifact_name(case, bench),
            custom_objects=object_places(case.settings),
            imports=case.settings.imports,
            golden=_relative(bench.store.folder(case.golden), bench.root),
            accept=case.accept,
        )
        result = Result(case.title, str(case.golden), case.format, case.runtime, (), facts)
        try:
            subject = _subject(case, folder)
            inventory = _expected(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(subject.artifact))
            loaded = _load(case, bench, subject, inventory)
        except _StoppedError as stopped:
            return replace(result, findings=(stopped.finding,))
        saved_by = dict(inventory.saved_by) if case.artifact else dict(loaded.versions)
        facts = replace(facts, saved_by=saved_by, loaded_by=loaded.versions)
        result = replace(result, facts=facts, timings=loaded.timings, peak_memory=loaded.peak_memory)
        if not loaded.succeeded:
            return replace(result, findings=(*_load_findings(case, subject, inventory, loaded), *subject.notes))
        return _compare(result, case, bench, _Evidence(subject, inventory, loaded))


_EXPECTED = (
    BrokenArtifactError,
    deriving.InputsNeededError,
    live.NoModelError,
    verdicts.UnknownOutputError,
)


def _expected(case: Case, kind: Kind, step: Callable[[], Any]) -> Any:
    """What a step gives; an exception it is known to raise becomes the finding that stops the target."""
    try:
        return step()
    except _EXPECTED as error:
        fix = (case.accept,) if kind is Kind.GOLDEN_MISSING else ()
        raise _StoppedError(Finding(kind, case.title, cause=str(error), fix=fix)) from None
    except Exception as error:
        if kind is not Kind.PREDICTION_FAILED:
            raise
        raise _StoppedError(_prediction_failed(case, error)) from error


def _prediction_failed(case: Case, error: Exception) -> Finding:
    derived = case.settings.inputs is None
    return Finding(
        Kind.PREDICTION_FAILED,
        case.title,
        cause="the model cannot be called, even before it is saved",
        fix=("if its inputs were derived, return (model, inputs) from the test instead",) if derived else (),
        blame=Blame.MODEL,
        quote=f"{type(error).__name__}: {true_cause(str(error))}",
        log="".join(traceback.format_exception(error)),
    )


@contextlib.contextmanager
def _workplace(case: Case, bench: Bench) -> Iterator[Path]:
    """A folder for a target's artifact, removed afterwards unless artifacts are kept."""
    if bench.keep is not None:
        folder = bench.keep.joinpath(*case.golden.escape(), case.format)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(dir=bench.loader.folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _artifact_name(case: Case, bench: Bench) -> str:
    if case.artifact is not None:
        return _relative(case.artifact, bench.root)
    return f"{case.title.partition('[')[0]}: {saving.FILE_NAMES[case.format]}"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _subject(case: Case, folder: Path) -> Subject:
    return _given(case) if case.artifact is not None else _saved(case, folder)


def _saved(case: Case, folder: Path) -> Subject:
    """Build the model anew, take its outputs, save it."""
    assert case.build is not None  # noqa: S101 - a case without an artifact has a builder
    seed_everything(case.settings.seed)
    returned, inputs = case.build()
    model = _expected(case, Kind.NO_MODEL, lambda: live.examine(returned))
    _refuse_changed(case, model)
    inputs = _inputs(case, model, inputs)
    outputs, order = _steady_outputs(case, model, inputs)
    weights = tuple(model.weights())
    training = _training(model) if "training" in case.settings.checks else None
    saved = _save(case, model, folder)
    if case.earlier_saves is not None:
        case.earlier_saves.note(model, case.format, saved.changes)
    notes = [
        Finding(
            Kind.MODEL_CHANGED_BY_SAVING,
            case.format,
            cause=f"{saving.METHODS[case.format]} changed the live model: {change}",
            severity=Severity.NOTE,
        )
        for change in saved.changes
    ]
    return Subject(
        saved.artifact,
        saving.ARTIFACT_FORMATS[case.format],
        model.keras or "keras",
        inputs,
        per_signature=not model.is_keras,
        outputs=outputs,
        sent=model.sent(inputs),
        input_names=model.input_names(),
        order=order,
        weights=weights,
        training=training,
        homes=model.homes(),
        notes=tuple(notes),
    )


def _refuse_changed(case: Case, model: live.LiveModel) -> None:
    """Stop before an object is saved that an earlier save has changed: it is not the model the test built."""
    left = case.earlier_saves.left_in(model, case.format) if case.earlier_saves is not None else ()
    if not left:
        return
    formats = list(dict.fromkeys(format_ for format_, _ in left))
    raise _StoppedError(
        Finding(
            Kind.MODEL_CHANGED_BY_SAVING,
            case.format,
            cause=f"an earlier save as {', '.join(formats)} changed this model object, and saving it now would store "
            "another model than the test built",
            fix=(
                "give the function that builds the model, which is then called anew for each format:",
                "model_roundtrip(build_model, ...)",
                f"or check {', '.join(formats)} last",
            ),
            blame=Blame.WRITER,
            details=tuple(("changed", f"{saving.METHODS[format_]} changed {change}") for format_, change in left),
        )
    )


def _given(case: Case) -> Subject:
    """An artifact that something else saved, with the inputs its test returns or its inventory tells."""
    assert case.artifact is not None  # noqa: S101 - asked for by the caller
    artifact = case.artifact
    inventory = _expected(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(artifact))
    if inventory.weights_only:
        raise _StoppedError(
            Finding(
                Kind.ARTIFACT_BROKEN,
                artifact.name,
                cause=f"{artifact.name} holds weights only, no model that could be loaded",
                fix=("save the whole model with model.save(), or test the builder that loads these weights",),
            )
        )
    inputs = case.inputs() if case.inputs is not None else None
    if inputs is None:
        inputs = _expected(case, Kind.INPUTS_NEEDED, lambda: deriving.for_artifact(inventory, case.settings.seed))
    elif inventory.format == "saved_model":
        inputs = _by_signature(inputs, inventory)
    return Subject(
        artifact,
        inventory.format,
        live.installed_keras(),
        inputs,
        per_signature=inventory.format == "saved_model",
    )


def _by_signature(inputs: Any, inventory: Inventory) -> dict[str, Any]:
    """Inputs by signature: as given, or for every signature that takes as many as were given."""
    names = [signature.name for signature in inventory.signatures]
    if isinstance(inputs, dict) and inputs and set(inputs) <= set(names):
        return inputs
    if "serving_default" in names:
        return {"serving_default": inputs}
    return dict.fromkeys(names, inputs)


def _inputs(case: Case, model: live.LiveModel, inputs: Any) -> Any:
    if inputs is None:
        given = case.settings.inputs
        inputs = given() if callable(given) else given
    if inputs is None:
        return _expected(case, Kind.INPUTS_NEEDED, lambda: deriving.for_model(model, case.settings.seed))
    if not model.is_keras and not (isinstance(inputs, dict) and set(inputs) <= set(model.signatures)):
        return dict.fromkeys(model.signatures, inputs)
    return inputs


def _steady_outputs(case: Case, model: live.LiveModel, inputs: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The live model's outputs, and their names in TensorFlow's order; stops if a second call gives others."""
    from pytest_modelcompat.loader import calling

    raw = _expected(case, Kind.PREDICTION_FAILED, lambda: model.call(inputs))
    first = model.named_outputs(raw)
    second = model.named_outputs(_expected(case, Kind.PREDICTION_FAILED, lambda: model.call(inputs)))
    allowed = _expected(case, Kind.BAD_OPTION, lambda: verdicts.tolerances(case.settings, model.dtypes(), list(first)))
    steady = verdicts.compare_routes({"": second}, first, allowed)
    if any(not drift.holds for drift in steady.drifts):
        raise _StoppedError(verdicts.unsteady(steady, model.unsteady_layers()))
    return first, tuple(calling.ordered_names(raw, list(first)))


def _training(model: live.LiveModel) -> Mapping[str, Any] | None:
    from pytest_modelcompat.loader import training

    return training.state(model.model)


def _save(case: Case, model: live.LiveModel, folder: Path) -> saving.Saved:
    try:
        return saving.save(model, case.format, folder)
    except saving.FormatCannotHoldError as error:
        fix = judging.Declaration(case.declares_on).formats(error.formats)
        raise _StoppedError(Finding(Kind.FORMAT_CANNOT_HOLD, case.format, cause=str(error), fix=(fix,))) from None
    except saving.SaveFailedError as error:
        raise _StoppedError(save_failed(str(error), error.__cause__ or error)) from None


def _load(case: Case, bench: Bench, subject: Subject, inventory: Inventory) -> Loaded:
    """Give the artifact to the loader with only what the case declares."""
    try:
        declarations = declared(case.settings)
    except NotImportableError as error:
        fix = (error.fix,) if error.fix else ()
        raise _StoppedError(Finding(Kind.NOT_IMPORTABLE, error.name, cause=str(error), fix=fix)) from None
    job = Job(
        artifact=subject.artifact.absolute(),
        format=subject.format,
        keras=subject.keras,
        declared=declarations,
        inputs=subject.inputs if subject.sent is None else subject.sent,
        objects=[judging.as_json(use) for use in judging.subjects(inventory)],
        ops=[op.op for op in inventory.ops],
        per_signature=subject.per_signature,
        input_names=subject.input_names,
        output_names=subject.order,
        safe_mode=case.settings.safe_mode,
        threads=bench.threads,
        timeout=case.settings.timeout,
    )
    try:
        return bench.loader.run(job)
    except LoaderUnavailableError as error:
        raise _StoppedError(no_tensorflow(f"{error.kind}: {error}")) from None


def no_tensorflow(quote: str) -> Finding:
    """The finding for an environment in which TensorFlow cannot be imported."""
    missing = "No module named 'tensorflow'" in quote
    state = "is not installed in this environment" if missing else "is installed and cannot be imported"
    return Finding(
        Kind.NO_TENSORFLOW,
        "tensorflow",
        cause=f"TensorFlow {state}, and models are saved and loaded with it",
        fix=('pip install "pytest-modelcompat[tensorflow]"',) if missing else (),
        quote=quote,
    )


def _load_findings(case: Case, subject: Subject, inventory: Inventory, loaded: Loaded) -> tuple[Finding, ...]:
    """Why an artifact did not load: everything the static read explains, else the diagnosis of the exception."""
    context = Context(
        artifact=subject.artifact.name,
        format=subject.format,
        inventory=inventory,
        versions=loaded.versions,
        timeout=case.settings.timeout,
        declares_on=case.declares_on,
    )
    diagnosed = diagnose(loaded, context)
    if loaded.ending.code != 0 or loaded.stage not in ("load", "predict"):
        return (diagnosed,)
    declaration = judging.Declaration(case.declares_on, subject.homes)
    judged = judging.judge(inventory, loaded, declaration)
    if loaded.stage == "predict":
        judged = tuple(finding for finding in judged if finding.kind is Kind.PYTHON_FUNCTION)
    if not judged:
        return (diagnosed,)
    if diagnosed.is_specific and all(finding.kind is not diagnosed.kind for finding in judged):
        return (diagnosed, *(finding for finding in judged if finding.subject != diagnosed.subject))
    judged = tuple(_better_known(finding, diagnosed) for finding in judged)
    first = replace(judged[0], quote=diagnosed.quote, log=diagnosed.log)
    return (first, *judged[1:])


def _better_known(judged: Finding, diagnosed: Finding) -> Finding:
    """What the catalogue knows of an unknown layer (one that Keras itself has dropped, say), at the places read."""
    about_it = (judged.kind, judged.subject) == (Kind.UNKNOWN_LAYER, diagnosed.subject)
    return replace(diagnosed, where=judged.where) if diagnosed.is_specific and about_it else judged


@dataclass(frozen=True)
class _Evidence:
    subject: Subject
    inventory: Inventory
    loaded: Loaded

    @property
    def routes(self) -> Mapping[str, Mapping[str, Any]]:
        """The loader's outputs, those called by signature under one name `signature/output` each."""
        if not self.subject.per_signature:
            return self.loaded.routes
        merged = {
            f"{route}/{name}": leaf for route, outputs in self.loaded.routes.items() for name, leaf in outputs.items()
        }
        return {"": merged} if merged else {}

    @property
    def weights(self) -> tuple[Mapping[str, Any], ...]:
        """Digests of the model under test: the live one's, or an artifact's as loaded."""
        return self.subject.weights if self.subject.outputs is not None else self.loaded.weights


def _compare(result: Result, case: Case, bench: Bench, evidence: _Evidence) -> Result:
    """The three comparisons: reloaded with saved, saved with golden, weights with weights."""
    subject, loaded, checks = evidence.subject, evidence.loaded, case.settings.checks
    routes = evidence.routes
    current = subject.outputs if subject.outputs is not None else next(iter(routes.values()), {})
    try:
        allowed = verdicts.tolerances(case.settings, evidence.inventory.compute_dtypes, list(current))
    except verdicts.UnknownOutputError as error:
        return replace(result, findings=(Finding(Kind.BAD_OPTION, "tolerance", cause=str(error)),))
    found = [*subject.notes, *_python_functions(evidence)]
    reloaded = ""
    if subject.outputs is not None:
        rerun = verdicts.compare_routes(routes, subject.outputs, allowed)
        result = replace(result, drifts=rerun.drifts)
        found.extend(verdicts.serialization(rerun, checks))
        if "weights" in checks:
            found.extend(verdicts.lost_weights(subject.weights, loaded.weights))
        if "training" in checks and subject.format != "saved_model":
            found.extend(verdicts.lost_training(subject.training, loaded.training))
        reloaded = _reloaded_sentence(rerun)
    recording = Recording(
        inputs=subject.inputs,
        outputs=current,
        weights=tuple(
            WeightDigest(each["path"], tuple(each["shape"]), each["dtype"], each["sha256"]) for each in evidence.weights
        ),
        inventory=evidence.inventory,
        made_by=loaded.versions,
        format=case.format,
    )
    rule = verdicts.TimeRule(allowed, checks, reloaded, is_artifact=subject.outputs is None)
    return settle(replace(result, findings=_gravest_first(found)), case, bench.store, recording, rule, bench.updating)


def _reloaded_sentence(rerun: verdicts.Rerun) -> str:
    if rerun.identical:
        return "equals the model that was saved, bit for bit: serialization is innocent"
    if rerun.holds:
        return "equals the model that was saved, within tolerance: serialization is innocent"
    return "differs from the model that was saved, see above"


def _python_functions(evidence: _Evidence) -> tuple[Finding, ...]:
    """Python functions the graph holds though the signatures got by without calling one."""
    judged = judging.judge(evidence.inventory, evidence.loaded, judging.Declaration())
    return tuple(replace(each, severity=Severity.NOTE) for each in judged if each.kind is Kind.PYTHON_FUNCTION)


def _gravest_first(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
