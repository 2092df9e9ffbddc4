"""What layers state of the values of their inputs: integers below a bound, or words of a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.inputs.values import WORDS, InputSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class ValueConstraints:
    """What a layer states of its input's values.

    Args:
        bound: integers lie in [0, bound); 0 where it states none.
        vocabulary: what it looks up; empty where it states none.
        phrases: whether a string is a text of several words.
        source: what of the layer states it.
    """

    bound: int = 0
    vocabulary: tuple[Any, ...] = ()
    phrases: bool = False
    source: str = ""


def live_constraints(layer: Any) -> ValueConstraints:
    """What a live layer states."""
    vocabulary: Sequence[Any] = ()
    if hasattr(layer, "get_vocabulary"):
        vocabulary = [word for word in layer.get_vocabulary() if word not in ("", "[UNK]", -1)]
    return stated_constraints(type(layer).__name__, vars(layer), vocabulary)


def stated_constraints(class_name: str, attributes: Mapping[str, Any], vocabulary: Sequence[Any]) -> ValueConstraints:
    """What a layer states by its attributes, or the same entries of its configuration.

    Args:
        class_name: its class.
        attributes: by name.
        vocabulary: its words, where it has some.
    """
    if class_name == "Embedding":
        return ValueConstraints(int(attributes.get("input_dim") or 0), source="Embedding's input_dim")
    if class_name == "CategoryEncoding":
        return ValueConstraints(int(attributes.get("num_tokens") or 0), source="CategoryEncoding's num_tokens")
    if class_name in ("StringLookup", "IntegerLookup", "TextVectorization"):
        phrases = class_name == "TextVectorization"
        return ValueConstraints(vocabulary=tuple(vocabulary), phrases=phrases, source=f"{class_name}'s vocabulary")
    if class_name in ("Hashing", "HashedCrossing"):
        return ValueConstraints(vocabulary=WORDS)
    return ValueConstraints()


def narrowed(spec: InputSpec, statements: Sequence[ValueConstraints]) -> InputSpec:
    """An input's spec, with its values as the layers that see it state them.

    Args:
        spec: the input's.
        statements: of the layers.
    """
    least = min((each for each in statements if each.bound), key=lambda each: each.bound, default=ValueConstraints())
    spec = replace(spec, bound=least.bound, source=least.source)
    for each in statements:
        takes_words = spec.dtype == "string"
        if each.vocabulary and takes_words == isinstance(each.vocabulary[0], str):
            return replace(spec, vocabulary=each.vocabulary, phrases=each.phrases, source=each.source)
    return spec
