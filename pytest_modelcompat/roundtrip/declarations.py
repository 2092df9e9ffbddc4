"""What a case declares, by import path, so that another process can import it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime
from pytest_modelcompat.settings.checks import SettingsError, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.runtimes.protocol import Declarations
    from pytest_modelcompat.settings.settings import Settings


class NotImportableError(Exception):
    """A declared object cannot be imported by another process; `name` is what it is declared as, `fix` what to do."""

    def __init__(self, name: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.fix = fix


def collect_declarations(settings: Settings, runtime: Runtime = LOCAL_RUNTIME) -> Declarations:
    """What a case declares, every object by its import path, with what its runtime always imports.

    Args:
        settings: the case's options.
        runtime: where it is loaded; op libraries of its own stand in place of the case's, which are built for another
            TensorFlow.

    Raises:
        NotImportableError: an object lives in a function, in `__main__`, or under a name its module lacks.
    """
    from pytest_modelcompat.runtimes.protocol import Declarations

    places = {name: _import_place(name, target) for name, target in settings.custom_objects.items()}
    imports = tuple(dict.fromkeys((*runtime.imports, *settings.imports)))
    modules = {*imports, *(module for module, _ in places.values())}
    files = {name: file for name in modules for file in [_module_file(name)] if file}
    libraries = settings.op_libraries if runtime.op_libraries is None else runtime.op_libraries
    return Declarations(places, imports, libraries, files)


def _import_place(name: str, target: Any) -> tuple[str, str]:
    if isinstance(target, str):
        try:
            module, _, qualname = parse_object(target)[1].partition(":")
        except SettingsError as error:
            raise NotImportableError(name, str(error)) from None
        return module, qualname
    module, qualname = _defining_module(target)
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


def _defining_module(target: Any) -> tuple[str, str]:
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


def import_paths(settings: Settings) -> Mapping[str, str]:
    """Name -> `module.Class` of what a case declares, for messages."""
    return {
        name: target.replace(":", ".") if isinstance(target, str) else ".".join(_defining_module(target))
        for name, target in settings.custom_objects.items()
    }


def options_with_more(settings: Settings) -> dict[str, Any]:
    """What a case has, by option, of the options that a fix adds to."""
    return {
        "custom_objects": import_paths(settings),
        "imports": settings.imports,
        "op_libraries": settings.op_libraries,
        "stochastic": settings.stochastic,
        "allow_ops": settings.allow_ops,
        "allow_layers": settings.allow_layers,
        "allow_unsafe": settings.allow_unsafe,
    }
