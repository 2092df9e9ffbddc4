"""Attempts: an artifact loaded and called in a fresh child of a host's loader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.runtimes.isolation import isolation_for
from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.proof.hosts import Host
    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult, TrainingJob

TIMEOUT = 300.0
# What loads a SavedModel as TensorFlow 1 does, and as strictly as TensorFlow Serving.
GRAPH = "graph"
# What TensorFlow and Keras raise for a tensor of a size that does not fit.
_OF_SIZE = ("InvalidArgumentError", "AbortedError", "ValueError")


@dataclass(frozen=True)
class LoadOptions:
    """How artifacts are loaded on both sides.

    Args:
        declared: what `load_model` is given, by import path, and what is imported first.
        safe_mode: passed to `load_model`.
        compile_model: passed to `load_model` as `compile`.
        timeout: seconds until a load is given up.
    """

    declared: Declarations = field(default_factory=Declarations)
    safe_mode: bool = True
    compile_model: bool = True
    timeout: float = TIMEOUT


@dataclass(frozen=True)
class Attempts:
    """The loads of one artifact in one host.

    Args:
        inventory: the artifact's.
        host: the runtime.
        loader: its loader.
        options: how to load.
    """

    inventory: Inventory
    host: Host
    loader: LoaderProcess
    options: LoadOptions

    def call(self, inputs: Any, *, digests: bool = False) -> LoadResult:
        """Load it, and call it at inference.

        Args:
            inputs: nested, as this artifact takes them.
            digests: whether to digest its weights, and to have the graph loader take a SavedModel, too.
        """
        others = (GRAPH,) if digests and self.inventory.format == "saved_model" else ()
        return self.loader.run(self._job(inputs, digests=digests, saved_model_loaders=others))

    def train(self, inputs: Any, trial: TrainingJob) -> LoadResult:
        """Load it, evaluate a batch, and do a step of training.

        Args:
            inputs: nested, as this artifact takes them.
            trial: the targets.
        """
        return self.loader.run(self._job(inputs, call=False, trial=trial))

    def save(self, format_name: str, place: Path) -> LoadResult:
        """Load it, and have the runtime write it.

        Args:
            format_name: `h5`, `keras` or `saved_model`.
            place: the file or folder to be; it does not exist.
        """
        return self.loader.run(self._job(None, call=False, saved_as=(format_name, place)))

    def _job(self, inputs: Any, **wanted: Any) -> Job:
        inventory, options = self.inventory, self.options
        return Job(
            artifact=inventory.path.absolute(),
            format=inventory.format,
            keras=self.host.keras,
            declared=options.declared,
            inputs=inputs,
            per_signature=inventory.format == "saved_model",
            safe_mode=options.safe_mode,
            compile_model=options.compile_model,
            training=wanted.get("trial") is not None,
            timeout=options.timeout,
            isolation=isolation_for("auto", None, is_own=False),
            **{"digests": False, **wanted},
        )


def what_failed(loaded: LoadResult) -> str:
    """Why a load or a call failed, in one clause; empty where it did not."""
    if loaded.process_exit.timed_out:
        return f"it did not end within {loaded.process_exit.seconds:.0f} s"
    if loaded.process_exit.stopped_by:
        return f"it took more {loaded.process_exit.stopped_by} than it may"
    if loaded.process_exit.code:
        return f"its process ended with exit code {loaded.process_exit.code}"
    if loaded.error is not None:
        kind = str(loaded.error["type"])
        return f"{kind}: {root_cause(str(loaded.error['message']), kind)}"
    return "" if loaded.stage == "done" else f"it ended at the stage {loaded.stage!r}"


def is_of_size(loaded: LoadResult) -> bool:
    """Whether a call failed as one does whose inputs have a size that does not fit."""
    return loaded.stage == "predict" and loaded.error is not None and loaded.error["type"] in _OF_SIZE
