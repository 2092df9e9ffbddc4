"""What is found in what Keras writes: in a configuration, and in the metadata of a SavedModel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.artifacts.inventory import LambdaUse, LayerUse, ObjectUse, Reference


@dataclass
class ConfigContents:
    """What a configuration names; grows during one walk."""

    model_class: str | None = None
    layers: list[LayerUse] = field(default_factory=list)
    objects: list[ObjectUse] = field(default_factory=list)
    lambdas: list[LambdaUse] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    dtypes: set[str] = field(default_factory=set)

    @property
    def compute_dtypes(self) -> tuple[str, ...]:
        """Floating dtypes the layers compute in; Keras' default where none says."""
        return tuple(sorted(self.dtypes)) or ("float32",)


@dataclass
class KerasMetadata:
    """What Keras recorded beside the graph of a SavedModel."""

    contents: ConfigContents = field(default_factory=ConfigContents)
    saved_by: dict[str, str] = field(default_factory=dict)
    root: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
