"""Outputs of an artifact, called in each of its ways, compared with those they must equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.differences import Drift, OutputComparison, StructureDifference
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance

if TYPE_CHECKING:
    from pytest_modelcompat.loader.tensors import Leaf

Tolerances = Callable[[str, str], Tolerance]

Outputs = Mapping[str, "Leaf"]


class RouteComparison(OutputComparison):
    """Reloaded outputs against those they must equal, over all the ways the artifact can be called."""

    @property
    def holds(self) -> bool:
        """Whether all is within the tolerances; two loaders that both give nothing agree."""
        return not self.structure and not self.failing


def compare_routes(routes: Mapping[str, Outputs], expected: Outputs, allowed: Tolerances) -> RouteComparison:
    """Compare each route's outputs (`""`: the model called directly; else a signature) with the expected ones."""
    structure: list[StructureDifference] = []
    drifts: list[Drift] = []
    for route, outputs in routes.items():
        suffix = f" (signature {route})" if len(routes) > 1 else ""
        comparison = compare_outputs(outputs, expected, allowed)
        structure.extend(replace(each, output=each.output + suffix) for each in comparison.structure)
        drifts.extend(replace(each, output=each.output + suffix) for each in comparison.drifts)
    if not routes:
        structure.append(StructureDifference("outputs", "missing", "at least one signature", "none"))
    return RouteComparison(tuple(structure), tuple(drifts))


def compare_loaders(
    routes: Mapping[str, Outputs], expected: Mapping[str, Outputs], allowed: Tolerances, *, by_signature: bool
) -> RouteComparison:
    """Compare what two loaders of a SavedModel give, signature by signature.

    Args:
        routes: one's outputs by signature.
        expected: the other's.
        allowed: the tolerance of each output.
        by_signature: whether outputs are called `signature/output`, as where each signature has inputs of its own.
    """
    structure: list[StructureDifference] = []
    drifts: list[Drift] = []
    for route in dict.fromkeys((*expected, *routes)):
        if route not in expected or route not in routes:
            what = "missing" if route in expected else "unexpected"
            structure.append(StructureDifference(f"signature {route}", what, "there", "there"))
            continue
        prefix = f"{route}/" if by_signature else ""
        suffix = f" (signature {route})" if len(expected) > 1 and not by_signature else ""
        comparison = compare_outputs(_prefixed(routes[route], prefix), _prefixed(expected[route], prefix), allowed)
        if len(comparison.drifts) == len(expected[route]) == len(routes[route]) and not _elements(comparison):
            # Neither gives anything, which is for the comparison with the saved model to say.
            continue
        structure.extend(replace(each, output=each.output + suffix) for each in comparison.structure)
        drifts.extend(replace(each, output=each.output + suffix) for each in comparison.drifts)
    return RouteComparison(tuple(structure), tuple(drifts))


def _prefixed(outputs: Outputs, prefix: str) -> Outputs:
    return {f"{prefix}{name}": leaf for name, leaf in outputs.items()}


def _elements(comparison: OutputComparison) -> int:
    return sum(drift.total for drift in comparison.drifts)
