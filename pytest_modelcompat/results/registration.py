"""Registration: the decorator by which a class or a function of the user's is found by its name."""

from __future__ import annotations

# Not `keras.saving`, which is not there before 2.12 nor in the `tf.keras` of Keras 3. Measured.
REGISTER = "@{keras}.utils.register_keras_serializable()"
