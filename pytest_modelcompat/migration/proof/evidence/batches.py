"""Batches: inputs of several kinds, so that what differs between two models has a chance to show.

Examples as they are derived seldom reach where a `hard_sigmoid` has its ends, and never where a mask begins. So they
are of both signs, positive, and much greater, and some sequences end early.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory

    # Inventory, seed, size of open axes -> what has `values` and, flat, `specs`.
    Derive = Callable[[Inventory, int, int], Any]

OPEN_SIZE = 32
_OTHER_SIZES = (8, 1, 128)
_HALF = frozenset({"float16", "bfloat16"})


class InputsError(Exception):
    """There are no inputs for a model; the message says why, in one sentence."""


@dataclass(frozen=True)
class Variation:
    """One kind of example.

    Args:
        seed: of the values.
        factor: what numbers are multiplied with, where nothing bounds them.
        is_positive: whether numbers have no sign.
        ends_early: whether sequences end early: zeros, or what the model masks, stand behind.
    """

    seed: int
    factor: float = 1.0
    is_positive: bool = False
    ends_early: bool = False


@dataclass(frozen=True)
class Part:
    """The examples of one kind in a batch.

    Args:
        start: the first one's position.
        stop: behind the last one.
        factor: how much greater the numbers are than usual, and so is what rounding makes of them; at least 1.
    """

    start: int
    stop: int
    factor: float = 1.0


@dataclass(frozen=True)
class Batch:
    """Inputs for one call.

    Args:
        values: nested as the model takes them.
        parts: where the examples of each kind are; one part for a batch that cannot be taken apart.
    """

    values: Any
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Question:
    """What both models are asked.

    Args:
        batches: each for one call; the first one's first part has numbers of usual size.
        words: what they are, for the report.
        first: the first part alone, for training.
        has_open_size: whether a size other than that of the batch was chosen freely.
    """

    batches: tuple[Batch, ...]
    words: str
    first: Any
    has_open_size: bool = False


def variations(compute_dtypes: Iterable[str]) -> tuple[tuple[Variation, ...], ...]:
    """The kinds of examples, and others for a model that says little to the first.

    Args:
        compute_dtypes: what the model computes in; half precision has no room for great numbers.
    """
    great, greater = (2.0, 4.0) if _HALF & set(compute_dtypes) else (8.0, 64.0)
    return (
        (Variation(0), Variation(1, great, ends_early=True), Variation(2, greater, is_positive=True)),
        (Variation(3, is_positive=True), Variation(4, 0.3), Variation(5, 0.1, is_positive=True), Variation(6, 0.03)),
        (Variation(7), *(Variation(8 + at, great, is_positive=at < 3) for at in range(6)), Variation(14, greater)),
    )


def sizes(inventory: Inventory, others: Callable[[Iterable[Mapping[str, Any]]], Sequence[int]] | None) -> list[int]:
    """The sizes of open axes to try, the usual one first.

    Args:
        inventory: the artifact's.
        others: gives further sizes from the configurations of layers; None for a few that often fit.
    """
    more = others(layer.config for layer in inventory.layers) if others is not None else _OTHER_SIZES
    return list(dict.fromkeys((OPEN_SIZE, *more)))


def derived(inventory: Inventory, derive: Derive, kinds: Sequence[Variation], size: int) -> Question:
    """The question of derived examples.

    Args:
        inventory: the artifact's.
        derive: gives values by seed and size of open axes.
        kinds: of the examples.
        size: of open axes.

    Raises:
        InputsError: nothing can be derived.
    """
    given = [derive(inventory, each.seed, size) for each in kinds]
    varied = [_varied(each, kind, inventory) for each, kind in zip(given, kinds, strict=True)]
    factors = [max(kind.factor, 1.0) for kind in kinds]
    joined = _joined(varied, factors) if _is_open(given[0].specs) else None
    batches = (joined,) if joined else tuple(map(_alone, varied, factors))
    words = f"{len(kinds)} kinds of examples, derived from the model by seeds {kinds[0].seed} to {kinds[-1].seed}"
    shown = ", ".join(f"{factor:g}" for factor in dict.fromkeys(kind.factor for kind in kinds))
    return Question(
        batches, f"{words}, of magnitudes {shown}: {_specs_in_words(given[0].specs)}", varied[0], given[0].has_open_size
    )


def from_file(path: Path, inventory: Inventory) -> Question:
    """The question of examples that somebody gives.

    Args:
        path: an .npz of arrays: one for each input, by its name or in the order of the names in the file.
        inventory: the artifact's.

    Raises:
        InputsError: it is no such file, or holds other inputs than the model has.
    """
    import zipfile

    import numpy as np

    from pytest_modelcompat.loader.tensors import as_leaf

    try:
        with np.load(path, allow_pickle=False) as arrays:
            given: dict[str, Any] = {name: as_leaf(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError, TypeError) as error:
        raise InputsError(f"the inputs in {path} cannot be read as an .npz of arrays: {error}") from None
    names = input_names(inventory)
    if not given or (names and len(names) != len(given)):
        wanted = f"{len(names)} inputs, {', '.join(names)}" if names else "at least one input"
        raise InputsError(f"{path} has {len(given)} arrays ({', '.join(given) or 'none'}), and the model has {wanted}")
    values: Any = next(iter(given.values())) if len(given) == 1 else given
    if len(given) > 1 and set(given) != set(names):
        values = dict(zip(names, given.values(), strict=True)) if names else list(given.values())
    if inventory.format == "saved_model":
        values = {each.name: values for each in inventory.signatures}
    count = max((len(each) for each in given.values() if each.shape), default=0)
    return Question((Batch(values, (Part(0, count),)),), f"{count} examples of {path.name}", values)


def input_names(inventory: Inventory) -> list[str]:
    """The names of a model's inputs, in order; empty where its artifact does not say."""
    if inventory.format == "saved_model":
        return [each.name for each in inventory.signatures[0].inputs] if len(inventory.signatures) == 1 else []
    outer = [layer for layer in inventory.layers if len(layer.path) == 1]
    return [layer.path[0] for layer in outer if layer.class_name == "InputLayer"]


def for_other_names(values: Any, old: Inventory, new: Inventory) -> Any:
    """Inputs of one artifact by the names that another gives them.

    Args:
        values: nested as the old one takes them.
        old: the artifact they were made for.
        new: the other.
    """
    if old.format == "saved_model":
        return values
    theirs, ours = input_names(new), input_names(old)
    if isinstance(values, dict) and set(theirs) != set(values) and len(theirs) == len(ours) == len(values):
        values = {other: values[name] for name, other in zip(ours, theirs, strict=True)}
    return {each.name: values for each in new.signatures} if new.format == "saved_model" else values


def _varied(given: Any, kind: Variation, inventory: Inventory) -> Any:
    from pytest_modelcompat.loader import tensors

    masked = [layer.config.get("mask_value", 0.0) for layer in inventory.layers if layer.class_name == "Masking"]
    specs = iter(given.specs)
    return tensors.map_leaves(lambda leaf: _varied_leaf(leaf, next(specs), kind, masked), given.values)


def _varied_leaf(leaf: Any, spec: Any, kind: Variation, masked: Sequence[Any]) -> Any:
    import numpy as np

    is_bound = bool(spec.bound or len(spec.vocabulary))
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind in "OSUb":
        return leaf
    is_float = leaf.dtype.kind == "f" or leaf.dtype.name == "bfloat16"
    if is_float and not is_bound:
        leaf = ((np.abs(leaf) if kind.is_positive else leaf) * kind.factor).astype(leaf.dtype)
    if kind.ends_early and leaf.ndim >= 2 and spec.bound and not len(spec.vocabulary):
        return _ended(leaf, 0)
    if kind.ends_early and leaf.ndim >= 3 and is_float and masked:
        return _ended(leaf, masked[0])
    return leaf


def _ended(leaf: Any, value: Any) -> Any:
    """Sequences of several lengths: a value stands behind the end of each."""
    ended = leaf.copy()
    length = leaf.shape[1]
    for row in range(len(leaf)):
        ended[row, max(1, length - 1 - row * length // (2 * len(leaf))) :] = value
    return ended


def _is_open(specs: Sequence[Any]) -> bool:
    return all(spec.shape and spec.shape[0] is None for spec in specs)


def _joined(varied: Sequence[Any], factors: Sequence[float]) -> Batch | None:
    """All examples in one batch; None where they are not dense."""
    import numpy as np

    from pytest_modelcompat.loader import tensors

    flat = [[leaf for _, leaf in tensors.paths(each)] for each in varied]
    if not flat[0] or not all(isinstance(leaf, np.ndarray) for leaves in flat for leaf in leaves):
        return None
    columns = iter([np.concatenate(leaves) for leaves in zip(*flat, strict=True)])
    parts, start = [], 0
    for leaves, factor in zip(flat, factors, strict=True):
        parts.append(Part(start, start + len(leaves[0]), factor))
        start += len(leaves[0])
    return Batch(tensors.map_leaves(lambda _: next(columns), varied[0]), tuple(parts))


def _alone(values: Any, factor: float) -> Batch:
    return Batch(values, (Part(0, 0, factor),))


def _specs_in_words(specs: Sequence[Any]) -> str:
    return "; ".join(map(str, specs[:4])) + ("; …" if len(specs) > 4 else "")
