"""Custom classes that are declared and still cannot be rebuilt from what the file says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

LAYERS = """
    import tensorflow as tf

    keras = tf.keras

    class Projection(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def build(self, shape):
            self.kernel = self.add_weight(name="kernel", shape=(shape[-1], self.units))

        def call(self, inputs):
            return tf.matmul(inputs, self.kernel)

    class OpenProjection(Projection):
        def __init__(self, units, **kwargs):
            keras.layers.Layer.__init__(self, **kwargs)
            self.units = units

    class Forgetful(OpenProjection):
        def get_config(self):
            return super().get_config()

    class Mended(OpenProjection):
        def get_config(self):
            return {**super().get_config(), "units": self.units}
"""
MODEL = """
    import pytest
    import tensorflow as tf
    from shop_layers import *

    keras = tf.keras

    @pytest.mark.model_roundtrip(formats=["h5", "keras"], custom_objects={{"{name}": {name}}})
    def test_model():
        return keras.Sequential([keras.Input((3,), name="features"), {name}(4), keras.layers.Dense(1)])
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop_layers.py", LAYERS)
    return project


def failed(shop: Project, name: str, target: str) -> pytest.RunResult:
    shop.write("test_it.py", MODEL.format(name=name))
    result = shop.run("-k", target)
    result.assert_outcomes(failed=1)
    return result


@pytest.mark.parametrize("target", ["h5", "keras"])
def test_no_get_config_and_no_keyword_arguments(shop: Project, reported_failure: ReportedFailure, target: str) -> None:
    reported_failure(
        failed(shop, "Projection", target),
        f"CANNOT REBUILD test_model[{target}]: the saved model holds a class that cannot be rebuilt from its "
        "configuration",
        'class Projection ("Projection", second of 3 layers)',
        "because Keras gives every layer it rebuilds its name, trainable and dtype, "
        "which shop_layers.Projection.__init__() does not take",
        "fix def __init__(self, units, **kwargs):",
        "super().__init__(**kwargs)",
        "def get_config(self):",
        'return {**super().get_config(), "units": self.units}',
        "it said Projection.__init__() got an unexpected keyword argument *",
    )


@pytest.mark.parametrize("target", ["h5", "keras"])
def test_required_argument_that_get_config_does_not_return(
    shop: Project, reported_failure: ReportedFailure, target: str
) -> None:
    reported_failure(
        failed(shop, "Forgetful", target),
        f"CANNOT REBUILD test_model[{target}]: the saved model holds a class that cannot be rebuilt from its "
        "configuration",
        'class OpenProjection ("forgetful", second of 3 layers)',
        "because Forgetful is made by the __init__() of OpenProjection; shop_layers.OpenProjection.__init__() requires "
        "'units', which its get_config() does not return",
        "fix def get_config(self):",
        'return {**super().get_config(), "units": self.units}',
        "it said *__init__() missing 1 required positional argument: 'units'",
    )


@pytest.mark.parametrize("name", ["Mended", "OpenProjection"], ids=["its own", "that of Keras 3"])
def test_get_config_that_returns_every_argument(shop: Project, name: str) -> None:
    shop.write("test_it.py", MODEL.format(name=name))
    shop.record().assert_outcomes(passed=2)
