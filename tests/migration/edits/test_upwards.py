"""Edits from Keras 2 to Keras 3: where each applies, what it writes, and where its condition forbids it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.compatibility.models import (
    K23,
    K24,
    K33,
    K210,
    K213,
    K215,
    K315,
    TF_KERAS,
    attention,
    connected,
    convolution,
    h5,
    keras,
    mixed,
    nested,
    shapes_of_attention,
    small,
    stack,
    twice,
)
from tests.compatibility.writers import Part, Writer, chain
from tests.migration.planned import names_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compatibility.models import Build

POLICY = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
L2 = {"class_name": "L2", "config": {"l2": 0.01}}
OWN_POLICY = {"class_name": "Policy", "config": {"name": "my_policy"}}


class Case(NamedTuple):
    """A file of which an edit makes something.

    Args:
        edit: its name.
        build: the file.
        shows: what stands in the new configuration, as JSON.
        runtime: where it is to load.
        gone: what does not stand there any more.
    """

    edit: str
    build: Build
    shows: str
    runtime: str = "tf2.21"
    gone: str = ""


def around(writer: Writer, class_name: str, inner: Part, **more: Any) -> Part:
    """A wrapper whose inner layer names no module, as up to Keras 2.12."""
    node = {key: value for key, value in inner.node.items() if key not in ("module", "registered_name", "build_config")}
    return stack(writer, writer.layer(class_name, "around", inner.weights, layer=node, **more), shape=(5, 3))


def with_axis(writer: Writer, axis: Any, class_name: str = "LayerNormalization", *shape: int) -> Part:
    return stack(writer, writer.layer(class_name, "scaled", [shape, shape], axis=axis), shape=(5, 3))


def as_list(writer: Writer, *parts: Part) -> Part:
    """A Sequential as Keras up to 2.2.2 writes it."""
    model = writer.sequential(*parts)
    return replace(model, node={**model.node, "config": model.node["config"]["layers"]})


def first_with_shape(writer: Writer) -> Part:
    return writer.dense().but(batch_input_shape=[None, 4])


def named(writer: Writer, *names: str) -> Part:
    parts = [writer.dense(name, 4) for name in names]
    return chain(writer, writer.input(4), *parts, writer.dense("last"))


def asked(writer: Writer) -> Part:
    return attention(writer, **shapes_of_attention())


def recurrent(**more: Any) -> Part:
    return stack(K210, K210.lstm(**more), shape=(5, 3))


def separable(writer: Writer, **more: Any) -> Part:
    config: dict[str, Any] = {"filters": 2, "groups": 1}
    config |= {"kernel_regularizer": None, "kernel_constraint": None, "kernel_initializer": writer.glorot()}
    return convolution(writer, "SeparableConv2D", **{**config, **more})


def above(writer: Writer, theta: Any) -> Part:
    return stack(writer, writer.layer("ThresholdedReLU", "above", theta=theta), writer.dense())


def normalized(writer: Writer) -> Part:
    config = {"axis": [1], "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True}
    return stack(writer, writer.layer("BatchNormalizationV1", "scaled", [(4,)] * 4, **config))


APPLY = [
    Case("class-of-same-values", h5(K210, above(K210, 0.5)), '"threshold": 0.5', gone="ThresholdedReLU"),
    Case("class-of-same-values", keras(K215, above(K215, 0.5)), '"class_name": "ReLU"', "tf2.16"),
    Case("class-without-version", h5(K23, normalized(K23)), '"BatchNormalization"', gone="BatchNormalizationV1"),
    Case("name-module-of-reader", keras(K215, connected(K215)), '"module": "keras.src.models.functional"'),
    Case("name-module-of-reader", keras(TF_KERAS, connected(TF_KERAS)), '"keras.src.models.functional"', "tf2.16"),
    Case(
        "name-module-of-inner-layer", h5(K210, around(K210, "TimeDistributed", K210.dense(takes=3))), '"keras.layers"'
    ),
    Case("name-module-of-layer", h5(K210, with_axis(K210, [1, 2], "LayerNormalization", 5, 3)), '"axis": [1, 2]'),
    Case("name-module-of-layer", h5(K210, with_axis(K210, 1, "Softmax")), '"module": "keras.layers"', "tf2.18"),
    Case("name-sequential", h5(K23, as_list(K23, first_with_shape(K23))), '"name": "sequential"'),
    Case("input-layer-for-batch-shape", h5(K23, K23.sequential(first_with_shape(K23))), '"name": "dense_input"'),
    Case(
        "input-layer-for-batch-shape",
        keras(K215, stack(K215, first_with_shape(K215))),
        '"batch_input_shape": [null, 4]',
        gone='"units": 2, "batch_input_shape"',
    ),
    Case("axis-as-number", keras(K215, with_axis(K215, [2], "BatchNormalization", 3)), '"axis": 2'),
    Case("dtype-policy-by-name", h5(K210, mixed(K210, POLICY)), '"dtype": "mixed_float16"'),
    Case("drop-default-argument", h5(K210, recurrent()), '"unroll": false', gone="time_major"),
    Case("drop-meaningless-argument", h5(K210, asked(K210)), '"key_dim"', gone="query_shape"),
    Case("drop-meaningless-argument", h5(K210, separable(K210, kernel_regularizer=L2)), "", gone="L2"),
    Case("count-calls-from-0", h5(K24, twice(K24)), '["tower", 0, 0, {}], ["tower", 1, 0, {}]'),
    Case("count-calls-from-0", keras(K215, twice(K215)), '["tower", 0, 0, {}], ["tower", 1, 0, {}]', "tf2.18"),
    Case("one-input-or-output-alone", h5(K210, nested(K210)), '"output_layers": ["inner", 0, 0]'),
    Case("arguments-of-calls", h5(K210, asked(K210)), '"kwargs": {"value": {"class_name": "__keras_tensor__"'),
    Case("name-without-slash", h5(K210, named(K210, "block/one", "two")), '["block_one", 0, 0, {}]', gone="block/one"),
    Case("name-of-initializer", h5(K210, recurrent()), '"OrthogonalInitializer"', "tf2.16"),
]
FORBIDDEN = [
    Case("class-of-same-values", h5(K210, above(K210, None)), '"ThresholdedReLU"'),
    Case("class-without-version", h5(K23, stack(K23, K23.layer("OwnV1", "own"))), '"OwnV1"'),
    # No Keras has the class, or the user declares one of the name.
    Case("name-module-of-reader", keras(K215, stack(K215, K215.layer("Whatever", "own"))), '"module": "keras.layers"'),
    Case("name-module-of-inner-layer", h5(K213, around(K213, "TimeDistributed", K213.layer("Own", "own"))), "Own"),
    Case("name-module-of-layer", h5(K210, with_axis(K210, [2], "LayerNormalization", 3)), '"axis": [2]'),
    Case("name-sequential", h5(K23, K23.sequential(first_with_shape(K23))), '"name": "sequential"'),
    Case("input-layer-for-batch-shape", h5(K210, small(K210)), '"batch_input_shape"'),
    Case("axis-as-number", h5(K210, with_axis(K210, [2], "BatchNormalization", 3)), '"axis": [2]'),
    Case("dtype-policy-by-name", h5(K210, mixed(K210, OWN_POLICY)), '"my_policy"'),
    Case("drop-default-argument", h5(K210, recurrent(time_major=True)), '"time_major": true'),
    Case("drop-meaningless-argument", h5(K210, recurrent(time_major=True)), '"time_major": true'),
    Case("drop-meaningless-argument", h5(K210, separable(K210, groups=2)), '"groups": 2'),
    Case("one-input-or-output-alone", h5(K210, nested(K210)), '"output_layers": [["inner", 0, 0]]', "tf2.16"),
    Case("name-without-slash", h5(K210, named(K210, "block/one", "block_one")), '"block/one"'),
    Case("name-of-initializer", h5(K210, recurrent()), '"Orthogonal"', "tf2.21"),
    # A file that loads is not edited.
    Case("one-input-or-output-alone", h5(K210, connected(K210)), '[["score", 0, 0]]'),
    # Keras 3 wrote these, whose calls are right as they are.
    Case("count-calls-from-0", keras(K315, twice(K315)), '"tower"'),
    Case("arguments-of-calls", keras(K33, asked(K33)), '"kwargs": {}'),
]


@pytest.mark.parametrize("case", APPLY, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_an_edit_applies(case: Case, tmp_path: Path) -> None:
    plan = plan_of(case.build(tmp_path), case.runtime)
    text = json.dumps(plan.draft.root)

    assert case.edit in names_of(plan)
    assert case.shows in text
    assert not case.gone or case.gone not in text
    assert not plan.left


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_an_edit_does_not_apply(case: Case, tmp_path: Path) -> None:
    plan = plan_of(case.build(tmp_path), case.runtime)

    assert case.edit not in names_of(plan)
    assert case.shows in json.dumps(plan.draft.root)


def test_a_class_that_is_declared_keeps_its_configuration(tmp_path: Path) -> None:
    path = h5(K210, recurrent())(tmp_path)

    assert "time_major" in json.dumps(plan_of(path, custom=("LSTM",)).draft.root)


def test_an_edit_says_every_place(tmp_path: Path) -> None:
    (edit,) = (each for each in plan_of(h5(K24, twice(K24))(tmp_path)).edits if each.name == "count-calls-from-0")

    assert [(each.before, each.after) for each in edit.changes] == [
        ("tower, call 1", "tower, call 0"),
        ("tower, call 2", "tower, call 1"),
    ]
