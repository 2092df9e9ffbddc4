"""Layers: expressions as entries of a functional model's configuration, as Keras 3 writes its operations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.expression import Op
from pytest_modelcompat.migration.operations.tensor import Constant, NoEqualError, Ref, Tensor

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_modelcompat.profiles.profile import Profile

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DEFAULT_DTYPE = "float32"


@dataclass
class Writer:
    """What writes entries.

    Args:
        profile: of the reader.
        taken: names of layers that are taken; those that are given out are added.
    """

    profile: Profile
    taken: set[str]

    def entries(self, name: str, calls: Sequence[Op]) -> list[dict[str, Any]]:
        """The entries that stand for one layer: what it is computed of first, itself last.

        Args:
            name: of the layer, which the last one keeps.
            calls: an expression for each call of the layer.

        Raises:
            NoEqualError: the reader has no such operation, or calls differ in more than tensors.
        """
        flat = [_Flat(name, self.taken).of(each) for each in calls]
        if any([_kind(a) for a in each] != [_kind(a) for a in flat[0]] for each in flat):
            raise NoEqualError("its calls differ in what the operation of Keras 3 is made with")
        found = []
        for parts in zip(*flat, strict=True):
            nodes = [
                {"args": data_of(list(each.op.args), n), "kwargs": data_of(dict(each.op.kwargs), n)}
                for n, each in enumerate(parts)
            ]
            found.append(self._entry(parts[0].name, parts[0].op, nodes))
        self.taken.update(each["name"] for each in found)
        return found

    def _entry(self, name: str, op: Op, nodes: list[dict[str, Any]]) -> dict[str, Any]:
        known = self.profile.names.get("operation", {}).get(op.name)
        if known is None:
            raise NoEqualError(f"Keras {self.profile.keras} has no operation {op.name}")
        settings = dict(op.settings)
        if known.takes("name"):
            settings = {"name": name.replace("/", "_"), **settings}
        elif self._may_collide(op.name):
            raise NoEqualError(f"a layer has the name that Keras {self.profile.keras} gives to an operation {op.name}")
        if not all(known.takes(key) for key in settings):
            raise NoEqualError(f"Keras {self.profile.keras} has no operation {op.name} with {', '.join(op.settings)}")
        return {
            "module": known.home,
            "class_name": known.name,
            "config": settings,
            "registered_name": known.name,
            "name": name,
            "inbound_nodes": nodes,
        }

    def _may_collide(self, class_name: str) -> bool:
        own = re.compile(re.escape(_HUMP.sub("_", class_name).lower()) + r"(_\d+)?")
        return any(own.fullmatch(name) for name in self.taken)


@dataclass(frozen=True)
class _Part:
    name: str
    op: Op


class _Flat:
    """An expression as operations, each on what those before give."""

    def __init__(self, name: str, taken: Collection[str]) -> None:
        self.name, self.taken = name, taken
        self.parts: list[_Part] = []

    def of(self, op: Op) -> list[_Part]:
        self.parts.append(_Part(self.name, self._inner(op)))
        return self.parts

    def _inner(self, op: Op) -> Op:
        args = tuple(self._argument(each) for each in op.args)
        return Op(op.name, args, op.settings, {k: self._argument(v) for k, v in op.kwargs.items()}, op.outputs)

    def _argument(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._argument(each) for each in value]
        if not isinstance(value, Op):
            return value
        inner = self._inner(value)
        name = self._free(_HUMP.sub("_", value.name).lower())
        self.parts.append(_Part(name, inner))
        return Ref(name, -1, 0, value.tensor)

    def _free(self, what: str) -> str:
        used = {*self.taken, *(each.name for each in self.parts)}
        name = f"{self.name}.{what}"
        number = 1
        while name in used:
            name = f"{self.name}.{what}_{number}"
            number += 1
        return name


def _kind(part: _Part) -> Any:
    return part.name, part.op.name, dict(part.op.settings)


def data_of(value: Any, call: int = 0) -> Any:
    """An argument as Keras 3 writes it.

    Args:
        value: the argument.
        call: which call of the layer it is given to, which is that of the parts before too.
    """
    if isinstance(value, Ref):
        return _tensor(value, call if value.node < 0 else value.node)
    if isinstance(value, Constant):
        return {"class_name": "__tensor__", "config": {"value": value.value, "dtype": value.dtype}}
    if isinstance(value, slice):
        ends = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": ends}
    if isinstance(value, list):
        return [data_of(each, call) for each in value]
    return {key: data_of(each, call) for key, each in value.items()} if isinstance(value, dict) else value


def _tensor(value: Ref, node: int) -> dict[str, Any]:
    """A tensor by its place; shape and dtype are notes for people, which no Keras reads back: [] stands for unknown."""
    known: Tensor = value.tensor
    return {
        "class_name": "__keras_tensor__",
        "config": {
            "shape": [] if known.shape is None else list(known.shape),
            "dtype": known.dtype or _DEFAULT_DTYPE,
            "keras_history": [value.layer, node, value.index],
        },
    }
