"""Edits that files of Keras 2, and those for a first Keras 3, need: each applies, is forbidden, and is seen broken."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.compatibility.models import (
    K24,
    K213,
    K215,
    K315,
    code,
    coded,
    connected,
    h5,
    keras,
    shaped_lambda,
    small,
    stack,
)
from tests.compatibility.writers import Part, Writer, chain
from tests.migration.planned import names_of, plan_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.compatibility.models import Build

IN_TF24 = [956888297470, 956888297470]


def hashed(writer: Writer, **config: Any) -> Part:
    given = {"num_bins": 3, "dtype": "float32", "salt": [7, 7], **config}
    return stack(writer, writer.layer("Hashing", "hashed").but(**given))


def steps(writer: Writer, model: Part, around: Callable[..., Part] = stack) -> Part:
    layer = writer.layer("TimeDistributed", "steps", model.weights, layer=model.node)
    if around is stack:
        return stack(writer, layer, shape=(3, 4))
    return chain(writer, writer.input(3, 4, name="begin"), layer)


def with_defaults(writer: Writer) -> Part:
    return stack(writer, writer.code("double", code("3.11", "arithmetic")).but(function=["code", [1], None]))


class Case(NamedTuple):
    """A file of which an edit makes something, or nothing."""

    edit: str
    build: Build
    shows: str
    runtime: str = "tf2.16"
    gone: str = "\0"


APPLY = [
    Case("lambda-as-object", keras(K213, coded(K213, "3.11")), '"__lambda__"', gone='"function": ["'),
    Case("lambda-as-object", keras(K215, coded(K215, "3.11")), '"__lambda__"', "tf2.21", gone='"function": ["'),
    Case("drop-output-shape", h5(K213, shaped_lambda(K213)), '"double"', gone='"output_shape": [4]'),
    Case("drop-output-shape", keras(K315, shaped_lambda(K315)), '"double"', gone='"output_shape"'),
    Case("integers-of-hashing", h5(K24, hashed(K24)), '"dtype": "int64"', "tf2.21"),
    Case("integers-of-hashing", h5(K24, hashed(K24)), '"dtype": "int64"', "tf2.16"),
    Case("built-when-called", keras(K315, steps(K315, small(K315))), '"steps"', gone='"build_input_shape": [null, 3'),
    Case("built-when-called", keras(K315, steps(K315, connected(K315))), '"steps"', gone='"build_input_shape"'),
]
FORBIDDEN = [
    # No tuple would be made of the defaults.
    Case("lambda-as-object", keras(K213, with_defaults(K213)), '"function": ["code", [1], null]'),
    # Keras 3 makes such an object itself where no module stands beside the layer; Keras 2 reads the list.
    Case("lambda-as-object", h5(K213, coded(K213, "3.11")), '"function": ["'),
    Case("lambda-as-object", keras(K213, coded(K213, "3.11")), '"function": ["', "tf2.15"),
    Case("drop-output-shape", keras(K315, shaped_lambda(K315)), '"output_shape": [4]', "tf2.21"),
    Case("drop-output-shape", keras(K315, coded(K315, "3.13", output_shape={"class_name": "f"})), '"class_name": "f"'),
    Case("integers-of-hashing", h5(K24, hashed(K24, salt=IN_TF24)), '"dtype": "float32", "num_bins"', "tf2.21"),
    Case("integers-of-hashing", h5(K24, hashed(K24, output_mode="one_hot")), '"dtype": "float32", "num', "tf2.21"),
    Case("integers-of-hashing", h5(K24, hashed(K24, dtype="int32")), '"dtype": "int32"', "tf2.21"),
    Case("built-when-called", keras(K315, steps(K315, small(K315))), '"build_input_shape": [null, 3', "tf2.18"),
    Case("built-when-called", h5(K315, steps(K315, small(K315))), '"build_input_shape": [null, 3'),
    Case("built-when-called", keras(K315, steps(K315, small(K315), chain)), '"build_input_shape"'),
]


@pytest.mark.parametrize("case", APPLY, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_an_edit_applies(case: Case, tmp_path: Path) -> None:
    plan = plan_of(case.build(tmp_path), case.runtime)
    text = json.dumps(plan.draft.root)

    assert case.edit in names_of(plan)
    assert case.shows in text
    assert case.gone not in text


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: f"{case.edit}-{case.runtime}")
def test_an_edit_does_not_apply(case: Case, tmp_path: Path) -> None:
    plan = plan_of(case.build(tmp_path), case.runtime)

    assert case.edit not in names_of(plan)
    assert case.shows in json.dumps(plan.draft.root)


def test_a_model_over_time_is_left_where_something_calls_it_without_numbers(tmp_path: Path) -> None:
    plan = plan_of(keras(K315, steps(K315, small(K315), chain))(tmp_path), "tf2.16")

    assert "Sequential" in {each.finding.subject for each in plan.needs}


def test_a_hashing_whose_dtype_is_named_needs_nothing(tmp_path: Path) -> None:
    """What was seen of its output mode was seen of a policy beside it."""
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int64"}, "registered_name": None}
    plan = plan_of(h5(K315, hashed(K315, dtype=policy))(tmp_path), "tf2.16")

    assert names_of(plan) >= {"name-dtype-policy"}
    assert not plan.left


class Loaded(NamedTuple):
    """A model of Keras 2, the edit that it needs, and what makes another model of it.

    Args:
        build: makes it of `tf_keras`.
        edit: its name.
        break_it: of the draft.
        inputs: what it is called with.
        before: how the file was written by another version.
    """

    build: Callable[[Any], Any]
    edit: str
    break_it: Callable[[Draft], None]
    inputs: Any
    before: Callable[[Draft], None] = lambda _: None


def doubled(kit: Any) -> Any:
    return kit.Sequential([kit.layers.Input((4,)), kit.layers.Lambda(lambda each: each * 2.0 + 1.0)])


def shaped(kit: Any) -> Any:
    function = kit.layers.Lambda(lambda each: each[:, :2] * 3.0, output_shape=(2,))
    return kit.Sequential([kit.layers.Input((4,)), function, kit.layers.Dense(2)])


def hashing(kit: Any) -> Any:
    layers = kit.layers
    return kit.Sequential(
        [layers.Input((3,), dtype="int64"), layers.Hashing(8, salt=[7, 7]), layers.Embedding(8, 2), layers.Flatten()]
    )


def of_tf24(draft: Draft) -> None:
    """As Keras 2.4 writes it."""
    for node in draft.layers("Hashing"):
        node.config["dtype"] = "float32"


def other_code(draft: Draft) -> None:
    import base64
    import marshal

    text = base64.b64encode(marshal.dumps((lambda each: each * 2.0).__code__)).decode("ascii")
    for node in draft.layers("Lambda"):
        node.config["function"]["config"]["code"] = text


def other_shape(draft: Draft) -> None:
    for node in draft.layers("Lambda"):
        node.config["output_shape"] = [3]


def without_salt(draft: Draft) -> None:
    for node in draft.layers("Hashing"):
        node.config["salt"] = None


ALL_NEED = ("drop-default-argument", "drop-meaningless-argument", "name-module-of-reader", "lambda-as-object")
NUMBERS = np.linspace(-1.0, 1.0, 8, dtype="float32").reshape(2, 4)
LOADED = [
    Loaded(doubled, "lambda-as-object", other_code, NUMBERS),
    Loaded(shaped, "drop-output-shape", other_shape, NUMBERS),
    Loaded(hashing, "integers-of-hashing", without_salt, np.array([[1, 5, 9], [12, 70, 3]]), of_tf24),
]


@pytest.mark.needs_tensorflow
@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="Keras 2 is not installed beside Keras 3")
@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.edit)
def test_what_it_writes_predicts_the_same(case: Loaded, tmp_path: Path) -> None:
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    model = case.build(tf_keras)
    model.save(tmp_path / "model.keras")
    expected = np.asarray(model(case.inputs))

    inventory = read_inventory(tmp_path / "model.keras")
    draft, target = Draft.of(inventory), Target(load_profile("tf2.16"), {"keras": "2.4.0"}, safe_mode=False)
    case.before(draft)
    for edit in EDITS:
        if edit.name in (
            "drop-default-argument",
            "drop-meaningless-argument",
            "name-module-of-reader",
            "lambda-as-object",
        ):
            list(edit.apply(draft, target))
    (edit,) = (each for each in EDITS if each.name == case.edit)
    assert case.edit == "lambda-as-object" or list(edit.apply(draft, target))
    assert np.allclose(loaded(draft, tmp_path)(case.inputs), expected, atol=1e-6)

    case.break_it(draft)
    try:
        broken = np.asarray(loaded(draft, tmp_path)(case.inputs))
    except ValueError:
        return
    assert not np.allclose(broken, expected, atol=1e-6)


def loaded(draft: Draft, folder: Path) -> Any:
    import keras as keras_3

    return keras_3.models.load_model(written(draft, folder), compile=False, safe_mode=False)
