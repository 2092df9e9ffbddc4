"""What the options that choose by name can choose from."""

from __future__ import annotations

from pytest_modelcompat.artifacts.formats import FORMATS

DEFAULT_FORMATS = tuple(name for name, format_ in FORMATS.items() if format_.is_default)
CHECKS = ("predictions", "weights", "structure", "training")
DEFAULT_CHECKS = ("predictions", "weights", "structure")
SAVED_MODEL_LOADERS = ("object", "graph", "tfsm_layer", "tf_keras")
DEFAULT_SAVED_MODEL_LOADERS = ("object", "graph")
