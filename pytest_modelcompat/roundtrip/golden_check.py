"""What a target recorded, compared with its case's golden or written into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.degenerate import why_degenerate
from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.golden.golden import (
    Golden,
    GoldenBrokenError,
    GoldenMissingError,
    GoldenNotWrittenError,
    Packed,
    digest_changes,
)
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.declarations import options_with_more
from pytest_modelcompat.roundtrip.inputs.search import are_same
from pytest_modelcompat.roundtrip.outcome import CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.golden.store import GoldenStore, UpdateResult
    from pytest_modelcompat.roundtrip.case import Case


@dataclass(frozen=True)
class TargetRecord:
    """One target's part of the truth.

    Args:
        inputs: nested inputs.
        outputs: the model's outputs by name.
        weights: digests of its weights.
        inventory: of the artifact.
        made_by: versions of what made it.
        format: the target's format.
        layers: gives what the golden keeps of the model's layers; asked for where a golden is written.
    """

    inputs: Any
    outputs: Mapping[str, Any]
    weights: tuple[WeightDigest, ...]
    inventory: Inventory
    made_by: Mapping[str, str]
    format: str
    layers: Callable[[], Mapping[str, Any]] = dict

    def section(self) -> dict[str, Any]:
        """What the format's artifact holds, the way a golden keeps it."""
        inventory = self.inventory
        return {
            "layers": {"/".join(layer.path): layer.class_name for layer in inventory.layers},
            "ops": {op.op: op.count for op in inventory.ops},
            "signatures": {
                signature.name: {
                    "inputs": {each.name: _spec_text(each) for each in signature.inputs},
                    "outputs": {each.name: _spec_text(each) for each in signature.outputs},
                }
                for signature in inventory.signatures
            },
        }

    def golden(self) -> Golden:
        """A golden with this target's format as its only one."""
        from pytest_modelcompat.loader import tensors

        return Golden(
            made_by=dict(self.made_by),
            inputs=pack_leaves(self.inputs),
            outputs=tensors.pack(dict(self.outputs)),
            statistics={name: leaf_statistics(leaf) for name, leaf in self.outputs.items()},
            weights=self.weights,
            formats={self.format: self.section()},
        )


def pack_leaves(nested: Any) -> Packed:
    """Nested values as a golden keeps them."""
    from pytest_modelcompat.loader import tensors

    return tensors.pack(tensors.as_leaves(nested))


def unpacked(packed: Packed) -> Any:
    """What a golden keeps as nested leaves."""
    from pytest_modelcompat.loader import tensors

    return tensors.unpack(*packed)  # type: ignore[arg-type]


def _spec_text(spec: Any) -> str:
    return f"{spec.dtype} {list(spec.shape) if spec.shape is not None else '(any shape)'}"


class _OtherModelError(Exception):
    """Another target of the case recorded another model in this session."""

    def __init__(self, found: Finding) -> None:
        super().__init__(found.cause)
        self.found = found


@dataclass(frozen=True)
class GoldenCheck:
    """A target that is held against its case's golden, or recorded as it.

    Args:
        case: the target's.
        store: of the goldens.
        recording: what the target recorded.
        criteria: what it is judged by.
        where: the golden's folder, from the project's.
    """

    case: Case
    store: GoldenStore
    recording: TargetRecord
    criteria: evaluation.GoldenCriteria
    where: str

    @property
    def is_missing(self) -> bool:
        """Whether there is no golden, not even a broken one."""
        try:
            self.store.read(self.case.golden)
        except GoldenMissingError:
            return True
        except GoldenBrokenError:
            return False
        return False

    def compare(self) -> CheckOutcome:
        """Hold the target against the golden."""
        case = self.case
        try:
            golden = self.store.read(case.golden)
        except GoldenMissingError:
            return CheckOutcome((_missing(f"there is no golden yet at {self.where}", case, self.where),))
        except GoldenBrokenError as error:
            fix = (f"restore it from version control, or record it again: {case.accept}",)
            return CheckOutcome((Finding(Kind.GOLDEN_BROKEN, case.golden.name, cause=self._relative(error), fix=fix),))
        recording, criteria = self.recording, self._criteria(golden)
        comparison, found = evaluation.compare_with_golden(
            recording.outputs, golden, _outputs(golden), recording.weights, criteria
        )
        if criteria.inputs_differ and not found:
            found = (_other_inputs(case),)
        if "structure" in criteria.checks:
            found = (*found, *_inventory_findings(case, golden, recording, self.where))
        ours, goldens = (comparison.drifts, ()) if criteria.is_artifact else ((), comparison.drifts)
        outcome = CheckOutcome(found, ours, golden_made_by=golden.made_by, golden_drifts=goldens)
        return outcome if outcome.failed else replace(outcome, golden="matched")

    def _criteria(self, golden: Golden) -> evaluation.GoldenCriteria:
        return replace(
            self.criteria,
            inputs_differ=not _same_inputs(golden, self.recording),
            structure_differs=_structure_differs(golden, self.recording),
            versions_differ=_versions_differ(golden, self.recording),
        )

    def update(self) -> CheckOutcome:
        """Write what the target recorded into the golden."""
        case, store, recording, criteria = self.case, self.store, self.recording, self.criteria
        # A store lives as long as its session and knows what this process wrote. What another worker of pytest-xdist
        # wrote it takes for an earlier session's, so that targets which disagree across workers are not told of here.
        merge = _joined if case.golden in store.recorded else _merged
        try:
            written = store.update(case.golden, lambda before: merge(before, recording, criteria))
        except _OtherModelError as error:
            return CheckOutcome((builder_differs(error.found),))
        except GoldenNotWrittenError as error:
            fix = (error.fix,) if error.fix else ()
            return CheckOutcome(
                (Finding(Kind.GOLDEN_NOT_WRITTEN, case.golden.name, cause=self._relative(error), fix=fix),)
            )
        return CheckOutcome(
            () if _keeps_outputs(written) else tuple(_degenerate_outputs(recording)),
            golden=_state(written, recording.format),
            golden_made_by=written.after.made_by,
            moved=_changed_outputs(written, criteria),
        )

    def _relative(self, error: Exception) -> str:
        """An error of the store as part of a sentence, its paths from the project's folder."""
        return str(error).replace(str(self.store.folder(self.case.golden)), self.where).rstrip(".")


def _versions_differ(golden: Golden, recording: TargetRecord) -> bool:
    return any(golden.made_by.get(name) != recording.made_by.get(name) for name in ("keras", "tensorflow"))


def _other_inputs(case: Case) -> Finding:
    return Finding(
        Kind.INPUTS_CHANGED,
        case.golden.name,
        cause="the inputs differ from those the golden was recorded with, though the outputs agree",
        fix=(case.accept,),
        severity=Severity.NOTE,
    )


def _missing(cause: str, case: Case, where: str) -> Finding:
    commit = f"on your machine, then commit {where}: CI compares with it and records none"
    return Finding(Kind.GOLDEN_MISSING, case.golden.name, cause=cause, fix=(case.accept, commit))


def _inventory_findings(case: Case, golden: Golden, recording: TargetRecord, where: str) -> tuple[Finding, ...]:
    recorded = golden.formats.get(recording.format)
    if recorded is None:
        return (_missing(f"the golden of this case was recorded without the format {recording.format}", case, where),)
    syntax = OptionSyntax(case.declared_in, declared=options_with_more(case.settings))
    return tuple(evaluation.new_in_inventory(recording.section(), recorded, case.settings, syntax))


def _structure_differs(golden: Golden, recording: TargetRecord) -> bool:
    """Whether the model has other layers than its golden, or other ops under the same TensorFlow."""
    recorded = golden.formats.get(recording.format)
    if recorded is None:
        return False
    section = recording.section()
    same_tensorflow = golden.made_by.get("tensorflow") == recording.made_by.get("tensorflow")
    return bool(section["layers"] != recorded["layers"] or (same_tensorflow and section["ops"] != recorded["ops"]))


def _outputs(golden: Golden) -> dict[str, Any]:
    outputs: dict[str, Any] = unpacked(golden.outputs)
    return outputs


def _same_inputs(golden: Golden, recording: TargetRecord) -> bool:
    return are_same(recording.inputs, unpacked(golden.inputs))


def _degenerate_outputs(recording: TargetRecord) -> Iterator[Finding]:
    """A warning for each output that is recorded and that another model might give as well."""
    for name, output in recording.outputs.items():
        why = why_degenerate(output)
        if why:
            cause = f"the golden of output {name!r} says little of the model, as {why}; give inputs that it tells apart"
            yield Finding(Kind.GOLDEN_DEGENERATE, name, cause=cause, severity=Severity.WARNING)


def _state(written: UpdateResult, format_: str) -> str:
    if not written.changed:
        return "unchanged"
    before = written.before
    if before is None or (_keeps_outputs(written) and format_ not in before.formats):
        return "written"
    return "updated"


def _keeps_outputs(written: UpdateResult) -> bool:
    """Whether an update left the outputs that were there, and at most added the section of another format."""
    return written.before is not None and written.after.outputs is written.before.outputs


def _merged(before: Golden | None, recording: TargetRecord, rule: evaluation.GoldenCriteria) -> Golden:
    """The golden to keep: the one there while it still holds, with this target's section brought up to date."""
    fresh = replace(recording.golden(), layers=recording.layers())
    if before is None:
        return fresh
    comparison, _ = evaluation.compare_with_golden(recording.outputs, before, _outputs(before), recording.weights, rule)
    # Outputs that hold do not make other weights the golden's: their digests tell whose fault a later drift is.
    same_weights = digest_changes(
        before.weights, recording.weights, by_content=_versions_differ(before, recording)
    ).none
    if comparison.holds and same_weights and _same_inputs(before, recording):
        kept = before.with_format(recording.format, fresh.formats[recording.format])
        return kept if _has_layers_of(before, fresh) else replace(kept, layers=fresh.layers)
    return replace(fresh, formats={**before.formats, **fresh.formats})


def _has_layers_of(before: Golden, fresh: Golden) -> bool:
    """Whether a golden says what the layers of the model give: under the same versions, of layers of the same names."""
    if not before.layers or not fresh.layers:
        return bool(before.layers)
    same_versions = before.layers.get("made_by") == fresh.layers["made_by"]
    return not same_versions or before.layers.get("outputs", {}).keys() == fresh.layers["outputs"].keys()


def _joined(before: Golden | None, recording: TargetRecord, rule: evaluation.GoldenCriteria) -> Golden:
    """The golden that another target of the case recorded in this session, with this target's section.

    Raises:
        _OtherModelError: this target would fail against it.
    """
    if before is None:
        return replace(recording.golden(), layers=recording.layers())
    rule = replace(rule, inputs_differ=not _same_inputs(before, recording))
    _, found = evaluation.compare_with_golden(recording.outputs, before, _outputs(before), recording.weights, rule)
    if found:
        raise _OtherModelError(found[0])
    return before.with_format(recording.format, recording.section())


def builder_differs(found: Finding) -> Finding:
    """The finding that a builder gives another model at each call.

    Args:
        found: how two of them, or one and its golden, differ.
    """
    return Finding(
        Kind.NOT_DETERMINISTIC,
        found.subject,
        cause="the builder gives another model each time it is called, as one does whose random values have no seed",
        fix=(
            "create its random values inside the builder, from a fixed seed, as np.random.default_rng(0),",
            "then run the same command again",
        ),
        blame=Blame.MODEL,
        details=tuple(each for each in found.details if each[0] in ("output", "mismatch", "weights", "inputs")),
    )


def _changed_outputs(written: UpdateResult, rule: evaluation.GoldenCriteria) -> tuple[Drift, ...]:
    """What an update moved in the outputs, old to new."""
    if written.before is None or not written.changed:
        return ()
    comparison = compare_outputs(_outputs(written.after), _outputs(written.before), rule.tolerances)
    return tuple(drift for drift in comparison.drifts if not drift.identical)
