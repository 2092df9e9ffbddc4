"""The dtype that Keras 3 calls a subclassed model with when it saves or rebuilds it: float32, whatever it was given."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.inputs.call_arguments import first_argument
from pytest_modelcompat.roundtrip.save import is_graph

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest

_TRACED = "float32"


@dataclass(frozen=True)
class FailsAsFloat:
    """A subclassed model that cannot be called with float32.

    Args:
        cls: the name of its class.
        argument: the first argument of its `call()`.
        dtype: what it takes instead, `int64` or `string`.
        shape: the shape of one sample of that.
    """

    cls: str
    argument: str
    dtype: str
    shape: tuple[int | None, ...]

    @property
    def cause(self) -> str:
        """What Keras does, and that it fails."""
        return (
            f"Keras calls a subclassed model with {_TRACED} whatever it was given (here {self.dtype}), and "
            f"{self.cls}.call() fails with that"
        )

    def fix(self, case: Case) -> tuple[str, ...]:
        """Lines to write."""
        if self.dtype != "string":
            cast = f'{self.argument} = keras.ops.cast({self.argument}, "{self.dtype}")'
            return (f"at the top of {self.cls}.call(): {cast}",)
        # A graph knows the dtype of its inputs; tf.saved_model.save() stores the model inside it as well.
        leave = () if case.format == "export" else (OptionSyntax(case.declared_in).formats(["export"]),)
        given = f'inputs = keras.Input({self.shape}, dtype="string")'
        return ("give the model its inputs:", given, "model = keras.Model(inputs, model(inputs))", *leave)


def fails_as_float(model: ModelUnderTest, inputs: Any) -> FailsAsFloat | None:
    """Whether a live model fails with the dtype that Keras saves and rebuilds it with, having tried.

    Args:
        model: the live model.
        inputs: nested inputs that it takes; only a single tensor is looked at.
    """
    import numpy as np

    from pytest_modelcompat.loader import tensors

    if model.keras != "keras" or is_graph(model.model) or tensors.is_container(inputs):
        return None
    array = tensors.as_leaf(inputs)
    if not isinstance(array, np.ndarray) or array.dtype.kind == "f":
        return None
    dtype = "string" if array.dtype.kind in "OSU" else str(array.dtype)
    if _traces(model.model, array.shape, _TRACED) or not _traces(model.model, array.shape, dtype):
        return None
    return FailsAsFloat(type(model.model).__name__, first_argument(model.model), dtype, array.shape[1:])


def _traces(model: Any, shape: tuple[int, ...], dtype: str) -> bool:
    try:
        model(sys.modules["keras"].Input(batch_shape=shape, dtype=dtype))
    except Exception:  # noqa: BLE001 - of the user's call()
        return False
    return True


def with_dtype(finding: Finding, fails: FailsAsFloat | None, case: Case) -> Finding:
    """A finding of a reload, explained where a rebuilt model is without weights since Keras could not call it.

    Args:
        finding: the finding.
        fails: as `fails_as_float` gives it.
        case: the case.
    """
    if fails is None or finding.kind not in (Kind.WEIGHTS_CHANGED, Kind.PREDICTIONS_DRIFTED):
        return finding
    behind = "so the layers behind are not built, and have no weights to load"
    return replace(finding, cause=f"{fails.cause}, {behind}", fix=fails.fix(case), blame=Blame.MODEL)
