"""Keeping a target's artifact as that of a release, and taking a kept one as what is checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.golden.golden import GoldenError, GoldenNotWrittenError, ReleaseBrokenError
from pytest_modelcompat.golden.release_serialization import CallSpec
from pytest_modelcompat.golden.release_store import BrokenRelease, thaw_command
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.roundtrip.golden_check import pack_leaves, unpacked
from pytest_modelcompat.roundtrip.model import installed_keras
from pytest_modelcompat.roundtrip.stop import TargetStoppedError
from pytest_modelcompat.roundtrip.subject import Subject

if TYPE_CHECKING:
    from pytest_modelcompat.golden.golden import Golden
    from pytest_modelcompat.golden.release_store import Frozen, ReleaseStore
    from pytest_modelcompat.golden.store import GoldenStore
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.golden_check import TargetRecord


@dataclass(frozen=True)
class ReleaseFreezer:
    """Keeps the artifacts of a session as those of a release.

    Args:
        store: of what is frozen.
        goldens: the project's.
        label: of the release; empty where nothing is to be frozen.
    """

    store: ReleaseStore
    goldens: GoldenStore
    label: str = ""

    def freeze(self, attempt: Attempt, recording: TargetRecord) -> Finding | None:
        """Keep the artifact of a target that held, with what its case's golden says its model computes.

        Args:
            attempt: its load; the case's golden is there.
            recording: what the target recorded.

        Returns:
            Why it could not be kept; None if it is.
        """
        case, subject = attempt.case, attempt.subject
        call = CallSpec(subject.per_signature, tuple(subject.input_names), tuple(subject.order))
        saved_by = attempt.saved_by
        try:
            golden = self._golden(case, subject, recording)
            self.store.freeze(case.golden, self.label, case.format, subject.artifact, golden, saved_by, call=call)
        except GoldenError as error:
            fix = (error.fix,) if isinstance(error, GoldenNotWrittenError) and error.fix else ()
            return Finding(Kind.GOLDEN_NOT_WRITTEN, case.golden.name, cause=str(error).rstrip("."), fix=fix)
        return None

    def _golden(self, case: Case, subject: Subject, recording: TargetRecord) -> Golden:
        """The case's golden with the inputs as the loader takes them, and the weights of this very artifact."""
        inputs = subject.inputs if subject.sent is None else subject.sent
        return replace(
            self.goldens.read(case.golden),
            inputs=pack_leaves(inputs),
            weights=recording.weights,
            formats={case.format: recording.section()},
        )


def subject_of_frozen(frozen: Frozen, store: ReleaseStore) -> Subject:
    """A frozen artifact as what a target checks, its release's outputs as those of the model it holds.

    Args:
        frozen: which one.
        store: where it is.

    Raises:
        TargetStoppedError: it is damaged, or its golden is.
    """
    if isinstance(frozen, BrokenRelease):
        raise _stopped(frozen, Kind.ARTIFACT_BROKEN, frozen.problem)
    try:
        store.check(frozen)
        golden = store.golden(frozen)
    except GoldenError as error:
        kind = Kind.ARTIFACT_BROKEN if isinstance(error, ReleaseBrokenError) else Kind.GOLDEN_BROKEN
        raise _stopped(frozen, kind, str(error)) from None
    return Subject(
        frozen.artifact,
        FORMATS[frozen.format].artifact,
        installed_keras(),
        unpacked(golden.inputs),
        per_signature=frozen.call.per_signature,
        outputs=unpacked(golden.outputs),
        input_names=frozen.call.input_names,
        order=frozen.call.output_names,
        weights=golden.weights,
    )


def _stopped(frozen: Frozen, kind: Kind, problem: str) -> TargetStoppedError:
    fix = ("restore it from version control, or remove the frozen release:", thaw_command(frozen.name, frozen.label))
    return TargetStoppedError(Finding(kind, str(frozen.name), cause=problem.rstrip("."), fix=fix))
