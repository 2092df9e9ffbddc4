"""Edits that files of Keras 2, and those for a first Keras 3, need: each applies, is forbidden, and is seen broken."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
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


def of_function(writer: Writer, name: str = "softplus", **config: Any) -> Part:
    function = {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    return stack(writer, writer.layer("Lambda", "called", function=function, arguments={}, **config), writer.dense())


def after_a_mask(writer: Writer) -> Part:
    model = of_function(writer)
    masking = writer.layer("Masking", "masking", mask_value=0.0)
    return writer.sequential(model.inside[0], masking, *model.inside[1:])


def activated_by(writer: Writer, class_name: str, dtype: str = "float32", **config: Any) -> Part:
    inner = writer.layer(class_name, "inner", **config).node
    inner["config"]["dtype"] = dtype
    return stack(writer, writer.dense(activation=inner).but(dtype="float32"))


RELU: dict[str, Any] = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}


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
APPLY += [
    Case("activation-for-lambda", h5(K315, of_function(K315)), '"activation": "softplus"', "tf2.15", gone="Lambda"),
    Case("activation-for-lambda", h5(K315, of_function(K315)), '"activation": "softplus"', "tf2.8", gone="Lambda"),
    Case("activation-as-name", keras(K315, activated_by(K315, "ReLU", **RELU)), '"activation": "relu"'),
    Case("activation-as-name", h5(K315, activated_by(K315, "ELU", alpha=1.0)), '"activation": "elu"', "tf2.18"),
    Case("activation-as-name", h5(K215, activated_by(K215, "Softmax", axis=-1)), '"activation": "softmax"'),
]
FORBIDDEN = [
    # No tuple would be made of the defaults.
    Case("lambda-as-object", keras(K213, with_defaults(K213)), '"function": ["code", [1], null]'),
    # Keras 3 makes such an object itself where no module stands beside the layer; Keras 2 reads the list.
    Case("lambda-as-object", h5(K213, coded(K213, "3.11")), '"function": ["'),
    Case("lambda-as-object", keras(K213, coded(K213, "3.11")), '"function": ["', "tf2.15"),
    Case("activation-for-lambda", keras(K315, of_function(K315)), '"softplus"', "tf2.15"),
    Case("activation-for-lambda", h5(K315, of_function(K315, "square")), '"square"', "tf2.15"),
    Case("activation-for-lambda", h5(K315, after_a_mask(K315)), '"softplus"', "tf2.15"),
    Case("activation-for-lambda", h5(K315, of_function(K315, output_shape=[4])), '"softplus"', "tf2.15"),
    Case("activation-for-lambda", h5(K315, of_function(K315)), '"softplus"', "tf2.16"),
    Case("activation-as-name", keras(K315, activated_by(K315, "ReLU", **{**RELU, "max_value": 6.0})), '"ReLU"'),
    Case("activation-as-name", keras(K315, activated_by(K315, "LeakyReLU", negative_slope=0.3)), '"LeakyReLU"'),
    Case("activation-as-name", keras(K315, activated_by(K315, "ReLU", "float64", **RELU)), '"ReLU"'),
    Case("activation-as-name", keras(K315, activated_by(K315, "ReLU", **RELU)), '"ReLU"', "tf2.21"),
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


@pytest.mark.parametrize(
    ("form", "name", "runtime", "is_left"),
    [
        (h5, "softplus", "tf2.15", False),
        (h5, "square", "tf2.15", True),
        (keras, "softplus", "tf2.15", False),
        (keras, "square", "tf2.15", True),
    ],
)
def test_a_function_that_keras_2_does_not_look_for_is_left(
    form: Callable[..., Build], name: str, runtime: str, is_left: bool, tmp_path: Path
) -> None:
    """It looks through a few of its modules, and in an .h5 file through none."""
    plan = plan_of(form(K315, of_function(K315, name))(tmp_path), runtime)

    assert (name in {each.subject for each in plan.left}) is is_left


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


def by_layers(kit: Any) -> Any:
    layers = kit.layers
    last = layers.LSTM(2, activation=layers.Softmax())
    return kit.Sequential([kit.Input((4,)), layers.Dense(4, activation=layers.ReLU()), layers.Reshape((2, 2)), last])


def by_name(kit: Any) -> Any:
    lambdas = kit.layers.Lambda(kit.activations.softplus)
    return kit.Sequential([kit.Input((4,)), kit.layers.Dense(3), lambdas, kit.layers.Dense(2)])


def other_activation(draft: Draft) -> None:
    for node in draft.layers("Dense", "Activation", "LSTM"):
        node.config["activation"] = "tanh"


@pytest.mark.needs_tensorflow
@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="Keras 2 is not installed beside Keras 3")
@pytest.mark.parametrize(
    ("build", "form", "edit", "runtime", "reader"),
    [
        (by_layers, "keras", "activation-as-name", "tf2.16", "keras"),
        (by_name, "h5", "activation-for-lambda", "tf2.21+tf_keras", "tf_keras"),
    ],
)
def test_what_it_writes_of_keras_3_predicts_the_same(
    build: Callable[[Any], Any], form: str, edit: str, runtime: str, reader: str, tmp_path: Path
) -> None:
    import keras as keras_3

    model = build(keras_3)
    model.save(tmp_path / f"model.{form}")
    expected = np.asarray(model(NUMBERS))
    plan = plan_of(tmp_path / f"model.{form}", runtime)
    assert edit in names_of(plan)
    assert not plan.left

    kit = importlib.import_module(reader)

    def given() -> Any:
        return np.asarray(kit.models.load_model(written(plan.draft, tmp_path), compile=False)(NUMBERS))

    assert np.allclose(given(), expected, atol=1e-6)
    other_activation(plan.draft)
    assert not np.allclose(given(), expected, atol=1e-6)


@pytest.fixture(scope="module")
def with_terms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """A file of Keras 2 with a lookup that weights its terms, inputs, and what it predicts."""
    import tf_keras

    lookup = tf_keras.layers.IntegerLookup(vocabulary=[3, 5, 8], idf_weights=[0.5, 0.9, 1.2], output_mode="tf_idf")
    model = tf_keras.Sequential([tf_keras.layers.Input((2,), dtype="int64"), lookup, tf_keras.layers.Dense(2)])
    path = tmp_path_factory.mktemp("terms") / "model.h5"
    model.save(path)
    inputs = np.array([[3, 8], [5, 1]])
    return path, inputs, np.asarray(model(inputs))


@pytest.mark.needs_tensorflow
@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="Keras 2 is not installed beside Keras 3")
def test_weights_of_terms_are_taken_from_the_configuration(with_terms: tuple[Path, Any, Any], tmp_path: Path) -> None:
    path, inputs, expected = with_terms
    plan = plan_of(path)

    assert "drop-weights-of-terms" in names_of(plan)
    assert not plan.left
    assert np.allclose(np.asarray(loaded(plan.draft, tmp_path)(inputs)), expected, atol=1e-6)

    for node in plan.draft.layers("IntegerLookup"):
        node.config["idf_weights"] = [1.2, 0.9, 0.5]
    assert not np.allclose(np.asarray(loaded(plan.draft, tmp_path)(inputs)), expected, atol=1e-6)


@pytest.mark.needs_tensorflow
@pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="Keras 2 is not installed beside Keras 3")
def test_weights_of_terms_that_the_configuration_does_not_have_stay(
    with_terms: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    """As where the terms were set again after the layer was made."""
    path = tmp_path / "set_again.h5"
    shutil.copy(with_terms[0], path)
    with h5py.File(path, "r+") as file:
        (name,) = (each for each in file["model_weights"] if "lookup" in each)
        (weight,) = file["model_weights"][name].attrs["weight_names"]
        file["model_weights"][name][weight][-1] = 7.0
    plan = plan_of(path)

    assert "drop-weights-of-terms" not in names_of(plan)
    assert "idf_weights" in {each.subject for each in plan.left}


def loaded(draft: Draft, folder: Path) -> Any:
    import keras as keras_3

    return keras_3.models.load_model(written(draft, folder), compile=False, safe_mode=False)
