"""What a diagnosis knows besides the exception, and the words of its texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.artifacts.inventory import ObjectUse
from pytest_modelcompat.artifacts.keras.lookups import given_in_code, lookups_text, without_vocabulary
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import locations as worded
from pytest_modelcompat.artifacts.modules import KERAS_PACKAGES, NO_MODULE
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.artifacts.versions import minor_text
from pytest_modelcompat.profiles.known_names import is_keras_name, loss_and_metric_class
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
    from pytest_modelcompat.profiles.op_packages import OpPackage


def _unknown(_: str) -> OpPackage | None:
    return None


@dataclass(frozen=True)
class DiagnosisContext:
    """The artifact and the loader that failed with it.

    Args:
        artifact: what the artifact is called.
        format: `h5`, `keras` or `saved_model`, as it was asked to be loaded.
        inventory: what is in it.
        versions: of `keras`, `tensorflow` and `python` in the loader.
        timeout: seconds the loader had.
        syntax: writes options where the case is written.
        runtime: where the loader runs.
        declared: the modules and op libraries that the loader imported first.
        custom_objects: the classes and functions that the test declares, as name -> import path.
        package_of: gives the package that an op comes with; None where there is none.
        package_called: gives the package that a module belongs to, where it is one that brings ops.
    """

    artifact: str
    format: str
    inventory: Inventory
    versions: Mapping[str, str]
    timeout: float
    syntax: OptionSyntax = field(default_factory=OptionSyntax)
    runtime: str = LOCAL
    declared: tuple[str, ...] = ()
    custom_objects: Mapping[str, str] = field(default_factory=dict)
    package_of: Callable[[str], OpPackage | None] = _unknown
    package_called: Callable[[str], OpPackage | None] = _unknown

    @property
    def file(self) -> str:
        """The artifact's name without its folder."""
        return Path(self.artifact).name or self.artifact

    @property
    def is_local(self) -> bool:
        """Whether the loader runs in the interpreter that pytest runs in."""
        return self.runtime == LOCAL

    @property
    def loader(self) -> str:
        """What the loader is called."""
        return "the loader" if self.is_local else f"the loader of runtime {self.runtime!r}"

    @property
    def saved_keras(self) -> str:
        """The version of Keras that saved it; empty if it does not say."""
        return self.inventory.saved_by.get("keras", "")

    @property
    def loaded_keras(self) -> str:
        """The version of Keras in the loader; empty if it did not get that far."""
        return self.versions.get("keras", "")

    @property
    def lambda_layers(self) -> tuple[str, ...]:
        """Names of the layers that hold Python bytecode."""
        uses = (use for use in self.inventory.lambdas if use.has_bytecode and use.path != COMPILE_PATH)
        return tuple("/".join(use.path) for use in uses)

    def words(self) -> dict[str, str]:
        """The words that every sentence of the catalogue may use."""
        layers = self.lambda_layers
        named = ", ".join(f'"{name}"' for name in layers)
        return {
            "file": self.file,
            "format": FORMATS[self.format].words,
            "saved": f"Keras {self.saved_keras}" if self.saved_keras else "another Keras",
            "saved_version": self.saved_keras or "that saved it",
            "loaded": f"Keras {self.loaded_keras}" if self.loaded_keras else "the Keras that loads it",
            "tensorflow": self.versions.get("tensorflow", ""),
            "python": minor_text(self.versions.get("python", "")),
            "saved_python": _of(self.inventory.saved_by.get("python", "")),
            "lambdas": f"{self._lambda_kind()}{'s' if len(layers) > 1 else ''} {named}" if named else "a Lambda layer",
            "lookups": self._lookups(),
            "given_in_code": "\n".join(given_in_code(without_vocabulary(self.inventory))),
            "compiled": _listed(self._own_of_compile()) or "a loss or metric of yours",
            "own": _listed(self._own_layers()) or "a class of yours",
            "own_example": next(iter(self._own_layers()), "YourLayer"),
            "keras": self.syntax.keras,
            "decorator": self.syntax.decorator,
            "recompiled": self._recompiled(),
            "compiled_example": next(iter(self._own_of_compile()), "your_loss"),
        }

    def _lambda_kind(self) -> str:
        """What the layers with bytecode are called: `Lambda layer`, or `layer` where others have some too."""
        classes = {use.class_name for use in self.inventory.layers if "/".join(use.path) in self.lambda_layers}
        return "Lambda layer" if classes <= {"Lambda"} else "layer"

    def _lookups(self) -> str:
        lost = without_vocabulary(self.inventory)
        own = [use for use in self.inventory.layers if not _is_keras(use)]
        if lost or not own:
            return lookups_text(lost) or "a lookup layer"
        return f"a lookup layer inside {lookups_text(own)}"

    def _recompiled(self) -> str:
        """The compile() call with objects in place of those names of functions that it was given."""
        found = [(use.role, loss_and_metric_class(use.name)) for use in self._of_compile() if not use.is_class]
        given = [(role, name) for role, name in found if name] or [
            ("loss", "MeanSquaredError"),
            ("metric", "MeanSquaredError"),
        ]
        losses = list(dict.fromkeys(f"keras.losses.{name}()" for role, name in given if role == "loss"))
        metrics = list(dict.fromkeys(f"keras.metrics.{name}()" for role, name in given if role == "metric"))
        options = ([f"loss={losses[0] if len(losses) == 1 else _in_list(losses)}"] if losses else []) + (
            [f"metrics={_in_list(metrics)}"] if metrics else []
        )
        return f"compile({', '.join(options)})"

    def _of_compile(self) -> tuple[ObjectUse, ...]:
        return tuple(
            use for use in self.inventory.objects if use.path == COMPILE_PATH and use.role in ("loss", "metric")
        )

    def _own_layers(self) -> tuple[str, ...]:
        names = dict.fromkeys(use.class_name for use in self.inventory.layers if not _is_keras(use))
        return tuple(name.rpartition(">")[2] for name in names)

    def _own_of_compile(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.name for use in self._of_compile() if not _is_keras(use)))


def is_keras_class(name: str, inventory: Inventory) -> bool:
    """Whether a class is Keras' own, by what the artifact says of it, else by its name."""
    for use in _uses_of(name, inventory):
        return _is_keras(use)
    return is_keras_name(role_of(name, inventory), name)


def role_of(name: str, inventory: Inventory) -> str:
    """What a class or function serves as in the artifact: `layer`, `model`, `loss` ..., else `class`."""
    for use in _uses_of(name, inventory):
        return use.role if isinstance(use, ObjectUse) else "layer"
    return "model" if name == inventory.model_class else "class"


def registered_module(name: str, inventory: Inventory) -> str | None:
    """The module of a class that was registered by a decorator, as the artifact names it; None if it was not."""
    for use in _uses_of(name, inventory):
        if use.registered_name and ">" in use.registered_name:
            module = use.module or "your_module"
            return "your_module" if module.startswith("builtins") else module
    return None


def locations_of_name(name: str, inventory: Inventory) -> tuple[str, ...]:
    """Where a class, function or layer of this name stands, in words; empty if the inventory does not show it."""
    found = list(_uses_of(name, inventory)) or [use for use in inventory.layers if use.path and use.path[-1] == name]
    return worded(found)


def _uses_of(name: str, inventory: Inventory) -> Iterator[LayerUse | ObjectUse]:
    for layer in inventory.layers:
        if _is_called(layer.class_name, layer.registered_name, name):
            yield layer
    for use in inventory.objects:
        if _is_called(use.name, use.registered_name, name):
            yield use


def _is_called(stored: str, registered: str | None, name: str) -> bool:
    return name in (stored, registered, stored.rpartition(">")[2])


def _is_keras(use: LayerUse | ObjectUse) -> bool:
    """Whether what an artifact uses is Keras' own, by its module where the artifact gives one, else by its name."""
    if ">" in (use.registered_name or "") + use.name:
        return False
    if use.module and use.module != NO_MODULE:
        return use.module.partition(".")[0] in KERAS_PACKAGES
    return is_keras_name(use.role, use.name)


def _of(version: str) -> str:
    return f" of CPython {minor_text(version)}" if version else ""


def _in_list(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _listed(names: tuple[str, ...]) -> str:
    return listed(names, 3, "or")
