"""What the options that choose by name can choose from."""

from __future__ import annotations

FORMATS = ("h5", "keras", "saved_model", "export")
DEFAULT_FORMATS = ("h5", "keras", "saved_model")
CHECKS = ("predictions", "weights", "structure", "training")
DEFAULT_CHECKS = ("predictions", "weights", "structure")
SAVED_MODEL_LOADERS = ("object", "graph", "tfsm_layer", "tf_keras")
DEFAULT_SAVED_MODEL_LOADERS = ("object", "graph")
