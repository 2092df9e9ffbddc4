"""Place: where two models part, of the traces of their layers, with what is known of the layer there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.comparison.layers import compare_layers, first_to_diverge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_modelcompat.comparison.layers import LayerDrift, LayerTrace
    from pytest_modelcompat.comparison.tolerance import Tolerance


@dataclass(frozen=True)
class OtherValue:
    """A value that a layer was made with, and that is another one in the other model.

    Args:
        name: of an attribute, or in the configuration.
        was: the expected value.
        now: the other.
    """

    name: str
    was: Any
    now: Any

    def __str__(self) -> str:
        """It, with both values: `factor was 3.0 and is 2.0`."""
        return f"{self.name} was {self.was!r} and is {self.now!r}"


@dataclass(frozen=True, eq=False)
class Place:
    """Where two models part.

    Args:
        drifts: of all layers, in the order of their calls.
        first: the first that differs; None where the difference grows from layer to layer.
        weights: paths of its weights that are others; None where that is not known.
        values: what else of it is another.
        module: where its class is defined; empty where that is not known.
        has_weights: whether it is known to have weights.
        is_whole: whether no layer was left out, as one that gives something else at each call.
        missing: layers before the first that are not found in the other model, and may be where the two part.
    """

    drifts: tuple[LayerDrift, ...]
    first: LayerDrift | None
    weights: tuple[str, ...] | None = None
    values: tuple[OtherValue, ...] = ()
    module: str = ""
    has_weights: bool = False
    is_whole: bool = True
    missing: tuple[str, ...] = ()

    @property
    def before(self) -> Sequence[LayerDrift]:
        """The outputs that come before the first that differs."""
        return self.drifts[: self.drifts.index(self.first)] if self.first is not None else self.drifts

    @property
    def is_of_layer_alone(self) -> bool:
        """Whether the first that differs has the same inputs and the same weights."""
        return self.first is not None and self.first.has_like_inputs and self.weights == ()

    @property
    def is_of_keras(self) -> bool:
        """Whether its class is one of Keras' own."""
        return is_of_keras(self.module)


def place_of(
    expected: LayerTrace,
    actual: LayerTrace,
    tolerance: Callable[[str, str], Tolerance],
    *,
    same_runtime: bool,
    other_weights: Mapping[str, Sequence[str]] | None = None,
) -> Place:
    """Where two models part.

    Args:
        expected: what the layers of one give.
        actual: what those of the other give.
        tolerance: called with a layer's path and a dtype.
        same_runtime: whether both ran with the same versions.
        other_weights: paths of the weights of each layer that are others, by the expected one's path; None to take
            them from the traces.
    """
    drifts = compare_layers(expected, actual, tolerance)
    changed = _other_weights(drifts, expected, actual) if other_weights is None else other_weights
    first = first_to_diverge(drifts, same_runtime=same_runtime, other_weights=[*filter(changed.get, changed)])
    if first is None:
        return Place(drifts, first, is_whole=all(each.is_steady for each in (*expected.outputs, *actual.outputs)))
    mine, other = expected.state.get(first.expected.path, {}), actual.state.get(first.actual.path, {})
    weights = changed.get(first.expected.path)
    return Place(
        drifts,
        first,
        None if weights is None else tuple(weights),
        tuple(_other_values(mine, other)),
        first.expected.module or first.actual.module,
        bool(mine.get("weights") or other.get("weights")),
    )


def _other_weights(
    drifts: Sequence[LayerDrift], expected: LayerTrace, actual: LayerTrace
) -> Mapping[str, Sequence[str]]:
    found = {}
    for path, there in {each.expected.path: each.actual.path for each in drifts}.items():
        if path in expected.state and there in actual.state:
            mine, other = expected.state[path]["weights"], actual.state[there]["weights"]
            there_are = Counter(each["sha256"] for each in other)
            if len(mine) == len(other):
                # Another Keras may have them in another order.
                found[path] = [each["path"] for each in mine if not there_are[each["sha256"]]]
    return found


def _other_values(mine: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[OtherValue]:
    """What two layers were made with that differs, an attribute before the entry of a configuration of its name."""
    seen = set()
    for part in ("attributes", "config"):
        was, now = mine.get(part, {}), other.get(part, {})
        for name in was:
            if name in now and was[name] != now[name] and name not in seen:
                seen.add(name)
                yield OtherValue(name, was[name], now[name])
