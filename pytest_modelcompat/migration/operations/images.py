"""Images: operations on pictures, which have their channels last."""

from __future__ import annotations

from pytest_modelcompat.migration.operations.expression import Op, op
from pytest_modelcompat.migration.operations.rule import Arguments, Rule
from pytest_modelcompat.migration.operations.tensor import NoEqualError, Tensor

_METHODS = frozenset({"bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"})
_SIZES = 2


def _resized(given: Arguments) -> Op:
    given.only(preserve_aspect_ratio=False)
    value = given.tensor("images")
    if value.tensor.dtype != "float32":
        raise NoEqualError(
            f"it makes float32 of {value.tensor.dtype or 'a dtype that is not known'}, and Keras 3 does not"
        )
    if given["method"] not in _METHODS:
        raise NoEqualError(f"its `method` is {given['method']}")
    size = given.known_integers("size")
    shape = value.tensor.shape
    if len(size) != _SIZES or shape is None:
        raise NoEqualError("its `size`, or the rank of what it is given, is not known")
    return op(
        "Resize",
        value,
        size=size,
        interpolation=given["method"],
        antialias=bool(given["antialias"]),
        data_format="channels_last",
        gives=Tensor((*shape[:-3], *size, shape[-1]), "float32"),
    )


RULES = (
    Rule(
        ("image.resize",),
        ("images", "size", "method", "preserve_aspect_ratio", "antialias"),
        _resized,
        {"method": "bilinear", "preserve_aspect_ratio": False, "antialias": False},
    ),
)
