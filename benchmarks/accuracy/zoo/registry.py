"""The models of the accuracy matrix by name, and what they are built with in whatever Keras they are built."""

# ruff: noqa: UP006, UP035 - it runs on Python 3.8

from __future__ import annotations

import importlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np

FORMATS = ("h5", "keras", "saved_model")
Built = Tuple[Any, List[Any]]


class NotHereError(Exception):
    """This Keras lacks what the model is made of."""


class Kit:
    """One runtime's TensorFlow and its `tf.keras`, and arrays that are the same in all of them."""

    def __init__(self) -> None:
        self.tf = importlib.import_module("tensorflow")
        self.keras = self.tf.keras
        # Keras 2.13 to 2.15 and tf_keras tell their version in the package `tf.keras` is made of, and not there.
        package = importlib.import_module(self.keras.Model.__module__.split(".")[0])
        told = getattr(self.keras, "__version__", None) or package.__version__
        self.version = tuple(int(part) for part in told.split(".")[:2])
        self.layers = self.keras.layers
        self.random = np.random.RandomState(7)

    @property
    def keras_3(self) -> bool:
        """Whether this is a Keras without TensorFlow's own symbolic tensors."""
        return self.version >= (3, 0)

    def floats(self, *shape: int) -> Any:
        """Float32 values in [-1, 1)."""
        return self.random.uniform(-1, 1, shape).astype(np.float32)

    def integers(self, high: int, *shape: int) -> Any:
        """Int32 values from 0 up to, without, `high`."""
        return self.random.randint(0, high, shape).astype(np.int32)

    def layer(self, name: str) -> Any:
        """A layer class by name, from where older versions keep it if need be.

        Raises:
            NotHereError: this Keras has no such layer.
        """
        experimental = getattr(getattr(self.layers, "experimental", None), "preprocessing", None)
        found = getattr(self.layers, name, None) or getattr(experimental, name, None)
        if found is None:
            raise NotHereError(name)
        return found

    def sequential(self, shape: Any, *layers: Any, **options: Any) -> Any:
        """A Sequential model of layers behind an input of a shape."""
        return self.keras.Sequential([self.keras.Input(shape, **options), *layers])

    @contextmanager
    def policy(self, name: str) -> Iterator[None]:
        """The global dtype policy while a model is built."""
        before = self.keras.mixed_precision.global_policy().name if self.keras.mixed_precision else "float32"
        self.keras.mixed_precision.set_global_policy(name)
        try:
            yield
        finally:
            self.keras.mixed_precision.set_global_policy(before)


@dataclass(frozen=True)
class Model:
    """One model of the matrix.

    Args:
        name: the builder's.
        build: makes the model and the list of its inputs.
        objects: custom objects in `accuracy.zoo.objects` that loading it needs.
        unsafe: whether it holds code that safe mode refuses, so that it is loaded in both modes.
        formats: those it is written in.
    """

    name: str
    build: Callable[[Kit], Built]
    objects: Tuple[str, ...] = ()
    unsafe: bool = False
    formats: Tuple[str, ...] = FORMATS


MODELS: Dict[str, Model] = {}


def model(
    *, objects: Tuple[str, ...] = (), unsafe: bool = False, formats: Tuple[str, ...] = FORMATS
) -> Callable[[Callable[[Kit], Built]], Callable[[Kit], Built]]:
    """Enter a builder into the matrix; see `Model`."""

    def enter(build: Callable[[Kit], Built]) -> Callable[[Kit], Built]:
        MODELS[build.__name__] = Model(build.__name__, build, objects, unsafe, formats)
        return build

    return enter
