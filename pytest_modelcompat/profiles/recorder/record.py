"""From arguments to a file: what this TensorFlow and this Keras know."""

import argparse
import importlib
import json
import os
import platform
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional

from .ops import tensorflow_part
from .vocabulary import Vocabulary

SCHEMA = 1
KIND = "modelcompat profile"


def main(arguments: List[str]) -> None:
    """Record into the file that `--out` names."""
    options = _options(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    if options.keras == "tf_keras":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    if options.imports:
        sys.path.insert(0, str(Path.cwd()))
    warnings.simplefilter("ignore")
    data = record(options.name or Path(options.out).stem, options.keras, options.imports)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    Path(options.out).write_text(text + "\n", encoding="utf-8")


def _options(arguments: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recorder", description="Record what this TensorFlow and Keras know.")
    parser.add_argument("--out", required=True, help="the file to write")
    parser.add_argument("--name", help="what to call the profile; the file's name by default")
    parser.add_argument("--keras", choices=("keras", "tf_keras"), help="what loads models; tf.keras by default")
    parser.add_argument(
        "--import", dest="imports", action="append", default=[], metavar="MODULE", help="a module to import first"
    )
    return parser.parse_args(arguments)


def record(name: str, keras: Optional[str], imports: List[str]) -> Dict[str, Any]:
    """What this process's TensorFlow and Keras know, ready to be written as JSON.

    Args:
        name: what to call the profile.
        keras: the Keras package that loads models; None for TensorFlow's own choice.
        imports: modules to import first, for the ops and objects they register.
    """
    vocabulary = Vocabulary(importlib.import_module(keras) if keras else default_keras())
    for module in imports:
        importlib.import_module(module)
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "name": name,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "tensorflow": tensorflow_part(),
        "keras": vocabulary.part(),
    }


def default_keras() -> Any:
    """The Keras that `tf.keras` is; up to Keras 2.15 only that has the public names of TensorFlow 2."""
    import tensorflow as tf

    try:
        root = tf.keras.layers.Dense.__module__.split(".")[0]
        keras = importlib.import_module(root) if root != "tensorflow" else tf.keras
    except (ImportError, AttributeError):
        # TensorFlow 2.16 cannot make tf.keras of the first versions of Keras 3.
        return importlib.import_module("keras")
    return keras if str(getattr(keras, "__version__", "2")).startswith("3.") else tf.keras
