"""Trials of layers: each alone, then each argument at each value worth telling apart."""

import functools
import inspect
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from pytest_modelcompat.profiles.recorder import samples

from .kit import Kit
from .trial import Trial, called, sequential, symbolic
from .values import NONSENSE, Value, arguments_of, required_of, values_of

BY_NAME = (
    ("ConvLSTM3D", "films of volumes"),
    ("3D", "volumes"),
    ("2D", "images"),
    ("1D", "sequences"),
    ("Rand", "images"),
    ("MultiHeadAttention", "sequences"),
    ("GroupedQueryAttention", "sequences"),
    # Of vectors it computes something in some versions, and nothing in others.
    ("Attention", "two sequences"),
    ("AugMix", "images"),
    ("AutoContrast", "images"),
    ("CenterCrop", "images"),
    ("CutMix", "images"),
    ("MixUp", "images"),
    ("Resizing", "images"),
    ("Embedding", "integers"),
    # Some versions refuse vectors, or encode them as they are.
    ("CategoryEncoding", "integers"),
    ("IntegerLookup", "integers"),
    ("String", "strings"),
    ("Text", "strings"),
    ("Hashing", "strings"),
    ("Mel", "sequences"),
    ("STFT", "signals"),
)
PLAIN_ORDER = (
    "vectors",
    "sequences",
    "images",
    "two vectors",
    "two sequences",
    "volumes",
    "films",
    "integers",
    "strings",
    "two integers",
)
# Held by others, which have trials of their own; or models, which are what every trial is.
NOT_ALONE = ("Wrapper", "Cell", "Cells")
# Arguments that a class cannot do without in a model, or does nothing telling without.
EXTRA: Dict[str, List[Dict[str, Any]]] = {
    "Discretization": [{"bin_boundaries": [0.3, 0.6]}, {"bins": [0.3, 0.6]}],
    "Embedding": [{"input_dim": 5, "output_dim": 2}],
    "GroupNormalization": [{"groups": 1}],
    "IntegerLookup": [{"vocabulary": [1, 2, 3]}],
    "Normalization": [{"mean": 0.5, "variance": 2.0}],
    "STFTSpectrogram": [{"frame_length": 4, "frame_step": 2, "fft_length": 4, "padding": "same"}],
    "StringLookup": [{"vocabulary": ["a", "b", "c"]}],
    "TextVectorization": [{"vocabulary": ["a", "b", "c"]}],
}


def more_of(name: str) -> List[Dict[str, Any]]:
    """Arguments to try a class with, the first that work being taken."""
    return [*EXTRA.get(name, []), {}, *samples.EXTRA.get(name, [])]


# How many models of two layers are tried; some do not fit together.
PAIRS = 150
# How a layer is called: with its inputs as one argument, or as several.
FORMS = ("one", "several")


class LayerCase:
    """A layer's class, and how to make the smallest model of it.

    Args:
        kit: the runtime's Keras.
        cls: the class.
        name: what the vocabulary calls it.
        accepted: further arguments that its configuration may have.
    """

    def __init__(self, kit: Kit, cls: Any, name: str, accepted: List[str]) -> None:
        self.kit, self.cls, self.name = kit, cls, name
        self.arguments = arguments_of(cls, accepted)
        self.more: Dict[str, Any] = {}
        self.inputs = ""
        self.form = "one"

    def find(self) -> bool:
        """Looks for arguments and inputs that a model of it can be called with, or at least made; whether there are."""
        made = None
        for way in self._ways():
            self.more, self.inputs, self.form = way
            self.kit.fresh()
            try:
                model = self.model({})
            except Exception:  # noqa: BLE001, S112 - what does not work is tried otherwise
                continue
            if called(self.kit, model, self.inputs) is not None:
                return True
            made = made or way
        if made:
            self.more, self.inputs, self.form = made
        return made is not None

    def _ways(self) -> Iterator[Tuple[Dict[str, Any], str, str]]:
        for more in more_of(self.cls.__name__):
            for inputs in self._inputs():
                for form in FORMS if inputs.startswith("two") or inputs == "sequences" else FORMS[:1]:
                    yield more, inputs, form

    def _inputs(self) -> List[str]:
        first = [inputs for part, inputs in BY_NAME if part in self.name]
        return [*first, *(each for each in PLAIN_ORDER if each not in first)]

    def layer(self, changed: Dict[str, Any], name: str = "probe") -> Any:
        """An instance, with some arguments changed."""
        given = {name: samples.sample(name, self.cls.__name__, self.kit.keras) for name in required_of(self.cls)}
        given.update(self.more)
        given.update(changed)
        try:
            return self.cls(name=name, **given)
        except TypeError as error:
            if "'name'" not in str(error):
                raise
            return self.cls(**given)

    def takes(self, changed: Dict[str, Any]) -> bool:
        """Whether an instance can be made and called with some arguments changed."""
        try:
            self.model(changed)
        except Exception:  # noqa: BLE001 - that it does not is the answer
            return False
        return True

    def model(self, changed: Dict[str, Any]) -> Any:
        """The smallest model of it, with some arguments changed."""
        layer = self.layer(changed)
        if self.form == "one":
            return sequential(self.kit, [layer], self.inputs)
        tensors = symbolic(self.kit, self.inputs)
        arguments = tensors * 2 if len(tensors) == 1 else tensors
        return self.kit.keras.Model(tensors, layer(*arguments), name="model")


Found = Tuple[LayerCase, str, Value]


def layer_trials(kit: Kit, vocabulary: List[Dict[str, Any]]) -> Iterator[Tuple[str, Optional[Trial]]]:
    """Each layer of the vocabulary with its trials; None for one of which no model can be made."""
    for entry in vocabulary:
        cls = kit.find(entry)
        name = entry["name"]
        if not inspect.isclass(cls) or name.endswith(NOT_ALONE):
            yield name, None
            continue
        case = LayerCase(kit, cls, name, entry.get("accepts") or [])
        if not case.find():
            yield name, None
            continue
        yield name, Trial(name, "layer", functools.partial(case.model, {}), case.inputs)
        # What no user names has no arguments that a user gives.
        for argument, value in _values(case) if entry.get("paths") else ():
            yield name, _variant(case, argument, value)


def _values(case: LayerCase) -> Iterator[Tuple[str, Value]]:
    for argument, default in case.arguments.items():
        is_checked = isinstance(default, str) and not case.takes({argument: NONSENSE})
        for value in values_of(case.kit, case.cls, argument, default, is_checked=is_checked):
            yield argument, value


def _variant(case: LayerCase, argument: str, value: Value) -> Trial:
    return Trial(
        "{}.{}={}".format(case.name, argument, value.label),
        "layer",
        lambda: case.model({argument: value.make()}),
        case.inputs,
        value.declared,
        value.is_code,
        part=(case, argument, value),
    )


def pair_trials(kit: Kit, made: List[Found]) -> Iterator[Tuple[str, Trial]]:
    """Models of two layers, each with an argument changed, by which it is seen whether facts about each add up.

    Args:
        kit: the runtime's Keras.
        made: the layers, arguments and values of which there is a model; those with the same inputs may follow another.
    """
    alone = [each for each in made if each[0].form == "one" and not each[0].inputs.startswith("two")]
    draw = np.random.RandomState(len(alone))
    for _ in range(PAIRS if alone else 0):
        first = alone[draw.randint(len(alone))]
        alike = [each for each in alone if each[0].inputs == first[0].inputs]
        second = alike[draw.randint(len(alike))]
        both = (first, second)
        label = " + ".join("{}.{}={}".format(case.name, argument, value.label) for case, argument, value in both)
        declared = [name for _, _, value in both for name in value.declared]
        make = functools.partial(_pair, kit, first, second)
        yield label, Trial(label, "pair", make, first[0].inputs, declared, any(value.is_code for _, _, value in both))


def _pair(kit: Kit, first: Found, second: Found) -> Any:
    layers = [
        case.layer({argument: value.make()}, name)
        for name, (case, argument, value) in (("probe", first), ("last", second))
    ]
    return sequential(kit, layers, first[0].inputs)
