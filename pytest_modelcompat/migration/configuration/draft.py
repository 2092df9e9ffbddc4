"""Draft: the artifact as it will be written, which edits change."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.config import read_compile, read_model
from pytest_modelcompat.migration.configuration.nodes import Node, walk, walk_compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Inventory, WeightUse
    from pytest_modelcompat.migration.configuration.scalar import Scalar

_MODEL_WEIGHTS = "model_weights"


@dataclass
class Draft:
    """What will be written instead of an .h5 or .keras file.

    Args:
        source: the inventory of the artifact as it is; never changed.
        format: what is written, `h5` or `keras`.
        root: the outermost node of the model's configuration.
        training: what `compile()` was given; in a `.keras` draft the same object as `root["compile_config"]`. Empty
            where there is none.
        moved: datasets of weights, and assets, that are written under another path -> that path; None for what is not
            written. Paths are those of the source's inventory and, behind the arrow, those of the written format.
        added: path in what is written -> a variable that the source does not have.
        renamed: layers that have another name in the configuration than their weights in an .h5 file -> that name;
            Keras 3 goes by the order of the layers alone.
        suffix: of the file to write; empty for the usual one of its format.
        names: in an .h5 file that is made of another format, each layer -> the names of its weights in order.
        state: in such a file, the names of the optimizer's variables in order.
    """

    source: Inventory
    format: str
    root: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, str | None] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    suffix: str = ""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    added: dict[str, Scalar] = field(default_factory=dict)
    state: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Inventory) -> Draft:
        """The draft that equals its source.

        Args:
            source: of an .h5 or .keras file with a model.
        """
        root = copy.deepcopy(dict(source.root))
        inside = root.get("compile_config")
        training = inside if source.format == "keras" and isinstance(inside, dict) else dict(source.training)
        if training is not inside:
            training = copy.deepcopy(training)
        return cls(source, source.format, root, training)

    def copy(self) -> Draft:
        """A draft of its own, to try an edit on."""
        both = copy.deepcopy({"root": self.root, "training": self.training})
        return replace(
            self,
            root=both["root"],
            training=both["training"],
            moved=dict(self.moved),
            added=dict(self.added),
            renamed=dict(self.renamed),
            names=dict(self.names),
        )

    def take(self, other: Draft) -> None:
        """Become what another draft is.

        Args:
            other: a copy of this one that was changed.
        """
        self.root, self.training, self.moved = other.root, other.training, other.moved
        self.format, self.suffix, self.added = other.format, other.suffix, other.added
        self.renamed, self.names, self.state = other.renamed, other.names, other.state

    def nodes(self) -> Iterator[Node]:
        """Every node of the model, the outermost first, then those of what `compile()` was given."""
        yield from walk(self.root)
        if "compile_config" not in self.root:
            yield from walk_compiled(self.training)
        else:
            yield from walk_compiled(self.root["compile_config"] or {})

    def layers(self, *class_names: str) -> Iterator[Node]:
        """The layers and models of these classes, the outermost model among them; all of them where none is named."""
        return (
            each for each in walk(self.root) if each.is_layer and (not class_names or each.class_name in class_names)
        )

    def inventory(self) -> Inventory:
        """What a static read of the written artifact would find.

        Raises:
            BrokenArtifactError: what was made of it is no model.
        """
        contents = read_model(self.root, str(self.source.path))
        training = self.training
        if self.format == "h5":
            read_compile(training, contents, str(self.source.path))
        path = self.source.path.with_suffix(self.suffix or f".{self.format}")
        if self.suffix and path.is_dir():
            # A file that was unzipped by hand may keep its name; what is written is a file again.
            path = path / path.name
        return replace(
            self.source,
            format=self.format,
            path=path,
            model_class=contents.model_class,
            layers=tuple(contents.layers),
            objects=tuple(contents.objects),
            lambdas=tuple(contents.lambdas),
            references=tuple(contents.references),
            compute_dtypes=contents.compute_dtypes,
            compiled=bool(training),
            root=self.root,
            training=training,
            weights=tuple(sorted(self._weights(), key=lambda each: each.path)),
            assets=tuple(replace(each, path=self.moved.get(each.path) or each.path) for each in self.source.assets),
        )

    def _weights(self) -> Iterator[WeightUse]:
        for weight in self.source.weights:
            path = self.moved.get(weight.path, weight.path)
            if path is not None:
                yield replace(weight, path=self.in_configuration(path))

    def in_configuration(self, path: str) -> str:
        """A path of weights by the name that their layer has in the configuration."""
        for before, after in self.renamed.items() if self.format == "h5" else ():
            path = path.replace(f"{_MODEL_WEIGHTS}/{before}/", f"{_MODEL_WEIGHTS}/{after}/", 1)
        return path
