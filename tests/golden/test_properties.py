"""What holds of any golden: it is read as it was written, whatever it is called and holds."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.golden.golden import Golden, GoldenName, escape, unescape
from pytest_modelcompat.golden.store import GoldenStore
from pytest_modelcompat.loader.tensors import pack, paths, unpack
from tests.properties import PROPERTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
DTYPES = st.sampled_from(["float32", "float64", "float16", "int8", "int64", "uint8", "bool", "complex64"])
STRINGS = st.lists(st.binary(max_size=5), min_size=1, max_size=4).map(lambda texts: np.array(texts, object))
LEAVES = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, max_side=3)) | STRINGS
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=4,
)


def unpacked(packed: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Any:
    structure, values = packed
    return unpack(dict(structure), values)


def same(one: Any, other: Any) -> bool:
    first, second = list(paths(one)), list(paths(other))
    return [path for path, _ in first] == [path for path, _ in second] and all(
        ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()
        if ours.dtype != object
        else ours.tolist() == theirs.tolist()
        for (_, ours), (_, theirs) in zip(first, second, strict=True)
    )


@PROPERTY
@given(NESTED)
def test_nested_arrays_are_unpacked_as_they_were_packed(value: Any) -> None:
    assert same(unpack(*pack(value)), value)


@PROPERTY
@given(NAMES)
def test_every_name_is_escaped_one_to_one(name: str) -> None:
    assert unescape(escape(name)) == name
    assert not set(escape(name)) & set('/\\:*?"<>|')


@PROPERTY
@given(names=st.lists(NAMES, min_size=2, max_size=4, unique=True), leaf=LEAVES, inputs=NESTED)
def test_goldens_of_any_names_are_read_as_they_were_written(
    tmp_path: Path, names: list[str], leaf: Any, inputs: Any
) -> None:
    shutil.rmtree(tmp_path / "golden", ignore_errors=True)
    store = GoldenStore(tmp_path / "golden")
    goldens = {
        GoldenName(("tests", *names[1:]), name): Golden(
            made_by={"keras": "3.15.1"},
            inputs=pack(inputs),
            outputs=pack({name: leaf}),
            statistics={name: leaf_statistics(leaf)},
            weights=(),
            formats={},
        )
        for name in names[:2]
    }
    for name, golden in goldens.items():
        store.update(name, lambda _, golden=golden: golden)  # type: ignore[misc] # bound at once
    for name, golden in goldens.items():
        found = store.read(name)
        assert same(unpacked(found.inputs), inputs)
        assert same(unpacked(found.outputs), unpacked(golden.outputs))
    assert set(store.names()) == set(goldens)
