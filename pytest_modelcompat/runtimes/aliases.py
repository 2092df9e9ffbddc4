"""Runtimes by the name of what they are used in: images of hosted services, and what is newest of a nightly.

An alias is judged by what was recorded of its TensorFlow and Keras, and created with the packages of that. What it
holds is what its page says, on that day; where the page names no Keras, it is the Keras of that TensorFlow's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Alias:
    """Another name of a runtime.

    Args:
        name: `sagemaker-tf2.21`.
        runtime: what it is, `tf2.21+py3.12`.
        holds: what its page says is in it.
        source: the address of that page.
        date: when the page was so, or what it says of the image's release, `2026-07-10`.
    """

    name: str
    runtime: str
    holds: str
    source: str
    date: str


_GOOGLE = "https://docs.cloud.google.com/gemini-enterprise-agent-platform/machine-learning"
_AWS = "https://github.com/aws/deep-learning-containers/blob/main/docs/src/data"

_ALL = (
    Alias(
        "keras-nightly",
        "tf2.22rc0",
        "keras-nightly 3.16.0.dev2026102704, TensorFlow 2.22.0rc0",
        "https://github.com/keras-team/keras",
        "2026-10-27",
    ),
    Alias(
        "vertex-tf2.15",
        "tf2.15",
        "TensorFlow 2.15, the newest image for inference: tf2-cpu.2-15",
        f"{_GOOGLE}/predictions/pre-built-containers",
        "2026-11-28",
    ),
    Alias(
        "vertex-tf2.17",
        "tf2.17+py3.10",
        "TensorFlow 2.17, Python 3.10, the newest image for training: tf-cpu.2-17.py310",
        f"{_GOOGLE}/training/pre-built-containers",
        "2026-11-28",
    ),
    Alias(
        "sagemaker-tf2.19",
        "tf2.19+py3.12",
        "TensorFlow 2.19.0, Python 3.12, for training and inference",
        f"{_AWS}/tensorflow-training/2.19-cpu-sagemaker.yml",
        "2025-03-11",
    ),
    Alias(
        "sagemaker-tf2.20",
        "tf2.20+py3.12",
        "TensorFlow Serving 2.20.0, Python 3.12, the newest image for inference",
        f"{_AWS}/tensorflow-inference/2.20-cpu-sagemaker.yml",
        "2026-08-20",
    ),
    Alias(
        "sagemaker-tf2.21",
        "tf2.21+py3.12",
        "TensorFlow 2.21.0, Python 3.12, the newest image for training",
        f"{_AWS}/tensorflow-training/2.21-cpu-sagemaker.yml",
        "2026-07-10",
    ),
)
ALIASES: Mapping[str, Alias] = {alias.name: alias for alias in _ALL}
