"""The result of a target: its findings, its drifts, its golden. Made by the round trip, rendered by `report`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Severity
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.runtimes import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.comparison.pictures import Picture
    from pytest_modelcompat.results.reproduction import Reproduction


@dataclass(frozen=True)
class ResultContext:
    """The circumstances that a failure text repeats.

    Args:
        artifact: what the artifact is called.
        saved_by: versions of what saved it, `keras`, `tensorflow`, `python`.
        loaded_by: versions in the loader; empty if it was not reached.
        custom_objects: declared name -> import path.
        imports: declared modules.
        golden: the golden's folder, relative to the project.
        golden_made_by: versions of what recorded it; empty if there was none.
        accept: the command that accepts the change.
        expected: how it was expected to fail, where it failed otherwise.
    """

    artifact: str
    saved_by: Mapping[str, str] = field(default_factory=dict)
    loaded_by: Mapping[str, str] = field(default_factory=dict)
    custom_objects: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    golden: str = ""
    golden_made_by: Mapping[str, str] = field(default_factory=dict)
    accept: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Result:
    """The result of one target.

    Args:
        title: how messages call it: `test_ranker[h5]`.
        case: the case's name, the same for all its targets.
        format: the format of its artifact.
        runtime: where it was loaded.
        findings: problems, the most severe first.
        facts: the circumstances.
        drifts: reloaded against saved, one for each output (of an artifact: against its golden).
        golden: `matched`, `written`, `updated`, `unchanged`, or empty if the round trip did not get there.
        moved: what an update changed in the golden's outputs, old to new.
        frozen: the label its artifact was frozen under in this session; empty if it was not.
        expected: why it was expected to fail, where it failed as expected.
        timings: seconds by stage in the loader.
        peak_memory: bytes the loader's child had at most.
        release: the label of the release whose artifact it is; empty for what the test saves now.
        golden_drifts: saved against golden, one for each output; of an artifact those are `drifts`.
        pictures: of the outputs that fail it, binned, where a report is written.
        inventory: what its artifact holds, in a few numbers, where a report is written.
        reproduction: the folder that its failure is kept in; None where it is not kept.
    """

    title: str
    case: str
    format: str
    runtime: str
    findings: tuple[Finding, ...]
    facts: ResultContext
    drifts: tuple[Drift, ...] = ()
    golden: str = ""
    moved: tuple[Drift, ...] = ()
    frozen: str = ""
    expected: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_memory: int = 0
    release: str = ""
    golden_drifts: tuple[Drift, ...] = ()
    pictures: tuple[Picture, ...] = ()
    inventory: Mapping[str, object] = field(default_factory=dict)
    reproduction: Reproduction | None = None

    @property
    def target(self) -> str:
        """The target, as a test's id has it: `h5`, `h5-tf2.15`, `h5:v1.2`."""
        return str(Target(self.format, self.runtime, self.release))

    @property
    def is_local(self) -> bool:
        """Whether its artifact was loaded in the runtime that pytest runs in."""
        return self.runtime == LOCAL

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that fail the target."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are only notes."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.NOTE)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that fail nothing and are always shown."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    @property
    def failed(self) -> bool:
        """Whether the target fails."""
        return bool(self.errors)

    @property
    def verdict(self) -> str:
        """`passed`, or the heading of the first error."""
        return self.errors[0].kind.value if self.errors else "passed"

    @property
    def drift(self) -> Drift:
        """The greatest drift of the reloaded outputs.

        Raises:
            LookupError: no output was compared.
        """
        if not self.drifts:
            raise LookupError(f"{self.title}: no output was compared")
        return max(self.drifts, key=lambda drift: (drift.allowance_used, drift.max_abs))


class UnknownTargetError(KeyError):
    """A result was asked for a target that the call did not have; the message names those it had."""

    def __str__(self) -> str:
        """The message as it is: `KeyError` would show it in quotes."""
        return str(self.args[0])


@dataclass(frozen=True)
class RoundTripResult:
    """The results of a call of the fixture `model_roundtrip`, one for each target.

    `result["h5"]` and `result["keras-tf2.15"]` are those of one target; iterating gives all of them in order.

    Args:
        targets: the results.
    """

    targets: tuple[Result, ...]

    def __getitem__(self, target: str) -> Result:
        """The result of a target.

        Args:
            target: its name, as in a test's id: `h5`, `h5-tf2.15`, `h5:v1.2`.

        Raises:
            UnknownTargetError: the call had no such target.
        """
        found = next((result for result in self.targets if result.target == target), None)
        if found is None:
            names = [result.target for result in self.targets]
            raise UnknownTargetError(f"there is no target {target!r}; this call had {', '.join(names) or 'none'}")
        return found

    def __iter__(self) -> Iterator[Result]:
        """All results, in the order of their targets."""
        return iter(self.targets)

    def __len__(self) -> int:
        """How many targets there are."""
        return len(self.targets)

    @property
    def failed(self) -> bool:
        """Whether a target fails that was not expected to."""
        return any(result.failed and not result.expected for result in self.targets)

    @property
    def drift(self) -> Drift:
        """The greatest drift over all targets.

        Raises:
            LookupError: no output was compared.
        """
        return max((result.drift for result in self.targets), key=lambda drift: (drift.allowance_used, drift.max_abs))


class ModelCompatError(AssertionError):
    """One or more targets failed; `results` says how."""

    def __init__(self, results: tuple[Result, ...]) -> None:
        super().__init__("\n".join(f"{result.verdict}  {result.title}" for result in results))
        self.results = results
