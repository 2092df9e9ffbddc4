"""`--pdb`: a failed target stops where its model, inputs, outputs and golden are variables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_modelcompat.plugin.stash import STOPPED_WITH
from pytest_modelcompat.results.result import ModelCompatError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_modelcompat.plugin.session import Session
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.roundtrip.case import Case

_ABOUT = {
    "model": "the model that was saved",
    "inputs": "what it was called with",
    "outputs": "its outputs by name",
    "reloaded": "those of the reloaded model",
    "golden": "those that the golden has",
    "result": "findings and drifts, as data",
}


@dataclass
class Scene:
    """What a target leaves behind for somebody who looks into its failure.

    Args:
        case: the case, whose builder is listened to.
        built: the model and its inputs as the builder gave them first; later calls only look for a cause.
    """

    case: Case
    built: list[tuple[Any, Any]] = field(default_factory=list)

    def listening(self) -> Case:
        """The case with a builder whose model is kept."""
        build = self.case.build
        return self.case if build is None else replace(self.case, build=lambda: self._kept(build))

    def _kept(self, build: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        found = build()
        if not self.built:
            self.built.append(found)
        return found


def is_wanted(item: pytest.Item) -> bool:
    """Whether a failure of a test stops in a debugger."""
    return bool(item.config.getoption("usepdb", False))


def forget(session: Session) -> None:
    """Let go of the last target before the next."""
    attempts = session.context().attempts
    if attempts:
        attempts.clear()


def stop(item: pytest.Item, scene: Scene, failed: tuple[Result, ...], session: Session) -> NoReturn:
    """Fail a test where a debugger finds all that there is to look at, of the last target that it checked.

    Args:
        item: the test.
        scene: what the target left.
        failed: the results to raise.
        session: the test's.

    Raises:
        ModelCompatError: always.
    """
    # A debugger stops in this frame, so these names are what its user types.
    model, inputs, outputs, reloaded, golden = _found(scene, session)
    result = failed[-1]
    there = zip(_ABOUT, (model, inputs, outputs, reloaded, golden, result), strict=True)
    item.stash[STOPPED_WITH] = "\n".join(
        f"{name.ljust(9)} {_ABOUT[name]}" for name, value in there if value is not None
    )
    raise ModelCompatError(failed)


def _found(scene: Scene, session: Session) -> tuple[Any, Any, Any, Any, Any]:
    from pytest_modelcompat.golden.golden import GoldenError
    from pytest_modelcompat.roundtrip.golden_check import unpacked

    context = session.context()
    model, inputs = scene.built[0] if scene.built else (None, None)
    attempt = context.attempts[-1] if context.attempts else None
    try:
        golden = unpacked(context.store.read(scene.case.golden).outputs)
    except GoldenError:
        golden = None
    if attempt is None:
        return model, inputs if inputs is not None else scene.case.settings.inputs, None, None, golden
    reloaded = next(iter(attempt.routes.values()), None)
    return model, attempt.subject.inputs, attempt.subject.outputs, reloaded, golden
