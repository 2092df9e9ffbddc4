"""The main job: save, read, judge, load, compare, verdict."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import Inventory, read_inventory
from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.comparison.routes import RouteComparison, compare_routes
from pytest_modelcompat.diagnosis import cannot_start, no_space, unresolved
from pytest_modelcompat.golden.golden import WeightDigest
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionPlace, OptionSyntax
from pytest_modelcompat.results.result import Result, ResultContext
from pytest_modelcompat.roundtrip import evaluation, save
from pytest_modelcompat.roundtrip.declarations import NotImportableError, collect_declarations, import_paths
from pytest_modelcompat.roundtrip.freeze import subject_of_frozen
from pytest_modelcompat.roundtrip.golden_check import TargetRecord, check_or_update_golden
from pytest_modelcompat.roundtrip.load_failure import explain_changes, explain_load_failure
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.static_check import predict_load
from pytest_modelcompat.roundtrip.stop import TargetStoppedError, stop_on_failure
from pytest_modelcompat.roundtrip.subject import Subject, prepare_subject
from pytest_modelcompat.roundtrip.tolerances import UnknownOutputError, tolerances
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError
from pytest_modelcompat.runtimes.protocol import Job
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError
from pytest_modelcompat.runtimes.uv import DECLARED_IN
from pytest_modelcompat.settings.checks import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.golden.store import GoldenStore
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.freeze import ReleaseFreezer
    from pytest_modelcompat.runtimes.pool import LoaderPool
    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult


@dataclass(frozen=True)
class SessionContext:
    """What the targets of a session share.

    Args:
        loaders: one for each runtime.
        store: the project's goldens.
        root: the project's folder, which paths in messages are relative to.
        freezer: keeps artifacts as those of a release, and knows those kept before.
        updating: whether goldens are written rather than only compared with.
        keep: where artifacts are kept after the session; None to remove them.
        saves: what this session's saves changed in the models they saved.
        threads: threads a loader's child may use; 0 for TensorFlow's default.
    """

    loaders: LoaderPool
    store: GoldenStore
    root: Path
    freezer: ReleaseFreezer
    updating: bool = False
    keep: Path | None = None
    threads: int = 0
    saves: save.SaveHistory = field(default_factory=save.SaveHistory)


def check_target(case: Case, context: SessionContext) -> Result:
    """Run one target of a case: save or take its artifact, reload it in a fresh process, compare.

    What the user's own builder raises is passed on as it is; everything else ends in the result's findings.
    """
    with _artifact_folder(case, context) as folder:
        facts = ResultContext(
            artifact=_artifact_name(case, context),
            custom_objects=import_paths(case.settings),
            imports=case.settings.imports,
            golden=_relative(_golden_folder(case, context), context.root),
            accept=case.accept,
        )
        result = Result(case.title, str(case.golden), case.format, case.runtime, (), facts, release=case.target.frozen)
        try:
            loader = _loader(case, context)
            subject = _prepared_subject(case, folder, context)
            inventory = stop_on_failure(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(subject.artifact))
            job = _job(case, context, subject, inventory)
            loaded = loader.run(job)
        except TargetStoppedError as stopped:
            finding = stopped.finding
            return replace(result, findings=(replace(finding, cause=_shortened(finding.cause, folder, context.root)),))
        except (LoaderUnavailableError, NoSpaceError) as error:
            return replace(result, findings=(_not_run(case, context, error),))
        saved_by = _saved_by(case, subject, inventory)
        facts = replace(facts, saved_by=saved_by, loaded_by=loaded.versions, imports=job.declared.imports)
        result = replace(result, facts=facts, timings=loaded.timings, peak_memory=loaded.peak_memory)
        other_loaders = OtherLoaders(case, subject, inventory, loaded)
        if not loaded.succeeded:
            explained = other_loaders.with_other_loaders(explain_load_failure(case, subject, inventory, loaded))
            return replace(result, findings=(*explained, *subject.notes))
        if subject.uncallable is not None:
            return replace(result, findings=(subject.uncallable, *other_loaders.load_refusals()))
        attempt = LoadAttempt(subject, inventory, loaded)
        compared = _compare(result, case, context, attempt, other_loaders)
        if compared.failed and (case.frozen or not case.target.is_local):
            compared = replace(compared, findings=(*explain_changes(case, inventory, loaded), *compared.findings))
        predicted = predict_load(case.settings, inventory, loaded, context.root) if case.settings.loads_in else ()
        judged = replace(compared, findings=_most_severe_first([*compared.findings, *predicted]))
        if context.freezer.label and not judged.failed and case.frozen is None and _records(case, subject):
            return context.freezer.freeze(judged, case, subject, _recording(case, attempt))
        return judged


@contextlib.contextmanager
def _artifact_folder(case: Case, context: SessionContext) -> Iterator[Path]:
    """A folder for a target's artifact, removed afterwards unless artifacts are kept."""
    if context.keep is not None and case.artifact is None:
        folder = context.keep.joinpath(*case.golden.escape(), str(case.target))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(dir=context.loaders.folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _golden_folder(case: Case, context: SessionContext) -> Path:
    return case.frozen.folder if case.frozen is not None else context.store.folder(case.golden)


def _prepared_subject(case: Case, folder: Path, context: SessionContext) -> Subject:
    if case.frozen is not None:
        return subject_of_frozen(case.frozen, context.freezer.store)
    return prepare_subject(case, folder, context.saves)


def _artifact_name(case: Case, context: SessionContext) -> str:
    if case.artifact is not None:
        return _relative(case.artifact, context.root)
    return f"{case.title.partition('[')[0]}: {FORMATS[case.format].file_name}"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _shortened(text: str, *folders: Path) -> str:
    """A sentence with paths below these folders relative to them, as users write them."""
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def _loader(case: Case, context: SessionContext) -> LoaderProcess:
    """The loader of the target's runtime, importing TensorFlow while the model is built."""
    try:
        loader = context.loaders.of(case.runtime)
    except UnknownRuntimeError as error:
        raise TargetStoppedError(
            Finding(Kind.UNKNOWN_RUNTIME, case.runtime, cause=str(error), fix=_name_another(case))
        ) from None
    except RuntimeUnavailableError as error:
        finding = Finding(Kind.RUNTIME_MISSING, case.runtime, cause=str(error), fix=error.fix, quote=error.quote)
        raise TargetStoppedError(finding) from None
    loader.start()
    return loader


def _not_run(case: Case, context: SessionContext, error: LoaderUnavailableError | NoSpaceError) -> Finding:
    if isinstance(error, LoaderUnavailableError):
        return cannot_start(context.loaders.runtimes.get(case.runtime), error)
    cause = f"no space is left on the disk to hand the artifact and its inputs to runtime {case.runtime!r}"
    return no_space(cause, case.title, str(error))


def _name_another(case: Case) -> tuple[str, ...]:
    is_of_ini = case.settings.sources.get("runtimes") is OptionPlace.INI
    place = "the ini option 'modelcompat_runtimes'" if is_of_ini else "the test's option 'runtimes'"
    return (f"correct {place}, or declare {case.runtime!r} in {DECLARED_IN}",)


def _saved_by(case: Case, subject: Subject, inventory: Inventory) -> Mapping[str, str]:
    """The versions of what saved an artifact: as recorded when it was frozen, as it says itself, or those of here."""
    if case.frozen is not None:
        return case.frozen.saved_by
    return dict(inventory.saved_by) if case.artifact else _versions_here(subject)


def _versions_here(subject: Subject) -> dict[str, str]:
    """The versions of what saved a model: of this process."""
    from pytest_modelcompat.loader import job

    return job.versions(importlib.import_module(subject.keras))


def _job(case: Case, context: SessionContext, subject: Subject, inventory: Inventory) -> Job:
    """What the loader is to do, with only what the case and its runtime declare."""
    try:
        declarations = collect_declarations(case.settings, context.loaders.runtimes.get(case.runtime))
    except NotImportableError as error:
        fix = (error.fix,) if error.fix else ()
        raise TargetStoppedError(Finding(Kind.NOT_IMPORTABLE, error.name, cause=str(error), fix=fix)) from None
    return Job(
        artifact=subject.artifact.absolute(),
        format=subject.format,
        keras=subject.keras if case.target.is_local else "",
        declared=declarations,
        inputs=subject.inputs if subject.sent is None else subject.sent,
        objects=[unresolved.use_as_json(use) for use in unresolved.resolvable_uses(inventory)],
        ops=[op.op for op in inventory.ops],
        per_signature=subject.per_signature,
        call=subject.uncallable is None,
        input_names=subject.input_names,
        output_names=subject.order,
        safe_mode=case.settings.safe_mode,
        training="training" in case.settings.checks,
        saved_model_loaders=case.settings.saved_model_loaders[1:] if subject.format == "saved_model" else (),
        threads=context.threads,
        timeout=case.settings.timeout,
    )


@dataclass(frozen=True)
class LoadAttempt:
    """An artifact with what was read of it and what came of loading it."""

    subject: Subject
    inventory: Inventory
    loaded: LoadResult

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
    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the model under test: the live one's, or an artifact's as loaded."""
        if self.subject.outputs is not None:
            return self.subject.outputs
        return next(iter(self.routes.values()), {})

    @property
    def weights(self) -> tuple[Mapping[str, Any], ...]:
        """Digests of the model under test: the live one's, or an artifact's as loaded."""
        return self.subject.weights if self.subject.outputs is not None else self.loaded.weights


def _compare(
    result: Result, case: Case, context: SessionContext, attempt: LoadAttempt, other_loaders: OtherLoaders
) -> Result:
    """The three comparisons: reloaded with saved, saved with golden, weights with weights."""
    subject, loaded, checks = attempt.subject, attempt.loaded, case.settings.checks
    try:
        allowed = tolerances(
            case.settings, attempt.inventory.compute_dtypes, list(attempt.outputs), case.extensions.compare
        )
    except UnknownOutputError as error:
        return replace(result, findings=(Finding(Kind.BAD_OPTION, "tolerance", cause=str(error)),))
    found = [*subject.notes, *_python_functions(attempt)]
    reloaded = ""
    if subject.outputs is not None:
        rerun = compare_routes(attempt.routes, subject.outputs, allowed)
        result = replace(result, drifts=rerun.drifts)
        found.extend(
            evaluation.serialization_findings(rerun, checks, elsewhere=bool(case.frozen) or not case.target.is_local)
        )
        if "weights" in checks:
            found.extend(evaluation.lost_weights(subject.weights, loaded.weights))
        if "training" in checks and subject.format != "saved_model":
            found.extend(evaluation.lost_training(subject.training, loaded.training))
        reloaded = _reloaded_sentence(rerun)
    found.extend((*other_loaders.load_refusals(), *other_loaders.output_differences(allowed)))
    result = replace(result, findings=_most_severe_first(found))
    if case.frozen is not None:
        made_by = case.frozen.saved_by
        facts = replace(result.facts, golden_made_by=made_by)
        return replace(result, facts=facts, golden="" if result.failed else "matched")
    rule = evaluation.GoldenCriteria(
        allowed, checks, reloaded, is_artifact=subject.outputs is None, records=_records(case, subject)
    )
    return check_or_update_golden(result, case, context.store, _recording(case, attempt), rule, context.updating)


def _recording(case: Case, attempt: LoadAttempt) -> TargetRecord:
    """What a target has to say to its case's golden."""
    subject = attempt.subject
    return TargetRecord(
        inputs=subject.inputs,
        outputs=attempt.outputs,
        weights=tuple(
            WeightDigest(each["path"], tuple(each["shape"]), each["dtype"], each["sha256"]) for each in attempt.weights
        ),
        inventory=attempt.inventory,
        made_by=attempt.loaded.versions if subject.outputs is None else _versions_here(subject),
        format=case.format,
    )


def _records(case: Case, subject: Subject) -> bool:
    """Whether the target may write the golden: of an artifact only in the first runtime, whose outputs it keeps."""
    return subject.outputs is not None or case.runtime == plain_name(case.settings.runtimes[0])


def _reloaded_sentence(rerun: RouteComparison) -> str:
    if rerun.identical:
        return "equals the model that was saved, bit for bit: serialization is innocent"
    if rerun.holds:
        return "equals the model that was saved, within tolerance: serialization is innocent"
    return "differs from the model that was saved, see above"


def _python_functions(attempt: LoadAttempt) -> tuple[Finding, ...]:
    """Python functions the graph holds though the signatures got by without calling one."""
    judged = unresolved.unresolved_findings(attempt.inventory, attempt.loaded, OptionSyntax())
    return tuple(replace(each, severity=Severity.NOTE) for each in judged if each.kind is Kind.PYTHON_FUNCTION)


def _most_severe_first(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
