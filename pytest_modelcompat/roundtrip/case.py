"""Case: one model under test, with all that its test declares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.release_store import FrozenArtifact, thaw_command
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.roundtrip.extensions import Extensions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.release_store import Frozen
    from pytest_modelcompat.results.target import Target
    from pytest_modelcompat.settings.settings import Settings


@dataclass(frozen=True)
class Fixture:
    """What a fixture gives to a case's test.

    Args:
        name: its name.
        scope: how long it lives: `function`, `session`.
        value: what it gives.
    """

    name: str
    scope: str
    value: Any


@dataclass(frozen=True)
class Case:
    """One model under test, in one target.

    Args:
        title: how messages call this target: `test_ranker[h5]`.
        target: the format to save in, or that of the artifact, and where it is loaded.
        settings: its options.
        golden: its golden's name.
        build: builds the model again and gives it with its inputs (None: derive them); None for an artifact.
        artifact: the file or folder something else saved; None for a round trip.
        inputs: gives an artifact's inputs (None: derive them).
        accept: the command that accepts what changed.
        declared_in: where its options are written.
        test_module: the module of its test; empty where there is none.
        extensions: what the project adds of its own.
        fixtures: what its test is given.
        frozen: the artifact of a release that is checked, in place of what the case saves now; `artifact` is its file.
            Of a broken release, the release.
    """

    title: str
    target: Target
    settings: Settings
    golden: GoldenName
    build: Callable[[], tuple[Any, Any]] | None = None
    artifact: Path | None = None
    inputs: Callable[[], Any] | None = None
    accept: str = ""
    declared_in: OptionPlace = OptionPlace.MARKER
    test_module: str = ""
    extensions: Extensions = field(default_factory=Extensions)
    fixtures: tuple[Fixture, ...] = ()
    frozen: Frozen | None = None

    def of_release(self, frozen: Frozen | None) -> Case:
        """The case as it was released, where there is a frozen artifact to check in place of what it saves now."""
        if frozen is None:
            return self
        artifact = frozen.artifact if isinstance(frozen, FrozenArtifact) else frozen.folder
        accept = thaw_command(frozen.name, frozen.label)
        return replace(self, frozen=frozen, artifact=artifact, build=None, accept=accept)

    @property
    def format(self) -> str:
        """The format of its artifact."""
        return self.target.format

    @property
    def runtime(self) -> str:
        """Where its artifact is loaded."""
        return self.target.runtime


def is_builder(model: Any) -> bool:
    """Whether it builds a model when it is called, as a function or a model's class does, rather than being one."""
    return callable(model) and (isinstance(model, type) or not hasattr(model, "trainable_variables"))


def split_returned(returned: Any) -> tuple[Any, Any]:
    """What a test returned as (model, inputs), the inputs None where it gave only a model."""
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned
    return returned, None
