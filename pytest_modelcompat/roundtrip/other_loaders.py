"""What the other loaders of a SavedModel make of it, beside `tf.saved_model.load`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.routes import Tolerances, compare_loaders
from pytest_modelcompat.diagnosis import diagnose
from pytest_modelcompat.loader import calls, tensors
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.roundtrip.drift_details import difference_details
from pytest_modelcompat.roundtrip.load_failure import diagnosis_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.comparison.routes import Outputs
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.runtimes.protocol import LoadResult, OtherLoadResult

OBJECT_LOADER = "tf.saved_model.load"
LOADER_NAMES = {
    "graph": "the graph loader, strict as TensorFlow Serving is,",
    "tfsm_layer": "Keras' TFSMLayer",
    "tf_keras": "tf_keras.models.load_model, which is Keras 2,",
}
_FIXES = {
    "tfsm_layer": "reload in a runtime with Keras 3, or leave tfsm_layer out of saved_model_loaders",
    "tf_keras": "pip install --no-deps tf-keras, of TensorFlow's version, or leave tf_keras out of saved_model_loaders",
}
_LEAVE_OUT = "correct the cause, or, if nothing loads the model this way, leave {} out of saved_model_loaders"
_SAVE_SIGNATURES_AGAIN = "save it again, so that its signatures in the graph (signature_def) are those of its functions"
_IF_NOT_USED = "serve it by another loader than {0}; if nothing loads it this way, leave {0} out of saved_model_loaders"
_CRASH_KINDS = (
    Kind.LOADER_CRASHED,
    Kind.LOADER_EXITED,
    Kind.LOADER_TIMED_OUT,
    Kind.OUT_OF_MEMORY,
    Kind.DISK_FULL,
    Kind.STOPPED_BY_ISOLATION,
)


@dataclass(frozen=True)
class OtherLoaders:
    """A SavedModel in the other loaders than `tf.saved_model.load`.

    Args:
        attempt: the load with `tf.saved_model.load`, and what the other loaders answered.
    """

    attempt: Attempt

    @property
    def _case(self) -> Case:
        return self.attempt.case

    @property
    def _loaded(self) -> LoadResult:
        return self.attempt.loaded

    def load_refusals(self) -> Iterator[Finding]:
        """Findings where another loader does not load or run what `tf.saved_model.load` does."""
        for name, other in self._loaded.other_results.items():
            if other.unavailable:
                yield self._unavailable(name, other)
            elif not other.succeeded:
                yield self._refusal(name, other)

    def output_differences(self, allowed: Tolerances) -> Iterator[Finding]:
        """Findings where another loader gives other outputs.

        Args:
            allowed: the tolerance of each output.
        """
        for name, other in self._loaded.other_results.items():
            if other.succeeded:
                yield from self._difference(name, other, allowed)

    def with_other_loaders(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings of a failed load, the first with what the other loaders make of the artifact.

        Args:
            found: why `tf.saved_model.load` does not load or run it.
        """
        others = self._loaded.other_results.items()
        lacking = [self._unavailable(name, other) for name, other in others if other.unavailable]
        said = [(name, self._comparison_text(name, other)) for name, other in others if not other.unavailable]
        reported = replace(found[0], details=(*found[0].details, *((name, text) for name, text in said if text)))
        return (reported, *found[1:], *lacking)

    def _unavailable(self, name: str, other: OtherLoadResult) -> Finding:
        return Finding(
            Kind.BAD_OPTION,
            "saved_model_loaders",
            cause=f"saved_model_loaders has {name}, which runtime {self._case.runtime!r} cannot do: "
            f"{other.unavailable}",
            fix=(_FIXES[name],),
        )

    def _refusal(self, name: str, other: OtherLoadResult) -> Finding:
        diagnosed = self._diagnosed(name, other)
        if diagnosed.kind in _CRASH_KINDS:
            return diagnosed
        at_load = other.stage == "load"
        does, verb = ("loads it", "refuses it") if at_load else ("loads and runs it", "loads it and cannot run it")
        because = ("because", diagnosed.cause) if diagnosed.is_specific else ("it raised", diagnosed.quote)
        finding = replace(
            diagnosed,
            kind=Kind.LOADERS_DISAGREE,
            subject=name,
            where=(),
            cause=f"{OBJECT_LOADER} {does}, and {LOADER_NAMES[name]} {verb}",
            fix=diagnosed.fix if diagnosed.is_specific and diagnosed.fix else (_LEAVE_OUT.format(name),),
            blame=diagnosed.blame or Blame.LOADER,
            # The report quotes one exception only, that of the first finding.
            quote=diagnosed.quote if diagnosed.is_specific else "",
            details=(because, *diagnosed.details),
        )
        return finding if self._matters(diagnosed) else _as_note(finding, diagnosed)

    def _matters(self, diagnosed: Finding) -> bool:
        """Whether a refusal fails the target: not the plugin's own way of saving, in a loader nobody asked for.

        Every model of Keras 3 that `tf.saved_model.save` writes would fail, most of which nobody will ever serve.
        """
        # What is frozen held when it was; what a user's own file fails with would have kept it from being frozen.
        ours = (self._case.artifact is None or self._case.frozen is not None) and diagnosed.blame is Blame.WRITER
        return not ours or "saved_model_loaders" in self._case.settings.sources

    def _diagnosed(self, name: str, other: OtherLoadResult) -> Finding:
        """The diagnosis of another loader's exception or death, as if it had been the only one."""
        stage = other.stage if other.error else name
        alone = replace(self._loaded, process_exit=other.process_exit, error=other.error, stage=stage)
        context = diagnosis_context(replace(self.attempt, loaded=alone))
        return diagnose(alone, context, self._case.extensions.known_failures)

    def _comparison_text(self, name: str, other: OtherLoadResult) -> str:
        """What another loader makes of an artifact that `tf.saved_model.load` failed with; empty if just the same."""
        if other.succeeded:
            return f"{LOADER_NAMES[name]} loads it" + (" and runs it" if other.routes else "")
        second = self._diagnosed(name, other)
        if second.kind in _CRASH_KINDS:
            return second.cause
        context = diagnosis_context(self.attempt)
        first = diagnose(self._loaded, context, self._case.extensions.known_failures)
        if first.quote == second.quote or (first.is_specific and _about(first) == _about(second)):
            return ""
        return f"{LOADER_NAMES[name]} fails too: {second.cause if second.is_specific else second.quote}"

    def _difference(self, name: str, other: OtherLoadResult, allowed: Tolerances) -> Iterator[Finding]:
        routes, expected = other.routes, self._loaded.routes
        if name != "graph":
            # Keras names outputs its own way, and is not asked for every signature.
            expected = {route: expected[route] for route in routes if route in expected}
            routes = {route: _renamed(routes[route], outputs) for route, outputs in expected.items()}
        rerun = compare_loaders(routes, expected, allowed, by_signature=self.attempt.subject.per_signature)
        details = tuple(difference_details(rerun, self._case.settings.checks))
        if details:
            yield Finding(
                Kind.LOADERS_DISAGREE,
                name,
                cause=f"{LOADER_NAMES[name]} gives other outputs than {OBJECT_LOADER}",
                fix=(_SAVE_SIGNATURES_AGAIN if name == "graph" else _IF_NOT_USED.format(name),),
                blame=Blame.LOADER,
                details=(("compared", f"what {name} gives; what {OBJECT_LOADER} gives is called expected"), *details),
            )


def _as_note(finding: Finding, diagnosed: Finding) -> Finding:
    return replace(finding, severity=Severity.NOTE, cause=f"{finding.cause}: {diagnosed.cause}")


def _renamed(outputs: Outputs, expected: Outputs) -> Outputs:
    return calls.rename_outputs(dict(outputs), {"names": sorted(expected, key=tensors.natural)})


def _about(finding: Finding) -> tuple[Kind, str]:
    return finding.kind, finding.subject
