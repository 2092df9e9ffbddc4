"""Which layers of an artifact are quantized, and which have LoRA: by their configurations and their weights' names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory

# Of a policy's mode what stands before its parameters: `int4/128`, `gptq/4/128`.
_MODE = re.compile(r"^(int8|int4|float8|gptq|awq)(?:/|_from_|$)")
_LORA_WEIGHT = re.compile(r"(?:^|/)lora_\w*?_a(?::0)?$")
_LORA_ROLES = re.compile(r"(?:^|/)lora_\w+$")


def quantized_layers(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """The paths of quantized layers by their mode: `{"int8": ("tower/dense",)}`.

    Args:
        inventory: the artifact's.
    """
    found: dict[str, dict[str, None]] = {}
    for layer in inventory.layers:
        for inner, mode in _modes(layer.config.get("dtype")):
            found.setdefault(mode, {})[inner or "/".join(layer.path)] = None
    return {mode: tuple(paths) for mode, paths in sorted(found.items())}


def lora_layers(inventory: Inventory) -> dict[str, int]:
    """The paths of layers with LoRA, and its rank: as their configuration says, or the weights that an .h5 names.

    Args:
        inventory: the artifact's.
    """
    found = {"/".join(layer.path): _rank(layer.config) for layer in inventory.layers if _rank(layer.config)}
    last_names = {path.rpartition("/")[2] for path in found}
    for weight in inventory.weights:
        path = weight.path.removeprefix("model_weights/")
        owner = _LORA_WEIGHT.sub("", path)
        if owner != path and owner.rpartition("/")[2] not in last_names and weight.shape:
            found[owner] = weight.shape[-1] or 0
    return found


def is_lora_weight(path: str) -> bool:
    """Whether a live weight is one of those that LoRA trains: `dense/lora_kernel_a`."""
    return _LORA_ROLES.search(path) is not None


def _rank(config: Mapping[str, Any]) -> int:
    rank = config.get("lora_rank")
    return rank if isinstance(rank, int) and not isinstance(rank, bool) else 0


def _modes(policy: object) -> Iterator[tuple[str, str]]:
    """The modes of a dtype policy, each with the path of the layer it is for where a map of policies names it."""
    if isinstance(policy, str):
        found = _MODE.match(policy)
        if found:
            yield "", found[1]
        return
    config = policy.get("config") if isinstance(policy, dict) else None
    if not isinstance(config, dict):
        return
    for text in (config.get("mode"), config.get("name")):
        found = _MODE.match(text) if isinstance(text, str) else None
        if found:
            yield "", found[1]
            return
    inner = config.get("policy_map")
    for path, each in inner.items() if isinstance(inner, dict) else ():
        yield from ((str(path), mode) for _, mode in _modes(each))
