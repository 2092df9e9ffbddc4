"""Comparisons become findings, each with its blame: the three questions a failure must keep apart.

Reloaded differs from saved: serialization is wrong. Saved differs from the golden with other weights: the model was
built differently. Saved differs from the golden with the same weights: numerics changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import MOST_PLACES, first_few, listed, shorten
from pytest_modelcompat.artifacts.weight_digest import WeightDigest, weight_digests
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.golden.golden import Golden, digest_changes
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.drift_details import drift_details, structure_details

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.comparison.differences import OutputComparison
    from pytest_modelcompat.comparison.routes import Outputs, RouteComparison, Tolerances
    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.model import UnsteadyLayer
    from pytest_modelcompat.settings.settings import Settings

# Sums of a million float32 numbers in another order differ by less.
_OF_ORDER = 1e-3
_ORDER = (
    "additions in another order at each call, as the differences are small: a guess. If\n"
    "tf.config.experimental.enable_op_determinism() makes it the same, it is that"
)
_ANYTHING = (
    "a variable that a call changes, random numbers that no layer of Keras draws (tf.random, np.random),\n"
    "or the clock: guesses, as no layer is known for it. A stateful RNN is reset before each call"
)
BLAME_HERE = "serialization: the writer or the loader"
_BLAME_ELSEWHERE = "the loader of that runtime, or what its layers and ops compute"
RELOADED_DIFFERS = "the reloaded model predicts something else than the model that was saved"
LOOK_FOR = (
    "another TensorFlow, Keras or processor than the golden's, or another option of a layer, such as its activation"
)


def nondeterminism_finding(
    rerun: RouteComparison, layers: Sequence[UnsteadyLayer], syntax: OptionSyntax | None = None
) -> Finding:
    """The finding for a model whose second prediction is not its first.

    Args:
        rerun: the second prediction compared with the first.
        layers: those that may be the cause.
        syntax: writes the option that accepts outputs which are meant to be random; None to leave it out.
    """
    differing = [drift.output for drift in rerun.failing]
    if syntax is not None:
        accept = f"or, if {_are_meant(differing)}: {syntax.write('stochastic', differing)}"
    return Finding(
        Kind.NOT_DETERMINISTIC,
        rerun.failing[0].output,
        cause="the model does not predict the same twice, before anything is saved, so nothing can be compared",
        where=tuple(map(str, layers)),
        fix=(*_how_to_steady(layers), *([accept] if syntax is not None else [])),
        blame=Blame.MODEL,
        # Neither of the two predictions is the expected one, and no tolerance would make sense of them.
        details=(
            *(detail for detail in drift_details(rerun.failing) if detail[0] in ("output", "mismatch")),
            *_other_suspects(rerun, layers),
        ),
    )


def _are_meant(outputs: Sequence[str]) -> str:
    return "this output is meant to be random" if len(outputs) == 1 else "these outputs are meant to be random"


def _other_suspects(rerun: RouteComparison, layers: Sequence[UnsteadyLayer]) -> Iterator[tuple[str, str]]:
    """What else it may be, where no layer is known to draw: guesses, said as such."""
    if any(layer.draws for layer in layers):
        return
    if all(drift.max_rel < _OF_ORDER and not drift.nan_mismatched for drift in rerun.failing):
        yield (
            "may be",
            _ORDER,
        )
    elif not layers:
        yield (
            "may be",
            _ANYTHING,
        )


def _how_to_steady(layers: Sequence[UnsteadyLayer]) -> Iterator[str]:
    if any(layer.is_stateful for layer in layers):
        yield "make the stateful layer with stateful=False, in the model that is saved"
    if any(layer.draws and not layer.module for layer in layers):
        yield "call the layer that draws with training=False"
    if any(layer.module for layer in layers) or not layers:
        yield "let your own call() draw random numbers, or change variables, only if training:"
        yield "def call(self, inputs, training=False):"


def serialization_findings(
    rerun: RouteComparison, checks: Sequence[str], *, elsewhere: bool = False
) -> Iterator[Finding]:
    """Findings where the reloaded model is not the one that was saved.

    Args:
        rerun: the comparison.
        checks: what the case checks.
        elsewhere: whether another runtime reloaded it, whose ops may compute something else.
    """
    blame = _BLAME_ELSEWHERE if elsewhere else BLAME_HERE
    yield from _difference_findings(
        rerun,
        checks,
        structure=("the reloaded model has other output names, dtypes or shapes than the saved model", Blame.LOADER),
        drift=(RELOADED_DIFFERS, Blame.LOADER),
        facts=(("blame", blame),),
    )


def _difference_findings(
    comparison: OutputComparison,
    checks: Sequence[str],
    *,
    structure: tuple[str, Blame],
    drift: tuple[str, Blame],
    facts: Sequence[tuple[str, str]],
) -> Iterator[Finding]:
    """A finding for outputs of another structure, and one for those that drifted, if predictions are checked.

    Args:
        comparison: the outputs compared.
        checks: what the case checks.
        structure: cause and blame of the first.
        drift: cause and blame of the second.
        facts: labelled facts of both.
    """
    if comparison.has_other_structure:
        cause, blame = structure
        yield Finding(
            Kind.STRUCTURE_CHANGED,
            comparison.structure[0].output,
            cause=cause,
            blame=blame,
            details=(*structure_details(comparison.structure), *facts),
        )
    failing = comparison.failing
    if failing and "predictions" in checks:
        cause, blame = drift
        yield Finding(
            Kind.PREDICTIONS_DRIFTED,
            failing[0].output,
            cause=cause,
            blame=blame,
            details=(*drift_details(failing), *structure_details(comparison.degenerate), *facts),
        )


def lost_weights(saved: Sequence[WeightDigest], reloaded: Sequence[WeightDigest]) -> Iterator[Finding]:
    """A finding if a weight of the saved model is not in the reloaded one, bit for bit."""
    there = Counter(digest.content for digest in reloaded)
    gone = []
    for digest in saved:
        if there[digest.content]:
            there[digest.content] -= 1
        else:
            gone.append(digest.path)
    if gone:
        yield Finding(
            Kind.WEIGHTS_CHANGED,
            gone[0],
            cause="the reloaded model does not have the weights of the model that was saved",
            blame=Blame.LOADER,
            details=(
                ("weights", f"{len(gone)} of {len(saved)} are not as saved: {listed(gone, MOST_PLACES)}"),
                ("blame", BLAME_HERE),
            ),
        )


def lost_training(saved: Mapping[str, Any] | None, reloaded: Mapping[str, Any] | None) -> Iterator[Finding]:
    """A finding if the reloaded model would not go on training as the saved one."""
    if saved is None:
        return
    after = reloaded or {}
    differs = [
        f"{part}: was {shorten(str(saved[part]), 100)}, is {shorten(str(after.get(part)), 100)}"
        for part in ("optimizer", "config", "compile")
        if saved[part] != after.get(part)
    ]
    kept = Counter(digest.content for digest in weight_digests(after.get("variables", ())))
    missing = Counter(digest.content for digest in weight_digests(saved["variables"])) - kept
    if missing:
        differs.append(f"optimizer variables: {sum(missing.values())} of {len(saved['variables'])} are not as saved")
    if differs:
        yield Finding(
            Kind.TRAINING_CHANGED,
            "optimizer",
            cause="the reloaded model would not continue training like the model that was saved",
            blame=Blame.LOADER,
            details=(("training", "\n".join(differs)), ("blame", BLAME_HERE)),
        )


def compare_with_golden(
    current: Outputs, golden: Golden, golden_outputs: Outputs, weights: Sequence[WeightDigest], rule: GoldenCriteria
) -> tuple[OutputComparison, tuple[Finding, ...]]:
    """The saved model against its golden: what drifted, and whether the model or the numerics did it.

    Args:
        current: the outputs of the model that was saved (of an artifact: of the reloaded one).
        golden: the record.
        golden_outputs: its outputs by name.
        weights: digests of the current model's weights.
        rule: tolerances, checks, and what is known of the round trip.
    """
    comparison = compare_outputs(current, golden_outputs, rule.tolerances)
    changes = digest_changes(golden.weights, weights, by_content=rule.versions_differ)
    same_model = changes.none and not rule.inputs_differ and not rule.structure_differs
    blame = Blame.NUMERICS if same_model else Blame.MODEL
    facts = [("reloaded", rule.reloaded)] if rule.reloaded else []
    facts.append(("weights", _weights_sentence(changes.changed, changes.missing, changes.added, changes.total)))
    if rule.inputs_differ:
        facts.append(("inputs", "differ from those the golden was recorded with"))
    if blame is Blame.NUMERICS:
        facts.append(("look for", LOOK_FOR))
    found = _difference_findings(
        comparison,
        rule.checks,
        structure=("the model's outputs are not those of its golden", Blame.MODEL),
        drift=(rule.sentence(blame), blame),
        facts=facts,
    )
    return comparison, tuple(found)


@dataclass(frozen=True)
class GoldenCriteria:
    """What `compare_with_golden` judges by: tolerances, checks, and how the round trip itself went."""

    tolerances: Tolerances
    checks: Sequence[str]
    reloaded: str = ""
    inputs_differ: bool = False
    versions_differ: bool = False
    structure_differs: bool = False
    is_artifact: bool = False
    records: bool = True

    def sentence(self, blame: Blame) -> str:
        """The heading's sentence for a drift with this blame."""
        if blame is Blame.NUMERICS:
            subject = "the artifact" if self.is_artifact else "the model"
            return f"{subject} has the golden's weights and predicts something else: the numerics changed"
        if self.is_artifact:
            return "the artifact is not the one the golden was recorded from"
        return "the model changed, its serialization did not"


def new_in_inventory(
    section: Mapping[str, Any], recorded: Mapping[str, Any], settings: Settings, syntax: OptionSyntax
) -> Iterator[Finding]:
    """Findings for ops and layer classes the golden does not have, unless the case allows them."""
    sides = (
        (Kind.NEW_OP, "op", "allow_ops", set(section["ops"]), set(recorded["ops"]), settings.allow_ops),
        (
            Kind.NEW_LAYER,
            "layer",
            "allow_layers",
            set(section["layers"].values()),
            set(recorded["layers"].values()),
            settings.allow_layers,
        ),
    )
    for kind, word, option, now, before, allowed in sides:
        for name in sorted(now - before - set(allowed)):
            yield Finding(
                kind,
                name,
                where=_inventory_locations(section, word, name),
                cause=f"it is new since the golden was recorded, and whatever loads this model must have this {word}",
                fix=(syntax.allowed(option, name),),
                blame=Blame.MODEL,
            )


def _inventory_locations(section: Mapping[str, Any], word: str, name: str) -> tuple[str, ...]:
    if word == "op":
        count = section["ops"][name]
        return (f"{'once' if count == 1 else f'{count} times'} in the graph and its functions",)
    return first_few(f'"{path}"' for path, layer in section["layers"].items() if layer == name)


def _weights_sentence(changed: Sequence[str], missing: Sequence[str], added: Sequence[str], total: int) -> str:
    parts = []
    if changed:
        parts.append(f"differ from the golden's in {len(changed)} of {total}: {listed(changed, MOST_PLACES)}")
    if missing:
        parts.append(f"the golden's {listed(missing, MOST_PLACES)} are gone")
    if added:
        parts.append(f"{listed(added, MOST_PLACES)} are new")
    return "; ".join(parts) or f"equal the golden's, all {total}"
