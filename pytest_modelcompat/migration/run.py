"""The migration of one artifact: planned, written beside its name, proven, and only then called by its name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.golden.migrated_copies import file_of, read_provenance
from pytest_modelcompat.migration.artifact_plan import is_for_a_runtime
from pytest_modelcompat.migration.containers.placement import NotWrittenError
from pytest_modelcompat.migration.output.place import place, remove, staged, unproven
from pytest_modelcompat.migration.output.provenance import provenance_data, write_provenance
from pytest_modelcompat.results.migration import MigrationResult, Outcome, Proof, Way
from pytest_modelcompat.results.migration_command import CREATE, migrate_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.artifact_plan import ArtifactPlan
    from pytest_modelcompat.migration.proof.hosts import Loaders
    from pytest_modelcompat.migration.request import MigrationRequest
    from pytest_modelcompat.results.migration import Lost, Plan


class Proving(Protocol):
    """What holds a new artifact against the old one."""

    def prove(self, old: Inventory, new: Inventory, lost: Sequence[Lost] = ()) -> Proof:
        """Compare both, each in its runtime.

        Args:
            old: of the artifact as it is.
            new: of what was written.
            lost: what was dropped knowingly.
        """


@dataclass(frozen=True)
class Migration:
    """What migrates artifacts.

    Args:
        request: what is asked for.
        prover: None for no proof.
        loaders: of the runtimes that save an artifact again; None to edit only.
    """

    request: MigrationRequest
    prover: Proving | None = None
    loaders: Loaders | None = None

    def run(self, artifact: ArtifactPlan) -> MigrationResult:
        """Do what is planned, or plan it only, as the request asks for.

        Args:
            artifact: its plan.
        """
        if self.loaders is None or not is_for_a_runtime(artifact, self.request):
            return self._done(artifact)
        from pytest_modelcompat.migration.resave.through import planned_through, written_through

        if self.request.dry_run:
            return self._done(planned_through(artifact, self.request, self.loaders))
        with written_through(artifact, self.request, self.loaders) as through:
            return self._done(through)

    def _done(self, artifact: ArtifactPlan) -> MigrationResult:
        plan = artifact.plan
        result = MigrationResult(plan.path, plan.runtime, _outcome(plan), plan)
        if result.outcome is not Outcome.PLANNED:
            return result
        problem = self._problem(plan)
        if problem:
            return replace(result, outcome=Outcome.NOT_WRITTEN, problem=problem)
        if self.request.dry_run or artifact.write is None:
            return result
        try:
            return self._written(result, artifact, artifact.write)
        except OSError as error:
            problem = f"{plan.target} cannot be written: {error.strerror or error}"
        except (NotWrittenError, BrokenArtifactError) as error:
            problem = str(error)
        return replace(result, outcome=Outcome.NOT_WRITTEN, problem=problem)

    def _problem(self, plan: Plan) -> str:
        """Why the target must not be written; empty where it may."""
        target = plan.target
        if self.request.format not in ("", plan.format):
            return _no_such_format(plan, self.request.format)
        if target.exists() and target.resolve() == plan.path.resolve():
            return f"{target} is the artifact itself, which is never changed; name another folder with --out"
        is_there = target.exists() or target.is_symlink()
        if not is_there or self.request.overwrite or self.request.dry_run:
            return ""
        made = (read_provenance(target) or {}).get("source", {}).get("name")
        of_what = f" (it was made of {made})" if made else ""
        return f"{target} exists already{of_what}; --overwrite replaces it, and --out DIR writes to another folder"

    def _written(
        self, result: MigrationResult, artifact: ArtifactPlan, write: Callable[[Path], None]
    ) -> MigrationResult:
        plan = artifact.plan
        with staged(plan.target) as part:
            try:
                write(part)
                proof = self._proof(artifact, part)
            except (NotWrittenError, BrokenArtifactError) as error:
                # The name that it was to have is what a user knows.
                raise NotWrittenError(str(error).replace(str(part), str(plan.target))) from error
            outcome = Outcome.NOT_PROVEN if proof is None else Outcome.PROVEN if proof.holds else Outcome.UNPROVEN
            name = unproven(plan.target) if outcome is Outcome.UNPROVEN else plan.target
            recorded = provenance_data(plan, self.request, outcome, proof, part)
            # Recorded first: a run that is broken off between both leaves a record of nothing, which is written again.
            write_provenance(recorded, name, part.parent)
            place(part, name)
        if outcome is not Outcome.UNPROVEN:
            _forget(unproven(plan.target))
        return replace(result, outcome=outcome, proof=proof, written=name)

    def _proof(self, artifact: ArtifactPlan, part: Path) -> Proof | None:
        if self.prover is None:
            return None
        return self.prover.prove(artifact.inventory, read_inventory(part), artifact.plan.lost)


def _outcome(plan: Plan) -> Outcome:
    if not plan.findings:
        return Outcome.LOADS
    if any(each.way == "impossible" for each in plan.needs):
        return Outcome.IMPOSSIBLE
    # Of a way through a runtime it is known only once it was taken.
    return Outcome.PLANNED if plan.is_complete or plan.way is Way.RESAVE else Outcome.NEEDS


def _no_such_format(plan: Plan, wanted: str) -> str:
    problem = f"{plan.path} cannot be written as {wanted}: edits write {plan.format}"
    if not plan.creates:
        return f"{problem}, and no runtime is known that saves it so; leave --to out"
    command = migrate_command(str(plan.path), plan.runtime, (*plan.given, CREATE))
    return f"{problem}; leave --to out, or have {plan.creates} created, which saves it again: `{command}`"


def _forget(path: Path) -> None:
    """Remove what an earlier run has left of the same artifact, and its record."""
    if read_provenance(path) is not None:
        remove(path)
        remove(file_of(path))
