"""Classes and functions the loader does not know, because the test does not declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

LAYERS = """
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    class Shift(keras.layers.Layer):
        def call(self, inputs):
            return inputs + 1.0

    @keras.utils.register_keras_serializable(package="shop")
    class Square(keras.layers.Layer):
        def call(self, inputs):
            return inputs * inputs

    def leaky(x):
        return tf.maximum(x, 0.25 * x)
"""
MODEL = """
    import pytest
    import tensorflow as tf
    from shop_layers import *

    keras = tf.keras

    @pytest.mark.model_roundtrip({options})
    def test_model():
        return keras.Sequential([keras.Input((3,), name="features"), {layers}])
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop_layers.py", LAYERS)
    return project


def write_model(shop: Project, layers: str, options: str) -> None:
    shop.write("test_it.py", MODEL.format(layers=layers, options=options))


def test_custom_layer(shop: Project, reported_failure: ReportedFailure) -> None:
    write_model(shop, 'keras.layers.Dense(2), Scale(name="twice")', 'formats=["h5", "keras"]')
    result = shop.run()
    result.assert_outcomes(failed=2)
    for target, artifact in (("h5", "model.h5"), ("keras", "model.keras")):
        reported_failure(
            shop.run("-k", target),
            f"UNKNOWN LAYER test_model[{target}]: the saved model cannot be loaded again with what the test declares",
            'layer Scale ("twice", third of 3 layers)',
            "because Keras has no layer of this name, and the test declares none",
            "fix from shop_layers import Scale",
            '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
            "or decorate it with @keras.utils.register_keras_serializable() and declare",
            '@pytest.mark.model_roundtrip(imports=["shop_layers"])',
            f"artifact test_model: {artifact}, saved by Keras *, TensorFlow *, Python *",
            "loaded in local: Keras *, TensorFlow *, Python *",
            "declared custom_objects: none imports: none",
            "it said *Scale*",
            f"FAILED test_it.py::test_model[{target}] - UNKNOWN LAYER Scale: *",
        )


def test_declared_layer_passes(shop: Project) -> None:
    write_model(shop, 'Scale(name="twice")', 'formats=["h5", "keras"], custom_objects={"Scale": Scale}')
    shop.record().assert_outcomes(passed=2)


def test_two_layers_one_of_them_in_a_nested_model(shop: Project, reported_failure: ReportedFailure) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        import tensorflow as tf
        from shop_layers import Scale, Shift

        keras = tf.keras

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_model():
            tower = keras.Sequential([keras.Input((3,)), Scale(name="scale_inside"), Shift(name="shift")], name="tower")
            inputs = keras.Input((3,), name="features")
            return keras.Model(inputs, Scale(name="scale")(tower(inputs)))
        """,
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "UNKNOWN LAYER test_model[h5]: the saved model cannot be loaded again with what the test declares (and 1 more)",
        'layer Scale ("scale_inside" inside "tower"; "scale", third of 3 layers)',
        'layer Shift ("shift" inside "tower")',
        "fix from shop_layers import Scale, Shift",
        '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale, "Shift": Shift})',
        "declared custom_objects: none imports: none",
    )


def test_custom_activation(shop: Project, reported_failure: ReportedFailure) -> None:
    write_model(shop, 'keras.layers.Dense(2, name="score", activation=leaky)', 'formats=["h5", "keras"]')
    shop.run().assert_outcomes(failed=2)
    for target in ("h5", "keras"):
        reported_failure(
            shop.run("-k", target),
            f"UNKNOWN OBJECT test_model[{target}]: the saved model cannot be loaded again with what the test declares",
            'activation leaky (activation of "score")',
            "because Keras has no activation of this name, and the test declares none",
            "fix from shop_layers import leaky",
            '@pytest.mark.model_roundtrip(custom_objects={"leaky": leaky})',
            "or decorate it with @keras.utils.register_keras_serializable() and declare",
            '@pytest.mark.model_roundtrip(imports=["shop_layers"])',
            "it said Could not locate function 'leaky'.*",
        )


REGISTERED_MODEL = """
    import tensorflow as tf

    keras = tf.keras

    @keras.utils.register_keras_serializable(package="shop")
    class Tower(keras.Model):
        def __init__(self, units=2, **kwargs):
            inputs = keras.Input((3,))
            super().__init__(inputs, keras.layers.Dense(units)(inputs), **kwargs)
            self.units = units

        def get_config(self):
            return {"units": self.units}
"""


def test_an_h5_file_finds_no_registration_of_the_models_own_class(
    project: Project, reported_failure: ReportedFailure
) -> None:
    project.write("tower.py", REGISTERED_MODEL)
    test = """
        import pytest
        from tower import Tower

        @pytest.mark.model_roundtrip({options})
        def test_model():
            return Tower()
    """
    project.write("test_it.py", test.format(options='formats=["h5", "keras"], imports=["tower"]'))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    reported_failure(
        result,
        "UNKNOWN LAYER test_model[h5]: Tower: *; an .h5 file names the model's own class without a package, so that no "
        "registration of it is found",
        "layer Tower (the model)",
        "fix from tower import Tower",
        '@pytest.mark.model_roundtrip(custom_objects={"Tower": Tower})',
    )
    assert "decorate" not in result.stdout.str()
    project.write("test_it.py", test.format(options='formats=["h5", "keras"], custom_objects={"Tower": Tower}'))
    project.run("--modelcompat-update-golden").assert_outcomes(passed=2)


def test_registered_class_whose_module_the_loader_does_not_import(
    shop: Project, reported_failure: ReportedFailure
) -> None:
    write_model(shop, 'Square(name="square")', 'formats=["h5", "keras"]')
    shop.run().assert_outcomes(failed=2)
    for target in ("h5", "keras"):
        reported_failure(
            shop.run("-k", target),
            f"UNKNOWN LAYER test_model[{target}]: the saved model cannot be loaded again with what the test declares",
            'layer shop>Square ("square", second of 2 layers)',
            "because it is registered as 'shop>Square' by a decorator in shop_layers, which the loader has not "
            "imported",
            'fix @pytest.mark.model_roundtrip(imports=["shop_layers"])',
            "or from shop_layers import Square",
            '@pytest.mark.model_roundtrip(custom_objects={"shop>Square": Square})',
            "declared custom_objects: none imports: none",
        )

    write_model(shop, 'Square(name="square")', 'formats=["h5", "keras"], imports=["shop_layers"]')
    shop.record().assert_outcomes(passed=2)


def test_objects_without_an_import_path(project: Project, reported_failure: ReportedFailure) -> None:
    project.write(
        "test_it.py",
        """
        import functools
        import pytest
        import tensorflow as tf

        keras = tf.keras

        def test_model(model_roundtrip):
            class Local(keras.layers.Layer):
                def call(self, inputs):
                    return inputs * 2.0

            model = keras.Sequential([keras.Input((3,)), Local()])
            model_roundtrip(model, formats=["keras"], custom_objects={"Local": Local})

        @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"halve": lambda x: x / 2.0})
        def test_lambda():
            return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

        def scaled(x, by):
            return x * by

        @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"scaled": functools.partial(scaled, by=2.0)})
        def test_partial():
            return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        """,
    )
    result = project.run()
    result.assert_outcomes(failed=3)
    reported_failure(
        result,
        "NOT IMPORTABLE test_model[keras]: the test declares an object that a fresh process cannot import",
        "declared Local",
        "because test_it.test_model.<locals>.Local is made inside a function, where a fresh process cannot import it",
        'fix move it to the top level of a module, and declare it from there: custom_objects={"Local": ...}',
        "NOT IMPORTABLE test_lambda[h5]: the test declares an object that a fresh process cannot import",
        "declared halve",
        "because it is a lambda (test_it), which has no name that a fresh process could import",
        "fix write it with def at the top level of a module, and declare that",
        "NOT IMPORTABLE test_partial[h5]: *",
        "declared scaled",
    )


def test_object_of_main(project: Project, reported_failure: ReportedFailure) -> None:
    project.write(
        "test_it.py",
        """
        import __main__
        import pytest
        import tensorflow as tf

        keras = tf.keras

        class Scale(keras.layers.Layer):
            def call(self, inputs):
                return inputs * 2.0

        Scale.__module__ = "__main__"
        __main__.Scale = Scale

        @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale})
        def test_model():
            return keras.Sequential([keras.Input((3,)), Scale()])
        """,
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "NOT IMPORTABLE test_model[h5]: the test declares an object that a fresh process cannot import",
        "declared Scale",
        "because Scale lives in __main__, which a fresh process does not have",
        'fix move it to the top level of a module, and declare it from there: custom_objects={"Scale": ...}',
    )
