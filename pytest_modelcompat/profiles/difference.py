"""How two profiles differ: what a TensorFlow and a Keras do not know any more, what is new, what takes other keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_modelcompat.artifacts.versions import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.profiles.profile import ObjectKnowledge, OpKnowledge, Profile


@dataclass(frozen=True)
class ProfileChange:
    """One difference of two profiles.

    Args:
        how: `gone`: what a file may name is not known any more; `changed`: it is, and a file may not fit it any more,
            or be read otherwise; `added`: it is new, or takes more than before.
        what: `op`, the object's role (`layer`, `optimizer` ...), or `Python`, which TensorFlow is published for.
        name: the op's or the object's name.
        detail: what of it; empty where it is all of it.
    """

    how: Literal["gone", "changed", "added"]
    what: str
    name: str
    detail: str = ""

    @property
    def may_break(self) -> bool:
        """Whether a file that was read before may not be, or not in the same way."""
        return self.how != "added"


def profile_changes(old: Profile, new: Profile) -> tuple[ProfileChange, ...]:
    """What changed between two profiles, in the order of `how`, `what` and `name`.

    Args:
        old: the profile from before.
        new: the later one.
    """
    pythons = _presence("Python", *(dict.fromkeys(map(dotted, each.pythons)) for each in (old, new)))
    found = [*pythons, *_op_changes(old, new), *_object_changes(old, new), *_refusal_changes(old, new)]
    order = ("gone", "changed", "added")
    return tuple(sorted(found, key=lambda each: (order.index(each.how), each.what, each.name, each.detail)))


def _op_changes(old: Profile, new: Profile) -> Iterator[ProfileChange]:
    yield from _presence("op", old.ops, new.ops)
    for name in old.ops.keys() & new.ops.keys():
        yield from _of_op(name, old.ops[name], new.ops[name])


def _of_op(name: str, old: OpKnowledge, new: OpKnowledge) -> Iterator[ProfileChange]:
    for each in _presence("op", old.attributes, new.attributes):
        yield ProfileChange(each.how, "op", name, f"attribute {each.name}")
    for key in old.attributes.keys() & new.attributes.keys():
        if old.attributes[key] != new.attributes[key]:
            yield ProfileChange("changed", "op", name, f"attribute {key}")
    if old.has_cpu_kernel != new.has_cpu_kernel:
        yield ProfileChange("added" if new.has_cpu_kernel else "gone", "op", name, "its kernel for the CPU")
    if new.deprecated_at and not old.deprecated_at:
        yield ProfileChange("changed", "op", name, f"not for graphs of version {new.deprecated_at} and later")


def _object_changes(old: Profile, new: Profile) -> Iterator[ProfileChange]:
    for role in sorted(old.names.keys() | new.names.keys()):
        before, after = old.names.get(role, {}), new.names.get(role, {})
        yield from _presence(role, before, after)
        for name in before.keys() & after.keys():
            # What goes by several names changes once.
            if name == after[name].name:
                yield from _of_object(role, name, before[name], after[name])


def _of_object(role: str, name: str, old: ObjectKnowledge, new: ObjectKnowledge) -> Iterator[ProfileChange]:
    if old.accepts is not None and new.accepts is not None:
        yield from (ProfileChange("gone", role, name, f"key {key}") for key in old.accepts - new.accepts)
        yield from (ProfileChange("added", role, name, f"key {key}") for key in new.accepts - old.accepts)
    yield from (ProfileChange("changed", role, name, f"key {key} is needed") for key in new.required - old.required)
    if old.writes is not None and new.writes is not None:
        for key in old.writes.keys() & new.writes.keys():
            if old.writes[key] != new.writes[key]:
                yield ProfileChange("changed", role, name, _default(key, old.writes[key], new.writes[key]))


def _default(key: str, old: object, new: object) -> str:
    # An object's whole configuration is too long to read.
    if isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
        return f"default of {key}"
    return f"default of {key}: {old!r} before, {new!r} now"


def _refusal_changes(old: Profile, new: Profile) -> Iterator[ProfileChange]:
    if old.refuses is None or new.refuses is None:
        return
    for form in sorted(old.refuses.keys() & new.refuses.keys()):
        for name in new.refuses[form] - old.refuses[form]:
            if name in old.names.get("layer", {}):
                yield ProfileChange("changed", "layer", name, f"refused in safe mode from .{form}")
        for name in old.refuses[form] - new.refuses[form]:
            yield ProfileChange("added", "layer", name, f"loaded in safe mode from .{form}")


def _presence(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterable[ProfileChange]:
    yield from (ProfileChange("gone", what, name) for name in old.keys() - new.keys())
    yield from (ProfileChange("added", what, name) for name in new.keys() - old.keys())
