"""Target: the runtime that an artifact is migrated to, beside the one that wrote it, and what edits ask of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import MinorVersion, dotted, minor_version
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.migration.configuration.rewritten import rewritten_paths
from pytest_modelcompat.migration.configuration.unread_calls import unread_calls
from pytest_modelcompat.migration.writers import writer_profile

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.profiles.profile import ObjectKnowledge, Profile
    from pytest_modelcompat.results.finding import Finding

KERAS_3: MinorVersion = (3, 0)


@dataclass(frozen=True)
class Target:
    """The runtime to migrate to.

    Args:
        profile: what it knows.
        saved_by: the versions that wrote the artifact, by package, as in the inventory.
        custom: names of classes and functions that will be declared or registered there.
        safe_mode: what `load_model` is given there.
        compile_model: whether the model is compiled there when it is loaded.
    """

    profile: Profile
    saved_by: dict[str, str]
    custom: frozenset[str] = frozenset()
    safe_mode: bool = True
    compile_model: bool = True

    @property
    def reader(self) -> MinorVersion:
        """Keras' version there; `tf_keras` 2.21 is `(2, 21)`."""
        return self.profile.keras_version

    @property
    def writer(self) -> MinorVersion:
        """Keras' version that wrote the artifact; `(0, 0)` where it does not say."""
        return minor_version(self.saved_by.get("keras", ""))

    @property
    def reader_name(self) -> str:
        """The reader in words: `Keras 3.15`."""
        return f"Keras {dotted(self.reader)}"

    @property
    def writer_name(self) -> str:
        """The writer in words, as the file has it: `Keras 2.2.4-tf`."""
        return f"Keras {self.saved_by['keras']}" if "keras" in self.saved_by else "the Keras that wrote it"

    @property
    def is_up(self) -> bool:
        """Whether a file of Keras 2 (or 1) goes to Keras 3."""
        return self.writer < KERAS_3 <= self.reader

    @property
    def is_down(self) -> bool:
        """Whether a file of Keras 3 goes to Keras 2."""
        return self.reader < KERAS_3 <= self.writer

    @property
    def is_older(self) -> bool:
        """Whether the reader is older than the writer."""
        return self.reader < self.writer

    @cached_property
    def writer_profile(self) -> Profile | None:
        """What the version that wrote it knows; None where none near it is recorded."""
        return writer_profile(self.writer)

    def known(self, node: Node) -> ObjectKnowledge | None:
        """What the reader makes of a node's class by its name; None if it has none, or it is the user's own."""
        return _named(self.profile, node, self.custom)

    def known_to_writer(self, node: Node) -> ObjectKnowledge | None:
        """What the writer's Keras made of it; None if it had none."""
        return _named(self.writer_profile, node, self.custom) if self.writer_profile is not None else None

    def written_default(self, node: Node, key: str) -> tuple[bool, Any]:
        """Whether the writer's default of an argument is known, and what it is.

        Args:
            node: a layer or object of Keras' own.
            key: of its configuration.
        """
        known = self.known_to_writer(node)
        if known is None or known.writes is None or key not in known.writes:
            return False, None
        return True, known.writes[key]

    def findings(self, inventory: Inventory, source: Inventory | None = None) -> tuple[Finding, ...]:
        """What `check` finds.

        Args:
            inventory: of the artifact as it is, or of a draft.
            source: of the artifact as it is, where the other is of a draft.
        """
        from pytest_modelcompat.artifacts.keras.config import without_compile_config

        judged = inventory if self.compile_model else without_compile_config(inventory)
        rewritten = rewritten_paths(source, judged) if source is not None else frozenset()
        found = check_compatibility(
            judged, self.profile, custom=self.custom, safe_mode=self.safe_mode, rewritten=rewritten
        )
        return (*found.findings, *(unread_calls(judged, self.reader_name) if self.is_down else ()))


def _named(profile: Profile, node: Node, custom: frozenset[str]) -> ObjectKnowledge | None:
    name = node.class_name
    if name in custom or name.rpartition(">")[2] in custom:
        return None
    if node.role == "optimizer":
        by_name = {each.lower(): known for each, known in profile.names.get("optimizer", {}).items()}
        return profile.find("optimizer", name) or by_name.get(name.lower())
    # A public name may be another than that of the class.
    placed = profile.public(str(node.data.get("module")), name)
    return profile.find(node.role, name) or placed or profile.find("object", name)
