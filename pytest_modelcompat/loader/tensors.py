"""Values (arrays, ragged and sparse tensors, nested in dicts and lists) as JSON and plain arrays, and back.

A *leaf* is one dense array, `Ragged` or `Sparse`. Strings are object arrays of `bytes`. Packed, a value is a
JSON-able structure beside plain numeric arrays that an .npz holds without pickling.
"""

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np


class Ragged(NamedTuple):
    """A ragged tensor: flat `values` and, outermost first, the `row_splits` (int64) of each ragged dimension."""

    values: Any
    row_splits: Tuple[Any, ...]


class Sparse(NamedTuple):
    """A sparse tensor: `indices` int64 (n, rank), `values` (n,) and `dense_shape`."""

    indices: Any
    values: Any
    dense_shape: Tuple[int, ...]


class Sampled(NamedTuple):
    """An output that draws random numbers: `first` of one call, figures (calls, 6) of each, (calls / 2,) of pairs."""

    first: Any
    calls: Any
    pairs: Any


Leaf = Union[Any, Ragged, Sparse, Sampled]
FIGURES_OF_CALL = 6
_COMPOUND = (Ragged, Sparse, Sampled)
PackedValue = Tuple[Dict[str, Any], Dict[str, Any]]


def as_leaf(value: Any) -> Leaf:
    """A tensor, variable, array, number, string or flat list of these as a leaf; strings become bytes."""
    if isinstance(value, _COMPOUND):
        return value
    if hasattr(value, "nested_row_splits"):
        splits = tuple(np.asarray(split).astype(np.int64) for split in value.nested_row_splits)
        return Ragged(as_leaf(value.flat_values), splits)
    if hasattr(value, "dense_shape") and hasattr(value, "indices"):
        shape = tuple(int(size) for size in np.asarray(value.dense_shape))
        return Sparse(np.asarray(value.indices).astype(np.int64), as_leaf(value.values), shape)
    array = np.asarray(value)
    return _bytes_array(array) if array.dtype.kind in "OUS" else array


def _bytes_array(array: Any) -> Any:
    result = np.empty(array.shape, dtype=object)
    for index in np.ndindex(*array.shape):
        item = array[index]
        if not isinstance(item, (str, bytes)):
            raise TypeError("expected strings, found {} in an object array".format(type(item).__name__))
        result[index] = item.encode("utf-8") if isinstance(item, str) else bytes(item)
    return result


def is_container(value: Any) -> bool:
    """Whether a value nests others. A list of plain numbers or strings is one array, not a container."""
    if isinstance(value, dict):
        return True
    if isinstance(value, _COMPOUND) or not isinstance(value, (list, tuple)):
        return False
    return not value or any(
        hasattr(item, "shape") or isinstance(item, (dict, *_COMPOUND)) or is_container(item) for item in value
    )


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """The same nesting, with `function` applied to every leaf; None stays None, named tuples become tuples."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: map_leaves(function, item) for key, item in value.items()}
    if is_container(value):
        items = [map_leaves(function, item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return function(value)


def as_leaves(value: Any) -> Any:
    """The same nesting with every tensor turned into a leaf."""
    return map_leaves(as_leaf, value)


def paths(value: Any, prefix: Tuple[str, ...] = ()) -> Iterator[Tuple[Tuple[str, ...], Any]]:
    """Every leaf of a nested value with the keys and positions that lead to it."""
    if value is None:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*prefix, str(key)))
    elif is_container(value):
        for position, item in enumerate(value):
            yield from paths(item, (*prefix, str(position)))
    else:
        yield prefix, value


def named_leaves(value: Any, names: Optional[Sequence[str]] = None, stem: str = "output") -> Dict[str, Leaf]:
    """Every leaf under its user-visible name.

    Dict keys name their values; a list's items are named by `names` where there is one for each, else `stem_0`,
    `stem_1`, ...; a single leaf is `names[0]` or `stem`. Deeper levels are joined by `/`. Where that spells one name
    twice, as with `{"a/b": ...}` and `{"a": {"b": ...}}`, the deeper one gets `#2`, in whichever order they come.
    """
    leaves = list(paths(value))
    flat = [path for path, _ in leaves]
    given = list(names or [])
    positional = not isinstance(value, dict) and all(len(path) <= 1 for path in flat)
    if positional and len(given) == len(flat) == len(set(given)):
        return {name: as_leaf(leaf) for name, (_, leaf) in zip(given, leaves)}
    return {name: as_leaf(leaf) for name, (_, leaf) in zip(_names(flat, stem), leaves)}


def _names(flat: Sequence[Tuple[str, ...]], stem: str) -> List[str]:
    """A name of its own for each path, in the order given."""
    found = {}  # type: Dict[str, int]
    for position in sorted(range(len(flat)), key=lambda index: (len(flat[index]), flat[index])):
        found[_free(_name(flat[position], stem), ("",), found)] = position
    return sorted(found, key=found.__getitem__)


def _name(path: Tuple[str, ...], stem: str) -> str:
    if not path:
        return stem
    first = stem + "_" + path[0] if path[0].isdigit() else path[0]
    return "/".join((first, *path[1:]))


def pack(value: Any) -> PackedValue:
    """A nested value as a JSON-able structure and the plain arrays it names.

    Raises:
        TypeError: for a leaf that holds neither numbers nor strings.
    """
    arrays = {}  # type: Dict[str, Any]
    return _pack(value, ("value",), arrays), arrays


def _pack(value: Any, path: Tuple[str, ...], arrays: Dict[str, Any]) -> Dict[str, Any]:
    if value is None:
        return {"none": True}
    if isinstance(value, dict):
        return {"dict": {str(key): _pack(item, (*path, str(key)), arrays) for key, item in value.items()}}
    if is_container(value):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_pack(item, (*path, str(i)), arrays) for i, item in enumerate(value)]}
    return _pack_leaf(as_leaf(value), "/".join(path), arrays)


def _pack_leaf(leaf: Leaf, key: str, arrays: Dict[str, Any]) -> Dict[str, Any]:
    if isinstance(leaf, Ragged):
        splits = [
            _pack_leaf(split, "{}.row_splits_{}".format(key, i), arrays) for i, split in enumerate(leaf.row_splits)
        ]
        return {"ragged": _pack_leaf(leaf.values, key + ".values", arrays), "row_splits": splits}
    if isinstance(leaf, Sparse):
        return {
            "sparse": _pack_leaf(leaf.values, key + ".values", arrays),
            "indices": _pack_leaf(leaf.indices, key + ".indices", arrays),
            "dense_shape": list(leaf.dense_shape),
        }
    if isinstance(leaf, Sampled):
        parts = ((leaf.first, ".first"), (leaf.calls, ".calls"), (leaf.pairs, ".pairs"))
        first, calls, pairs = (_pack_leaf(part, key + end, arrays) for part, end in parts)
        return {"sampled": first, "calls": calls, "pairs": pairs}
    if leaf.dtype.kind == "O":
        items = [bytes(item) for item in leaf.ravel()]
        key = _free(key, (".bytes", ".lengths"), arrays)
        arrays[key + ".bytes"] = np.frombuffer(b"".join(items), dtype=np.uint8)
        arrays[key + ".lengths"] = np.array([len(item) for item in items], dtype=np.int64)
        return {"strings": key, "shape": list(leaf.shape)}
    array = np.ascontiguousarray(leaf).reshape(leaf.shape)
    key = _free(key, ("",), arrays)
    if array.dtype.kind not in "biufc":
        # ml_dtypes such as bfloat16 are stored by their bits: NumPy's file format does not know them.
        arrays[key] = array.view("u{}".format(array.dtype.itemsize))
    else:
        arrays[key] = array
    return {"dense": key, "dtype": array.dtype.name, "shape": list(array.shape)}


def _free(key: str, suffixes: Tuple[str, ...], taken: Dict[str, Any]) -> str:
    """The key, or a numbered one where it is taken: `{"a/b": ...}` and `{"a": {"b": ...}}` spell the same."""
    name, number = key, 1
    while any(name + suffix in taken for suffix in suffixes):
        number += 1
        name = "{}#{}".format(key, number)
    return name


def unpack(structure: Dict[str, Any], arrays: Any) -> Any:
    """The value that `pack` took apart.

    Raises:
        KeyError: the structure names an array that `arrays` does not hold.
    """
    if "none" in structure:
        return None
    if "dict" in structure:
        return {key: unpack(item, arrays) for key, item in structure["dict"].items()}
    for kind, build in (("list", list), ("tuple", tuple)):
        if kind in structure:
            return build(unpack(item, arrays) for item in structure[kind])
    return _unpack_leaf(structure, arrays)


def _unpack_leaf(structure: Dict[str, Any], arrays: Any) -> Leaf:
    if "ragged" in structure:
        splits = tuple(_unpack_leaf(split, arrays) for split in structure["row_splits"])
        return Ragged(_unpack_leaf(structure["ragged"], arrays), splits)
    if "sparse" in structure:
        indices = _unpack_leaf(structure["indices"], arrays)
        return Sparse(indices, _unpack_leaf(structure["sparse"], arrays), tuple(structure["dense_shape"]))
    if "sampled" in structure:
        parts = [_unpack_leaf(structure[part], arrays) for part in ("sampled", "calls", "pairs")]  # type: List[Any]
        first, calls, pairs = parts
        if calls.ndim != 2 or calls.shape[1] != FIGURES_OF_CALL or pairs.ndim != 1 or not pairs.size:
            raise ValueError("these are no samples: {} and {}".format(calls.shape, pairs.shape))
        return Sampled(first, calls, pairs)
    if "strings" in structure:
        return _unpack_strings(structure, arrays)
    array = arrays[structure["dense"]]
    if array.dtype.name != structure["dtype"]:
        array = array.view(_extended_dtype(structure["dtype"]))
    return array


def _extended_dtype(name: str) -> Any:
    """A dtype that NumPy itself does not have, such as bfloat16; TensorFlow before 2.12 brings its own."""
    try:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    except (ImportError, AttributeError):
        import tensorflow as tf

        return np.dtype(getattr(tf, name).as_numpy_dtype)


def _unpack_strings(structure: Dict[str, Any], arrays: Any) -> Any:
    data = arrays[structure["strings"] + ".bytes"].tobytes()
    ends = np.cumsum(arrays[structure["strings"] + ".lengths"]).tolist()
    flat = np.empty(len(ends), dtype=object)
    start = 0
    for index, end in enumerate(ends):
        flat[index] = data[start:end]
        start = end
    return flat.reshape(structure["shape"])


def natural(name: str) -> List[Any]:
    """A sort key that puts `inputs_10` after `inputs_9`, and `inputs` before `inputs_1`."""
    stem, _, number = name.rpartition("_")
    return [stem, int(number)] if stem and number.isdigit() else [name, -1]
