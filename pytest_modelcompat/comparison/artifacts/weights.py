"""Weights of two artifacts: which array is which, and how far apart their values are."""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.guarded_reader import UnreadableDatasetError
from pytest_modelcompat.artifacts.inventory import TensorSpec
from pytest_modelcompat.artifacts.text import listed, natural_order, tensor_text
from pytest_modelcompat.artifacts.weight_values import ChunkedValues, read_values, value_locations
from pytest_modelcompat.comparison.arrays import ArrayDifference, chunks, rechunked
from pytest_modelcompat.comparison.artifacts.difference import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import WeightUse
    from pytest_modelcompat.artifacts.weight_values import ValueLocation
    from pytest_modelcompat.comparison.arrays import Chunk

WeightPair = tuple["WeightUse", "WeightUse"]

_EQUAL = "equal"
_ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE"
# What training leaves behind: optimizer slots, metrics, counters, the state of random generators.
_OF_TRAINING = re.compile(
    r"^(optimizer|optimizer_weights|_optimizer|save_counter|keras_api/metrics|metrics)(/|$|\.)"
    r"|/\.OPTIMIZER_SLOT/|(^|/)seed_generator"
)


@dataclass(frozen=True)
class WeightComparison:
    """How the weights differ: the differences, what could not be compared, how many are equal and how many unread.

    `pairs` are the paths of the arrays that were compared with each other.
    """

    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    equal: int = 0
    unread: int = 0
    pairs: tuple[tuple[str, str], ...] = ()


def is_of_training(weight: WeightUse) -> bool:
    """Whether an array is state of training rather than a weight of the model."""
    return _OF_TRAINING.search(weight.path) is not None


def weight_name(weight: WeightUse) -> str:
    """What to call an array: its path without what a format adds to every one."""
    return weight.path.removesuffix(_ATTRIBUTE).removeprefix("model_weights/")


def compare_weights(one: Inventory, other: Inventory) -> WeightComparison:
    """Compares the weights of two artifacts, reading them in place.

    Arrays of the same path belong together; what is left over by equal values, then by dtype, shape and order. So
    the same weights are found again under the other names of another format, which also writes other state of
    training: that is compared within one format only.

    Args:
        one: the first artifact.
        other: the second.

    Raises:
        BrokenArtifactError: the weights of one cannot be read.
    """
    with closing(_Values(one)) as old, closing(_Values(other)) as new:
        return _compared(one, other, (old, new))


def _compared(one: Inventory, other: Inventory, values: tuple[_Values, _Values]) -> WeightComparison:
    kept = [[weight for weight in each.weights if _is_compared(weight, one, other)] for each in (one, other)]
    pairs, removed, added = _paired(kept[0], kept[1], values)
    compared = [_difference(old, new, values) for old, new in pairs]
    found = [difference for difference in compared if isinstance(difference, Difference)]
    found.extend(Difference("weight", weight_name(each), old=_description(each)) for each in removed)
    found.extend(Difference("weight", weight_name(each), new=_description(each)) for each in added)
    paths = tuple((old.path, new.path) for old, new in pairs)
    return WeightComparison(tuple(found), tuple(_notes(values)), compared.count(_EQUAL), compared.count(None), paths)


def _is_compared(weight: WeightUse, one: Inventory, other: Inventory) -> bool:
    return one.format == other.format or not is_of_training(weight)


class _Values:
    """The values of one artifact's weights, read when asked for."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.unread: list[str] = []
        self._digests: dict[str, Hashable] = {}
        self._places: Mapping[str, ValueLocation] = value_locations(inventory) if inventory.weights else {}
        self._chunked = ChunkedValues(inventory)

    def close(self) -> None:
        """Ends what reads for it."""
        self._chunked.close()

    def chunks(self, weight: WeightUse) -> Iterator[Chunk] | None:
        """The values, chunk by chunk; None where they cannot be had.

        Raises:
            UnreadableDatasetError: nor can the rest of these. Raised by the iterator.
        """
        place = self._places.get(weight.path)
        if place is None:
            pieces = self._chunked.pieces(weight)
            return None if pieces is None else rechunked(pieces)
        values = read_values(weight, place)
        return None if values is None else chunks(values)

    def checksum(self, weight: WeightUse) -> str | None:
        """What the artifact records as the checksum of the values; None where it does not."""
        place = self._places.get(weight.path)
        return None if place is None or place.checksum is None else f"{place.checksum:08x}"

    def digest(self, weight: WeightUse) -> Hashable:
        """Equal for arrays of equal dtype, shape and values; never equal where the values cannot be had."""
        if weight.path not in self._digests:
            self._digests[weight.path] = self._digest(weight)
        return self._digests[weight.path]

    def _digest(self, weight: WeightUse) -> Hashable:
        digest = hashlib.sha256()
        try:
            values = self.chunks(weight)
            if values is None:
                return self.checksum(weight) or object()
            for _, chunk in values:
                digest.update(chunk.tobytes())
        except UnreadableDatasetError:
            return object()
        return (weight.dtype, weight.shape, digest.hexdigest())

    def without_copies(self, left: Sequence[WeightUse], paired: Sequence[WeightUse]) -> list[WeightUse]:
        """Leaves out what an exported SavedModel keeps a second time, under the name of another attribute.

        Args:
            left: arrays that nothing faces.
            paired: arrays that something faces already.
        """
        if self.inventory.format != "saved_model":
            return list(left)
        seen = {self.digest(weight) for weight in paired}
        kept = []
        for weight in left:
            digest = self.digest(weight)
            if digest not in seen:
                kept.append(weight)
            seen.add(digest)
        return kept


def _paired(
    old: Sequence[WeightUse], new: Sequence[WeightUse], values: tuple[_Values, _Values]
) -> tuple[list[WeightPair], list[WeightUse], list[WeightUse]]:
    by_path = {weight.path: weight for weight in new}
    pairs = [(weight, by_path[weight.path]) for weight in old if weight.path in by_path]
    removed, added = _without(old, pairs, 0), _without(new, pairs, 1)
    if removed and added:
        by_values = _matched(removed, added, (values[0].digest, values[1].digest), in_full=False)
        removed = values[0].without_copies(_without(removed, by_values, 0), [pair[0] for pair in by_values])
        added = values[1].without_copies(_without(added, by_values, 1), [pair[1] for pair in by_values])
        by_order = _matched(removed, added, (_form, _form), in_full=True)
        pairs += by_values + by_order
        removed, added = _without(removed, by_order, 0), _without(added, by_order, 1)
    return pairs, removed, added


def _matched(
    old: Iterable[WeightUse],
    new: Iterable[WeightUse],
    keys: tuple[Callable[[WeightUse], Hashable], Callable[[WeightUse], Hashable]],
    *,
    in_full: bool,
) -> list[WeightPair]:
    """Pairs arrays of equal keys in natural order of their names.

    Args:
        old: arrays of the first artifact.
        new: arrays of the second.
        keys: what must be equal, for each artifact.
        in_full: whether a key that is not equally frequent in both pairs nothing.
    """
    groups: list[dict[Hashable, list[WeightUse]]] = []
    for weights, key in zip((old, new), keys, strict=True):
        group: dict[Hashable, list[WeightUse]] = defaultdict(list)
        for weight in sorted(weights, key=lambda each: natural_order(each.path)):
            group[key(weight)].append(weight)
        groups.append(group)
    pairs: list[WeightPair] = []
    for key_, before in groups[0].items():
        after = groups[1].get(key_, [])
        if len(before) == len(after) or not in_full:
            pairs.extend(zip(before, after, strict=False))
    return pairs


def _without(weights: Iterable[WeightUse], pairs: Iterable[WeightPair], side: int) -> list[WeightUse]:
    paired = {pair[side].path for pair in pairs}
    return [weight for weight in weights if weight.path not in paired]


def _form(weight: WeightUse) -> Hashable:
    return weight.dtype, weight.shape


def _difference(old: WeightUse, new: WeightUse, values: tuple[_Values, _Values]) -> Difference | str | None:
    """How two arrays differ, `equal` if they do not, None if their values cannot be had."""
    name = weight_name(old) + ("" if old.path == new.path else f" = {weight_name(new)}")
    if _form(old) != _form(new):
        return Difference("weight", name, _description(old), _description(new))
    before, after = values[0].chunks(old), values[1].chunks(new)
    if before is None or after is None:
        return _by_checksum(name, (old, new), values)
    try:
        figures = ArrayDifference.of_chunks(after, before, 0.0, 0.0)
    except UnreadableDatasetError:
        return _by_checksum(name, (old, new), values)
    if not figures.mismatched:
        return _EQUAL
    return Difference(
        "weight",
        name,
        _description(old),
        _description(new),
        greatest=figures.absolute.greatest,
        differing=figures.mismatched,
        total=math.prod(old.shape),
    )


def _by_checksum(name: str, pair: WeightPair, values: tuple[_Values, _Values]) -> Difference | str | None:
    """Compares what cannot be read, such as texts, by the checksums that the artifacts record of it."""
    old, new = (each.checksum(weight) for each, weight in zip(values, pair, strict=True))
    if old is None or new is None:
        for each, weight in zip(values, pair, strict=True):
            each.unread.append(weight_name(weight))
        return None
    if old == new:
        return _EQUAL
    before, after = (f"{_description(weight)}, checksum {sum_}" for weight, sum_ in zip(pair, (old, new), strict=True))
    return Difference("weight", name, before, after)


def _description(weight: WeightUse) -> str:
    return tensor_text(TensorSpec("", weight.dtype, weight.shape))


def _notes(values: tuple[_Values, _Values]) -> Iterator[str]:
    for each in values:
        unread = list(dict.fromkeys(each.unread))
        if unread:
            yield f"values of {each.inventory.path} are not compared: {listed(unread, 3)}"
