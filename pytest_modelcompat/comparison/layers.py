"""What the layers of two models give for the same inputs, compared in the order of their calls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.tolerance import Tolerance

# The distance from 1 to the next number, by dtype: https://en.wikipedia.org/wiki/Machine_epsilon and, of bfloat16, its
# seven bits behind the point. What is no floating-point number is not rounded.
_EPSILON = {"float64": 2.3e-16, "float32": 1.2e-7, "float16": 9.8e-4, "bfloat16": 7.9e-3}
# A golden's sketch has seven digits.
_OF_SKETCH = 1e-7
# Two TensorFlows add in another order, by which a layer's output moves. Measured by `benchmarks/layer_rounding.py` of
# 111 models with and without oneDNN in TensorFlow 2.21, and of 49 in 2.18 and 2.21: the first output that is not equal
# moves by at most 10 epsilons (a Conv2D of DenseNet121). In one thread, and in halves of a batch, all are equal.
_ROUNDING = 16.0
# So many times more than in all layers before is no growth of what is rounded there: in the same models it grows to 69
# epsilons (NASNetMobile), and beyond 16 in no layer to more than 6 times what it was. What both bounds name there is a
# change: float64 gelu, by 1.7e-9 in Keras 3.6 and 3.15. With bounds of 8 and 4 they name three models more.
_JUMP = 8.0


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """A tensor that a layer gives in one of its calls.

    Args:
        path: the layer's path of names; empty for the model itself.
        class_name: the name of its class.
        dtype: of the tensor.
        shape: of the tensor.
        digest: a short digest of it.
        sketch: as `loader.sketches` gives it; empty where there is none.
        call: which call of this layer it is, from 1.
        leaf: which tensor of the call it is, from 0.
        module: where the class is defined; empty where that is not known.
        inputs: a digest of what the call was given; empty where that is not known.
        given: of each tensor of that, how many numbers it has and its sketch; empty where that is not known.
        sample: its numbers, or some of them, as a plain row; None where only the sketch is there.
        is_steady: whether a second call of the model gives the same bits.
    """

    path: str
    class_name: str
    dtype: str
    shape: tuple[int, ...]
    digest: str
    sketch: tuple[float, ...]
    call: int = 1
    leaf: int = 0
    module: str = ""
    inputs: str = ""
    given: tuple[tuple[float, ...], ...] = ()
    sample: NDArray[Any] | None = None
    is_steady: bool = True

    @property
    def key(self) -> str:
        """`encoder/dense`, of a second call `encoder/dense#2`, of a second tensor `encoder/dense:1`."""
        return f"{self.path}{f'#{self.call}' if self.call > 1 else ''}{f':{self.leaf}' if self.leaf else ''}"


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What the layers of a model give in one call of it.

    Args:
        outputs: in the order in which the calls end, an inner layer before the one that calls it.
        state: what each layer was made with, by path; see `loader.layer_trace`.
    """

    outputs: tuple[LayerOutput, ...]
    state: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def steady_in(self, again: LayerTrace) -> LayerTrace:
        """The same, with what another call of the model gave otherwise marked as not steady."""
        digests = {each.key: each.digest for each in again.outputs}
        outputs = (replace(each, is_steady=digests.get(each.key) == each.digest) for each in self.outputs)
        return LayerTrace(tuple(outputs), self.state)


def layer_trace(recorded: Mapping[str, Any]) -> LayerTrace:
    """A trace of what `loader.layer_trace` recorded.

    Args:
        recorded: `entries`, `state` and `samples`.

    Raises:
        Exception: it is anything else, as what the code of a model writes in its place.
    """
    return LayerTrace(
        tuple(
            LayerOutput(
                path=str(each["path"]),
                class_name=str(each["class"]),
                dtype=str(each["dtype"]),
                shape=tuple(map(int, each["shape"])),
                digest=str(each["digest"]),
                sketch=tuple(map(float, each["sketch"])),
                call=int(each["call"]),
                leaf=int(each["leaf"]),
                module=str(each["module"]),
                inputs=str(each["inputs"]),
                given=tuple(tuple(map(float, figures)) for figures in each["given"]),
                sample=recorded["samples"].get(each["sample"]),
            )
            for each in recorded["entries"]
        ),
        dict(recorded["state"]),
    )


@dataclass(frozen=True, eq=False)
class LayerDrift:
    """How far a layer's output is from the expected one.

    Args:
        expected: the expected output.
        actual: the other one.
        is_equal: whether both are the same bit for bit, but for the sign of zeros.
        difference: the greatest difference of two numbers, in a sample where there are very many; where only sketches
            are there, an estimate of the root of the mean square.
        share: the difference as a share of what the tolerance allows.
        relative: the difference as a share of the size of the expected numbers.
        rounding: how much of that the rounding of numbers explains.
        other: in what two outputs differ that cannot be compared; empty where they can.
    """

    expected: LayerOutput
    actual: LayerOutput
    is_equal: bool
    difference: float = 0.0
    share: float = 0.0
    relative: float = 0.0
    rounding: float = 0.0
    other: str = ""

    @property
    def is_estimated(self) -> bool:
        """Whether only sketches were compared."""
        return self.expected.sample is None or self.actual.sample is None

    @property
    def sampled(self) -> int:
        """How many of its numbers were compared, where that is not all of them; else 0."""
        from pytest_modelcompat.loader.sketches import MOST_SAMPLED

        sample = self.expected.sample
        # A sparse tensor holds fewer numbers than its shape says.
        is_part = sample is not None and sample.size == MOST_SAMPLED < math.prod(self.expected.shape)
        return MOST_SAMPLED if is_part and not self.is_estimated else 0

    @property
    def has_equal_inputs(self) -> bool:
        """Whether both calls are known to have been given the same, bit for bit."""
        return bool(self.actual.inputs) and self.expected.inputs == self.actual.inputs

    @property
    def knows_inputs(self) -> bool:
        """Whether it is known of both calls what they were given, so that it can be compared but for rounding."""
        return bool(self.expected.given) and bool(self.actual.given)

    @property
    def has_like_inputs(self) -> bool:
        """Whether both calls are known to have been given the same, but for rounding."""
        mine, other = self.expected.given, self.actual.given
        are_like = self.knows_inputs and len(mine) == len(other) and all(map(self._are_like, mine, other))
        return self.has_equal_inputs or are_like

    def _are_like(self, mine: tuple[float, ...], other: tuple[float, ...]) -> bool:
        if not mine or not other or mine[0] != other[0]:
            return False
        difference = _root_mean_square(other[1:], mine[1:], int(mine[0]))
        return difference is not None and difference <= self.rounding * math.hypot(mine[1], mine[2])

    @property
    def is_beyond_rounding(self) -> bool:
        """Whether two ways of rounding the same do not explain it."""
        return bool(self.other) or self.relative > self.rounding


def compare_layers(
    expected: LayerTrace, actual: LayerTrace, tolerance: Callable[[str, str], Tolerance]
) -> tuple[LayerDrift, ...]:
    """Compare what the layers of two models give, in the order of the expected one.

    Layers are paired in order where both models call the same classes in the same order, since Keras numbers names;
    else by path, call and position. A layer that only one of them has is left out, and so is what is not steady.

    Args:
        expected: of one model.
        actual: of the other.
        tolerance: called with a layer's path and a dtype.
    """
    found = []
    epsilon = 0.0
    for mine, other in _pairs(expected.outputs, actual.outputs):
        if not (mine.is_steady and other.is_steady):
            continue
        epsilon = max(epsilon, _EPSILON.get(mine.dtype, 0.0))
        found.append(_drift(mine, other, tolerance(mine.path, mine.dtype), epsilon))
    return tuple(found)


def _pairs(expected: Sequence[LayerOutput], actual: Sequence[LayerOutput]) -> list[tuple[LayerOutput, LayerOutput]]:
    if [_kind(each) for each in expected] == [_kind(each) for each in actual]:
        return list(zip(expected, actual, strict=True))
    there = {each.key: each for each in actual}
    return [(each, there[each.key]) for each in expected if each.key in there]


def _kind(output: LayerOutput) -> tuple[str, int, int, int]:
    return output.class_name, output.path.count("/"), output.call, output.leaf


def _drift(expected: LayerOutput, actual: LayerOutput, tolerance: Tolerance, epsilon: float) -> LayerDrift:
    is_like = (expected.dtype, expected.shape) == (actual.dtype, actual.shape)
    if is_like and expected.digest == actual.digest:
        return LayerDrift(expected, actual, is_equal=True)
    if not is_like:
        words = f"was {expected.dtype} {expected.shape}, is {actual.dtype} {actual.shape}"
        return LayerDrift(expected, actual, is_equal=False, other=words)
    if expected.sample is not None and actual.sample is not None and expected.sample.shape == actual.sample.shape:
        figures = _of_samples(actual.sample, expected.sample, tolerance)
    else:
        epsilon = max(epsilon, _OF_SKETCH) if epsilon else 0.0
        figures = _of_sketches(actual.sketch, expected.sketch, math.prod(expected.shape), tolerance)
    if figures is None:
        return LayerDrift(expected, actual, is_equal=False, other="holds other values")
    difference, share, relative = figures
    if not difference and expected.sample is not None and expected.sample.size == math.prod(expected.shape):
        return LayerDrift(expected, actual, is_equal=True)
    return LayerDrift(expected, actual, False, difference, share, relative, _ROUNDING * epsilon)


def _of_samples(
    actual: NDArray[Any], expected: NDArray[Any], tolerance: Tolerance
) -> tuple[float, float, float] | None:
    """Greatest difference, its share of the tolerance, and that of the greatest number; None for other values."""
    import numpy as np

    finite = np.isfinite(expected)
    if not expected.size or not np.array_equal(finite, np.isfinite(actual)):
        return None
    mine, other = expected[finite], actual[finite]
    if not mine.size:
        return None
    differences = np.abs(other - mine)
    difference = float(differences.max())
    allowed = tolerance.atol + tolerance.rtol * np.abs(mine)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(differences > 0, differences / allowed, 0.0)
    return difference, float(shares.max()), _share(difference, float(np.abs(mine).max()))


def _of_sketches(
    actual: Sequence[float], expected: Sequence[float], size: int, tolerance: Tolerance
) -> tuple[float, float, float] | None:
    """The same of the root of the mean square of the differences, estimated; None where there is no sketch."""
    difference = _root_mean_square(actual, expected, size)
    if difference is None:
        return None
    level = math.hypot(expected[0], expected[1])
    return difference, _share(difference, tolerance.atol + tolerance.rtol * level), _share(difference, level)


def _root_mean_square(actual: Sequence[float], expected: Sequence[float], size: int) -> float | None:
    """Of the differences of two tensors of so many numbers, estimated; None where there is no sketch."""
    if len(actual) != len(expected) or len(expected) < 3 or not size:
        return None
    squares = [(mine - other) ** 2 for mine, other in zip(expected[2:], actual[2:], strict=True)]
    return math.sqrt(sum(squares) / len(squares) / size)


def _share(difference: float, whole: float) -> float:
    if not difference:
        return 0.0
    return difference / whole if whole else math.inf


def first_to_diverge(
    drifts: Sequence[LayerDrift], *, same_runtime: bool, other_weights: Collection[str] = ()
) -> LayerDrift | None:
    """The first layer output that differs, by more than the rounding of another runtime; None where none does.

    Args:
        drifts: in the order of the calls.
        same_runtime: whether both models ran with the same versions, where the same layers give the same bits on one
            machine.
        other_weights: paths of the layers whose own weights differ.
    """
    first = next((each for each in drifts if not each.is_equal), None)
    jump = _first_jump(drifts)
    if first is None or not same_runtime:
        return jump
    if first.is_beyond_rounding or first.expected.path in other_weights or jump is None:
        return first
    # On another machine every layer rounds in another way; what moves much more than that is what is looked for.
    return jump


def _first_jump(drifts: Sequence[LayerDrift]) -> LayerDrift | None:
    before = 0.0
    for each in drifts:
        if each.other or (each.is_beyond_rounding and each.relative > _JUMP * before):
            return each
        before = max(before, each.relative)
    return None
