"""The trial: a compiled model evaluated and trained for one step, as it is and as it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.proof.evidence.attempts import what_failed
from pytest_modelcompat.migration.proof.evidence.batches import for_other_names
from pytest_modelcompat.migration.proof.evidence.evaluation import (
    Training,
    TrainingAgreement,
    loss_names,
    training_agreement,
)
from pytest_modelcompat.migration.proof.request import NotProvenError
from pytest_modelcompat.runtimes.protocol import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.migration.proof.evidence.attempts import Attempts
    from pytest_modelcompat.migration.proof.evidence.witness import Witnessed
    from pytest_modelcompat.migration.proof.request import ProofRequest
    from pytest_modelcompat.results.migration import Lost

_HALF = frozenset({"float16", "bfloat16"})
_KERAS_3 = (3, 0)


@dataclass(frozen=True)
class Trial:
    """Holds the training of a written artifact against that of the old one.

    Args:
        request: how, and what gives targets.
        witnessed: what the old artifact gave.
    """

    request: ProofRequest
    witnessed: Witnessed

    def agreement(self, attempts: Attempts, lost: Sequence[Lost]) -> TrainingAgreement:
        """How they agree.

        Args:
            attempts: load the written artifact.
            lost: what was dropped knowingly.

        Raises:
            NotProvenError: the old one cannot be evaluated.
        """
        old, new = self.witnessed.attempts.inventory, attempts.inventory
        if not self.request.options.compile_model or not old.training or "saved_model" in (old.format, new.format):
            return TrainingAgreement("")
        if not new.training:
            problem = "" if lost else "the new artifact has nothing of what compile() was given"
            texts = "; ".join(each.text for each in lost)
            return TrainingAgreement(f"not compared, as it is lost: {texts}" if lost else "", problem)
        targets, mine = self._of_the_old()
        if mine is None:
            return TrainingAgreement("the old model has no loss to evaluate")
        first = self.witnessed.question.first
        return training_agreement(
            mine,
            _trained(self.witnessed.attempts, first, targets, seed=1),
            _trained(attempts, for_other_names(first, old, new), targets),
            is_half=bool(_HALF & {*old.compute_dtypes, *new.compute_dtypes}),
            keeps_state=new.format == "keras" or attempts.host.reader < _KERAS_3,
            lost=lost,
        )

    def _of_the_old(self) -> tuple[Any, Training | None]:
        """The targets with which the old model can be evaluated, and what it gives; None where it has no loss.

        Raises:
            NotProvenError: there are no targets that fit.
        """
        derive, witnessed = self.request.derive, self.witnessed
        loss = loss_names(witnessed.attempts.inventory.training)
        if loss is None:
            return None, None
        if derive.targets is None:
            raise NotProvenError("the compiled loss is not compared: nothing derives targets for it")
        problem = "no targets are derived for its loss"
        try:
            for targets in derive.targets(_shaped(witnessed), loss, witnessed.predictions.names, 0):
                training = _trained(witnessed.attempts, witnessed.question.first, targets)
                if training.is_evaluated:
                    return targets, training
                problem = training.error or "the loss is not a finite number"
        except derive.refusals as error:
            problem = str(error)
        raise NotProvenError(f"the old model cannot be evaluated, so that training is not compared: {problem}")


def _trained(attempts: Attempts, inputs: Any, targets: Any, seed: int = 0) -> Training:
    loaded = attempts.train(inputs, TrainingJob(targets, steps=True, seed=seed))
    failed = what_failed(loaded)
    return Training(None, {}, {}, failed) if failed else Training.of(loaded.training, loaded.trial)


def _shaped(witnessed: Witnessed) -> Any:
    """The outputs for the first examples, nested as a list or alone: targets have their shapes."""
    batch, outputs = witnessed.question.batches[0], witnessed.predictions.batches[0]
    stop = batch.parts[0].stop if len(batch.parts) > 1 else None
    leaves = {name: leaf[:stop] if stop and hasattr(leaf, "shape") else leaf for name, leaf in outputs.items()}
    if len(leaves) == 1:
        return next(iter(leaves.values()))
    config = witnessed.attempts.inventory.root.get("config")
    is_dict = isinstance(config, dict) and isinstance(config.get("output_layers"), dict)
    return leaves if is_dict else list(leaves.values())
