"""The artifacts of one command, migrated one after the other, or several at a time in processes of their own."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.inventories import artifact_result
from pytest_modelcompat.cli.migrate_options import parser, request_of
from pytest_modelcompat.cli.parser import UsageError
from pytest_modelcompat.migration.artifact_plan import (
    ArtifactPlan,
    NothingToMigrateError,
    is_for_a_runtime,
    plan_artifact,
)
from pytest_modelcompat.migration.edits.vocabulary import VocabularyError
from pytest_modelcompat.migration.output.hidden_folder import sweep_staging
from pytest_modelcompat.migration.output.provenance import done_before
from pytest_modelcompat.migration.request import PROVE_NONE
from pytest_modelcompat.migration.run import Migration
from pytest_modelcompat.results.migration import MigrationResult, Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.migrate_sources import MigrationSource
    from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
    from pytest_modelcompat.migration.request import MigrationRequest

# Every edit is judged, where a check judges once.
_MOST_SECONDS = 60.0


@contextlib.contextmanager
def migrated(
    arguments: tuple[str, ...], options: argparse.Namespace, sources: Sequence[MigrationSource]
) -> Iterator[Iterator[MigrationResult | None]]:
    """What becomes of each artifact, in their order; None for a sound file without a model that was met in a folder.

    Args:
        arguments: the command's, from which other processes make the same request.
        options: the same, parsed.
        sources: the artifacts.

    Raises:
        UsageError: the options are not what the command takes.
    """
    request = request_of(options)
    jobs = min(options.jobs, len(sources))
    if jobs > 1:
        with _pool(jobs) as pool:
            waiting = [pool.submit(_in_process, arguments, each) for each in sources]
            yield (_taken(each, source, request) for each, source in zip(waiting, sources, strict=True))
        return
    session = Session(request)
    try:
        yield (session.run(each) for each in sources)
    finally:
        session.close()


@contextlib.contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes; where this one is interrupted, so are they, and what waits does not begin."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # A copy of this process might inherit a lock that a thread of it holds.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"))
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _in_process(arguments: tuple[str, ...], source: MigrationSource) -> MigrationResult | None:
    return _session(arguments).run(source)


@cache
def _session(arguments: tuple[str, ...]) -> Session:
    """That of this process, which runs until no artifact is left."""
    return Session(request_of(parser().parse(arguments)))


def _taken(
    future: Future[MigrationResult | None], source: MigrationSource, request: MigrationRequest
) -> MigrationResult | None:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool:
        problem = f"{source.path} was not migrated: a process ended without a result; --jobs 1 shows of which file"
        return MigrationResult(source.path, request.runtime, Outcome.NOT_WRITTEN, problem=problem)


def _proof_request(request: MigrationRequest) -> ProofRequest:
    from pytest_modelcompat.cli.derivation import derivation
    from pytest_modelcompat.migration.proof.prover import ProofRequest
    from pytest_modelcompat.migration.resave.through import load_options
    from pytest_modelcompat.profiles.store import is_path
    from pytest_modelcompat.runtimes.config import RuntimeConfigError, find_runtimes

    try:
        declared = find_runtimes(Path.cwd()).declared
    except RuntimeConfigError as error:
        raise UsageError(str(error)) from None
    return ProofRequest(
        request.runtime_label,
        derivation(),
        request.prove,
        request.inputs,
        load_options(request),
        may_create=request.create,
        declared=declared,
        sys_path=request.sys_path,
        profile=request.runtime if is_path(request.runtime) else "",
    )


def _prover(request: MigrationRequest) -> Prover:
    from pytest_modelcompat.migration.proof.prover import Prover

    return Prover(_proof_request(request))


@dataclass(frozen=True)
class Refusal:
    """Why an artifact is not planned: one sentence, and whether it holds no model that could be migrated."""

    problem: str
    is_no_model: bool


class Session:
    """What migrates one artifact after the other for the same request.

    Args:
        request: what is asked for.

    Raises:
        UsageError: the runtimes that the project declares cannot be understood.
    """

    def __init__(self, request: MigrationRequest) -> None:
        self.request = request
        self._swept: set[Path] = set()
        # Without a proof it is not needed for most artifacts, and what it imports takes as long as a migration.
        self._prover = None if request.prove == PROVE_NONE else _prover(request)

    def close(self) -> None:
        """End what was started."""
        if self._prover is not None:
            self._prover.close()

    def _migration(self, made: ArtifactPlan) -> Migration:
        """What writes an artifact and proves it; loaders of a prover serve for runtimes in between, too."""
        if self._prover is None and not is_for_a_runtime(made, self.request):
            return Migration(self.request)
        if self._prover is None:
            self._prover = _prover(self.request)
        proves = None if self.request.prove == PROVE_NONE else self._prover
        return Migration(self.request, proves, self._prover.loaders)

    def run(self, source: MigrationSource) -> MigrationResult | None:
        """Migrate one artifact.

        Args:
            source: it, and the place of its output.

        Returns:
            What became of it; None for a sound file without a model that was met in a folder.
        """
        self._sweep(source.place.folder)
        done = self._done_before(source)
        if done is not None:
            return done
        answer = artifact_result(source.found, partial(self._planned, source), _MOST_SECONDS)
        if answer is None:
            return None
        unreadable = partial(MigrationResult, source.path, self.request.runtime, Outcome.UNREADABLE)
        if answer.value is None:
            return unreadable(problem=answer.problem)
        if isinstance(answer.value, Refusal):
            is_passed_over = answer.value.is_no_model and not source.found.is_named
            return None if is_passed_over else unreadable(problem=answer.value.problem)
        clash = self._clash(source, answer.value)
        if clash is not None:
            return clash
        return self._migration(answer.value).run(answer.value)

    def _sweep(self, folder: Path) -> None:
        """Remove what killed runs have left beside outputs, once in each folder."""
        if folder not in self._swept and not self.request.dry_run:
            self._swept.add(folder)
            sweep_staging(folder)

    def _done_before(self, source: MigrationSource) -> MigrationResult | None:
        if source.found.problem or self.request.overwrite or self.request.dry_run:
            return None
        output = done_before(source.path, source.place, self.request)
        if output is None:
            return None
        return MigrationResult(source.path, self.request.runtime, Outcome.PROVEN, written=output, is_earlier=True)

    def _planned(self, source: MigrationSource, inventory: Inventory) -> ArtifactPlan | Refusal:
        try:
            return plan_artifact(inventory, self.request, source.place)
        except (NothingToMigrateError, VocabularyError) as error:
            return Refusal(str(error), is_no_model=isinstance(error, NothingToMigrateError))

    def _clash(self, source: MigrationSource, made: ArtifactPlan) -> MigrationResult | None:
        """Why it is not written: an artifact before it in the same command is written to the same name."""
        if made.write is None or not made.plan.is_complete:
            return None
        for each in source.before:
            answer = artifact_result(each, partial(self._planned, source), _MOST_SECONDS)
            other = answer.value if answer is not None else None
            if isinstance(other, ArtifactPlan) and other.plan.is_complete and other.plan.target == made.plan.target:
                return self._refused(made, each.path)
        return None

    def _refused(self, made: ArtifactPlan, other: Path) -> MigrationResult:
        plan = made.plan
        problem = (
            f"{plan.path} and {other} would both be written to {plan.target}; migrate one of them with another --out"
        )
        return MigrationResult(plan.path, plan.runtime, Outcome.NOT_WRITTEN, plan, problem=problem)
