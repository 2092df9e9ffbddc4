"""Edits with what a user has declared: code of their own takes the place of what the reader does not have.

They apply only where somebody names the replacement, `--custom "legacy>hard_sigmoid"`, and so answers for it; the proof
compares what it computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import role_by_key
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.stubs import identifier
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_KERAS_DOCUMENTS = "https://keras.io/guides/serialization_and_saving/"


def _declared(target: Target) -> dict[str, str]:
    """What is declared by its registered name: the name without its package -> all of it."""
    return {each.rpartition(">")[2]: each for each in sorted(target.custom) if ">" in each}


def _function(registered: str, target: Target) -> dict[str, Any] | str:
    """How a function is written that is registered: every Keras 2 takes the name alone."""
    if target.reader < KERAS_3:
        return registered
    return {
        "module": registered.partition(">")[0],
        "class_name": "function",
        "config": registered,
        "registered_name": registered,
    }


def _functions(draft: Draft, target: Target) -> Iterator[Change]:
    declared = _declared(target)
    for node in draft.layers():
        for key, value in node.config.items():
            if role_by_key(key) == "activation" and isinstance(value, str) and value in declared:
                yield change(node, before=value, after=declared[value], key=key)
                node.config[key] = _function(declared[value], target)


def _lambdas(draft: Draft, target: Target) -> Iterator[Change]:
    declared = _declared(target) if target.reader >= KERAS_3 else {}
    for node in draft.layers("Lambda"):
        registered = declared.get(identifier(node.path[-1]) if node.path else "")
        if registered is None or not _is_bytecode(node.config.get("function")):
            continue
        yield change(node, before="bytecode", after=registered, key="function")
        node.config["function"] = _function(registered, target)
        for key in ("function_type", "module"):
            node.config.pop(key, None)


def _is_bytecode(function: Any) -> bool:
    return isinstance(function, list) or (isinstance(function, dict) and function.get("class_name") == "__lambda__")


def _classes(draft: Draft, target: Target) -> Iterator[Change]:
    declared = _declared(target) if target.reader >= KERAS_3 else {}
    for node in draft.layers(*declared) if declared else ():
        known = target.known(node)
        if known is None or known.accepts is None or node.data.get("registered_name"):
            continue
        if _is_taken(node, known.accepts | frozenset(known.writes or ())):
            continue
        registered = declared[node.class_name]
        yield change(node, before=node.class_name, after=registered)
        if "module" in node.data:
            node.data.update(module=registered.partition(">")[0], registered_name=registered)
        else:
            node.data["class_name"] = registered


def _is_taken(node: Node, arguments: frozenset[str]) -> bool:
    """Whether the class takes all that the file gives; the keys of every layer are no arguments of its own."""
    return all(key in arguments or key in ("batch_input_shape", "batch_shape") for key in node.config)


EDITS = (
    Edit(
        "use-declared-function",
        what="an activation that means something else in {reader} is replaced by the function that you declare",
        because="you declare that your function is the one that {writer} has; the proof compares it",
        source=_KERAS_DOCUMENTS,
        wrong_if="the function that is registered under this name computes something else",
        apply=_functions,
    ),
    Edit(
        "use-declared-function-of-lambda",
        what="the bytecode of a Lambda layer is replaced by the function that you declare under the layer's name",
        because="you declare that your function computes what the bytecode does; the proof compares it",
        source=_KERAS_DOCUMENTS,
        wrong_if="the function that is registered under this name computes something else",
        apply=_lambdas,
    ),
    Edit(
        "use-declared-class",
        what="a layer with an argument that {reader} does not take is replaced by the subclass that you declare",
        because="you declare that your class does with the argument what {writer} does; the proof compares it",
        source=_KERAS_DOCUMENTS,
        wrong_if="the class that is registered under this name computes something else",
        apply=_classes,
    ),
)
