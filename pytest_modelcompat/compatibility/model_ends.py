"""Ends: the layers whose outputs are those of a model, as far as its configuration tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Path = tuple[str, ...]


def ends_of(models: Mapping[Path, Mapping[str, Any]]) -> frozenset[Path] | None:
    """The paths of the layers that give the outputs of the outermost model, those in models at its ends included.

    Args:
        models: the configuration of each model by its path, the outermost one under `()`.

    Returns:
        None where the outermost model is neither functional nor Sequential.
    """
    return frozenset(_ends(models, ())) if _names(models[()]) else None


def _ends(models: Mapping[Path, Mapping[str, Any]], model: Path) -> Iterator[Path]:
    for name in _names(models[model]):
        path = (*model, name)
        yield path
        if path in models:
            yield from _ends(models, path)


def _names(config: Mapping[str, Any]) -> list[str]:
    if "output_layers" in config:
        return list(dict.fromkeys(_texts(config["output_layers"])))
    layers = config.get("layers")
    last = layers[-1].get("config") if isinstance(layers, list) and layers and isinstance(layers[-1], dict) else None
    name = last.get("name") if isinstance(last, dict) else None
    return [name] if isinstance(name, str) else []


def _texts(value: Any) -> Iterator[str]:
    """Every text at any depth of lists and dictionaries: `[["dense", 0, 0]]`, `{"scores": ["dense", 0, 0]}`."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, (list, dict)):
            left += each.values() if isinstance(each, dict) else each
