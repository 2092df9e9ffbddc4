"""Attempt: one attempt to load an artifact, which travels as one object."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.golden.release_store import FrozenArtifact
from pytest_modelcompat.settings.checks import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.subject import Subject
    from pytest_modelcompat.runtimes.protocol import LoadResult


@dataclass(frozen=True)
class Attempt:
    """One attempt to load a case's artifact, with all that is known of it.

    Args:
        case: the case.
        subject: its artifact, with what is known of the model in it.
        inventory: what was read of the artifact.
        loaded: the loader's answer.
    """

    case: Case
    subject: Subject
    inventory: Inventory
    loaded: LoadResult

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is a release's, or loads in another runtime than the one that pytest runs in."""
        return self.case.frozen is not None or not self.case.target.is_local

    @property
    def is_given(self) -> bool:
        """Whether something else saved the artifact, so that no live model is at hand."""
        return self.subject.outputs is None

    @property
    def records(self) -> bool:
        """Whether it may write the golden: of an artifact only in the first runtime, whose outputs the golden keeps."""
        return not self.is_given or self.case.runtime == plain_name(self.case.settings.runtimes[0])

    @property
    def saved_by(self) -> Mapping[str, str]:
        """The versions of what saved it: as recorded when it was frozen, as it says itself, or those of here."""
        if isinstance(self.case.frozen, FrozenArtifact):
            return self.case.frozen.saved_by
        return dict(self.inventory.saved_by) if self.case.artifact else self.versions_here

    @property
    def made_by(self) -> Mapping[str, str]:
        """The versions of what computed the outputs."""
        return self.loaded.versions if self.is_given else self.versions_here

    @property
    def versions_here(self) -> dict[str, str]:
        """The versions in this process."""
        from pytest_modelcompat.loader import job

        return job.versions(importlib.import_module(self.subject.keras))

    @property
    def routes(self) -> Mapping[str, Mapping[str, Any]]:
        """The loader's outputs, those called by signature under one name `signature/output` each."""
        if not self.subject.per_signature:
            return {route: self._as_saved(outputs) for route, outputs in self.loaded.routes.items()}
        merged = {
            f"{route}/{name}": leaf for route, outputs in self.loaded.routes.items() for name, leaf in outputs.items()
        }
        return {"": merged} if merged else {}

    def _as_saved(self, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The only output of a model elsewhere by its name here: Keras 2 calls that of a Sequential by its layer."""
        names = list(self.subject.outputs or ())
        if not self.is_elsewhere or len(names) != 1 or len(outputs) != 1:
            return outputs
        return dict.fromkeys(names, next(iter(outputs.values())))

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the model under test: the live one's, or an artifact's as loaded."""
        if self.subject.outputs is not None:
            return self.subject.outputs
        return next(iter(self.routes.values()), {})

    @property
    def weights(self) -> tuple[WeightDigest, ...]:
        """Digests of the model under test: the live one's, or an artifact's as loaded."""
        return self.loaded.weights if self.is_given else self.subject.weights
