"""Request: what somebody asks of a migration, for all artifacts alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.runtimes.protocol import Declarations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.profiles.profile import Profile

# What `prove` may be, beside the name of a runtime that loads the old artifacts.
PROVE_AUTO, PROVE_LOCAL, PROVE_NONE = "auto", "local", "none"


@dataclass(frozen=True)
class MigrationRequest:
    """What is asked for.

    Args:
        runtime: the runtime to migrate to: a name, or the path of a recorded profile.
        profile: what it knows.
        format: the format to write, `h5`, `keras` or `saved_model`; empty for the one that is nearest.
        custom: the names of classes and functions that are declared or registered where the model is loaded.
        declared: those of them that are imported by their module, and the modules that register the others.
        sys_path: folders in which these modules are looked for first.
        safe_mode: what `load_model` is given.
        compile_model: whether the model is compiled when it is loaded.
        prove: where the old artifact is loaded: `auto`, `local`, the name of a runtime; `none` for no proof.
        inputs: an .npz with what both models are called with; None derives it from the model.
        vocabulary: name of a layer -> the file with its vocabulary.
        overwrite: whether an output that is there already is replaced.
        create: whether a runtime that is needed and not there may be created.
        dry_run: whether it is planned only.
        given: the options that say all this, each with its value, for commands that are printed.
    """

    runtime: str
    profile: Profile
    format: str = ""
    custom: frozenset[str] = frozenset()
    declared: Declarations = field(default_factory=Declarations)
    sys_path: tuple[str, ...] = ()
    safe_mode: bool = True
    compile_model: bool = True
    prove: str = PROVE_AUTO
    inputs: Path | None = None
    vocabulary: Mapping[str, Path] = field(default_factory=dict)
    overwrite: bool = False
    create: bool = False
    dry_run: bool = False
    given: tuple[tuple[str, str], ...] = ()

    @property
    def runtime_label(self) -> str:
        """The runtime as part of a file's name: `tf2.21`; of a recorded profile the name of its file."""
        return Path(self.runtime).stem if self.runtime.endswith(".json") else self.runtime

    def target_for(self, inventory: Inventory) -> Target:
        """The target of one artifact.

        Args:
            inventory: what it holds.
        """
        return Target(
            self.profile,
            dict(inventory.saved_by),
            self.custom,
            safe_mode=self.safe_mode,
            compile_model=self.compile_model,
        )
