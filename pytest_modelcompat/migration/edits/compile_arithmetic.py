"""Optimizers of Keras 2 whose steps Keras 3 computes by another formula: nothing is changed, and it is said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.migration.configuration.compiled import changed
from pytest_modelcompat.migration.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

    Config = Mapping[str, Any]

_FUZZ = 1e-7
_ACCUMULATED = 0.1
# What a step may differ by, as a part of it: more than float32 rounds, and less than anybody sees in training.
_ROUNDED = 1e-5


def _legacy(draft: Draft, target: Target, name: str) -> Config | None:
    """The configuration of a legacy optimizer, by its stored form; None for any other.

    Keras 2 itself takes one for legacy that does not say (`keras/optimizers/__init__.py`, `deserialize`).
    """
    if not target.is_up or not draft.training:
        return None
    stored = draft.source.training.get("optimizer_config" if draft.source.format == "h5" else "optimizer")
    node = as_mapping(stored)
    config = as_mapping(node.get("config"))
    while isinstance(config.get("inner_optimizer"), dict):
        node = config["inner_optimizer"]
        config = as_mapping(node.get("config"))
    if node.get("class_name") != name or name in target.custom:
        return None
    return config if config and config.get("is_legacy_optimizer", True) else None


def _epsilon(config: Config) -> float:
    given = config.get("epsilon")
    return float(given) if isinstance(given, int | float) and given else _FUZZ


def _rmsprop(draft: Draft, target: Target) -> Iterator[Change]:
    config = _legacy(draft, target, "RMSprop")
    if config is not None and not config.get("momentum"):
        yield changed("optimizer", "sqrt(velocity) + epsilon", "sqrt(velocity + epsilon)")


def _adagrad(draft: Draft, target: Target) -> Iterator[Change]:
    config = _legacy(draft, target, "Adagrad")
    if config is None:
        return
    least = config.get("initial_accumulator_value", _ACCUMULATED)
    epsilon = _epsilon(config)
    if not least or epsilon / math.sqrt(least) > _ROUNDED or epsilon / (2 * least) > _ROUNDED:
        yield changed("optimizer", "sqrt(accumulator) + epsilon", "sqrt(accumulator + epsilon)")


def _nadam(draft: Draft, target: Target) -> Iterator[Change]:
    config = _legacy(draft, target, "Nadam")
    if config is not None and config.get("decay", 0.004) != 1:
        yield changed("optimizer", "0.96 ** (decay * step)", "0.96 ** step")


def _edit(
    name: str, apply: Callable[[Draft, Target], Iterator[Change]], formula: str, wrong_if: str, file: str
) -> Edit:
    return Edit(
        f"arithmetic-of-{name.lower()}",
        what=f"nothing is changed: it is said that {{reader}} computes a step of {name} by another formula",
        because="the model predicts the same, and the settings are those that it had",
        source=f"keras/optimizers/legacy/{file}.py of Keras 2.15, keras/src/optimizers/{file}.py of Keras 3",
        wrong_if=wrong_if,
        apply=apply,
        is_unseen=True,
        loses=f"the arithmetic of the optimizer: {formula}; training goes on with slightly other steps",
        loses_steps=True,
    )


EDITS = (
    _edit(
        "RMSprop",
        _rmsprop,
        "RMSprop of Keras 2 adds epsilon to the root, and that of {reader} adds it below the root",
        "it has a momentum, or is one of the newer optimizers of Keras 2: both compute as {reader} does",
        "rmsprop",
    ),
    _edit(
        "Adagrad",
        _adagrad,
        "Adagrad of Keras 2 adds epsilon to the root, and that of {reader} adds it below the root",
        "epsilon is too small to be seen beside the accumulator's first value, as by default",
        "adagrad",
    ),
    _edit(
        "Nadam",
        _nadam,
        "the momentum of Nadam of Keras 2 grows with decay, and that of {reader} as with a decay of 1",
        "it is one of the newer optimizers of Keras 2",
        "nadam",
    ),
)
