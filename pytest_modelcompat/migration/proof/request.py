"""Proof requests: how artifacts are to be proven, and what gives inputs and targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.proof.evidence.attempts import LoadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.migration.proof.evidence.batches import Derive
    from pytest_modelcompat.runtimes.runtime import Runtime

    # Outputs, losses by name, names of outputs, seed -> nested targets to try.
    Targets = Callable[[Any, Any, Sequence[str], int], Iterable[Any]]

# Ways to prove that are no runtime's name.
AUTO, LOCAL, NONE = "auto", "local", "none"
MODES = (AUTO, LOCAL, NONE)


@dataclass(frozen=True)
class Derivation:
    """What gives inputs to a model, and targets to its loss, where nobody gives them.

    Args:
        inputs: gives them by inventory, seed and size of open axes.
        sizes: gives further sizes of open axes from the configurations of layers; None for a few that often fit.
        targets: gives targets for a compiled loss to try, by the outputs (nested arrays), the losses' names, the
            outputs' names and a seed; without it, no compiled model is proven.
        refusals: the exceptions with which these say, in a sentence, that they cannot.
    """

    inputs: Derive
    sizes: Callable[[Iterable[Mapping[str, Any]]], Sequence[int]] | None = None
    targets: Targets | None = None
    refusals: tuple[type[Exception], ...] = ()


@dataclass(frozen=True)
class ProofRequest:
    """How artifacts are to be proven.

    Args:
        target: the name of the runtime that the new artifact is for.
        derive: what gives inputs and targets.
        mode: `auto`; `local` for the local runtime and its `tf_keras` alone; `none`; or the name of the runtime in
            which the old artifact is loaded.
        inputs: an .npz of inputs, in place of derived ones.
        options: what is declared to both loads.
        rtol: in place of the table's; None for the table's.
        atol: likewise.
        may_create: whether a runtime that is not there may be created.
        names: classes and functions that are registered by modules that are imported, beside those in `options`.
        sys_path: folders in which declared modules are looked for first.
        declared: runtimes that the project declares, by name.
        profile: the name or path of the target's profile, where its name does not say it.
    """

    target: str
    derive: Derivation
    mode: str = AUTO
    inputs: Path | None = None
    options: LoadOptions = field(default_factory=LoadOptions)
    rtol: float | None = None
    atol: float | None = None
    may_create: bool = True
    names: frozenset[str] = frozenset()
    sys_path: tuple[str, ...] = ()
    declared: Mapping[str, Runtime] = field(default_factory=dict)
    profile: str = ""

    @property
    def custom(self) -> frozenset[str]:
        """The names that are declared."""
        return self.names | frozenset(self.options.declared.custom_objects)


class NotProvenError(Exception):
    """Why there is no proof, in one sentence; `details` are further facts, labelled."""

    def __init__(self, message: str, *details: tuple[str, str]) -> None:
        super().__init__(message)
        self.details = details
