"""Values to try a constructor's arguments with."""

from typing import Any, Dict, List

# What an argument may be, by its name.
PLAIN = {
    "activity_regularizer": None, "alpha": 0.1, "alpha_range": [0.0, 1.0], "autocast": True, "axes": 1, "axis": -1,
    "axis1": 0, "axis2": 1, "batch_input_shape": [None, 4], "batch_shape": [None, 4], "batch_size": None,
    "bin_boundaries": [0.0, 1.0], "bins": [0.0, 1.0], "block_size": 2, "boundaries": [1, 2],
    "bounding_box_format": "xyxy", "class_id": 0,
    "clipnorm": None, "clipvalue": None, "cropping": 1, "data_format": "channels_last", "decay_rate": 0.5,
    "decay_steps": 10, "default_value": 0.5, "delta": 1.0, "depth": 2, "destination": 0, "dims": [1],
    "drop_connect_rate": 0.1, "dtype": "float32", "dynamic": False, "end_learning_rate": 0.1, "epsilon": 1e-6,
    "equation": "ab,bc->ac", "experimental_autocast": True, "factor": 0.1, "fft_length": 4, "filters": 2,
    "first_decay_steps": 10, "frame_length": 4, "frame_step": 2, "from_logits": False, "gamma": 2.0,
    "global_clipnorm": None, "head_dim": 2, "height": 4, "height_factor": 0.1, "indices_or_sections": 2,
    "init_values": 0.1, "initial_learning_rate": 0.1, "initial_scale": 8.0, "input_dim": 4, "input_shape": [4],
    "intermediate_dim": 4, "k": 1, "key_dim": 2, "kernel_size": 1, "kth": 1, "l": 0.1, "l1": 0.1, "l2": 0.1,
    "layers": [], "learning_rate": 0.1, "length": 4, "lower": 0.2, "lr": 0.1, "mask_value": 0.0, "mask_zero": False,
    "max_boxes": 2, "max_norm": 1.0, "max_number": 2, "max_tokens": 4, "max_val": 1.0, "max_value": 1.0, "mean": 0.0,
    "metrics": [], "min_value": 0.0, "mode": "fan_in", "momentum": 0.0, "n": 2, "name": "probe",
    "newshape": [4], "noise_shape": None, "num_bins": 4, "num_chunks": 2, "num_classes": 2, "num_heads": 2,
    "num_key_value_heads": 1, "num_oov_indices": 1, "num_query_heads": 2, "num_segments": 2, "num_thresholds": 4,
    "num_tokens": 4, "offset": 0.0, "output_dim": 2, "output_mode": "int", "output_shape": [2], "output_size": 2,
    "pad_width": 1, "padding": 1, "patience": 1, "permutation": [0, 1], "pool_size": 1, "precision": 0.5,
    "quantize": None, "rank": 1, "rate": 0.5, "recall": 0.5, "repeats": 2, "rho": 0.9, "scale": 1.0, "seed": 1,
    "sensitivity": 0.5, "sequence_length": 4, "sequence_stride": 2, "shape": [4], "shift": 1, "size": 2,
    "source": "xyxy",
    "specificity": 0.5, "stddev": 0.1, "strides": 1, "subscripts": "ab,bc->ac", "target": "xyxy",
    "target_class_ids": [0], "target_height": 4, "target_shape": [4], "target_width": 4, "threshold": 0.5,
    "thresholds": 0.5, "trainable": True, "units": 2, "upper": 0.8, "value": 0.0, "values": [0.1, 0.2, 0.3],
    "vocabulary": None, "vocabulary_size": 4, "warmup_target": 0.1, "weights": None, "width": 4, "width_factor": 0.1,
    "x_max": 1.0, "x_min": 0.0, "num_units": 2, "projection_dim": 2,
}  # fmt: skip

# What has to be made of Keras itself, again each time.
BUILT: Dict[str, Any] = {
    "activation": lambda _: "relu",
    "cell": lambda keras: keras.layers.SimpleRNNCell(2),
    "cells": lambda keras: [keras.layers.SimpleRNNCell(2)],
    "fn": lambda keras: keras.losses.mean_squared_error,
    "forward_layer": lambda keras: keras.layers.LSTM(2),
    "function": lambda keras: keras.activations.relu,
    "inner_optimizer": lambda keras: keras.optimizers.SGD(),
    "layer": lambda keras: keras.layers.Dense(2),
    "optimizer": lambda keras: keras.optimizers.SGD(),
}

# Classes in which an argument means something else than elsewhere.
BY_CLASS: Dict[str, Dict[str, Any]] = {
    "Bidirectional": {"layer": lambda keras: keras.layers.LSTM(2)},
    "Permute": {"dims": lambda _: [2, 1]},
    "Policy": {"name": lambda _: "float32"},
    "PolicyV1": {"name": lambda _: "float32"},
    "DTypePolicy": {"name": lambda _: "float32"},
    "FloatDTypePolicy": {"name": lambda _: "float32"},
    "QuantizedDTypePolicy": {"mode": lambda _: "int8", "source_name": lambda _: "float32"},
    "QuantizedFloat8DTypePolicy": {"mode": lambda _: "float8", "source_name": lambda _: "float32"},
    "GPTQDTypePolicy": {"mode": lambda _: "gptq/4/128", "source_name": lambda _: "float32"},
    "AWQDTypePolicy": {"mode": lambda _: "awq/4/128", "source_name": lambda _: "float32"},
    "Int4DTypePolicy": {"mode": lambda _: "int4/128", "source_name": lambda _: "float32"},
}

_ADAPTIVE: List[Dict[str, Any]] = [{"output_size": 2}]
# Arguments that a class cannot do without, though its signature does not say so; the first that works is taken.
EXTRA: Dict[str, List[Dict[str, Any]]] = {
    "AdaptiveAveragePooling1D": _ADAPTIVE,
    "AdaptiveMaxPooling1D": _ADAPTIVE,
    "CategoryEncoding": [{"num_tokens": 4}, {"max_tokens": 4}],
    "Discretization": [{"bin_boundaries": [0.0, 1.0]}, {"bins": [0.0, 1.0]}],
    "InputLayer": [{"batch_shape": [None, 4]}, {"input_shape": [4]}],
    "LossScaleOptimizerV1": [{"loss_scale": 8.0}],
    "RandomPosterization": [{"factor": 2}],
    "Resizing": [{"height": 4, "width": 4}],
}


def sample(parameter: str, class_name: str, keras: Any) -> Any:
    """A value for a constructor's argument.

    Args:
        parameter: its name.
        class_name: whose constructor it is.
        keras: the public Keras module, to make values with.

    Raises:
        KeyError: none is known.
    """
    special = BY_CLASS.get(class_name, {})
    if parameter in special:
        return special[parameter](keras)
    return BUILT[parameter](keras) if parameter in BUILT else PLAIN[parameter]
