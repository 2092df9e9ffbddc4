"""Comparisons -> findings, each with its blame: the three questions a failure must keep apart.

Reloaded differs from saved: serialization is wrong. Saved differs from the golden with other weights: the model was
built differently. Saved differs from the golden with the same weights: numerics changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.outputs import (
    Comparison,
    Drift,
    StructureDifference,
    Tolerance,
    compare,
    output_tolerance,
)
from pytest_modelcompat.golden.golden import Golden, WeightDigest, digest_changes
from pytest_modelcompat.results.finding import Blame, Finding, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.routes import Outputs, Rerun, Tolerances
    from pytest_modelcompat.diagnosis.declarations import Declaration
    from pytest_modelcompat.settings.settings import Settings

MOST_NAMES = 4
_BLAME_HERE = "serialization: the writer or the loader"
_BLAME_ELSEWHERE = "the loader of that runtime, or what its layers and ops compute"
# Told with the drift they come with, rather than as a change of structure.
SAYS_NOTHING = ("constant", "all NaN")
LOOK_FOR = (
    "another TensorFlow, Keras or processor than the golden's, or another option of a layer, such as its activation"
)


class UnknownOutputError(Exception):
    """rtol or atol names an output the model does not have; the message names both."""


def tolerances(settings: Settings, compute_dtypes: Sequence[str], outputs: Sequence[str]) -> Tolerances:
    """The tolerance of each output: the case's own where it gives one, else by the least precise dtype.

    Raises:
        UnknownOutputError: rtol or atol is given for an output that does not exist.
    """
    for option, given in (("rtol", settings.rtol), ("atol", settings.atol)):
        unknown = sorted(set(given) - set(outputs)) if isinstance(given, Mapping) else []
        if unknown:
            raise UnknownOutputError(
                f"{option} is given for output {unknown[0]!r}, and the model's outputs are {', '.join(outputs)}"
            )

    def tolerance(output: str, dtype: str) -> Tolerance:
        default = output_tolerance(dtype, compute_dtypes)
        rtol, atol = _own(settings.rtol, output), _own(settings.atol, output)
        if rtol is None and atol is None:
            return default
        source = settings.sources.get("rtol", "default")
        return Tolerance(default.rtol if rtol is None else rtol, default.atol if atol is None else atol, source)

    return tolerance


def _own(given: float | Mapping[str, float] | None, output: str) -> float | None:
    return given.get(output) if isinstance(given, Mapping) else given


def difference_details(rerun: Rerun, checks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Labelled facts of what differs; empty where nothing does that the case checks.

    Args:
        rerun: the comparison.
        checks: what the case checks.
    """
    said_nothing = [each for each in rerun.structure if each.what in SAYS_NOTHING]
    yield from _structure_details([each for each in rerun.structure if each.what not in SAYS_NOTHING])
    failing = [drift for drift in rerun.drifts if not drift.holds]
    if failing and "predictions" in checks:
        yield from drift_details(failing)
        yield from _structure_details(said_nothing)


def unsteady(rerun: Rerun, layers: Sequence[str]) -> Finding:
    """The finding for a model whose second prediction is not its first."""
    failing = [drift for drift in rerun.drifts if not drift.holds]
    return Finding(
        Kind.NOT_DETERMINISTIC,
        failing[0].output,
        cause="the model does not predict the same twice, before anything is saved, so nothing can be compared",
        where=tuple(layers),
        fix=("make it deterministic at inference (training=False, a fixed seed, stateful=False)",),
        blame=Blame.MODEL,
        # Neither of the two predictions is the expected one, and no tolerance would make sense of them.
        details=tuple(detail for detail in drift_details(failing) if detail[0] in ("output", "mismatch")),
    )


def serialization(rerun: Rerun, checks: Sequence[str], *, elsewhere: bool = False) -> Iterator[Finding]:
    """Findings where the reloaded model is not the one that was saved.

    Args:
        rerun: the comparison.
        checks: what the case checks.
        elsewhere: whether another runtime reloaded it, whose ops may compute something else.
    """
    blame = _BLAME_ELSEWHERE if elsewhere else _BLAME_HERE
    said_nothing = [each for each in rerun.structure if each.what in SAYS_NOTHING]
    if len(said_nothing) < len(rerun.structure):
        yield Finding(
            Kind.STRUCTURE_CHANGED,
            rerun.structure[0].output,
            cause="the reloaded model does not give the outputs of the model that was saved",
            blame=Blame.LOADER,
            details=(
                *_structure_details(rerun.structure),
                ("blame", blame),
            ),
        )
    failing = [drift for drift in rerun.drifts if not drift.holds]
    if failing and "predictions" in checks:
        yield Finding(
            Kind.PREDICTIONS_DRIFTED,
            failing[0].output,
            cause="the reloaded model predicts something else than the model that was saved",
            blame=Blame.LOADER,
            details=(
                *drift_details(failing),
                *_structure_details(said_nothing),
                ("blame", blame),
            ),
        )


def lost_weights(saved: Sequence[Mapping[str, Any]], reloaded: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding if a weight of the saved model is not in the reloaded one, bit for bit."""
    there = Counter(_content(entry) for entry in reloaded)
    gone = []
    for entry in saved:
        content = _content(entry)
        if there[content]:
            there[content] -= 1
        else:
            gone.append(str(entry["path"]))
    if gone:
        yield Finding(
            Kind.WEIGHTS_CHANGED,
            gone[0],
            cause="the reloaded model does not have the weights of the model that was saved",
            blame=Blame.LOADER,
            details=(
                ("weights", f"{len(gone)} of {len(saved)} are not as saved: {names(gone)}"),
                ("blame", _BLAME_HERE),
            ),
        )


def _content(entry: Mapping[str, Any]) -> tuple[tuple[int, ...], str, str]:
    return tuple(entry["shape"]), entry["dtype"], entry["sha256"]


def lost_training(saved: Mapping[str, Any] | None, reloaded: Mapping[str, Any] | None) -> Iterator[Finding]:
    """A finding if the reloaded model would not go on training as the saved one."""
    if saved is None:
        return
    after = reloaded or {}
    differs = [
        f"{part}: was {_short(saved[part])}, is {_short(after.get(part))}"
        for part in ("optimizer", "config", "compile")
        if saved[part] != after.get(part)
    ]
    kept = Counter(_content(entry) for entry in after.get("variables", ()))
    missing = Counter(_content(entry) for entry in saved["variables"]) - kept
    if missing:
        differs.append(f"optimizer variables: {sum(missing.values())} of {len(saved['variables'])} are not as saved")
    if differs:
        yield Finding(
            Kind.TRAINING_CHANGED,
            "optimizer",
            cause="the reloaded model would not go on training as the model that was saved",
            blame=Blame.LOADER,
            details=(("training", "\n".join(differs)), ("blame", _BLAME_HERE)),
        )


def over_time(
    current: Outputs, golden: Golden, golden_outputs: Outputs, weights: Sequence[WeightDigest], rule: TimeRule
) -> tuple[Comparison, tuple[Finding, ...]]:
    """The saved model against its golden: what drifted, and whether the model or the numerics did it.

    Args:
        current: the outputs of the model that was saved (of an artifact: of the reloaded one).
        golden: the record.
        golden_outputs: its outputs by name.
        weights: digests of the current model's weights.
        rule: tolerances, checks, and what is known of the round trip.
    """
    comparison = compare(current, golden_outputs, rule.tolerances)
    changes = digest_changes(golden.weights, weights, by_content=rule.versions_differ)
    same_model = changes.none and not rule.inputs_differ and not rule.structure_differs
    blame = Blame.NUMERICS if same_model else Blame.MODEL
    facts = [("reloaded", rule.reloaded)] if rule.reloaded else []
    facts.append(("weights", _weights_sentence(changes.changed, changes.missing, changes.added, changes.total)))
    if rule.inputs_differ:
        facts.append(("inputs", "differ from those the golden was recorded with"))
    if blame is Blame.NUMERICS:
        facts.append(("look for", LOOK_FOR))
    found = []
    said_nothing = [each for each in comparison.structure if each.what in SAYS_NOTHING]
    if len(said_nothing) < len(comparison.structure):
        found.append(
            Finding(
                Kind.STRUCTURE_CHANGED,
                comparison.structure[0].output,
                cause="the model's outputs are not those of its golden",
                blame=Blame.MODEL,
                details=(*_structure_details(comparison.structure), *facts),
            )
        )
    failing = [drift for drift in comparison.drifts if not drift.holds]
    if failing and "predictions" in rule.checks:
        found.append(
            Finding(
                Kind.PREDICTIONS_DRIFTED,
                failing[0].output,
                cause=rule.sentence(blame),
                blame=blame,
                details=(*drift_details(failing), *_structure_details(said_nothing), *facts),
            )
        )
    return comparison, tuple(found)


@dataclass(frozen=True)
class TimeRule:
    """What `over_time` judges by: tolerances, checks, and how the round trip itself went."""

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
    section: Mapping[str, Any], recorded: Mapping[str, Any], settings: Settings, declaration: Declaration
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
                where=_inventory_places(section, word, name),
                cause=f"it is new since the golden was recorded, and whatever loads this model must have this {word}",
                fix=(declaration.allowed(option, name),),
                blame=Blame.MODEL,
            )


def _inventory_places(section: Mapping[str, Any], word: str, name: str) -> tuple[str, ...]:
    if word == "op":
        count = section["ops"][name]
        return (f"{'once' if count == 1 else f'{count} times'} in the graph and its functions",)
    return tuple(f'"{path}"' for path, layer in section["layers"].items() if layer == name)[:MOST_NAMES]


def _structure_details(differences: Sequence[StructureDifference]) -> tuple[tuple[str, str], ...]:
    return tuple(("output", _difference(each)) for each in differences)


def _difference(each: StructureDifference) -> str:
    if each.output == "outputs":
        return f"expected {each.expected}, got {each.actual}"
    if each.what in SAYS_NOTHING:
        return f"{each.output}: {each.actual}"
    if each.what == "missing":
        return f"{each.output} is missing; it was {each.expected}"
    if each.what == "unexpected":
        return f"{each.output} was not there; it is {each.actual}"
    return f"{each.output}: {each.what} was {each.expected}, is {each.actual}"


def drift_details(drifts: Sequence[Drift]) -> Iterator[tuple[str, str]]:
    """Labelled facts of each drift that does not hold."""
    for drift in drifts:
        yield "output", f"{drift.output}   {drift.dtype} {drift.shape}"
        yield "mismatch", "\n".join(_mismatch(drift))
        yield (
            "worst",
            "\n".join(
                f"{list(each.index)} is {_figure(each.actual)}, expected {_figure(each.expected)}"
                for each in drift.worst
            ),
        )
        if drift.passing_atol is not None and drift.passing_rtol is not None:
            yield (
                "passes at",
                (
                    f"atol={drift.passing_atol:.3g} (rtol={drift.tolerance.rtol:g}), "
                    f"or rtol={drift.passing_rtol:.3g} (atol={drift.tolerance.atol:g})"
                ),
            )


def _mismatch(drift: Drift) -> Iterator[str]:
    share = 100 * drift.mismatched / drift.total
    yield f"{drift.mismatched} of {drift.total} elements ({share:.3g} %)"
    allowed = drift.tolerance
    if drift.max_abs_at is not None:
        yield (
            f"greatest absolute difference {drift.max_abs:.1e} at {list(drift.max_abs_at)} "
            f"(allowed {allowed.atol:g}, from {allowed.source})"
        )
    if drift.max_rel_at is not None:
        yield (
            f"greatest relative difference {drift.max_rel:.1e} at {list(drift.max_rel_at)} "
            f"(allowed {allowed.rtol:g}, from {allowed.source})"
        )
    if drift.nan_mismatched:
        yield f"NaN on one side only: {drift.nan_mismatched}"
    if drift.inf_mismatched:
        yield f"infinities that do not match: {drift.inf_mismatched}"


def _figure(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _weights_sentence(changed: Sequence[str], missing: Sequence[str], added: Sequence[str], total: int) -> str:
    parts = []
    if changed:
        parts.append(f"differ from the golden's in {len(changed)} of {total}: {names(changed)}")
    if missing:
        parts.append(f"the golden's {names(missing)} are gone")
    if added:
        parts.append(f"{names(added)} are new")
    return "; ".join(parts) or f"equal the golden's, all {total}"


def names(items: Sequence[str]) -> str:
    """The first few names, and how many more."""
    rest = len(items) - MOST_NAMES
    return ", ".join(items[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."
