"""The examination of a live model: whether it gives the same again, and what its weights and its training state are.

It needs nothing of the artifact, and the artifact nothing of it. So a model is saved first where that can change
nothing of what is found, and examined while its artifact loads in another process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.repeated_calls import never_varied, steady_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.inputs.live_model import CalledInputs
    from pytest_modelcompat.roundtrip.model import ModelUnderTest

_TRAINING = "training"


@dataclass(frozen=True)
class Examined:
    """What was found of a live model.

    Args:
        outputs: its outputs by name.
        weights: digests of its weights.
        training: its training state; None where that is not checked.
        notes: what is to be said of its outputs.
    """

    outputs: Mapping[str, Any]
    weights: tuple[WeightDigest, ...]
    training: Mapping[str, Any] | None
    notes: tuple[Finding, ...]


def may_come_late(case: Case, model: ModelUnderTest) -> bool:
    """Whether a model can be saved before it is examined.

    Not where the examination draws samples or trains, which change the model, nor with Keras 2, whose saves do.
    """
    if case.settings.stochastic or _TRAINING in case.settings.checks:
        return False
    return not model.is_keras or model.is_keras_3


def examine(case: Case, model: ModelUnderTest, called: CalledInputs) -> Examined:
    """Calls a live model again, and takes its weights.

    Args:
        case: the case.
        model: its model.
        called: its inputs, and what it gave for them.

    Raises:
        TargetStoppedError: it gives something else for the same inputs, or an option does not fit its outputs.
    """
    outputs = steady_outputs(case, model, called)
    # A SavedModel holds the state as the last call left it.
    model.reset_states()
    training = _training(model) if _TRAINING in case.settings.checks else None
    return Examined(outputs, model.weights(), training, tuple(never_varied(outputs)))


def _training(model: ModelUnderTest) -> Mapping[str, Any] | None:
    from pytest_modelcompat.loader import training_state

    return training_state.state(model.model)
