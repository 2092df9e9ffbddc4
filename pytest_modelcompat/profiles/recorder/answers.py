"""What a Keras takes though no table of its names says so, found by asking it."""

import contextlib
import importlib
import inspect
import io
import re
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from .probe import minimal_config

# Functions that have no place in Keras, as Keras writes them.
NO_MODULE = "builtins"
TELLING = {"axis": 1, "max_value": 2.0, "negative_slope": 0.25, "threshold": 0.5}
_CALLS: List[Callable[[Any, Any], Any]] = [lambda op, x: op(x), lambda op, x: op(x, x), lambda op, x: op([x, x])]
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def spellings(name: str) -> Iterator[str]:
    """How a name may be written: as it is, in small letters, and in small letters with underscores."""
    yield name
    for each in (name.lower(), _CAPITAL.sub("_", name).lower()):
        if each != name:
            yield each


def borrowed_functions() -> Dict[str, Any]:
    """The functions of TensorFlow that a Keras may take where it has none of the name."""
    import tensorflow as tf

    return {name: each for name, each in vars(tf.nn).items() if inspect.isfunction(each) and not name.startswith("_")}


def reader_of_functions(role: str, module: Any, package: str) -> Optional[Callable[[Dict[str, Any]], Any]]:
    """What rebuilds a function that is written as an object; None in a Keras that has nothing for it.

    Layers give an activation to its own `get`; the rest of a file is read by the general reader of configurations.

    Args:
        role: what the function serves as.
        module: the public module of that role.
        package: the one with Keras' own modules.
    """
    if role == "activation":
        return getattr(module, "get", None)
    for path in (".src.saving.serialization_lib", ".saving.serialization_lib"):
        try:
            return getattr(importlib.import_module(package + path), "deserialize_keras_object", None)
        except ImportError:
            continue
    return None


def functions_as_objects(names: Dict[str, Any], read: Callable[[Dict[str, Any]], Any]) -> Iterator[Tuple[str, Any]]:
    """The functions that are found again where a file holds an object that names no module: `tf.nn.silu`.

    Args:
        names: what a bare name means.
        read: as of `reader_of_functions`.
    """
    for name, each in names.items():
        found = _read_back(name, read) if inspect.isfunction(each) else None
        if inspect.isfunction(found):
            yield name, found


def _read_back(name: str, read: Callable[[Dict[str, Any]], Any]) -> Any:
    try:
        return read({"class_name": "function", "config": name, "module": NO_MODULE, "registered_name": "function"})
    except Exception:  # noqa: BLE001 - whatever it raises, it does not find it
        return None


def operations_in_h5(layers: Dict[str, Any], operations: List[Any], keras: Any) -> Iterator[Tuple[str, str]]:
    """The operations that an .h5 file holds after all, as a layer of the same name, and whether that does the same.

    Args:
        layers: the table in which a name from an .h5 file is looked up.
        operations: the classes of operations.
        keras: the public Keras module.
    """
    for each in operations:
        if each.__name__ in layers and layers[each.__name__] is not each:
            outcome = _outcome_in_h5(each, keras)
            if outcome:
                yield each.__name__, outcome


def _outcome_in_h5(operation: Any, keras: Any) -> str:
    import numpy as np

    config = minimal_config(operation, keras)
    if config is None:
        return ""
    # A layer has the same defaults; other values show whether they are read.
    taken = inspect.signature(operation.__init__).parameters
    config = dict(config, **{key: value for key, value in TELLING.items() if key in taken})
    values = np.linspace(-2.0, 3.0, 24, dtype="float32").reshape(2, 3, 4)
    for call in _CALLS:
        try:
            tensor = keras.Input((3, 4))
            model: Any = keras.Model(tensor, call(operation.from_config(dict(config)), tensor))
            before = np.asarray(model(values))
        except Exception:  # noqa: BLE001, S112 - it is not called that way
            continue
        return _outcome(model, before, values, keras)
    return ""


def _outcome(model: Any, before: Any, values: Any, keras: Any) -> str:
    """Whether a model saved as .h5 loads and has these outputs for these inputs: `same`, `other`; else nothing."""
    import numpy as np

    # Keras advises against the format, on standard error.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        path = str(Path(folder) / "model.h5")
        try:
            model.save(path)
            after = np.asarray(keras.models.load_model(path)(values))
        except Exception:  # noqa: BLE001 - whatever it raises, it does not load it
            return ""
    return "same" if after.shape == before.shape and bool(np.array_equal(after, before)) else "other"
