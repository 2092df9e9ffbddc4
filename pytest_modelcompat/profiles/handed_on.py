"""What all layers of Keras hand on to the same code: a value that was tried in one says what it becomes in others."""

from __future__ import annotations

# How the arguments for it end.
HANDED_ON = ("activation", "initializer", "regularizer", "constraint")
# Where every value was tried of an argument, by how its name ends; longer endings stand first.
_TRIED_IN = {
    "activity_regularizer": ("Dense.activity_regularizer", "Conv2D.activity_regularizer"),
    "regularizer": ("Dense.kernel_regularizer", "Conv2D.kernel_regularizer", "Embedding.embeddings_regularizer"),
    "initializer": ("Dense.kernel_initializer", "Conv2D.kernel_initializer", "Embedding.embeddings_initializer"),
    "constraint": ("Dense.kernel_constraint", "Conv2D.kernel_constraint", "Embedding.embeddings_constraint"),
    "trainable": ("Dense.trainable", "Conv2D.trainable", "Embedding.trainable"),
    "activation": ("Dense.activation", "Conv2D.activation", "Activation.activation"),
}
_LAYER = "layer "


def tried_elsewhere(construct: str) -> tuple[str, ...]:
    """The constructs of the same value in layers in which all values of such an argument were tried.

    Args:
        construct: as of `compatibility.constructs`; of what is no argument that layers hand on, there are none.
    """
    name, _, value = construct.partition(".")[2].partition("=")
    if not value or not construct.startswith(_LAYER):
        return ()
    places = next((places for ending, places in _TRIED_IN.items() if name.endswith(ending)), ())
    return tuple(f"{_LAYER}{place}={value}" for place in places)
