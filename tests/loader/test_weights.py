"""Digests of variables, and the memory that a large model takes."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import job, weights

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow


@pytest.mark.parametrize(
    ("value", "dtype", "data"),
    [
        (np.arange(6, dtype="float32").reshape(2, 3), "float32", np.arange(6, dtype="float32").tobytes()),
        (np.float64(1.5), "float64", np.float64(1.5).tobytes()),
        (np.zeros((0, 3), "float32"), "float32", b""),
        (np.array([True, False]), "bool", b"\1\0"),
        (tf.cast([1.0, -2.0], tf.bfloat16), "bfloat16", b"\x80\x3f\x00\xc0"),
        ([b"a", b"b"], "string", b"[b'a', b'b']"),
    ],
)
def test_a_digest_is_that_of_the_bytes_in_c_order(value: object, dtype: str, data: bytes) -> None:
    found = weights.digest(tf.Variable(value), "v")
    assert (found["dtype"], found["sha256"]) == (dtype, hashlib.sha256(data).hexdigest())


def test_a_digest_takes_no_copy_of_the_weight() -> None:
    variable = tf.Variable(tf.zeros((1000, 1000)))
    weights.digest(variable, "v")
    tracemalloc.start()
    try:
        weights.digest(variable, "v")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("size", "is_freed"), [(job.LARGE, True), (1000, False)])
def test_a_large_model_is_freed_before_another_loader_has_it(tmp_path: Path, size: int, is_freed: bool) -> None:
    class Loaded:
        pass

    (tmp_path / "variables").mkdir()
    with (tmp_path / "variables" / "data").open("wb") as file:
        file.truncate(size)
    gc.disable()
    try:
        loaded = Loaded()
        loaded.own = loaded  # type: ignore[attr-defined] # a circle
        seen = weakref.ref(loaded)
        del loaded
        job._let_go(tmp_path)
        assert (seen() is None) is is_freed
    finally:
        gc.enable()
