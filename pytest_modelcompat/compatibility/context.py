"""One artifact and one runtime, and the questions that every rule asks about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import LayerUse, ObjectUse
from pytest_modelcompat.artifacts.modules import KERAS_OWN_PACKAGE, NO_MODULE
from pytest_modelcompat.artifacts.versions import TF_KERAS, MinorVersion, dotted, minor_version
from pytest_modelcompat.compatibility.constructs import constructs, is_registered_function
from pytest_modelcompat.compatibility.input_shapes import input_shapes, models_of
from pytest_modelcompat.compatibility.model_ends import ends_of
from pytest_modelcompat.compatibility.model_flow import followers, keeps_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory, Reference
    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.input_shapes import Shape
    from pytest_modelcompat.profiles.facts import Facts
    from pytest_modelcompat.profiles.profile import ObjectKnowledge, Profile


_KERAS_3: MinorVersion = (3, 0)
# Keras 3's layers look these up by their name alone, whatever module a file names beside it.
_BY_NAME = frozenset({"activation", "constraint", "initializer", "regularizer"})
# From this version on Keras 2 does so too, with the layers of a model as well; before it, with those of an .h5 file.
# Read in its serialization_lib.
_KERAS_2_BY_NAME: MinorVersion = (2, 13)


@dataclass(frozen=True)
class CompatibilityContext:
    """One artifact before one runtime.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that are declared or registered there.
        safe_mode: what `load_model` is given.
        facts: what was measured of the artifact's format; None where nothing was.
        rewritten: paths of layers that are not as the version that saved the artifact writes them.
    """

    inventory: Inventory
    profile: Profile
    custom: frozenset[str] = field(default_factory=frozenset)
    safe_mode: bool = True
    facts: Facts | None = None
    rewritten: frozenset[tuple[str, ...]] = frozenset()

    @cached_property
    def writer(self) -> MinorVersion:
        """Major and minor version of the Keras that saved the artifact; (0, 0) where it does not say."""
        return minor_version(self.inventory.saved_by.get("keras", ""))

    @property
    def reader(self) -> MinorVersion:
        """Major and minor version of the Keras that loads it."""
        return self.profile.keras_version

    @property
    def writer_major(self) -> int:
        """2 or 3; Keras 1 counts as 2, whose formats it began, and so does an .h5 file that names no version."""
        return 3 if self.writer[0] >= 3 else 2

    @property
    def reader_major(self) -> int:
        """2 or 3."""
        return 3 if self.reader[0] >= 3 else 2

    @property
    def writer_name(self) -> str:
        """The Keras that saved it, in words."""
        version = self.inventory.saved_by.get("keras")
        package = "tf_keras" if TF_KERAS <= self.writer < _KERAS_3 else "Keras"
        return f"{package} {version}" if version else "the Keras that saved it"

    @property
    def reader_name(self) -> str:
        """The Keras that loads it, in words."""
        name = "tf_keras" if self.profile.package == "tf_keras" else "Keras"
        return f"{name} {dotted(self.reader)}"

    @property
    def tensorflow_name(self) -> str:
        """The TensorFlow that loads it, in words."""
        return f"TensorFlow {dotted(self.profile.tensorflow_version)}"

    @property
    def is_keras_file(self) -> bool:
        """Whether Keras loads it, by its configuration; a SavedModel is loaded by TensorFlow, by its graph."""
        return self.inventory.format in ("h5", "keras")

    def is_declared(self, use: Use | Reference) -> bool:
        """Whether a class or function is one that the user declares or registers there."""
        if not self.custom:
            return False
        names = {use.name, without_package(use.name), use.registered_name or ""}
        names |= {without_package(name) for name in names}
        return not names.isdisjoint(self.custom) or is_registered_function(use, self.custom)

    def known(self, use: Use) -> ObjectKnowledge | None:
        """What the runtime's Keras makes of a name in the artifact; None if nothing.

        A `.keras` file names a module beside most classes; an `.h5` file has the name alone.
        """
        if use.registered_name and use.registered_name in self.profile.registered:
            return self.profile.registered[use.registered_name]
        if isinstance(use, ObjectUse) and use.module == NO_MODULE and use.role in self.profile.as_objects:
            return self.profile.as_objects[use.role].get(use.name)
        if self.is_found_by_name(use):
            return self._named(use.role, use.name)
        if use.module and use.module != NO_MODULE:
            return self._by_location(use.module, use.name)
        if use.module == NO_MODULE:
            return self.profile.find(use.role, use.name) or self.profile.find("object", use.name)
        return self._named(use.role, use.name)

    def is_found_by_name(self, use: Use) -> bool:
        """Whether the reader looks for it by its name alone, though the file names a module beside it."""
        if not use.module or (use.module == NO_MODULE and self.reader_major == 2):
            return False
        if self.reader_major == 3:
            return use.role in _BY_NAME
        is_in_a_model = isinstance(use, LayerUse) and use.path != ()
        if self.reader < _KERAS_2_BY_NAME:
            return is_in_a_model and self.inventory.format == "h5"
        return is_in_a_model or use.role in _BY_NAME

    def _by_location(self, module: str, name: str) -> ObjectKnowledge | None:
        if self.profile.package == "tf_keras" and module.partition(".")[0] == "keras":
            # tf_keras reads what its elder brother wrote, under its own name.
            found = self._by_location(f"tf_{module}", name)
            if found is not None:
                return found
        found = self.profile.public(module, name)
        if found is not None:
            return found
        # A class also goes by its other names in the public modules: keras.initializers.OrthogonalInitializer.
        alias = next((names[name] for names in self.profile.names.values() if name in names), None)
        is_there = alias is not None and module in {path.rpartition(".")[0] for path in alias.paths}
        return alias if alias is not None and alias.is_class and is_there else None

    def _named(self, role: str, name: str) -> ObjectKnowledge | None:
        return self.optimizer(name) if role == "optimizer" else self.profile.find(role, name)

    def optimizer(self, name: str) -> ObjectKnowledge | None:
        """What a name alone means as an optimizer, which every Keras looks up in small letters."""
        return self.profile.registered.get(name) or self._optimizers.get(name.lower())

    @cached_property
    def _optimizers(self) -> Mapping[str, ObjectKnowledge]:
        return {name.lower(): known for name, known in self.profile.names.get("optimizer", {}).items()}

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The outermost model, and every layer and object of the artifact."""
        return (*self._outermost, *self.inventory.layers, *self.inventory.objects)

    @property
    def _outermost(self) -> tuple[LayerUse, ...]:
        root = self.inventory.root
        if not self.is_keras_file or not root:
            return ()
        config = root.get("config")
        return (
            LayerUse(
                class_name=str(root.get("class_name")),
                path=(),
                module=_text(root.get("module")),
                registered_name=_text(root.get("registered_name")),
                config=config if isinstance(config, dict) else {},
            ),
        )

    @cached_property
    def models(self) -> tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]:
        """Path and configuration of every model in the artifact, the outermost one first."""
        return tuple(models_of(self.inventory))

    def is_wrapped(self, path: tuple[str, ...]) -> bool:
        """Whether a layer stands in another layer rather than in a model, as below a TimeDistributed."""
        return bool(path) and path[:-1] not in self._paths_of_models

    @cached_property
    def _paths_of_models(self) -> frozenset[tuple[str, ...]]:
        return frozenset(model for model, _ in self.models)

    def is_end(self, path: tuple[str, ...]) -> bool:
        """Whether the model's outputs are those of a layer, or may be: in a wrapper, in a model of one's own class."""
        if self._ends is None or path in self._ends:
            return True
        around = (path[:depth] for depth in range(1, len(path)))
        return any(each in self._ends and each not in self._paths_of_models for each in around)

    def gives_dtype(self, path: tuple[str, ...]) -> bool:
        """Whether the model's outputs have the dtype of a layer's, or may have.

        They do where it is an end, or only layers stand between that give integers where they are given integers.
        """
        if self.is_end(path):
            return True
        return any(self.is_end(each.path) for each in self.behind(path, keeps_dtype))

    def behind(self, path: tuple[str, ...], passes: Callable[[LayerUse], bool] | None = None) -> Iterator[LayerUse]:
        """The layers of its model that get a layer's outputs, from it or from others behind it.

        Args:
            path: the layer's.
            passes: which layers, and what stands behind them; all where it is not given.
        """
        left, seen = [path], {path}
        while left:
            for each in self.followers(left.pop()):
                if each.path not in seen and (passes is None or passes(each)):
                    seen.add(each.path)
                    left.append(each.path)
                    yield each

    def followers(self, path: tuple[str, ...]) -> tuple[LayerUse, ...]:
        """The layers of its model that get a layer's outputs from itself."""
        return tuple(self._by_path[each] for each in self._followers.get(path, ()) if each in self._by_path)

    @cached_property
    def _followers(self) -> Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        return followers(self.models)

    @cached_property
    def _by_path(self) -> Mapping[tuple[str, ...], LayerUse]:
        return {layer.path: layer for layer in self.inventory.layers}

    @cached_property
    def _ends(self) -> frozenset[tuple[str, ...]] | None:
        return ends_of(dict(self.models)) if self.models and self.models[0][0] == () else None

    def is_column(self, path: tuple[str, ...]) -> bool:
        """Whether the last dimension of what a layer is given is one number; of Keras 2 also where it is not known.

        The encoding layers of Keras 2 take nothing else that has a dimension beside the batch.
        """
        shape = self.input_shapes.get(path, ())
        if self.writer_major == _KERAS_3[0]:
            return len(shape) > 1 and shape[-1] == 1
        return len(shape[1:]) == 1 and shape[-1] in (1, None)

    def is_scalar(self, path: tuple[str, ...]) -> bool:
        """Whether a layer is given nothing but a batch of numbers."""
        return len(self.input_shapes.get(path, ())) == 1

    @cached_property
    def input_shapes(self) -> Mapping[tuple[str, ...], Shape]:
        """The shape of each layer's input, by its path, as far as the file tells it."""
        return input_shapes(self.models)

    def is_in_functional(self, path: tuple[str, ...]) -> bool:
        """Whether a layer stands in a functional model, which calls its layers when it is rebuilt."""
        return path[:-1] in self._functional

    @cached_property
    def _functional(self) -> frozenset[tuple[str, ...]]:
        return frozenset(path for path, config in self.models if "output_layers" in config)

    def is_translated(self, layer: LayerUse) -> bool:
        """Whether a reader translates a layer's old configuration, as it does in an .h5 file.

        Keras 3 does where no module stands beside the class, but not in wrapped layers. One stands there in models
        inside a Sequential of an .h5 file from 2.13 on; none does in a .keras file of 2.12, nor in one of 2.13 whose
        model was saved to .h5 before. Measured, and read in its sources.
        """
        if self.reader_major == 2:
            return self.inventory.format == "h5"
        return self.is_keras_file and layer.module is None and not self.is_wrapped(layer.path)

    @cached_property
    def constructs(self) -> Mapping[str, tuple[Use, ...]]:
        """The artifact's constructs with the layers and objects they are of, a class of the user's own as that."""
        uses: tuple[Use, ...] = (*self.inventory.layers, *self.inventory.objects)
        own = {use.name for use in uses if self._is_own(use)}
        own |= {each.name for each in self.inventory.references if self.is_declared(each)}
        return _constructs_of(_Itself(self.inventory), frozenset(own), self.custom)

    def _is_own(self, use: Use) -> bool:
        # What Keras registers without a package is its own, also where the reader does not know it.
        is_keras_own = use.name.startswith(KERAS_OWN_PACKAGE)
        return self.is_declared(use) or (self.known(use) is None and not is_keras_own)

    def layers(self, *class_names: str) -> tuple[LayerUse, ...]:
        """The artifact's layers of these classes."""
        return tuple(layer for layer in self.inventory.layers if layer.class_name in class_names)


class _Itself:
    """An inventory as the object that it is: what it holds has no hash."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def __hash__(self) -> int:
        """The same for the same object alone."""
        return id(self.inventory)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same object."""
        return isinstance(other, _Itself) and other.inventory is self.inventory


# A file is judged for many runtimes in turn, which differ in few names.
@lru_cache(maxsize=8)
def _constructs_of(artifact: _Itself, own: frozenset[str], declared: frozenset[str]) -> Mapping[str, tuple[Use, ...]]:
    """The constructs of an artifact, where these names are the user's own, and these are declared."""
    found: dict[str, list[Use]] = {}
    for construct in constructs(artifact.inventory, lambda use: use.name in own, declared):
        found.setdefault(construct.text, []).append(construct.use)
    return {text: tuple(uses) for text, uses in found.items()}


def without_package(name: str) -> str:
    """A registered name without its package."""
    return name.rpartition(">")[2]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
