"""One output, dense, ragged or sparse: its values side by side, and what it is in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison import arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_modelcompat.loader.tensors import Leaf


@dataclass(frozen=True)
class ExpandedLeaf:
    """A leaf with its values laid out to be compared element by element.

    Args:
        kind: `dense`, `ragged`, `sparse`, or `stochastic` for one that draws random numbers, with those of one call.
        values: dense of `shape`; ragged (n, ...); sparse (n,), sorted by their indices.
        shape: the dense shape; None for a ragged dimension.
        row_splits: of a ragged one, outermost first, int64 (rows + 1,).
        indices: of a sparse one, int64 (n, rank), sorted.
    """

    kind: str
    values: NDArray[Any]
    shape: tuple[int | None, ...]
    row_splits: tuple[NDArray[np.int64], ...] = ()
    indices: NDArray[np.int64] | None = None

    @property
    def dtype(self) -> str:
        """TensorFlow's short name of it."""
        return "string" if self.values.dtype.kind == "O" else str(self.values.dtype.name)

    @property
    def description(self) -> str:
        """It in words, as `describe` gives them."""
        return f"{'' if self.kind == 'dense' else self.kind + ' '}{self.dtype} {self.shape}"

    def index(self, position: int) -> tuple[int, ...]:
        """The index, as its user counts, of the element at a flat position of the values."""
        import numpy as np

        if self.indices is not None:
            return tuple(self.indices[position].tolist())
        index = tuple(int(place) for place in np.unravel_index(position, self.values.shape))
        for splits in reversed(self.row_splits):
            row = int(np.searchsorted(splits, index[0], side="right")) - 1
            index = (row, index[0] - int(splits[row]), *index[1:])
        return index


def expanded_leaf(leaf: Leaf) -> ExpandedLeaf:
    """Lays the values of a leaf out.

    Args:
        leaf: an array of any shape, `Ragged` or `Sparse`.
    """
    import numpy as np

    from pytest_modelcompat.loader.tensors import Ragged, Sampled, Sparse

    if isinstance(leaf, Sampled):
        values = np.asarray(leaf.first)
        return ExpandedLeaf("stochastic", values, values.shape)
    if isinstance(leaf, Ragged):
        values = np.asarray(leaf.values)
        open_dimensions = [None] * len(leaf.row_splits)
        shape = (len(leaf.row_splits[0]) - 1, *open_dimensions, *values.shape[1:])
        return ExpandedLeaf("ragged", values, shape, row_splits=leaf.row_splits)
    if isinstance(leaf, Sparse):
        indices = np.asarray(leaf.indices)
        order = np.lexsort(indices.T[::-1])
        return ExpandedLeaf("sparse", np.asarray(leaf.values)[order], leaf.dense_shape, indices=indices[order])
    values = np.asarray(leaf)
    return ExpandedLeaf("dense", values, values.shape)


def leaf_dtype_name(leaf: Leaf) -> str:
    """TensorFlow's short name of a leaf's dtype; an object array's is `string`."""
    return expanded_leaf(leaf).dtype


def describe(leaf: Leaf) -> str:
    """A leaf in words: `float32 (32, 1)`, `ragged int64 (3, None)`, `sparse float32 (2, 5)`."""
    return expanded_leaf(leaf).description


def leaf_statistics(leaf: Leaf) -> dict[str, int | float | None]:
    """An output (of a ragged or sparse one, its values) in a few figures, see `figures.statistics`."""
    return arrays.array_statistics(expanded_leaf(leaf).values)
