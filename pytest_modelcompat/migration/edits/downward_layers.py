"""Edits of single layers whose configuration an older Keras writes in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")
_ATTENTION_SHAPES = ("query_shape", "key_shape", "value_shape")
# Keras 2.12 was the first to read a function that is written as an object. `keras/saving/serialization_lib.py`.
_READS_FUNCTIONS = (2, 12)
_LAMBDA = "__lambda__"


def _lookup_dtypes(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down:
        return
    for node in draft.layers(*_LOOKUPS):
        if target.known(node) is not None and "dtype" in node.config:
            yield change(node, before=node.config.pop("dtype"), key="dtype")


def _attention_shapes(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers("MultiHeadAttention"):
        known = target.known(node)
        missing = [key for key in _ATTENTION_SHAPES if key not in node.config]
        if target.is_down and known is not None and missing and known.required.issuperset(missing):
            node.config.update(dict.fromkeys(missing))
            yield change(node, after="=null, ".join(missing) + "=null")


def _lambda_functions(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers("Lambda"):
        known = target.known(node)
        if not target.is_down or known is None or "function_type" not in known.required or "mask" in node.config:
            continue
        function: Any = node.config.get("function")
        shape = node.config.get("output_shape")
        if not _is_named(function) or isinstance(shape, dict):
            continue
        node.config.update(
            function=function["config"] if _is_looked_up_by_name(draft, target) else function,
            function_type="function",
            module=None,
            output_shape=shape,
            output_shape_type="raw",
            output_shape_module=None,
        )
        yield change(node, before=f"function {function['config']}", after="the same, with its kind beside it")


def _function_names(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down:
        return
    for node in draft.nodes():
        for key, value in node.config.items():
            if _is_named(value) and node.class_name != "Lambda" and _is_looked_up_by_name(draft, target):
                node.config[key] = value["config"]
                yield change(node, before=value, after=value["config"], key=key)


def _is_looked_up_by_name(draft: Draft, target: Target) -> bool:
    return draft.format == "h5" or target.reader < _READS_FUNCTIONS


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "function" and isinstance(value.get("config"), str)


EDITS = (
    Edit(
        "drop-dtype-of-lookup",
        what="the dtype of a layer that looks words or numbers up is left out",
        because="{writer} ignores it; {reader} then gives whole numbers, or floats for rows of them, as {writer} does",
        source="keras/src/layers/preprocessing/index_lookup.py of Keras 3 and of Keras 2",
        wrong_if="the layer is the user's own",
        apply=_lookup_dtypes,
        is_unseen=True,
    ),
    Edit(
        "shapes-of-attention",
        what="MultiHeadAttention gets the shapes that {reader} asks for, as not known",
        because="the layer then makes its weights at its first call, of the same shapes",
        source="keras/src/layers/attention/multi_head_attention.py of Keras 2",
        wrong_if="{reader} does not ask for them",
        apply=_attention_shapes,
        is_unseen=True,
    ),
    Edit(
        "kind-of-lambda-function",
        what="a Lambda layer says that its function is a named one, and where it is",
        because="{reader} looks the same name up among what is declared or registered",
        source="keras/src/layers/core/lambda_layer.py of Keras 2",
        wrong_if="its function is bytecode, or it has a mask or a function for its output shape",
        apply=_lambda_functions,
        is_unseen=True,
    ),
    Edit(
        "name-function",
        what="a function that a layer or object is given is written as its name alone",
        because="{reader} looks the same name up among what is declared or registered, and among its own",
        source="keras/src/saving/legacy/serialization.py of Keras 2",
        wrong_if="{reader} is Keras 2.12 or newer and reads a .keras file, which holds such objects",
        apply=_function_names,
        is_unseen=True,
    ),
)
