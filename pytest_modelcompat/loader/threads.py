"""How many threads TensorFlow has."""


def limit(threads: int) -> None:
    """Give each of TensorFlow's two pools so many threads; it takes that before its first use, and the same later.

    Args:
        threads: 0 for TensorFlow's default.
    """
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
