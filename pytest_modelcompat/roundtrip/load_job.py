"""The loader of a target, and the job it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis import cannot_start, no_space, unresolved
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.roundtrip.declarations import NotImportableError, collect_declarations
from pytest_modelcompat.roundtrip.stop import TargetStoppedError
from pytest_modelcompat.runtimes.isolation import isolation_for
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError
from pytest_modelcompat.runtimes.protocol import Job, TrainingJob
from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError
from pytest_modelcompat.runtimes.uv import DECLARED_IN

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.roundtrip.subject import Subject
    from pytest_modelcompat.runtimes.process import LoaderProcess


def loader_of(case: Case, context: SessionContext) -> LoaderProcess:
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


def not_run(case: Case, context: SessionContext, error: LoaderUnavailableError | NoSpaceError) -> Finding:
    """The finding for a loader that cannot be started, or cannot be given its job."""
    if isinstance(error, LoaderUnavailableError):
        return cannot_start(context.loaders.runtimes.get(case.runtime), error)
    cause = f"no space is left on the disk to hand the artifact and its inputs to runtime {case.runtime!r}"
    return no_space(cause, case.title, str(error))


def _name_another(case: Case) -> tuple[str, ...]:
    is_of_ini = case.settings.sources.get("runtimes") is OptionPlace.INI
    place = "the ini option 'modelcompat_runtimes'" if is_of_ini else "the test's option 'runtimes'"
    return (f"correct {place}, or declare {case.runtime!r} in {DECLARED_IN}",)


def job_of(case: Case, context: SessionContext, subject: Subject, inventory: Inventory) -> Job:
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
        compile_model=case.settings.compile_model,
        retry_uncompiled=inventory.compiled and subject.format != "saved_model",
        training="training" in case.settings.checks,
        trial=_trial_of(subject, is_local=case.target.is_local),
        saved_model_loaders=case.settings.saved_model_loaders[1:] if subject.format == "saved_model" else (),
        threads=context.threads,
        timeout=case.settings.timeout,
        stochastic=case.settings.stochastic,
        stateful=subject.is_stateful,
        isolation=isolation_for(case.settings.isolation, case.settings.memory_limit, is_own=subject.is_trusted),
    )


def _trial_of(subject: Subject, *, is_local: bool) -> TrainingJob | None:
    """What the live model was evaluated on, so that the reloaded one can be."""
    trial = subject.trial
    if trial is None or trial.problem:
        return None
    return TrainingJob(trial.targets, bool(trial.step) and (is_local or not trial.draws))
