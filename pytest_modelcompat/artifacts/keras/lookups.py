"""Lookup layers whose vocabulary an artifact does not hold, and the calls that give it to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import first_few, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse

LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")
# What every lookup layer writes, and a class derived from one too.
_WRITTEN = frozenset({"vocabulary", "output_mode", "pad_to_max_tokens"})
# The arguments that change what a lookup layer does, with their defaults.
_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "max_tokens": (None,),
    "num_oov_indices": (1,),
    "mask_token": (None,),
    "oov_token": ("[UNK]", -1),
    "invert": (False,),
    "standardize": ("lower_and_strip_punctuation",),
    "split": ("whitespace",),
    "ngrams": (None,),
    "output_mode": ("int",),
    "output_sequence_length": (None,),
    "pad_to_max_tokens": (False,),
    "sparse": (False,),
    "ragged": (False,),
    "encoding": ("utf-8",),
    "vocabulary_dtype": ("int64",),
}
_NAMED_IN_FULL = 3
_LEAD = "or, once `adapted` is the layer that has its vocabulary, build the model with"


def is_lookup(layer: LayerUse) -> bool:
    """Whether a layer looks terms up in a vocabulary: one of Keras' own, or of a class derived from one."""
    return layer.name.rpartition(">")[2] in LOOKUPS or layer.config.keys() >= _WRITTEN


def vocabulary_file(config: Mapping[str, Any]) -> str:
    """The file or address that a lookup layer's configuration names for its vocabulary; empty where it names none."""
    named = config.get("vocabulary")
    return named if isinstance(named, str) else ""


def without_vocabulary(inventory: Inventory) -> tuple[LayerUse, ...]:
    """The lookup layers whose configuration has no vocabulary, as after `adapt()`: an .h5 file has it nowhere else."""
    return tuple(layer for layer in inventory.layers if is_lookup(layer) and not layer.config.get("vocabulary"))


def lookups_text(layers: Sequence[LayerUse]) -> str:
    """These layers by class and name: `StringLookup "city" and IntegerLookup "code"`."""
    named = first_few((f'{_class(layer)} "{"/".join(layer.path)}"' for layer in layers), _NAMED_IN_FULL)
    return listed(named, conjunction="and") if len(named) <= _NAMED_IN_FULL else ", ".join(named[:-1]) + f" {named[-1]}"


def given_in_code(layers: Iterable[LayerUse]) -> tuple[str, ...]:
    """Lines on how these layers are made with a vocabulary that every format holds; none where they cannot be.

    TF-IDF needs weights beside the terms, which no layer gives out.
    """
    calls = [_constructor(layer) for layer in layers if layer.config.get("output_mode") not in ("tf_idf", "tf-idf")]
    return (_LEAD, *dict.fromkeys(calls)) if calls else ()


def _constructor(layer: LayerUse) -> str:
    name = _class(layer)
    arguments = ["vocabulary=adapted.get_vocabulary(include_special_tokens=False)", *_arguments(layer.config)]
    return f"{'keras.layers.' if name in LOOKUPS else ''}{name}({', '.join(arguments)})"


def _arguments(config: Mapping[str, Any]) -> Iterator[str]:
    for key, defaults in _DEFAULTS.items():
        value = config.get(key, defaults[0])
        # A function of the user's own stands in a dictionary, and a .h5 file with one is not read at all.
        if value not in defaults and not isinstance(value, dict):
            yield f"{key}={_code(value)}"


def _code(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _class(layer: LayerUse) -> str:
    return layer.name.rpartition(">")[2]
