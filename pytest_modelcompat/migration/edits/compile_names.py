"""Edits of losses and metrics that `compile()` was given by a name which the reader does not find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.compiled import function_name, places
from pytest_modelcompat.migration.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.profiles.profile import ObjectKnowledge
    from pytest_modelcompat.results.migration import Change

# In Keras 2.0 to 2.2 these were a mean over the last axis, or had another sign.
_MEAN_UNTIL, _MEANS = (2, 3), ("cosine", "cosine_proximity")
# What `compile()` makes of these depends on the shapes of the outputs, in every Keras.
BY_SHAPE = frozenset({"accuracy", "acc", "crossentropy", "ce"})


def _full_names(draft: Draft, target: Target) -> Iterator[Change]:
    for place in places(draft):
        name = function_name(place.value)
        if not name or name in target.custom or (place.role == "metric" and name in BY_SHAPE):
            continue
        full = full_name(target, place.role, name) if _is_needed(draft, target, place.role, name) else ""
        if full and full != name:
            yield place.put(_named(target, place.role, full, name))


def _named(target: Target, role: str, full: str, name: str) -> Any:
    """By its full name; a metric as an object, so that results keep the name that they had."""
    here = target.profile.find(role, full)
    if role != "metric" or target.reader[0] < 3 or here is None or not here.is_class:
        return full
    config = {"name": name, "dtype": "float32"}
    return {"module": "keras.metrics", "class_name": here.name, "config": config, "registered_name": None}


def _is_needed(draft: Draft, target: Target, role: str, name: str) -> bool:
    """Whether it is not found; a short name is, but from an .h5 file in Keras 3."""
    here = target.profile.find(role, name)
    return here is None or (draft.format == "h5" and target.reader[0] >= 3 and not here.is_class)


def full_name(target: Target, role: str, name: str) -> str:
    """The name by which the reader finds a loss or metric of Keras' own; empty where none is known.

    Args:
        target: the runtime.
        role: `loss` or `metric`.
        name: as stored, which may be short or old: `kld`.
    """
    here = target.profile.find(role, name)
    if here is not None:
        return name if here.is_class else here.name
    if name in _MEANS and target.writer < _MEAN_UNTIL:
        return ""
    return next((each for each in _other_names(target, role, name) if _is_found(target, role, each)), "")


def _is_found(target: Target, role: str, name: str) -> bool:
    return target.profile.find(role, name) is not None


def _other_names(target: Target, role: str, name: str) -> Iterator[str]:
    """Other names of the same function, in the version that wrote it, its own first."""
    profile = target.writer_profile
    if profile is None:
        return
    known = profile.find(role, name) or _as_loss(target, name)
    if known is not None and not known.is_class:
        yield known.name
        for path in known.paths:
            yield path.rpartition(".")[2]


def _as_loss(target: Target, name: str) -> ObjectKnowledge | None:
    """A function that serves as a loss, which is a metric too: its mean is taken."""
    profile = target.writer_profile
    return profile.find("loss", name) if profile is not None else None


EDITS = (
    Edit(
        "name-in-full",
        what="a loss or metric that has a short or an old name is named as {reader} finds it",
        because="both names are of the same function in {writer}, and {reader} has it by this one",
        source="keras-team/keras#19330",
        wrong_if="the reader's function of this name is another one: cosine_proximity of Keras 2.2 and older is left",
        apply=_full_names,
        is_unseen=True,
    ),
)
