"""Case: one model under test with what it declares, and the seeding that makes it the same every time."""

from __future__ import annotations

import importlib
import random
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.live import KERAS_PACKAGES
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime
from pytest_modelcompat.settings.settings import SettingsError, parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.release_store import Frozen
    from pytest_modelcompat.results.target import Target
    from pytest_modelcompat.runtimes.protocol import Declared
    from pytest_modelcompat.settings.settings import Settings


class NotImportableError(Exception):
    """A declared object cannot be imported by another process; `name` is what it is declared as, `fix` what to do."""

    def __init__(self, name: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.fix = fix


@dataclass(frozen=True)
class Case:
    """One model under test, in one target.

    Args:
        title: how messages call this target: `test_ranker[h5]`.
        target: the format to save in, or that of the artifact, and where it is loaded.
        settings: its options.
        golden: its golden's name.
        build: makes the model anew and gives it with its inputs (None: derive them); None for an artifact.
        artifact: the file or folder something else saved; None for a round trip.
        inputs: gives an artifact's inputs (None: derive them).
        accept: the command that accepts what changed.
        declares_on: where a user writes declarations: `marker`, `artifact marker`, `call` or `command line`.
        frozen: the artifact of a release that is checked, in place of what the case saves now; `artifact` is its file.
    """

    title: str
    target: Target
    settings: Settings
    golden: GoldenName
    build: Callable[[], tuple[Any, Any]] | None = None
    artifact: Path | None = None
    inputs: Callable[[], Any] | None = None
    accept: str = ""
    declares_on: str = "marker"
    frozen: Frozen | None = None

    def of_release(self, frozen: Frozen | None) -> Case:
        """The case as it was released, where there is a frozen artifact to check in place of what it saves now."""
        if frozen is None:
            return self
        return replace(self, frozen=frozen, artifact=frozen.artifact, build=None, accept=frozen.thaw_command)

    @property
    def format(self) -> str:
        """The format of its artifact."""
        return self.target.format

    @property
    def runtime(self) -> str:
        """Where its artifact is loaded."""
        return self.target.runtime


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow and Keras, and start Keras' automatic layer names from one again.

    Without the latter a layer is `dense` or `dense_7` depending on which tests ran before.
    """
    import numpy as np
    import tensorflow as tf

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - models that draw from the global generator must see the seed
    tf.random.set_seed(seed)
    for package in KERAS_PACKAGES:
        keras = sys.modules.get(package)
        if keras is not None:
            keras.utils.set_random_seed(seed)
            _reset_layer_names(keras)


def _reset_layer_names(keras: Any) -> None:
    # `clear_session` would do it too, and with it drop the dtype policy and other settings of the user's.
    reset = getattr(keras.backend, "reset_uids", None)
    if reset is None:
        naming = importlib.import_module("keras.src.utils.naming")
        state = importlib.import_module("keras.src.backend.common.global_state")
        state.set_global_attribute("global_seed_generator", None)
        reset = naming.reset_uids
    reset()


def is_builder(model: Any) -> bool:
    """Whether it builds a model when it is called, as a function or a model's class does, rather than being one."""
    return callable(model) and (isinstance(model, type) or not hasattr(model, "trainable_variables"))


def split_returned(returned: Any) -> tuple[Any, Any]:
    """What a test returned as (model, inputs), the inputs None where it gave only a model."""
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned
    return returned, None


def declared(settings: Settings, runtime: Runtime = LOCAL_RUNTIME) -> Declared:
    """What a case declares, every object by its import path, with what its runtime always imports.

    Args:
        settings: the case's options.
        runtime: where it is loaded; op libraries of its own stand in place of the case's, which are built for another
            TensorFlow.

    Raises:
        NotImportableError: an object lives in a function, in `__main__`, or under a name its module lacks.
    """
    from pytest_modelcompat.runtimes.protocol import Declared

    places = {name: _place(name, target) for name, target in settings.custom_objects.items()}
    imports = tuple(dict.fromkeys((*runtime.imports, *settings.imports)))
    modules = {*imports, *(module for module, _ in places.values())}
    files = {name: file for name in modules for file in [_module_file(name)] if file}
    libraries = settings.op_libraries if runtime.op_libraries is None else runtime.op_libraries
    return Declared(places, imports, libraries, files)


def _place(name: str, target: Any) -> tuple[str, str]:
    if isinstance(target, str):
        try:
            module, _, qualname = parse_object(target)[1].partition(":")
        except SettingsError as error:
            raise NotImportableError(name, str(error)) from None
        return module, qualname
    module, qualname = _home(target)
    move = f'move it to the top level of a module, and declare it from there: custom_objects={{"{name}": ...}}'
    if "<lambda>" in qualname:
        raise NotImportableError(
            name,
            f"it is a lambda ({module}), which has no name that a fresh process could import",
            "write it with def at the top level of a module, and declare that",
        )
    if "<locals>" in qualname:
        raise NotImportableError(
            name, f"{module}.{qualname} is made inside a function, where a fresh process cannot import it", move
        )
    if module == "__main__":
        raise NotImportableError(name, f"{qualname} lives in __main__, which a fresh process does not have", move)
    if _look_up(module, qualname) is not target:
        raise NotImportableError(
            name, f"it is not what a fresh process finds when it imports {module}.{qualname}", move
        )
    return module, qualname


def _home(target: Any) -> tuple[str, str]:
    owner = target if hasattr(target, "__qualname__") else type(target)
    return str(getattr(owner, "__module__", "")), str(owner.__qualname__)


def _look_up(module: str, qualname: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _module_file(name: str) -> str | None:
    file: str | None = getattr(sys.modules.get(name), "__file__", None)
    return file


def object_places(settings: Settings) -> Mapping[str, str]:
    """Name -> `module.Class` of what a case declares, for messages."""
    return {
        name: target.replace(":", ".") if isinstance(target, str) else ".".join(_home(target))
        for name, target in settings.custom_objects.items()
    }
