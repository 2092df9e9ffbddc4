"""Seeding, so that a model is the same every time it is built."""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

from pytest_modelcompat.artifacts.modules import KERAS_PACKAGES


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow and Keras, and start Keras' automatic layer names from one again.

    Without the latter a layer is `dense` or `dense_7` depending on which tests ran before.
    """
    import numpy as np
    import tensorflow as tf

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - models that draw from the global generator must see the seed
    tf.random.set_seed(seed)
    for package in KERAS_PACKAGES:
        keras = sys.modules.get(package)
        if keras is not None:
            keras.utils.set_random_seed(seed)
            _reset_layer_names(keras)


def _reset_layer_names(keras: Any) -> None:
    # `clear_session` would do it too, and with it drop the dtype policy and other settings of the user's.
    reset = getattr(keras.backend, "reset_uids", None)
    if reset is None:
        naming = importlib.import_module("keras.src.utils.naming")
        state = importlib.import_module("keras.src.backend.common.global_state")
        state.set_global_attribute("global_seed_generator", None)
        reset = naming.reset_uids
    reset()
