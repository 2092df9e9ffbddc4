"""A golden to keep, and what it is compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.artifacts.weight_digest import WeightDigest
from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.golden.golden import (
    Golden,
    GoldenName,
)
from pytest_modelcompat.loader.tensors import pack

if TYPE_CHECKING:
    from pytest_modelcompat.golden.store import GoldenStore

NAME = GoldenName(("tests", "test_models"), "test_ranker")
LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def a_section(**parts: Any) -> dict[str, Any]:
    return {"layers": {}, "ops": {}, "signatures": {}, **parts}


def a_golden(**changes: Any) -> Golden:
    outputs = {"score": np.array([[0.25], [0.5]], np.float32), "label": np.array([b"a", b"\xc3\xbc"], object)}
    golden = Golden(
        made_by={"tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.7", "numpy": "2.4.6"},
        inputs=pack({"x": np.arange(6, dtype=np.float32).reshape(2, 3)}),
        outputs=pack(outputs),
        statistics={name: leaf_statistics(leaf) for name, leaf in outputs.items()},
        weights=(
            WeightDigest("dense/kernel", (3, 1), "float32", "ab" * 32),
            WeightDigest("dense/bias", (1,), "float32", "cd" * 32),
        ),
        formats={
            "saved_model": a_section(ops={"MatMul": 1, "AddV2": 2}),
            "h5": a_section(layers={"dense": "Dense"}),
        },
    )
    return replace(golden, **changes)


def write(store: GoldenStore, name: GoldenName, golden: Golden) -> bool:
    return store.update(name, lambda _: golden).changed


def same(one: Golden, other: Golden) -> bool:
    plain = all(
        getattr(one, name) == getattr(other, name)
        for name in ("made_by", "statistics", "weights", "formats", "layers", "schema")
    )
    return plain and all(
        ours[0] == theirs[0]
        and ours[1].keys() == theirs[1].keys()
        and all(np.array_equal(ours[1][key], theirs[1][key]) for key in ours[1])
        for ours, theirs in ((one.inputs, other.inputs), (one.outputs, other.outputs))
    )
