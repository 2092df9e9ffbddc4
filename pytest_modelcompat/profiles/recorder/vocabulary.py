"""Keras' part: every class and function that a file may name, and under which names."""

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .answers import borrowed_functions, functions_as_objects, operations_in_h5, reader_of_functions, spellings
from .probe import probe_class
from .refusals import refusals

ROLES = {
    "activation": "activations",
    "constraint": "constraints",
    "dtype policy": "dtype_policies",
    "initializer": "initializers",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "quantizer": "quantizers",
    "regularizer": "regularizers",
}
# Those whose functions a file may hold as objects.
WRITTEN = ("activation", "loss")
# Dotted public names of the classes that make a role, the most special first.
BASES = (
    # Keras 2's metrics are layers, too.
    ("metric", ("metrics.Metric",)),
    ("layer", ("layers.Layer", "Model")),
    ("loss", ("losses.Loss",)),
    ("schedule", ("optimizers.schedules.LearningRateSchedule",)),
    (
        "optimizer",
        (
            "optimizers.Optimizer",
            "optimizers.legacy.Optimizer",
            "optimizers.experimental.Optimizer",
            "mixed_precision.LossScaleOptimizer",
        ),
    ),
    ("initializer", ("initializers.Initializer",)),
    ("regularizer", ("regularizers.Regularizer",)),
    ("constraint", ("constraints.Constraint",)),
    ("quantizer", ("quantizers.Quantizer",)),
    ("dtype policy", ("dtype_policies.DTypePolicy", "mixed_precision.Policy", "mixed_precision.DTypePolicy")),
    ("operation", ("Operation",)),
)
# What a table of names holds besides what files name.
TOOLS = re.compile(r"(get|serialize|deserialize|to_list)$|.*_keras_object$|(populate|clone|is)_")
UNKNOWN = ("could not interpret", "could not locate", "unknown ", "could not deserialize", "not a valid")


class Vocabulary:
    """What a Keras can be asked for.

    Args:
        keras: the public Keras module (`tf.keras`).
    """

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        home = keras.layers.Dense.__module__
        self.root = home.split(".")[0]
        self.private = "tensorflow.python.keras" if self.root == "tensorflow" else self.root
        self.bases = [(role, self._public_classes(names)) for role, names in BASES]
        self.names: Dict[str, Dict[str, Any]] = {}
        self.paths: Dict[int, List[str]] = {}
        self.as_objects: Dict[str, Dict[str, Any]] = {}
        self.objects: Dict[int, Any] = {}
        self.exports: List[Tuple[str, Any]] = []

    def part(self) -> Dict[str, Any]:
        """Version, objects, names, modules and registered objects, ready to be written as JSON."""
        self._collect()
        keys = self._keys()
        return {
            "version": str(getattr(self.keras, "__version__", None) or sys.modules[self.root].__version__),
            "package": "tensorflow.keras" if self.root == "tensorflow" else self.root,
            "imports_foreign": self._imports_foreign(),
            "objects": {keys[number]: self._describe(each) for number, each in self.objects.items()},
            "names": _keyed(self.names, keys),
            "as_objects": _keyed(self.as_objects, keys),
            "operations_in_h5": dict(self._operations_in_h5()),
            "modules": dict.fromkeys(self._modules(), 1),
            "refuses": refusals(self.keras),
        }

    def _public_classes(self, names: Tuple[str, ...]) -> Tuple[Any, ...]:
        found = []
        for name in names:
            owner = self.keras
            for part in name.split("."):
                owner = getattr(owner, part, None)
            if inspect.isclass(owner):
                found.append(owner)
        return tuple(found)

    def _collect(self) -> None:
        self.exports = list(self._exports())
        self.names["layer"] = {name: each for name, each in self._layer_table().items() if self._role(each) == "layer"}
        for role, module in ROLES.items():
            self.names[role] = dict(self._names_of(role, getattr(self.keras, module, None)))
        self.names["registered"] = dict(self._registered())
        self.as_objects = self._as_objects()
        for known in (*self.names.values(), *self.as_objects.values()):
            for each in known.values():
                self.objects[id(each)] = each
        for path, each in self.exports:
            self.objects[id(each)] = each
            self.paths.setdefault(id(each), []).append(path)
        for each in self._private_classes():
            self.objects[id(each)] = each

    def _as_objects(self) -> Dict[str, Dict[str, Any]]:
        """The functions of each role that are read where they are written as objects without a module."""
        readers = {role: reader_of_functions(role, getattr(self.keras, ROLES[role]), self.private) for role in WRITTEN}
        return {role: dict(functions_as_objects(self.names[role], read)) for role, read in readers.items() if read}

    def _operations_in_h5(self) -> Iterator[Tuple[str, str]]:
        operations = [each for each in self._private_classes() if self._role(each) == "operation"]
        return operations_in_h5(self.names["layer"], operations, self.keras)

    def _layer_table(self) -> Dict[str, Any]:
        """The table in which a name from an .h5 file is looked up."""
        module = sys.modules[inspect.unwrap(self.keras.layers.deserialize).__module__]
        if hasattr(module, "populate_deserializable_objects"):
            module.populate_deserializable_objects()
        local = getattr(getattr(module, "LOCAL", None), "ALL_OBJECTS", None)
        if local:
            return dict(local)
        layers = importlib.import_module(self.private + ".src.layers")
        models = importlib.import_module(self.private + ".src.models")
        table = dict(vars(layers))
        table.update({name: getattr(models, name) for name in ("Functional", "Model", "Sequential")})
        return table

    def _names_of(self, role: str, module: Any) -> Iterator[Tuple[str, Any]]:
        if module is None:
            module = getattr(self.keras, "mixed_precision", None) if role == "dtype policy" else None
        get = inspect.unwrap(module.get) if hasattr(module, "get") else None
        if get is not None:
            # Keras 2 fills its table of names at the first question.
            self._resolved(module, "", None)
        tables = [vars(module)] if module is not None else []
        if get is not None:
            home = vars(sys.modules[get.__module__])
            tables += [home, home.get("ALL_OBJECTS_DICT", {}), getattr(home.get("LOCAL"), "ALL_OBJECTS", {})]
        # Keras 2 takes a layer for an activation, by its name.
        roles = (role, "layer") if role == "activation" else (role,)
        tables.append({each.__name__: each for _, each in self.exports if self._role(each) in roles})
        for table in tables:
            for name, each in self._spelt(role, table):
                found = each if get is None else self._resolved(module, name, each)
                if found is not None and self._fits(role, found):
                    yield name, found
        if get is not None:
            yield from self._unlisted(role, module)

    def _unlisted(self, role: str, module: Any) -> Iterator[Tuple[str, Any]]:
        """Names that stand in no table, and that `get` takes all the same: what it has is asked for, name by name."""
        asked = {each.__name__: each for each in self._private_classes() if self._role(each) == role}
        names = {
            spelling: each if spelling == name else None for name, each in asked.items() for spelling in spellings(name)
        }
        if role == "activation":
            names.update(dict.fromkeys(borrowed_functions()))
        for name, each in sorted(names.items()):
            found = self._resolved(module, name, each)
            if found is not None and self._fits(role, found):
                yield name, found

    def _spelt(self, role: str, table: Dict[str, Any]) -> Iterator[Tuple[str, Any]]:
        for name, each in list(table.items()):
            if not name.startswith("_") and not TOOLS.match(name) and self._is_ours(each):
                yield name, each
                if role == "optimizer" and name.lower() != name:
                    yield name.lower(), each

    def _fits(self, role: str, found: Any) -> bool:
        own = self._role(found)
        if not inspect.isclass(found):
            return own is None and role not in ("dtype policy", "optimizer", "quantizer")
        return own == role or (role == "activation" and own == "layer")

    def _resolved(self, module: Any, name: str, table_entry: Any) -> Optional[Any]:
        """What a bare name means to `get`; None if nothing."""
        try:
            found = module.get(name)
        except Exception as error:  # noqa: BLE001 - any but a lookup's own means it was found
            text = str(error).lower()
            return None if any(each in text for each in UNKNOWN) and name.lower() in text else table_entry
        if inspect.isfunction(found) or inspect.isclass(found):
            return found
        if isinstance(found, str):
            # What the reader of configurations does not know, it gives back.
            return None
        return type(found) if self._is_ours(type(found)) else table_entry

    def _is_ours(self, each: Any) -> bool:
        if not (inspect.isclass(each) or inspect.isfunction(each)):
            return False
        module = str(getattr(each, "__module__", None))
        return module == self.private or module.startswith(self.private + ".")

    def _role(self, each: Any) -> Optional[str]:
        if not inspect.isclass(each):
            return None
        return next((role for role, bases in self.bases if bases and issubclass(each, bases)), None)

    def _kind(self, each: Any) -> str:
        return self._role(each) or ("object" if inspect.isclass(each) else "function")

    def _exports(self) -> Iterator[Tuple[str, Any]]:
        """Public dotted names with what they mean, as a .keras file is resolved by."""
        retrieve = self._retriever()
        for path, each in sorted(self._public_names().items()):
            if not self._is_ours(each) or not (self._role(each) or inspect.isfunction(each) or _has_config(each)):
                continue
            module, _, name = path.rpartition(".")
            if retrieve is None or retrieve(module, name, each):
                yield path, each

    def _public_names(self) -> Dict[str, Any]:
        try:
            api = importlib.import_module(self.private + ".src.api_export")
        except ImportError:
            from tensorflow.python.util import tf_export

            mapping = getattr(tf_export, "_NAME_TO_SYMBOL_MAPPING", {})
            return {name: each for name, each in mapping.items() if name.startswith("keras.")}
        names = dict(api.REGISTERED_NAMES_TO_OBJS)
        for path, module in list(sys.modules.items()):
            parts = path.split(".")
            if parts[0] == self.root and parts[1:2] not in (["src"], ["api"], ["_tf_keras"]):
                for name, each in list(vars(module).items()):
                    names.setdefault("{}.{}".format(path, name), each)
        return names

    def _retriever(self) -> Optional[Any]:
        """Asks Keras' own lookup of a module and name; None for a Keras that has none."""
        for path in (".src.saving.serialization_lib", ".saving.serialization_lib"):
            try:
                lookup = vars(importlib.import_module(self.private + path))["_retrieve_class_or_fn"]
                break
            except (ImportError, KeyError):
                continue
        else:
            return None

        def finds(module: str, name: str, each: Any) -> bool:
            kind = "class" if inspect.isclass(each) else "function"
            try:
                return lookup(name, None, module, kind, {"config": name}, {}) is each
            except Exception:  # noqa: BLE001 - whatever it raises, it does not find it
                return False

        return finds

    def _imports_foreign(self) -> bool:
        """Whether a .keras file may name a module outside Keras' own family and have it imported."""
        from collections import OrderedDict

        retrieve = self._retriever()
        return retrieve is not None and bool(retrieve("collections", "OrderedDict", OrderedDict))

    def _private_classes(self) -> Iterator[Any]:
        for path, module in list(sys.modules.items()):
            if path.split(".")[0] != self.root or not path.startswith(self.private):
                continue
            for name, each in list(vars(module).items()):
                is_at_home = self._is_ours(each) and each.__module__ == path and each.__name__ == name
                if is_at_home and self._role(each) and not name.startswith("_"):
                    yield each

    def _registered(self) -> Iterator[Tuple[str, Any]]:
        home = getattr(self.keras, "saving", None)
        get = getattr(home, "get_custom_objects", None) or self.keras.utils.get_custom_objects
        for name, each in get().items():
            if inspect.isclass(each) or inspect.isfunction(each):
                yield name, each

    def _keys(self) -> Dict[int, str]:
        """A key for every object, the same in every version where possible."""
        named = {id(each) for known in self.names.values() for each in known.values()}
        order = sorted(
            self.objects.items(),
            key=lambda item: (item[0] not in named, item[0] not in self.paths, item[1].__module__, item[1].__name__),
        )
        taken: Dict[str, int] = {}
        for number, each in order:
            key = "{}:{}".format(self._kind(each), each.__name__)
            if key in taken:
                key = "{}@{}".format(key, each.__module__)
            while key in taken:
                key += "'"
            taken[key] = number
        return {number: key for key, number in taken.items()}

    def _describe(self, each: Any) -> Dict[str, Any]:
        data = {
            "name": each.__name__,
            "role": self._kind(each),
            "is_class": inspect.isclass(each),
            "paths": sorted(self.paths.get(id(each), [])),
            "home": each.__module__,
        }
        if inspect.isclass(each) and hasattr(each, "get_config"):
            bases = [base for _, bases in self.bases for base in bases if base is not self.keras.Model]
            data.update(probe_class(each, self.keras, bases))
        return data

    def _modules(self) -> List[str]:
        packages = [self.root] if self.root != "tensorflow" else ["tensorflow.python.keras", "tensorflow.keras"]
        found = set()
        for package in packages:
            module = sys.modules.get(package) or importlib.import_module(package)
            for folder in module.__path__:
                found.add(package)
                found.update(_modules_below(Path(folder), package))
        return sorted(found)


def _keyed(tables: Dict[str, Dict[str, Any]], keys: Dict[int, str]) -> Dict[str, Dict[str, str]]:
    return {role: {name: keys[id(each)] for name, each in known.items()} for role, known in tables.items()}


def _has_config(each: Any) -> bool:
    return inspect.isclass(each) and hasattr(each, "get_config")


def _modules_below(folder: Path, package: str) -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        path = "{}.{}".format(package, entry.stem)
        if entry.is_dir() and (entry / "__init__.py").exists():
            yield path
            yield from _modules_below(entry, path)
        elif entry.suffix == ".py" and entry.stem != "__init__" and not entry.stem.endswith("_test"):
            yield path
