"""Formats that cannot hold a model, or hold it so that it comes back as another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

HEAD = """
    import numpy as np
    import pytest
    import tensorflow as tf

    keras = tf.keras

"""
LAMBDA = (
    HEAD
    + """
    @pytest.mark.model_roundtrip(formats=["h5", "keras"]{options})
    def test_model():
        return keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0, name="double")])
"""
)


def test_lambda_under_safe_mode(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", LAMBDA.format(options=""))
    project.run().assert_outcomes(failed=2)
    for target in ("h5", "keras"):
        reported_failure(
            project.run("-k", target),
            f'LAMBDA REFUSED test_model[{target}]: Lambda layer "double" holds a Python lambda as bytecode, '
            "which Keras runs only where safe_mode is off",
            'layer Lambda ("double", second of 2 layers)',
            "fix replace the lambda by a layer, a subclass of keras.layers.Layer with call(), and declare it",
            "or give Lambda a function decorated with @keras.utils.register_keras_serializable(), and declare its "
            "module",
            "or, if you trust the file: @pytest.mark.model_roundtrip(safe_mode=False)",
            f"artifact test_model: model.{target}, saved by Keras *",
            "it said Requested the deserialization of a `Lambda` layer *",
        )


def test_lambda_with_safe_mode_off(project: Project) -> None:
    project.write("test_it.py", LAMBDA.format(options=", safe_mode=False"))
    project.record().assert_outcomes(passed=2)


def test_subclassed_model_as_h5(project: Project, reported_failure: ReportedFailure) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
    class Tower(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.score = keras.layers.Dense(1)

        def call(self, inputs):
            return self.score(inputs)

    @pytest.mark.model_roundtrip(custom_objects={"Tower": Tower})
    def test_model():
        return Tower(), np.ones((2, 3), "float32")
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=2, failed=1)
    reported_failure(
        result,
        "FORMAT CANNOT HOLD test_model[h5]: Tower is a subclassed model: .h5 stores layers by their configuration, "
        "which a model defined by its call() does not have, so its weights find no layer at reload",
        'fix @pytest.mark.model_roundtrip(formats=["keras", "saved_model"])',
        "artifact test_model: model.h5",
        "test_model[h5] FORMAT CANNOT HOLD",
        "test_model[keras] passed *",
        "test_model[saved_model] passed *",
    )


def test_metric_compiled_by_its_name_as_h5(project: Project, reported_failure: ReportedFailure) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_model():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", loss="mse", metrics=["mse"])
        return model
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        'FORMAT CANNOT HOLD test_model[h5]: `.h5` stores metrics and losses given as strings ("mse") in a way this '
        "Keras cannot read back",
        "see https://github.com/keras-team/keras/issues/19330",
        "fix compile(loss=keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanSquaredError()])",
        'or leave .h5: @pytest.mark.model_roundtrip(formats=["keras", "saved_model"])',
        "or, if you only predict with it: @pytest.mark.model_roundtrip(compile_model=False)",
        "it said *mse*",
    )


def test_adapted_vocabulary_as_h5(project: Project, reported_failure: ReportedFailure) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_model():
        words = keras.layers.TextVectorization(output_mode="int", output_sequence_length=3, name="words")
        words.adapt(["red shoes", "blue hat"])
        model = keras.Sequential([keras.Input((1,), dtype="string"), words])
        return model, np.array([["red hat"], ["blue shoes"]], dtype=object)
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        'PREDICTION FAILED test_model[h5]: the vocabulary of TextVectorization "words" is lost: .h5 does not store it, '
        "so the model loads and knows no term",
        'fix @pytest.mark.model_roundtrip(formats=["keras", "saved_model"])',
        "or, once `adapted` is the layer that has its vocabulary, build the model with",
        "keras.layers.TextVectorization(vocabulary=adapted.get_vocabulary(include_special_tokens=False), "
        "output_sequence_length=3)",
        "it said Table not initialized.",
    )


COMPILED = (
    HEAD
    + """
    def build():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(0.125), loss=keras.losses.MeanSquaredError())
        return model

    def test_model(model_roundtrip):
        model = build()
        model_roundtrip({first}, formats=["h5"])
        {between}
        model_roundtrip({second}, formats=["keras"])
"""
)


def test_one_object_saved_as_h5_and_once_more(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", COMPILED.format(first="model", between="", second="model"))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "MODEL CHANGED BY SAVING test_model[keras]: an earlier save as h5 changed this model object, and saving it now "
        "would store another model than the test built",
        'changed model.save("model.h5") changed compile config: optimizer was SGD, is gone',
        "fix give the function that builds the model, which is then called again for each format:",
        "model_roundtrip(build_model, ...)",
        "or check h5 last",
        "test_model[h5] passed *",
        "test_model[keras] MODEL CHANGED BY SAVING",
        "FAILED test_it.py::test_model - MODEL CHANGED BY SAVING keras: an earlier save as h5 *",
    )


@pytest.mark.parametrize(
    ("first", "between", "second"),
    [
        ("build", "", "build"),
        ("model", "", "build()"),
        ("model", 'model.compile(optimizer=keras.optimizers.SGD(0.125), loss="mse")', "model"),
    ],
    ids=["builder", "another object", "compiled again"],
)
def test_what_h5_changed_is_not_there_any_more(project: Project, first: str, between: str, second: str) -> None:
    project.write("test_it.py", COMPILED.format(first=first, between=between, second=second))
    project.record().assert_outcomes(passed=1)


def test_h5_after_the_others_on_one_object(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
    def test_model(model_roundtrip):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(0.125), loss=keras.losses.MeanSquaredError())
        model_roundtrip(model, formats=["h5", "keras", "saved_model"])
""",
    )
    result = project.record("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_model?h5?: note: *changed the live model: compile config: optimizer*"])


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("None", "the test returned nothing; return a Keras model, a tf.Module, or (model, inputs)"),
        (
            "keras.layers.Dense(1)",
            "the test returned a layer (Dense), which cannot be saved on its own; return a model that contains it",
        ),
        ("42", "the test returned a value of type int; return a Keras model, a tf.Module, or (model, inputs)"),
    ],
    ids=["nothing", "layer", "number"],
)
def test_returns_no_model(project: Project, reported_failure: ReportedFailure, returned: str, said: str) -> None:
    project.write(
        "test_it.py",
        HEAD
        + f"""
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_model():
        return {returned}
""",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        f"NO MODEL test_model[h5]: {said}",
        "FAILED test_it.py::test_model[h5] - NO MODEL: the test *",
    )


UNSTEADY = (
    HEAD
    + """
    class Noise(keras.layers.Layer):
        def call(self, inputs):
            return inputs + tf.random.normal(tf.shape(inputs))

    class Own(Noise):
        pass

    @pytest.mark.model_roundtrip(formats=["keras"], custom_objects={{"Noise": Noise, "Own": Own}})
    def test_model():
        inputs = keras.Input(batch_shape=(2, 4, 3))
        return keras.Model(inputs, {layer}(inputs))
"""
)


OWN_CALL = "let your own call() draw random numbers, or change variables, only if training:"


@pytest.mark.parametrize(
    ("layer", "names", "fix"),
    [
        ('Noise(name="hiss")', "hiss (Noise, of test_it, draws random numbers)", OWN_CALL),
        ('Own(name="mine")', "mine (Own, of test_it)", OWN_CALL),
    ],
    ids=["noise", "own"],
)
def test_does_not_predict_the_same_twice(
    project: Project, reported_failure: ReportedFailure, layer: str, names: str, fix: str
) -> None:
    project.write("test_it.py", UNSTEADY.format(layer=layer))
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "NOT DETERMINISTIC test_model[keras]: the model does not predict the same twice, before anything is saved, "
        "so nothing can be compared",
        f"suspects {names}",
        "mismatch * of * elements (100 %)",
        f"fix {fix}",
    )
    assert not (project.path / "golden").exists()
    line = next(line.strip() for line in result.outlines if "def call(" in line)
    mended = UNSTEADY.format(layer=layer)
    mended = mended.replace("def call(self, inputs):", f"{line}\n            if not training: return inputs")
    project.write("test_it.py", mended)
    project.record().assert_outcomes(passed=1)
