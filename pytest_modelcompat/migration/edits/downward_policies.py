"""Edits of dtype policies: the objects that Keras 3 writes, as names or as the policies that an older Keras reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# Each is made of a name alone, and means what that name means. `keras/src/dtype_policies/dtype_policy.py`.
_PLAIN = frozenset({"DTypePolicy", "FloatDTypePolicy"})
# The first whose objects say where their class is. `keras/saving/serialization_lib.py` of Keras 2.12.
_FIRST_WITH_MODULES = (2, 12)


def _policy_names(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_older:
        return
    for node in draft.nodes():
        stored: Any = node.config.get("dtype")
        if not _is_plain(stored):
            continue
        known = target.known(node)
        takes_name = known is not None and known.writes is not None and isinstance(known.writes.get("dtype"), str)
        if takes_name or target.profile.public(str(stored.get("module")), stored["class_name"]) is None:
            written = _written(stored["config"]["name"], target)
            node.config["dtype"] = written
            yield change(node, before=stored["config"]["name"], after=written, key="dtype")


def _is_plain(stored: Any) -> bool:
    if not isinstance(stored, dict) or stored.get("class_name") not in _PLAIN:
        return False
    config = stored.get("config")
    return isinstance(config, dict) and set(config) == {"name"} and isinstance(config["name"], str)


def _written(name: str, target: Target) -> Any:
    """A policy as the reader's own files have it: a mixed one is an object in Keras 2, any other one a name."""
    policy = target.profile.find("dtype policy", "Policy")
    if policy is None or not name.startswith("mixed_"):
        return name
    written: dict[str, Any] = {"class_name": policy.name, "config": {"name": name}}
    if target.reader >= _FIRST_WITH_MODULES:
        written |= {"module": policy.paths[0].rpartition(".")[0], "registered_name": None}
    return written


EDITS = (
    Edit(
        "name-dtype-policy",
        what="a dtype policy of {writer} is written as its name, or as the policy of that name of {reader}",
        because="such a policy holds nothing but its name, which means the same dtypes in both versions",
        source="keras/src/dtype_policies/dtype_policy.py of Keras 3, keras/src/mixed_precision/policy.py of Keras 2",
        wrong_if="the policy holds more than a name, as one of quantization does",
        apply=_policy_names,
    ),
)
