"""A test module with a model that has nothing of its own."""

from __future__ import annotations

MODEL = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    def build(initializer="ones"):
        inputs = keras.Input((3,), name="features")
        layer = keras.layers.Dense(2, name="score", kernel_initializer=initializer)
        return keras.Model(inputs, layer(inputs))
"""
