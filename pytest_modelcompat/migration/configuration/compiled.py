"""What `compile()` was given, as places: where a loss or a metric stands, however it is nested by output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft

_ROLES = {"loss": "loss", "metrics": "metric", "weighted_metrics": "metric"}
# How Keras 3 writes a tuple in a `.keras` file.
_TUPLE = "__tuple__"


@dataclass(frozen=True)
class Place:
    """One loss or metric that `compile()` was given.

    Args:
        holder: the mapping or list in which it stands.
        key: its key or index there.
        role: `loss` or `metric`.
        argument: of `compile()`: `loss`, `metrics` or `weighted_metrics`.
        is_alone: whether it stands in no list or mapping of its own: `loss="mse"`.
        name: where it stands, in words that no other place has.
    """

    holder: Any
    key: Any
    role: str
    argument: str
    is_alone: bool
    name: str

    @property
    def value(self) -> Any:
        """A name, a node, or None."""
        return self.holder[self.key]

    def put(self, value: Any) -> Change:
        """Write something in its place, and say so."""
        before = self.value
        self.holder[self.key] = value
        return changed(self.argument, before, value)


def changed(argument: str, before: Any = None, after: Any = None) -> Change:
    """A change of an argument of `compile()`, or of a part of it.

    Args:
        argument: its name.
        before: what stands there; None for nothing.
        after: what is written in its place; None for nothing.
    """
    return Change("compile()", _shown(argument, before), _shown(argument, after))


def places(draft: Draft) -> Iterator[Place]:
    """Every loss and metric, weighted ones too, in stored order; what is None is none."""
    for argument, role in _ROLES.items():
        if argument in draft.training:
            yield from _below(draft.training, argument, role, argument, is_alone=True, name=argument)


def output_names(draft: Draft) -> tuple[str, ...]:
    """The layers that give a model's outputs, in order; none where the configuration does not say."""
    config = draft.root.get("config")
    outputs = config.get("output_layers") if isinstance(config, dict) else None
    if not isinstance(outputs, list):
        return ()
    if outputs and isinstance(outputs[0], str):
        outputs = [outputs]
    return tuple(str(each[0]) for each in outputs if isinstance(each, list) and each)


def is_node(value: Any) -> bool:
    """Whether it is an object or a function with its configuration, and not a mapping by output."""
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def function_name(value: Any) -> str:
    """The name of a function that is named alone, or stored as one; empty for an object."""
    if isinstance(value, str):
        return value
    if is_node(value) and value["class_name"] == "function" and isinstance(value["config"], str):
        return str(value["config"])
    return ""


def function_node(module: str, name: str) -> dict[str, Any]:
    """A public function of Keras 3, as its configurations hold it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _below(holder: Any, key: Any, role: str, argument: str, *, is_alone: bool, name: str) -> Iterator[Place]:
    value = holder[key]
    if isinstance(value, str) or is_node(value):
        yield Place(holder, key, role, argument, is_alone, name)
    elif isinstance(value, dict) and value.get("class_name") == _TUPLE and isinstance(value.get("items"), list):
        yield from _below(value, "items", role, argument, is_alone=False, name=f"{name}.items")
    elif isinstance(value, dict | list):
        for each in list(value) if isinstance(value, dict) else range(len(value)):
            yield from _below(value, each, role, argument, is_alone=False, name=f"{name}.{each}")


def _shown(argument: str, value: Any) -> str:
    if value is None:
        return ""
    if is_node(value):
        inner = value["config"] if isinstance(value["config"], dict) else {}
        name = function_name(value) or f"{value['class_name']}({inner.get('name', '')})"
        return f"{argument}={name}"
    return f"{argument}={value}"
