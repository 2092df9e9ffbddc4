"""The Keras of a runtime, and arrays that are the same in all of them."""

import functools
import gc
import importlib
from typing import Any, Callable, Dict, List, Optional

import numpy as np

FIRST_KERAS_ZIP = (2, 12)
FIRST_NAMED_V3 = (2, 13)
FIRST_EXPORT = (2, 13)
FIRST_KERAS_3 = (3, 0)
LOW_LEVEL = "tf.saved_model.save"
# Those that inputs have beside float32 and string.
DTYPES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float64"),
)


class Kit:
    """One runtime's TensorFlow and its `tf.keras`."""

    def __init__(self) -> None:
        self.tf = importlib.import_module("tensorflow")
        self.keras: Any = self.tf.keras
        package = importlib.import_module(self.keras.Model.__module__.split(".")[0])
        version = getattr(self.keras, "__version__", None) or package.__version__
        self.version = tuple(int(part) for part in version.split(".")[:2])
        self.layers = self.keras.layers
        # Keras 3 collects garbage each time that it forgets its models: nine tenths of a run, without this.
        gc.freeze()

    @property
    def formats(self) -> List[str]:
        """The formats of single files that this Keras writes."""
        return ["keras", "h5"] if self.version >= FIRST_KERAS_ZIP else ["h5"]

    @property
    def names_modules(self) -> bool:
        """Whether it is a Keras 2 whose .keras files name modules that Keras 3 does not have."""
        return FIRST_KERAS_ZIP <= self.version < FIRST_KERAS_3

    @property
    def ways(self) -> List[str]:
        """The ways in which a SavedModel is made with this Keras, the most usual first."""
        own = ["model.export"] if self.version >= FIRST_EXPORT else []
        of_keras_2 = ["model.save"] if self.version < FIRST_KERAS_3 else []
        return [*of_keras_2, *own, LOW_LEVEL]

    def find(self, description: Dict[str, Any]) -> Optional[Any]:
        """The class or function of an entry of the vocabulary; None where it cannot be imported."""
        for path in description.get("paths", ()):
            found: Any = self.keras
            for part in path.split(".")[1:]:
                found = getattr(found, part, None)
            if found is not None:
                return found
        try:
            return getattr(importlib.import_module(description["home"]), description["name"], None)
        except ImportError:
            return None

    def fresh(self) -> None:
        """Forgets the models before, and whatever was drawn."""
        self.keras.backend.clear_session()
        self.tf.random.set_seed(7)
        np.random.seed(7)  # noqa: NPY002 - the generator that older versions of Keras draw from

    def save(self, model: Any, path: str, form: str) -> None:
        """Saves in the way that users of this Keras do."""
        if form == LOW_LEVEL:
            self.tf.saved_model.save(model, path)
        elif form == "model.export":
            model.export(path)
        elif form == "model.save":
            model.save(path, save_format="tf")
        elif form == "keras" and self.version < FIRST_NAMED_V3:
            model.save(path, save_format="keras_v3")
        else:
            model.save(path)


def floats(*shape: int) -> Any:
    """Float32 values in (0, 1), the same for a shape."""
    return np.random.RandomState(7).uniform(0.05, 0.95, shape).astype("float32")


def integers(*shape: int) -> Any:
    """Int32 values of 0 to 3, the same for a shape."""
    return np.random.RandomState(7).randint(0, 4, shape).astype("int32")


def strings(*shape: int) -> Any:
    """Words of one letter, the same for a shape."""
    return np.array(list("abcd"), dtype=object)[integers(*shape)]


def _of_dtype(dtype: str) -> List[Any]:
    return [integers(2, 4).astype(dtype)]


# What a model may be called with, by a name that its readers know too.
INPUTS: Dict[str, Callable[[], List[Any]]] = {
    "vectors": lambda: [floats(2, 4)],
    "sequences": lambda: [floats(2, 5, 3)],
    "signals": lambda: [floats(2, 64)],
    "images": lambda: [floats(2, 8, 8, 3)],
    "volumes": lambda: [floats(2, 4, 4, 4, 2)],
    "films": lambda: [floats(2, 3, 6, 6, 2)],
    "films of volumes": lambda: [floats(1, 2, 3, 3, 3, 2)],
    "column": lambda: [floats(2, 1)],
    "integers": lambda: [integers(2, 4)],
    "column of integers": lambda: [integers(2, 1)],
    "strings": lambda: [strings(2, 1)],
    "two vectors": lambda: [floats(2, 4), floats(2, 4) * 2],
    "two sequences": lambda: [floats(2, 5, 3), floats(2, 5, 3) * 2],
    "two integers": lambda: [integers(2, 1), integers(2, 1) + 1],
    # These are handed on without their zeros: ragged at the end of a row, sparse anywhere.
    "ragged integers": lambda: [integers(2, 4)],
    "ragged sequences": lambda: [floats(2, 5, 3) * (np.arange(5) < [[3], [5]])[..., None]],
    "sparse vectors": lambda: [floats(2, 4) * integers(2, 4)],
    **{"vectors of {}".format(dtype): functools.partial(_of_dtype, dtype) for dtype in DTYPES},
}
