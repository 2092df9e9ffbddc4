"""Digests of variables: what a reload must bring back bit for bit."""

import hashlib
from typing import Any, Dict, Iterable, List

import numpy as np


def digest(variable: Any, path: str) -> Dict[str, Any]:
    """Path, shape, dtype and SHA-256 of one variable's value."""
    value = _value(variable)
    if value.dtype.kind == "O":
        data = repr(value.tolist()).encode("utf-8")  # type: Any
    else:
        # The bytes where they are: a copy of a large weight is what the machine may have no room for.
        data = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
    return {
        "path": path,
        "shape": [int(size) for size in value.shape],
        "dtype": "string" if value.dtype.kind == "O" else value.dtype.name,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _value(variable: Any) -> Any:
    """A variable's value as an array that shares its memory: numpy() would copy it."""
    value = getattr(variable, "value", variable)
    value = value() if callable(value) else value
    # A Keras 3 variable has another variable for its value.
    read = getattr(value, "value", None)
    array = np.asarray(read() if callable(read) else value)
    return np.asarray(array.item()) if array.dtype.kind == "O" and not array.shape else array


def of_variables(variables: Iterable[Any]) -> List[Dict[str, Any]]:
    """Digests of variables, in the order given.

    Repeated paths get `#2`, `#3` ..., so that each variable keeps a name of its own. The random state of seed
    generators is left out: it is the state of a stream, not something that was learnt.
    """
    seen = {}  # type: Dict[str, int]
    result = []
    for variable in variables:
        path = variable_path(variable)
        if "seed_generator_state" in path:
            continue
        seen[path] = seen.get(path, 0) + 1
        result.append(digest(variable, path if seen[path] == 1 else "{}#{}".format(path, seen[path])))
    return result


def variable_path(variable: Any) -> str:
    """A variable's path as Keras 3 (`path`) or Keras 2 and TensorFlow (`name` without its `:0`) call it."""
    return str(getattr(variable, "path", None) or str(variable.name).split(":")[0])


def _children(node: Any) -> List[Any]:
    """What hangs on a trackable object, as TensorFlow saves it in a checkpoint."""
    children = getattr(node, "_trackable_children", None)
    if children is not None:
        # Tables of TensorFlow up to 2.11 take what all else there has a default for.
        return list(children("checkpoint").values())
    # What TensorFlow had before 2.8.
    return [each.ref for each in getattr(node, "_checkpoint_dependencies", ())]


def of_saved_object(loaded: Any) -> List[Dict[str, Any]]:
    """Digests of every variable that hangs on an object `tf.saved_model.load` returned."""
    from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

    found, queue, visited = [], [loaded], set()
    while queue:
        node = queue.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, BaseResourceVariable):
            found.append(digest(node, variable_path(node)))
            continue
        queue.extend(_children(node))
    return sorted(found, key=lambda entry: (entry["path"], entry["sha256"]))
