"""What stands in a Keras configuration where neither layers nor objects stand: arguments, slices, specifications.

Keras deserializes these as it does all else: a function that they name is looked up, and a lambda in them is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import Reference
from pytest_modelcompat.artifacts.keras.lambdas import code_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Code

    Found = Reference | Code

FUNCTION = "function"
# The output of a layer, of which a functional model is full, holds a shape and names.
_TENSOR = "__keras_tensor__"
_TYPE_SPECIFICATION = "__typespec__"
# Of a node: what is read by other means.
_OF_NODES = frozenset({"config", "compile_config", "training_config", "model_config"})


def held_beside(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Iterator[Found]]]:
    """What a node names with a module, and its bytecode, beside its configuration: in its calls, its `build_config`.

    Args:
        node: of a layer or object.
        path: the layer.

    Returns:
        What stands under each key.
    """
    for key, value in node.items():
        if key not in _OF_NODES and isinstance(value, dict | list):
            yield key, held_in(value, path, key)


def held_in(value: object, path: tuple[str, ...], key: str = "") -> Iterator[Found]:
    """The classes and functions that a value names with their modules, and its bytecode, at any depth.

    Args:
        value: of any kind.
        path: the layer that it belongs to.
        key: the key that it stands under.
    """
    if isinstance(value, list):
        codes = code_elsewhere(value)
        yield from codes
        for each in value if not codes else ():
            yield from held_in(each, path, key)
    elif isinstance(value, dict) and value.get("class_name") != _TENSOR:
        yield from code_elsewhere(value)
        reference = _reference(value, path, key)
        if reference is not None:
            yield reference
        for each in value.values():
            if isinstance(each, dict | list) and each:
                yield from held_in(each, path, key)


def named_in_keys(config: Mapping[str, Any], keys: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Reference]:
    """The functions and classes in those values of a layer that are functions: a Lambda's `function`.

    Keras 2 writes a name, and beside it what it is and the module: `function`, `function_type`, `module`.

    Args:
        config: the layer's.
        keys: of the values.
        path: the layer.
    """
    for key in keys:
        value = config[key]
        if isinstance(value, str) and config.get(f"{key}_type") == FUNCTION:
            module = config.get("module" if key == FUNCTION else f"{key}_module")
            if isinstance(module, str):
                yield Reference(value, path, module, is_function=True, key=key)
        yield from (each for each in held_in(value, path, key) if isinstance(each, Reference))


def _reference(node: Mapping[str, Any], path: tuple[str, ...], key: str) -> Reference | None:
    name, module, registered = node.get("class_name"), node.get("module"), node.get("registered_name")
    if name == _TYPE_SPECIFICATION:
        name = node.get("spec_name")
    elif name == FUNCTION:
        name = node.get("config")
    elif "config" not in node:
        return None
    if not (isinstance(name, str) and isinstance(module, str)) or name.startswith("__"):
        return None
    registered = registered if isinstance(registered, str) else None
    config = node.get("config")
    return Reference(
        name,
        path,
        module,
        registered,
        is_function=node.get("class_name") == FUNCTION,
        key=key,
        config=config if isinstance(config, dict) else {},
    )
