"""What the targets of a session share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance
from pytest_modelcompat.roundtrip import save
from pytest_modelcompat.runtimes.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.golden.store import GoldenStore
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.failed_target import FailureKeeper
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.freeze import ReleaseFreezer
    from pytest_modelcompat.runtimes.pool import LoaderPool


@dataclass(frozen=True)
class SessionContext:
    """What the targets of a session share.

    Args:
        loaders: one for each runtime.
        store: the project's goldens.
        root: the project's folder, which paths in messages are relative to.
        freezer: keeps artifacts as those of a release, and knows those kept before.
        updating: whether goldens are written rather than only compared with.
        keep: where artifacts are kept after the session; None to remove them.
        keeper: keeps targets that fail, for others to run; None where nobody asks for it.
        saves: what this session's saves changed in the models they saved.
        accepted: unsafe content of artifacts that the project accepts.
        threads: threads a loader's child may use; 0 for TensorFlow's default.
        reports: whether a report is written, which shows more of a target than its texts.
        waits: shows what takes long.
        migration: whether edits make an artifact load in a runtime, by its inventory, the runtime's profile, the names
            that are declared, and the safe mode; None to advise no migration.
        in_order: whether each model is examined before its artifact is loaded, rather than meanwhile.
        attempts: takes the last attempt to load, where somebody will look at it; None to keep none.
    """

    loaders: LoaderPool
    store: GoldenStore
    root: Path
    freezer: ReleaseFreezer
    updating: bool = False
    keep: Path | None = None
    keeper: FailureKeeper | None = None
    accepted: Acceptance = field(default_factory=Acceptance)
    threads: int = 0
    reports: bool = False
    waits: Waits = field(default_factory=Waits)
    migration: Callable[[Inventory, Profile, frozenset[str], bool], bool] | None = None
    in_order: bool = False
    attempts: list[Attempt] | None = None
    saves: save.SaveHistory = field(default_factory=save.SaveHistory)
