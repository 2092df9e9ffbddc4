"""Configurations as flat keys and texts, so that two can be compared key by key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_third_party_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Layers inside a layer are compared as layers; these name some of them and are about wiring.
_INNER = ("layers", "layer", "cell", "cells")
_INNER_SUFFIXES = ("_layer", "_layers", "_cell", "_cells")
_WIRING = frozenset({"input_layers", "output_layers"})
# Keras writes a tuple and a dtype policy as objects in some versions, and plainly in others.
_TUPLE = "__tuple__"
_POLICIES = frozenset({"DTypePolicy", "Policy"})
_LONGEST = 100
_DEEPEST = 20


def flat_config(config: Mapping[str, Any]) -> dict[str, str]:
    """A layer's or an object's configuration: dotted key -> value as JSON text.

    A serialized object is its class name, and its own configuration below it: `kernel_initializer` is
    `GlorotUniform`, `kernel_initializer.seed` is `null`.

    Args:
        config: as stored.
    """
    return dict(_flat(config, "", 0))


def config_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yields key, old and new text for every key that is not the same; empty where there is none.

    Args:
        old: from `flat_config`.
        new: from `flat_config`.
    """
    for key in dict.fromkeys((*old, *new)):
        texts = old.get(key, ""), new.get(key, "")
        if texts[0] != texts[1]:
            yield (key, *texts)


def _flat(value: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, each in value.items():
        if (not prefix and key == "name") or _is_inner(key):
            continue
        yield from _entry(each, f"{prefix}{key}", depth)


def _entry(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or not value or depth >= _DEEPEST:
        yield key, _text(value)
    elif isinstance(value.get("class_name"), str) and not {"config", "items"}.isdisjoint(value):
        yield from _object(value, key, depth)
    else:
        yield from _flat(value, f"{key}.", depth + 1)


def _object(value: Mapping[str, Any], key: str, depth: int) -> Iterator[tuple[str, str]]:
    config = value.get("config")
    if value["class_name"] == _TUPLE:
        yield key, _text(value.get("items"))
    elif value["class_name"] in _POLICIES and isinstance(config, dict):
        yield key, _text(config.get("name"))
    else:
        yield key, value["class_name"]
        if is_third_party_module(value.get("module")):
            yield f"{key}.module", _text(value["module"])
        if isinstance(config, dict):
            yield from _flat(config, f"{key}.", depth + 1)
        elif config is not None:
            yield f"{key}.config", _text(config)


def _is_inner(key: str) -> bool:
    return key in _INNER or (key.endswith(_INNER_SUFFIXES) and key not in _WIRING)


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters, {_digest(text)})"


def _digest(text: str) -> str:
    """A few characters that tell two long texts with the same beginning apart."""
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]
