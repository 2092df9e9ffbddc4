"""The main job: save, read, judge, load, compare, verdict."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat import saving, verdicts
from pytest_modelcompat.artifacts import Inventory, read_inventory
from pytest_modelcompat.case import Case, NotImportableError, declared, object_places
from pytest_modelcompat.diagnosis import Context, diagnose, no_tensorflow
from pytest_modelcompat.findings import Finding, Kind, Severity
from pytest_modelcompat.foretelling import foretell
from pytest_modelcompat.golden import WeightDigest
from pytest_modelcompat.profiles import resolved
from pytest_modelcompat.recording import Recording, settle
from pytest_modelcompat.results import Facts, Result
from pytest_modelcompat.runtimes.jobs import Job
from pytest_modelcompat.runtimes.process import LoaderUnavailableError
from pytest_modelcompat.subjects import StoppedError, Subject, expected, make_subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.golden_store import GoldenStore
    from pytest_modelcompat.runtimes.jobs import Loaded
    from pytest_modelcompat.runtimes.process import LoaderProcess


@dataclass(frozen=True)
class Bench:
    """What the targets of a session share.

    Args:
        loader: the loader of the `local` runtime.
        store: the project's goldens.
        root: the project's folder, which paths in messages are relative to.
        updating: whether goldens are written rather than only compared with.
        keep: where artifacts are kept after the session; None to remove them.
        saves: what this session's saves changed in the models they saved.
        threads: threads a loader's child may use; 0 for TensorFlow's default.
    """

    loader: LoaderProcess
    store: GoldenStore
    root: Path
    updating: bool = False
    keep: Path | None = None
    threads: int = 0
    saves: saving.EarlierSaves = field(default_factory=saving.EarlierSaves)


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
            subject = make_subject(case, folder, bench.saves)
            inventory = expected(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(subject.artifact))
            loaded = _load(case, bench, subject, inventory)
        except StoppedError as stopped:
            finding = stopped.finding
            return replace(result, findings=(replace(finding, cause=_shortened(finding.cause, folder, bench.root)),))
        saved_by = dict(inventory.saved_by) if case.artifact else dict(loaded.versions)
        facts = replace(facts, saved_by=saved_by, loaded_by=loaded.versions)
        result = replace(result, facts=facts, timings=loaded.timings, peak_memory=loaded.peak_memory)
        if not loaded.succeeded:
            return replace(result, findings=(*_load_findings(case, subject, inventory, loaded), *subject.notes))
        if subject.uncallable is not None:
            return replace(result, findings=(subject.uncallable,))
        compared = _compare(result, case, bench, _Evidence(subject, inventory, loaded))
        foretold = foretell(case.settings, inventory, loaded, bench.root) if case.settings.loads_in else ()
        return replace(compared, findings=_gravest_first([*compared.findings, *foretold]))


@contextlib.contextmanager
def _workplace(case: Case, bench: Bench) -> Iterator[Path]:
    """A folder for a target's artifact, removed afterwards unless artifacts are kept."""
    if bench.keep is not None and case.artifact is None:
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


def _shortened(text: str, *folders: Path) -> str:
    """A sentence with paths below these folders relative to them, as users write them."""
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def _load(case: Case, bench: Bench, subject: Subject, inventory: Inventory) -> Loaded:
    """Give the artifact to the loader with only what the case declares."""
    try:
        declarations = declared(case.settings)
    except NotImportableError as error:
        fix = (error.fix,) if error.fix else ()
        raise StoppedError(Finding(Kind.NOT_IMPORTABLE, error.name, cause=str(error), fix=fix)) from None
    job = Job(
        artifact=subject.artifact.absolute(),
        format=subject.format,
        keras=subject.keras,
        declared=declarations,
        inputs=subject.inputs if subject.sent is None else subject.sent,
        objects=[resolved.as_json(use) for use in resolved.subjects(inventory)],
        ops=[op.op for op in inventory.ops],
        per_signature=subject.per_signature,
        call=subject.uncallable is None,
        input_names=subject.input_names,
        output_names=subject.order,
        safe_mode=case.settings.safe_mode,
        training="training" in case.settings.checks,
        threads=bench.threads,
        timeout=case.settings.timeout,
    )
    try:
        return bench.loader.run(job)
    except LoaderUnavailableError as error:
        raise StoppedError(no_tensorflow(f"{error.kind}: {error}")) from None


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
    declaration = resolved.Declaration(case.declares_on, subject.homes)
    judged = resolved.judge(inventory, loaded, declaration)
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
    judged = resolved.judge(evidence.inventory, evidence.loaded, resolved.Declaration())
    return tuple(replace(each, severity=Severity.NOTE) for each in judged if each.kind is Kind.PYTHON_FUNCTION)


def _gravest_first(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
