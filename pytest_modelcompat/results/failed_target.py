"""FailedTarget: a target that failed, with all that it takes to let it fail again elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.weight_digest import WeightDigest
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.results.reproduction import Reproduction
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.runtimes.protocol import Job, LoadResult
    from pytest_modelcompat.runtimes.runtime import Runtime

# What each layer of the live model gave, `layer/node/tensor` -> array; None where it cannot be asked.
LayerOutputs = Callable[[], "Mapping[str, Any] | None"]


@dataclass(frozen=True)
class ModelCall:
    """One call of what was loaded.

    Args:
        signature: of a SavedModel; empty for a model that is called itself.
        inputs: nested leaves; of a signature by the names that it has for them.
        expected: outputs by name, as far as they are known; of a signature by the names that it has for them.
        order: names of a model's outputs in TensorFlow's order; empty where that is not known.
    """

    signature: str
    inputs: Any
    expected: Mapping[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedTraining:
    """What the saved model had for its training, and the reloaded model must have again.

    Args:
        saved: optimizer, its configuration and variables, and the compile configuration.
        reloaded: the same of the reloaded model; None where it has none.
        targets: nested arrays of one batch; None where there are none.
        evaluated: loss and metrics of that batch by name.
        step: the losses of one step of training.
    """

    saved: Mapping[str, Any] | None = None
    reloaded: Mapping[str, Any] | None = None
    targets: Any = None
    evaluated: Mapping[str, Any] = field(default_factory=dict)
    step: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedTarget:
    """A target that failed.

    Args:
        result: its result.
        where: parts of the path of its folder.
        runtime: where it was loaded.
        job: what the loader was to do; None where nothing was loaded.
        loaded: the loader's answer; None where nothing was loaded.
        calls: how what was loaded is called.
        tolerances: of each output, by the names of `calls`.
        weights: digests of the saved model's weights.
        training: what it had for its training.
        golden: the folder of its golden; None where there is none.
        versions: of what was to load it.
        problem: why it cannot be made to fail elsewhere; empty where it can.
        layer_outputs: gives what the layers of the live model gave.
        defining: import paths of the project's classes and functions that the model is made of, declared or not.
        root: the project's folder.
    """

    result: Result
    where: tuple[str, ...]
    runtime: Runtime
    root: Path
    job: Job | None = None
    loaded: LoadResult | None = None
    calls: tuple[ModelCall, ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    weights: tuple[WeightDigest, ...] = ()
    training: SavedTraining = field(default_factory=SavedTraining)
    golden: Path | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    layer_outputs: LayerOutputs = lambda: None
    defining: tuple[str, ...] = ()


class FailureKeeper(Protocol):
    """Keeps failed targets as folders."""

    def keep(self, failed: FailedTarget) -> Reproduction:
        """Write a folder that somebody else can run.

        Args:
            failed: the target.
        """

    def clear(self, where: tuple[str, ...]) -> None:
        """Remove what an earlier run has left of a target that passes now.

        Args:
            where: parts of the path of its folder.
        """
