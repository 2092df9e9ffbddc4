"""Values of one input: seeded, of its shape and dtype, inside the range that is stated for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

BATCH_SIZE = 4
OPEN_SIZE = 32
WORDS_PER_TEXT = 6
SPARSE_ENTRIES_PER_ROW = 3
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord")


class InputsNeededError(Exception):
    """Inputs cannot be derived; the message says why, `example` what they look like as code where that is known."""

    def __init__(self, message: str, example: str = "...") -> None:
        super().__init__(message)
        self.example = example


@dataclass(frozen=True)
class InputSpec:
    """What one input must look like.

    Args:
        name: as the model calls it.
        shape: sizes with the batch first, None where open; None if unknown.
        dtype: TensorFlow's short name.
        kind: `dense`, `sparse` or `ragged`.
        bound: integers lie in [0, bound); 0 where the model states none.
        vocabulary: strings (or integers) to draw from; empty where the model states none.
        phrases: whether a string is a text of several words rather than one token.
        source: what states the bound or the vocabulary, such as `Embedding's input_dim`.
        open_size: the size of an axis that is open, other than the batch.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str
    kind: str = "dense"
    bound: int = 0
    vocabulary: tuple[Any, ...] = ()
    phrases: bool = False
    source: str = ""
    open_size: int = OPEN_SIZE

    @property
    def has_open_size(self) -> bool:
        """Whether a size other than the batch's is open."""
        return self.kind != "ragged" and None in (self.shape or ())[1:]

    def __str__(self) -> str:
        """What is derived for it: `ids int32 (4, 32) below 30522, from Embedding's input_dim`."""
        sizes = f"({', '.join(map(str, _sizes(self)))}{',' if len(self.shape or ()) == 1 else ''})"
        kind = "" if self.kind == "dense" else f"{self.kind} "
        values = f" below {self.bound}" if self.bound else ""
        source = f", from {self.source}" if self.source else ""
        return f"{self.name} {kind}{self.dtype} {sizes}{values}{source}"


@dataclass(frozen=True)
class DerivedInputs:
    """Inputs that nobody gave.

    Args:
        values: nested as the model takes them.
        specs: what each is derived from.
    """

    values: Any
    specs: tuple[InputSpec, ...]

    @property
    def has_open_size(self) -> bool:
        """Whether a size other than the batch's was chosen freely."""
        return any(spec.has_open_size for spec in self.specs)

    def __str__(self) -> str:
        """What was derived, a line for each input."""
        return "\n".join(["derived from the model, since none are given:", *map(str, self.specs)])


def generate(spec: InputSpec, rng: Any) -> Any:
    """An array (or ragged or sparse value) that fits a spec.

    Args:
        spec: what it must look like.
        rng: a `numpy.random.Generator`.

    Raises:
        InputsNeededError: a string input without a vocabulary, or an unknown shape.
    """
    from pytest_modelcompat.loader import tensors

    if spec.shape is None:
        raise InputsNeededError(f"input {spec.name!r} has no known shape")
    if spec.kind == "sparse":
        return _sparse(spec, rng)
    sizes = _sizes(spec)
    if spec.kind == "ragged":
        lengths = rng.integers(1, 5, size=sizes[0])
        splits = _splits(lengths)
        return tensors.Ragged(_values(spec, (int(splits[-1]), *sizes[2:]), rng), (splits,))
    return _values(spec, sizes, rng)


def _splits(lengths: Any) -> Any:
    import numpy as np

    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def _sizes(spec: InputSpec) -> tuple[int, ...]:
    return tuple(
        size if size is not None else (BATCH_SIZE if axis == 0 else spec.open_size)
        for axis, size in enumerate(spec.shape or ())
    )


def _sparse(spec: InputSpec, rng: Any) -> Any:
    import numpy as np

    from pytest_modelcompat.loader import tensors

    sizes = _sizes(spec)
    total = int(np.prod(sizes))
    count = min(total, SPARSE_ENTRIES_PER_ROW * sizes[0])
    chosen = np.sort(rng.choice(total, size=count, replace=False))
    indices = np.stack(np.unravel_index(chosen, sizes), axis=1).astype(np.int64)
    return tensors.Sparse(indices, _values(replace(spec, kind="dense"), (count,), rng), sizes)


def _values(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    import numpy as np

    if spec.vocabulary:
        return _from_vocabulary(spec, sizes, rng)
    if spec.dtype == "string":
        raise InputsNeededError(f"input {spec.name!r} takes strings and the model states no vocabulary for them")
    if spec.dtype == "bool":
        return rng.integers(0, 2, size=sizes).astype(bool)
    if spec.dtype == "uint8" and not spec.bound:
        return rng.integers(0, 256, size=sizes).astype(np.uint8)
    if spec.dtype.startswith(("int", "uint")):
        return rng.integers(0, spec.bound or 2, size=sizes).astype(spec.dtype)
    return _floats(spec, sizes, rng)


def _floats(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    if spec.bound:
        return rng.integers(0, spec.bound, size=sizes).astype(_numpy_dtype(spec.dtype))
    return rng.standard_normal(sizes).astype(_numpy_dtype(spec.dtype))


def _numpy_dtype(dtype: str) -> Any:
    import numpy as np

    if dtype == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    try:
        return np.dtype(dtype)
    except TypeError:
        raise InputsNeededError(f"inputs of dtype {dtype!r} cannot be derived") from None


def _from_vocabulary(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    import numpy as np

    drawn = np.empty(sizes, dtype=object)
    for index in np.ndindex(*sizes):
        count = WORDS_PER_TEXT if spec.phrases else 1
        words = [spec.vocabulary[int(i)] for i in rng.integers(0, len(spec.vocabulary), size=count)]
        drawn[index] = " ".join(map(str, words)) if spec.phrases or spec.dtype == "string" else words[0]
    return drawn if spec.dtype == "string" else drawn.astype(spec.dtype)
