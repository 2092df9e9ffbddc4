"""What gives inputs and targets to a proof of `modelcompat migrate`: as a test's are derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.migration.proof.prover import Derivation


def derivation() -> Derivation:
    """Inputs by the layers of a model, sizes by what they bound, targets by its losses."""
    from pytest_modelcompat.migration.proof.prover import Derivation
    from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_artifact
    from pytest_modelcompat.roundtrip.inputs.search import few_other_sizes
    from pytest_modelcompat.roundtrip.inputs.values import InputsNeededError
    from pytest_modelcompat.roundtrip.trained.targets import NoTargetsError, derived_targets

    return Derivation(inputs_for_artifact, few_other_sizes, derived_targets, (InputsNeededError, NoTargetsError))
