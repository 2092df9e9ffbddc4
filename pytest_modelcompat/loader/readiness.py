"""Readiness: what a child does before its job is there, so that the job itself takes less time.

TensorFlow starts its threads, and what it and Keras import and make at the first use of a layer and of a function is
there. Nothing of this is seen by a model that is loaded later: no name is counted, and nothing random is drawn.
"""

import contextlib
from typing import Any, Dict

from . import confinement, threads


def get_ready(warmth: Dict[str, Any]) -> None:
    """Do once what the first load and call in a process would do.

    Args:
        warmth: `threads`, as the job will have them, and `level`, of its isolation.
    """
    if warmth["level"] != confinement.OFF:
        # A thread gives up for itself what the process is to give up, before there are others.
        with contextlib.suppress(OSError):
            confinement.gain_no_privileges()
    threads.limit(warmth["threads"])
    # What fails here fails in the job as well, which says so.
    with contextlib.suppress(Exception):
        _use_once()


def _use_once() -> None:
    import tensorflow as tf

    batch = tf.zeros((1, 2))
    layer = tf.keras.layers.Dense(2, name="first", kernel_initializer="zeros")
    layer.build((None, 2))
    layer(batch)
    tf.function(lambda value: tf.matmul(value, value, transpose_b=True))(batch)
