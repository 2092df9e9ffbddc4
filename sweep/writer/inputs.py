"""Trials of what a model takes: an input of each dtype, before a layer that hands on what it gets."""

import functools
from typing import Any, Iterator, Tuple

from .kit import DTYPES, Kit
from .trial import Trial, sequential


def input_trials(kit: Kit) -> Iterator[Tuple[str, Trial]]:
    """A model with an input of each dtype."""
    for dtype in DTYPES:
        name, inputs = "InputLayer.dtype={!r}".format(dtype), "vectors of {}".format(dtype)
        yield name, Trial(name, "layer", functools.partial(_of_inputs, kit, inputs), inputs)


def _of_inputs(kit: Kit, inputs: str) -> Any:
    return sequential(kit, [kit.layers.Flatten(name="probe")], inputs)
