"""Disagreeing: what the other loaders of a SavedModel make of it, beside `tf.saved_model.load`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.routes import Tolerances, compare_loaders
from pytest_modelcompat.diagnosis import diagnose
from pytest_modelcompat.loader import calls, tensors
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.roundtrip.drift_details import difference_details
from pytest_modelcompat.roundtrip.load_failure import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.comparison.routes import Outputs
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.subject import Subject
    from pytest_modelcompat.runtimes.protocol import Loaded, LoadedOtherwise

OBJECT = "tf.saved_model.load"
NAMES = {
    "graph": "the graph loader, strict as TensorFlow Serving is,",
    "tfsm_layer": "Keras' TFSMLayer",
    "tf_keras": "tf_keras.models.load_model, which is Keras 2,",
}
_FIXES = {
    "tfsm_layer": "reload in a runtime with Keras 3, or leave tfsm_layer out of saved_model_loaders",
    "tf_keras": "pip install --no-deps tf-keras, of TensorFlow's version, or leave tf_keras out of saved_model_loaders",
}
_LEAVE_OUT = "mend what it says, or, where nothing loads it so, leave {} out of saved_model_loaders"
_SAVE_ANEW = ("save it anew, so that its signatures in the graph (signature_def) are those of its functions",)
_DEATHS = (Kind.LOADER_CRASHED, Kind.LOADER_EXITED, Kind.LOADER_TIMED_OUT, Kind.OUT_OF_MEMORY, Kind.DISK_FULL)


@dataclass(frozen=True)
class Ways:
    """A SavedModel with what came of loading it, in all the ways that were tried."""

    case: Case
    subject: Subject
    inventory: Inventory
    loaded: Loaded

    def refused(self) -> Iterator[Finding]:
        """Findings where another loader does not load or run what `tf.saved_model.load` does."""
        for name, other in self.loaded.others.items():
            if other.unavailable:
                yield self._unavailable(name, other)
            elif not other.succeeded:
                yield self._refusal(name, other)

    def differing(self, allowed: Tolerances) -> Iterator[Finding]:
        """Findings where another loader gives other outputs.

        Args:
            allowed: the tolerance of each output.
        """
        for name, other in self.loaded.others.items():
            if other.succeeded:
                yield from self._difference(name, other, allowed)

    def beside(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings of a failed load, the first with what the other loaders make of the artifact.

        Args:
            found: why `tf.saved_model.load` does not load or run it.
        """
        others = self.loaded.others.items()
        lacking = [self._unavailable(name, other) for name, other in others if other.unavailable]
        said = [(name, self._beside(name, other)) for name, other in others if not other.unavailable]
        told = replace(found[0], details=(*found[0].details, *((name, text) for name, text in said if text)))
        return (told, *found[1:], *lacking)

    def _unavailable(self, name: str, other: LoadedOtherwise) -> Finding:
        return Finding(
            Kind.BAD_OPTION,
            "saved_model_loaders",
            cause=f"saved_model_loaders has {name}, which runtime {self.case.runtime!r} cannot do: {other.unavailable}",
            fix=(_FIXES[name],),
        )

    def _refusal(self, name: str, other: LoadedOtherwise) -> Finding:
        diagnosed = self._diagnosed(name, other)
        if diagnosed.kind in _DEATHS:
            return diagnosed
        at_load = other.stage == "load"
        does, verb = ("loads it", "refuses it") if at_load else ("loads and runs it", "loads it and cannot run it")
        because = ("because", diagnosed.cause) if diagnosed.is_specific else ("it raised", diagnosed.quote)
        finding = replace(
            diagnosed,
            kind=Kind.LOADERS_DISAGREE,
            subject=name,
            where=(),
            cause=f"{OBJECT} {does}, and {NAMES[name]} {verb}",
            fix=diagnosed.fix if diagnosed.is_specific and diagnosed.fix else (_LEAVE_OUT.format(name),),
            blame=diagnosed.blame or Blame.LOADER,
            # The report quotes one exception only, that of the first finding.
            quote=diagnosed.quote if diagnosed.is_specific else "",
            details=(because, *diagnosed.details),
        )
        return finding if self._matters(diagnosed) else _only_told(finding, diagnosed)

    def _matters(self, diagnosed: Finding) -> bool:
        """Whether a refusal fails the target: not the plugin's own way of saving, in a loader nobody asked for.

        Every model of Keras 3 that `tf.saved_model.save` writes would fail, most of which nobody will ever serve.
        """
        # What is frozen held when it was; what a user's own file fails with would have kept it from being frozen.
        ours = (self.case.artifact is None or self.case.frozen is not None) and diagnosed.blame is Blame.WRITER
        return not ours or "saved_model_loaders" in self.case.settings.sources

    def _diagnosed(self, name: str, other: LoadedOtherwise) -> Finding:
        """The diagnosis of another loader's exception or death, as if it had been the only one."""
        stage = other.stage if other.error else name
        alone = replace(self.loaded, ending=other.ending, error=other.error, stage=stage)
        return diagnose(alone, context_of(self.case, self.subject, self.inventory, alone))

    def _beside(self, name: str, other: LoadedOtherwise) -> str:
        """What another loader makes of an artifact that `tf.saved_model.load` failed with; empty if just the same."""
        if other.succeeded:
            return f"{NAMES[name]} loads it" + (" and runs it" if other.routes else "")
        second = self._diagnosed(name, other)
        if second.kind in _DEATHS:
            return second.cause
        first = diagnose(self.loaded, context_of(self.case, self.subject, self.inventory, self.loaded))
        if first.quote == second.quote or (first.is_specific and _about(first) == _about(second)):
            return ""
        return f"{NAMES[name]} fails too: {second.cause if second.is_specific else second.quote}"

    def _difference(self, name: str, other: LoadedOtherwise, allowed: Tolerances) -> Iterator[Finding]:
        routes, expected = other.routes, self.loaded.routes
        if name != "graph":
            # Keras names outputs its own way, and is not asked for every signature.
            expected = {route: expected[route] for route in routes if route in expected}
            routes = {route: _renamed(routes[route], outputs) for route, outputs in expected.items()}
        rerun = compare_loaders(routes, expected, allowed, by_signature=self.subject.per_signature)
        details = tuple(difference_details(rerun, self.case.settings.checks))
        if details:
            yield Finding(
                Kind.LOADERS_DISAGREE,
                name,
                cause=f"{NAMES[name]} gives other outputs than {OBJECT}",
                fix=_SAVE_ANEW if name == "graph" else (),
                blame=Blame.LOADER,
                details=(("compared", f"what {name} gives; what {OBJECT} gives is called expected"), *details),
            )


def _only_told(finding: Finding, diagnosed: Finding) -> Finding:
    return replace(finding, severity=Severity.NOTE, cause=f"{finding.cause}: {diagnosed.cause}")


def _renamed(outputs: Outputs, expected: Outputs) -> Outputs:
    return calls.rename_outputs(dict(outputs), {"names": sorted(expected, key=tensors.natural)})


def _about(finding: Finding) -> tuple[Kind, str]:
    return finding.kind, finding.subject
