"""Rows of known changes of layers that encode: by what they encode, in which mode, and what stands behind them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Kind
from tests.compatibility.change import Change
from tests.compatibility.models import encoded
from tests.compatibility.writers import chain

if TYPE_CHECKING:
    from collections.abc import Mapping

IN_KERAS_3 = ("3.4 tf2.16+keras3.3", "3.3 tf2.16+keras3.4", "3.0 tf2.21")
ALIKE_IN_KERAS_3 = ("3.4 tf2.21", "3.0 tf2.16+keras3.3")
FROM_KERAS_2 = ("2.10 tf2.16+keras3.2", "2.15 tf2.16+keras3.3")
# What is encoded -> how a model of it is made, and the pairs in which it changes, and in which it does not.
ENCODED: dict[str, tuple[Mapping[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "a column": ({}, (*FROM_KERAS_2, *IN_KERAS_3), ("2.15 tf2.15", "2.15 tf2.16+keras3.4", *ALIKE_IN_KERAS_3)),
    "a column, in a functional model": ({"model": chain}, FROM_KERAS_2, ("2.15 tf2.16+keras3.4",)),
    # Keras 3 reads no Discretization of Keras 2 at all.
    "a column, in bins": ({"class_name": "Discretization"}, IN_KERAS_3, (*ALIKE_IN_KERAS_3, "2.15 tf2.16+keras3.3")),
    "what a lookup gives": ({"before": ("IntegerLookup",)}, (*FROM_KERAS_2, *IN_KERAS_3), ALIKE_IN_KERAS_3),
    "rows of unknown size": ({"shape": (None,)}, FROM_KERAS_2, IN_KERAS_3),
    "rows": ({"shape": (3,)}, (), IN_KERAS_3),
    "rows of columns": ({"shape": (5, 1)}, IN_KERAS_3, ALIKE_IN_KERAS_3),
    "a column that is flattened": ({"behind": ("Flatten",)}, (), (*FROM_KERAS_2, *IN_KERAS_3)),
    "a column that is flattened behind weights": ({"behind": ("Dense", "Flatten")}, (), (*FROM_KERAS_2, *IN_KERAS_3)),
    "a column that gets another shape later": (
        {"behind": ("ReLU", "Reshape", "Softmax")},
        (),
        (*FROM_KERAS_2, *IN_KERAS_3),
    ),
    "a column before a layer that sees its shape": (
        {"behind": ("GlobalMaxPooling1D", "Flatten")},
        IN_KERAS_3,
        ALIKE_IN_KERAS_3,
    ),
    "a column that is not flattened": ({"behind": ("ReLU",)}, IN_KERAS_3, ALIKE_IN_KERAS_3),
    "single numbers": ({"shape": ()}, (), (*FROM_KERAS_2, *IN_KERAS_3)),
    "a column, in many": ({"output_mode": "multi_hot"}, (), (*FROM_KERAS_2, *IN_KERAS_3)),
}
ONE_HOT = {
    f"one hot of {name}": Change(
        partial(encoded, **made), Kind.SEMANTICS_CHANGED, "output_mode='one_hot'", found, absent
    )
    for name, (made, found, absent) in ENCODED.items()
}
OLDER = ("3.14 tf2.20+keras3.13", "3.15 tf2.16+keras3.0")
# How bins are given, what stands behind them in which model -> the pairs in which it is not built.
BEHIND_BINS: dict[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "one hot": ("one_hot", {"behind": ("GlobalMaxPooling1D",)}, OLDER),
    "many": ("multi_hot", {"behind": ("GlobalMaxPooling1D",)}, OLDER),
    "many, behind others": ("multi_hot", {"behind": ("Softmax", "GlobalMaxPooling1D")}, OLDER),
    "numbers": ("int", {"behind": ("GlobalMaxPooling1D",)}, ()),
    "one hot, at the end": ("one_hot", {}, ()),
    "one hot, before what takes any shape": ("one_hot", {"behind": ("Softmax",)}, ()),
}
DISCRETIZED = {
    f"bins as {name}": Change(
        partial(encoded, shape=(4,), output_mode=output_mode, class_name="Discretization", **made),
        Kind.CONFIG_CHANGED,
        "Discretization(output_mode=…)",
        found,
        ("3.14 tf2.21", "3.13 tf2.16+keras3.3", *(() if found else OLDER)),
    )
    for name, (output_mode, made, found) in BEHIND_BINS.items()
}
DISCRETIZED_IN_FUNCTIONAL = {
    "bins as one hot, before what takes any shape, functional": Change(
        partial(encoded, shape=(4,), class_name="Discretization", behind=("Softmax",), model=chain),
        Kind.CONFIG_CHANGED,
        "Discretization(output_mode=…)",
        ("3.15 tf2.16+keras3.3", "3.14 tf2.16+keras3.0"),
        ("3.15 tf2.16+keras3.4", "3.14 tf2.20+keras3.13"),
    )
}
MORE_THAN_ROWS = ("3.4 tf2.16+keras3.3", "3.15 tf2.16+keras3.0")
# What is encoded -> how a model of it is made, and whether the first Keras 3 refuse it.
ENCODED_TO_MORE: dict[str, tuple[Mapping[str, Any], bool]] = {
    "rows, one hot": ({"shape": (3,)}, True),
    "rows of unknown size, one hot": ({"shape": (None,)}, True),
    "rows in many": ({"shape": (3,), "output_mode": "multi_hot"}, False),
    "a column, one hot": ({}, False),
    "columns, one hot": ({"shape": (2, 1)}, True),
    "matrices in many": ({"shape": (2, 3), "output_mode": "multi_hot"}, True),
    "matrices as numbers": ({"shape": (2, 3), "output_mode": "int"}, False),
    "matrices, counted in bins": ({"shape": (2, 3), "output_mode": "count", "class_name": "Discretization"}, True),
    "matrices in bins, one hot": ({"shape": (2, 3), "class_name": "Discretization"}, False),
}
TO_MORE_THAN_ROWS = {
    f"hashes of {name}": Change(
        partial(encoded, **{"class_name": "Hashing", **made}),
        Kind.CONFIG_CHANGED,
        "output_mode=…",
        MORE_THAN_ROWS if is_refused else (),
        ("3.4 tf2.16+keras3.4", "3.3 tf2.16+keras3.0", *(() if is_refused else MORE_THAN_ROWS)),
    )
    for name, (made, is_refused) in ENCODED_TO_MORE.items()
}
ENCODINGS = {**ONE_HOT, **DISCRETIZED, **DISCRETIZED_IN_FUNCTIONAL, **TO_MORE_THAN_ROWS}
