"""Importing the modules a case declares, by name where the path finds them, else from their file."""

import difflib
import importlib
import importlib.util
import pkgutil
import sys
import types
from pathlib import Path
from typing import Any, Dict, Optional

_ALIKE = 0.7
# tensorflow_hub and tensorflow_text, both there or not, are no misspellings of each other.
_ALIKE_PACKAGES = 0.85


class DeclaredImportError(Exception):
    """A declared module or object cannot be had in this process; `name` is what was declared."""

    def __init__(self, name: str, cause: BaseException) -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause
        self.near = _near(name, cause)


def _near(name: str, cause: BaseException) -> str:
    """A name like the one that is not there, where there is one: of a module's own, or of a module beside it."""
    home, _, last = name.rpartition(".")
    rest = ""
    if isinstance(cause, AttributeError) and home in sys.modules:
        names = [each for each in vars(sys.modules[home]) if not each.startswith("_")]
    elif isinstance(cause, ModuleNotFoundError) and cause.name and (name + ".").startswith(cause.name + "."):
        home, _, last = cause.name.rpartition(".")
        rest = name[len(cause.name) :]
        places = getattr(sys.modules.get(home), "__path__", None) if home else None
        names = [each.name for each in pkgutil.iter_modules(places)] if places or not home else []
    else:
        return ""
    found = difflib.get_close_matches(last, names, 1, _ALIKE if home else _ALIKE_PACKAGES)
    return ".".join(part for part in (home, found[0]) if part) + rest if found else ""


def import_declared(name: str, files: Dict[str, str]) -> Any:
    """Import a module by name; one that only pytest's `importlib` mode could name comes from its file.

    Args:
        name: dotted module name.
        files: where the pytest process has modules from, by module name.

    Raises:
        DeclaredImportError: with the original exception as its `cause`.
    """
    try:
        path = files.get(name)
        if path is not None and not _finds(name, path):
            return _import_file(name, Path(path))
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise DeclaredImportError(name, error) from error


def find_object(module: str, qualname: str, files: Dict[str, str]) -> Any:
    """The class or function `qualname` of a module, imported as `import_declared` does."""
    target = import_declared(module, files)
    try:
        for part in qualname.split("."):
            target = getattr(target, part)
    except AttributeError as error:
        raise DeclaredImportError("{}.{}".format(module, qualname), error) from error
    return target


def _finds(name: str, path: str) -> bool:
    if name in sys.modules:
        return True
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == Path(path).resolve()


def _import_file(name: str, path: Path) -> Any:
    parent = name.rpartition(".")[0]
    if parent:
        _ensure_package(parent, path.parent if path.name != "__init__.py" else path.parent.parent)
    locations = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, str(path), submodule_search_locations=locations)
    if spec is None or spec.loader is None:
        raise ImportError("no Python module at {}".format(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if parent:
        setattr(sys.modules[parent], name.rpartition(".")[2], module)
    return module


def _ensure_package(name: str, folder: Path) -> Optional[Any]:
    if name in sys.modules:
        return sys.modules[name]
    init = folder / "__init__.py"
    if init.is_file():
        return _import_file(name, init)
    parent, _, own_name = name.rpartition(".")
    if parent:
        _ensure_package(parent, folder.parent)
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    if parent:
        setattr(sys.modules[parent], own_name, package)
    return package
