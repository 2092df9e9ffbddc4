"""Python bytecode in a configuration: where Keras keeps it, and how it is spelt.

Keras 2.1 and later write base64, in a list with the function's defaults and closure or in a `__lambda__` node. Keras 1
and 2.0 write the bytes themselves as text, in such a list or alone.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import Code, LambdaUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory

_FUNCTIONS = ("function", "output_shape", "mask")
_TYPE = "_type"
# Base64 of the first marshal byte of a code object, with and without its reference flag.
_BASE64_CODE = ("4w", "Yw")
_SHORTEST_CODE = 40
_NODE = "__lambda__"
_LAMBDA = "<lambda>"


def lambda_use(class_name: str, config: Mapping[str, Any], path: tuple[str, ...]) -> LambdaUse | None:
    """What a layer holds of Lambda functions; None for a layer that holds none.

    Args:
        class_name: the layer's class.
        config: its configuration.
        path: the layer.
    """
    is_lambda = class_name == "Lambda"
    keys = function_keys(class_name, config)
    if not keys:
        return LambdaUse(path, has_bytecode=False) if is_lambda else None
    held = {key: list(_texts(config[key], config.get(f"{key}{_TYPE}") == "lambda")) for key in keys}
    texts = [text for key in keys for text in held[key]]
    only_mask = "mask" if all(key == "mask" for key in keys if held[key]) and texts else ""
    name = None if config.get(f"function{_TYPE}") == "lambda" else _name(config.get("function"))
    return LambdaUse(path, bool(texts), name if is_lambda else None, tuple(map(_code, texts)), only_mask)


def holds_lambda(inventory: Inventory) -> bool:
    """Whether the model itself, not what `compile()` was given, has a lambda: .keras files with one are refused.

    An .h5 file names the lambda of an operation such as `ops.vectorized_map`, and does not hold it.
    """
    has_code = any(use.has_bytecode and use.path != ("compile",) for use in inventory.lambdas)
    return has_code or any(_LAMBDA in layer.config.values() for layer in inventory.layers if layer.config)


def function_keys(class_name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a layer's configuration that hold a function: of a Lambda, and of what says `lambda` beside it.

    The Merge layer of Keras 1 does: `"mode": <code>, "mode_type": "lambda"`.
    """
    if class_name == "Lambda":
        return tuple(key for key in _FUNCTIONS if config.get(key) is not None)
    ends = -len(_TYPE)
    named = (key[:ends] for key, value in config.items() if value == "lambda" and key.endswith(_TYPE))
    return tuple(key for key in named if key in config)


def stored_function(config: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Code, defaults and what is enclosed, as Keras 2 writes a Lambda's function; None each where it is not so."""
    function = config.get("function")
    code, defaults, enclosed = function if isinstance(function, list) and len(function) == 3 else (None, None, None)
    return code, defaults, enclosed


def code_elsewhere(value: object) -> tuple[Code, ...]:
    """What a value of another layer's configuration holds of bytecode; empty where it is something else."""
    if isinstance(value, dict) and value.get("class_name") == _NODE:
        return tuple(map(_code, _texts(value, is_code=True)))
    is_code = (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and value[0].startswith(_BASE64_CODE)
        and len(value[0]) > _SHORTEST_CODE
    )
    return tuple(map(_code, _texts(value, is_code))) if is_code else ()


def _texts(value: object, is_code: bool) -> Iterator[str]:
    """The texts that hold code; in a list, which no name is written as, it comes first."""
    if isinstance(value, str):
        if is_code:
            yield value
    elif isinstance(value, list):
        if value and isinstance(value[0], str):
            yield value[0]
    elif isinstance(value, dict):
        config = value.get("config")
        if value.get("class_name") == _NODE:
            # Keras 2 writes the three parts by name, Keras 3 in a list.
            parts = (config.get("code") or config.get("value")) if isinstance(config, dict) else config
            yield from _texts(parts, is_code=True)
        else:
            yield from _texts(value.get("items"), is_code=False)


def _name(function: object) -> str | None:
    if isinstance(function, dict):
        function = function.get("config")
    return function if isinstance(function, str) else None


def _code(text: str) -> Code:
    from pytest_modelcompat.artifacts.bytecode import read_code

    return read_code(_bytes(text))


def _bytes(text: str) -> bytes:
    """The bytes that a text holds. Keras reads base64 with line breaks in it, and takes the rest for the bytes."""
    if text.startswith(_BASE64_CODE):
        try:
            return binascii.a2b_base64(text)
        except ValueError:
            pass
    return text.encode("raw_unicode_escape")
