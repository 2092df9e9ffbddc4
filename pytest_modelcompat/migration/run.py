"""The migration of one artifact: planned, written beside its name, proven, and only then called by its name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_modelcompat.migration.output import place, remove, staged, unproven
from pytest_modelcompat.migration.provenance import file_of, provenance_data, read_provenance, write_provenance
from pytest_modelcompat.results.migration import MigrationResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.migration.artifact_plan import ArtifactPlan
    from pytest_modelcompat.migration.request import MigrationRequest
    from pytest_modelcompat.results.migration import Plan, Proof


class Proving(Protocol):
    """What holds a new artifact against the old one."""

    def prove(self, old: Path, new: Path) -> Proof:
        """Compare both, each in its runtime.

        Args:
            old: the artifact as it is.
            new: what was written.
        """


@dataclass(frozen=True)
class Migration:
    """What migrates artifacts.

    Args:
        request: what is asked for.
        prover: None for no proof.
    """

    request: MigrationRequest
    prover: Proving | None = None

    def run(self, artifact: ArtifactPlan) -> MigrationResult:
        """Do what is planned.

        Args:
            artifact: its plan.
        """
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
            return self._written(result, plan, artifact.write)
        except OSError as error:
            why = error.strerror or str(error)
            problem = f"{plan.target} cannot be written: {why}"
            return replace(result, outcome=Outcome.NOT_WRITTEN, problem=problem)

    def _problem(self, plan: Plan) -> str:
        """Why the target must not be written; empty where it may."""
        target = plan.target
        if target.exists() and target.resolve() == plan.path.resolve():
            return f"{target} is the artifact itself, which is never changed; name another folder with --out"
        if not (target.exists() or target.is_symlink()) or self.request.overwrite:
            return ""
        made = (read_provenance(target) or {}).get("source", {}).get("name")
        of_what = f" (it was made of {made})" if made else ""
        return f"{target} exists already{of_what}; --overwrite replaces it, and --out DIR writes to another folder"

    def _written(self, result: MigrationResult, plan: Plan, write: Callable[[Path], None]) -> MigrationResult:
        with staged(plan.target) as part:
            write(part)
            proof = self.prover.prove(plan.path, part) if self.prover is not None else None
            outcome = Outcome.NOT_PROVEN if proof is None else Outcome.PROVEN if proof.holds else Outcome.UNPROVEN
            name = unproven(plan.target) if outcome is Outcome.UNPROVEN else plan.target
            recorded = provenance_data(plan, self.request, outcome, proof, part)
            # Recorded first: a run that is broken off between both leaves a record of nothing, which is written again.
            write_provenance(recorded, name)
            place(part, name)
        if outcome is not Outcome.UNPROVEN:
            _forget(unproven(plan.target))
        return replace(result, outcome=outcome, proof=proof, written=name)


def _outcome(plan: Plan) -> Outcome:
    if not plan.findings:
        return Outcome.LOADS
    if any(each.way == "impossible" for each in plan.needs):
        return Outcome.IMPOSSIBLE
    return Outcome.PLANNED if plan.is_complete else Outcome.NEEDS


def _forget(path: Path) -> None:
    """Remove what an earlier run has left of the same artifact, and its record."""
    if read_provenance(path) is not None:
        remove(path)
        remove(file_of(path))
