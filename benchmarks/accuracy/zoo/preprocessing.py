"""Layers that learn from data before training: normalization, vocabularies, hashing."""

from __future__ import annotations

import numpy as np
from accuracy.zoo.registry import Built, Kit, model

SENTENCES = np.array(["the cat sat", "the dog ran", "a cat ran fast"])
WORDS = np.array([["cat"], ["dog"], ["bird"]])


@model()
def normalization(kit: Kit) -> Built:
    layer = kit.layer("Normalization")()
    layer.adapt(np.array([[1.0, 2.0], [3.0, 8.0], [5.0, 2.0]], np.float32))
    return kit.sequential((2,), layer, kit.layers.Dense(2)), [kit.floats(3, 2)]


@model()
def normalization_given(kit: Kit) -> Built:
    layer = kit.layer("Normalization")(mean=[1.0, 2.0], variance=[4.0, 9.0])
    return kit.sequential((2,), layer, kit.layers.Dense(2)), [kit.floats(3, 2)]


@model()
def text_vectorization(kit: Kit) -> Built:
    layer = kit.layer("TextVectorization")(max_tokens=20, output_sequence_length=4)
    layer.adapt(SENTENCES)
    built = kit.sequential((1,), layer, kit.layers.Embedding(20, 3), dtype="string")
    return built, [SENTENCES.reshape(3, 1)]


@model()
def text_vectorization_given(kit: Kit) -> Built:
    layer = kit.layer("TextVectorization")(output_mode="int", vocabulary=["cat", "dog", "ran"])
    return kit.sequential((1,), layer, dtype="string"), [SENTENCES.reshape(3, 1)]


@model()
def string_lookup(kit: Kit) -> Built:
    layer = kit.layer("StringLookup")()
    layer.adapt(np.array([["cat"], ["dog"], ["cat"]]))
    return kit.sequential((1,), layer, kit.layers.Embedding(5, 3), dtype="string"), [WORDS]


@model()
def string_lookup_given(kit: Kit) -> Built:
    layer = kit.layer("StringLookup")(vocabulary=["cat", "dog"])
    return kit.sequential((1,), layer, kit.layers.Embedding(5, 3), dtype="string"), [WORDS]


@model()
def integer_lookup(kit: Kit) -> Built:
    layer = kit.layer("IntegerLookup")()
    layer.adapt(np.array([[3], [5], [5], [9]], np.int64))
    built = kit.sequential((1,), layer, kit.layers.Embedding(8, 3), dtype="int64")
    return built, [np.array([[3], [9], [4]], np.int64)]


@model()
def hashing_and_bins(kit: Kit) -> Built:
    number = kit.keras.Input((1,), name="number")
    word = kit.keras.Input((1,), dtype="string", name="word")
    binned = kit.layer("Discretization")(bin_boundaries=[-0.5, 0.0, 0.5])(number)
    hashed = kit.layer("Hashing")(num_bins=6)(word)
    embedded = [kit.layers.Embedding(6, 2)(binned), kit.layers.Embedding(6, 2)(hashed)]
    return kit.keras.Model([number, word], kit.layers.Concatenate()(embedded)), [kit.floats(3, 1), WORDS]


@model()
def category_encoding(kit: Kit) -> Built:
    layer = kit.layer("CategoryEncoding")(num_tokens=6, output_mode="multi_hot")
    return kit.sequential((3,), layer, kit.layers.Dense(2), dtype="int32"), [kit.integers(6, 2, 3)]
