"""Graphs of two SavedModels: ops, their attributes, and signatures; and the assets of any two artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import tensor_text
from pytest_modelcompat.artifacts.weight_values import asset_digests
from pytest_modelcompat.comparison.artifacts.difference import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import Asset, OpUse, Signature

# They name things, differently with every save.
_NAMING = frozenset({"shared_name", "container", "config_proto", "executor_type", "debug_name"})
# Their types and numbers follow from what they call, save or restore, which is compared itself.
_FOLLOWING = frozenset(
    {
        *("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile", "If", "StatelessIf", "Case"),
        *("SaveV2", "RestoreV2", "MergeV2Checkpoints", "NoOp", "Identity", "IdentityN", "Const", "Placeholder"),
        *("VarHandleOp", "ReadVariableOp", "AssignVariableOp"),
    }
)


def graph_differences(one: Inventory, other: Inventory) -> Iterator[Difference]:
    """Yields how signatures, ops and assets differ.

    Args:
        one: what the first artifact holds.
        other: what the second holds.

    Raises:
        BrokenArtifactError: an asset cannot be read.
    """
    if one.ops and other.ops:
        yield from _signatures(one, other)
        yield from _ops({op.op: op for op in one.ops}, {op.op: op for op in other.ops})
    if one.format == other.format:
        yield from _changes("asset", _assets(one), _assets(other))


def _assets(inventory: Inventory) -> dict[str, str]:
    digests = asset_digests(inventory)
    return {asset.path: _asset(asset, digests.get(asset.path)) for asset in inventory.assets}


def _asset(asset: Asset, digest: str | None) -> str:
    if not asset.is_present:
        return "missing"
    return f"{asset.nbytes:,} bytes" + (f" ({digest})" if digest else "")


def _changes(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield Difference(what, name, before.get(name, ""), after.get(name, ""))


def _ops(before: Mapping[str, OpUse], after: Mapping[str, OpUse]) -> Iterator[Difference]:
    counts = [{name: f"{op.count:,}" for name, op in ops.items()} for ops in (before, after)]
    yield from _changes("op", *counts)
    for name in sorted((before.keys() & after.keys()) - _FOLLOWING):
        values = [_values(before[name]), _values(after[name])]
        for key in sorted(values[0].keys() & values[1].keys()):
            old, new = values[0][key], values[1][key]
            if old != new:
                yield Difference("op", f"{name}.{key}", ", ".join(old), ", ".join(new))


def _values(op: OpUse) -> dict[str, tuple[str, ...]]:
    return {key: values for key, values in op.values.items() if key not in _NAMING}


def _signatures(one: Inventory, other: Inventory) -> Iterator[Difference]:
    before = dict(_tensors(one.signatures))
    after = dict(_tensors(other.signatures))
    yield from _changes("signature", before, after)


def _tensors(signatures: tuple[Signature, ...]) -> Iterator[tuple[str, str]]:
    for signature in signatures:
        for side, specs in (("input", signature.inputs), ("output", signature.outputs)):
            yield from ((f"{signature.name} {side} {spec.name}", tensor_text(spec)) for spec in specs)
