"""Which derived inputs are tried where the usual ones do not fit a model, or say little of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.inputs.values import OPEN_SIZE, DerivedInputs, InputsNeededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_SEEDS = 5
# Sequences that are bounded without a word are shorter; what scales an image down needs a larger one.
_SHORTER = (16, 8, 4, 2, 1)
_LARGER = (64, 128, 224)
_FEW = (8, 1, 128)
_LENGTHS = re.compile(r"length|maxlen|max_len|max_seq|num_positions|n_positions")


def seeds(first: int) -> range:
    """The seeds to try after the first one."""
    return range(first + 1, first + MOST_SEEDS)


def other_sizes(layers: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """Sizes for open axes, to try in this order: what layers bound a length by, shorter ones, larger ones.

    Args:
        layers: the attributes of the model's layers, or their configurations.
    """
    return (*sorted({*_stated(layers), *_SHORTER}, reverse=True), *_LARGER)


def few_other_sizes(layers: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """As `other_sizes`, for a model that is loaded again for each."""
    return (*sorted(_stated(layers), reverse=True), *_FEW)


def _stated(layers: Iterable[Mapping[str, Any]]) -> set[int]:
    """What may be the longest sequence a layer takes, such as the positions that an embedding has vectors for."""
    return {
        value
        for layer in layers
        for name, value in layer.items()
        if (name == "input_dim" or _LENGTHS.search(name))
        and isinstance(value, int)
        and not isinstance(value, bool)
        and 0 < value < OPEN_SIZE
    }


def as_recorded(
    derive: Callable[[int, int], DerivedInputs], seed: int, sizes: Iterable[int], recorded: Any
) -> DerivedInputs | None:
    """The derived inputs that a golden was recorded with; None where it was not recorded with any.

    Args:
        derive: gives inputs by seed and size of open axes.
        seed: the first seed.
        sizes: other sizes of open axes.
        recorded: the golden's inputs; None where there are none.
    """
    if recorded is None:
        return None
    for size in (OPEN_SIZE, *sizes):
        for each in (seed, *seeds(seed)):
            try:
                derived = derive(each, size)
            except InputsNeededError:
                return None
            if not _have_same_shape(derived.values, recorded):
                break
            if are_same(derived.values, recorded):
                return derived
    return None


def have_elements(outputs: Iterable[Any]) -> bool:
    """Whether each dense output has: what an image shrinks to may be nothing, where another processor raises."""
    return all(getattr(output, "size", 1) for output in outputs)


def are_same(current: Any, recorded: Any) -> bool:
    """Whether nested values equal others, bit for bit."""
    from pytest_modelcompat.comparison.outputs import compare_outputs
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.loader import tensors

    mine, theirs = (tensors.named_leaves(tensors.as_leaves(each), stem="input") for each in (current, recorded))
    exact = Tolerance(0.0, 0.0, "exact")
    return compare_outputs(mine, theirs, lambda *_: exact).holds


def _have_same_shape(current: Any, recorded: Any) -> bool:
    """Whether they can be the same: ragged and sparse values of one spec have other shapes for each seed."""
    from pytest_modelcompat.loader import tensors

    mine, theirs = ([leaf for _, leaf in tensors.paths(each)] for each in (current, recorded))
    return len(mine) == len(theirs) and all(
        getattr(a, "shape", None) == getattr(b, "shape", None) for a, b in zip(mine, theirs, strict=True)
    )
