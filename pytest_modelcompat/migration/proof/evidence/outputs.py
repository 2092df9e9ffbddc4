"""Outputs: what both models predict, held against each other by the tolerance table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.degenerate import why_degenerate
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance, output_tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_modelcompat.comparison.differences import Drift, OutputComparison
    from pytest_modelcompat.migration.proof.evidence.batches import Batch, Part
    from pytest_modelcompat.runtimes.protocol import LoadResult, OtherLoadResult

    Tolerances = Callable[[str, str], Tolerance]


# From here to the end of an activation's range, or between two examples, a difference is hidden by the tolerance.
_HIDDEN = 1e-3
# Of the greatest value of an output that is small, so that the absolute part of a tolerance does not hide all of it.
_SHARE_OF_SMALL = 1e-2
_HALF = frozenset({"float16", "bfloat16"})
_GIVEN = "command line"
_SERVED = "serving_default"


@dataclass(frozen=True)
class Predictions:
    """What a model gives for a question, a dict by output name for each batch."""

    batches: tuple[Mapping[str, Any], ...]

    @property
    def names(self) -> list[str]:
        """The outputs' names, in order."""
        return list(self.batches[0]) if self.batches else []

    @property
    def are_empty(self) -> bool:
        """Whether an output has no elements, as of an image that was too small for the model."""
        return any(getattr(leaf, "size", 1) == 0 for each in self.batches for leaf in each.values())

    def why_they_say_little(self) -> str:
        """Why an output of all batches says little of the model; empty where each says something."""
        import numpy as np

        for name in self.names:
            found = [each[name] for each in self.batches if name in each]
            dense = [each for each in found if hasattr(each, "shape") and each.shape]
            whole = np.concatenate(dense) if dense and _same_rest(dense) else found[0]
            if getattr(whole, "size", 1) == 0:
                return f"the output {name!r} has no elements"
            reason = why_degenerate(whole) or _why_insensitive(whole)
            if reason:
                return f"the output {name!r} says nothing of the model: {reason}"
        return "" if self.names else "the model has no outputs"


@dataclass(frozen=True)
class Agreement:
    """How two models' outputs agree.

    Args:
        figures: output -> in words, how far apart and what is allowed.
        problem: the first that does not agree, in one sentence; empty where all do.
    """

    figures: Mapping[str, str]
    problem: str = ""


def predictions_of(loads: Iterable[LoadResult | OtherLoadResult], *, served: bool = False) -> Predictions:
    """What loads gave, by output name; those of several signatures have the signature's name in front.

    Args:
        loads: of one artifact.
        served: whether only the signature that serves is asked for, where there is one.
    """
    routes = ({_SERVED: each.routes[_SERVED]} if served and _SERVED in each.routes else each.routes for each in loads)
    return Predictions(tuple(map(_flat, routes)))


def tolerances_for(dtypes: Iterable[str], rtol: float | None, atol: float | None) -> Tolerances:
    """What is allowed for each output.

    Args:
        dtypes: what either model computes in.
        rtol: instead of the table's; None for the table's.
        atol: likewise.
    """
    computed = tuple(dtypes)

    def allowed(_: str, dtype: str) -> Tolerance:
        table = output_tolerance(dtype, computed)
        if rtol is None and atol is None:
            return table
        return Tolerance(table.rtol if rtol is None else rtol, table.atol if atol is None else atol, _GIVEN)

    return allowed


def agreement(
    old: Predictions, new: Predictions, batches: Sequence[Batch], allowed: Tolerances, *, in_order: bool
) -> Agreement:
    """Hold outputs against each other, matched by name, or by order where the names differ.

    Args:
        old: of the artifact as it is.
        new: of the written one.
        batches: what both were asked.
        allowed: tolerance by output and dtype.
        in_order: whether the outputs have an order that must be kept: they are no dict.
    """
    problem = _names_problem(old.names, new.names, in_order=in_order)
    if problem:
        return Agreement({}, problem)
    drifts: dict[str, list[Drift]] = {name: [] for name in old.names}
    for batch, expected, found in zip(batches, old.batches, new.batches, strict=True):
        actual = _named_as(found, list(expected))
        for part, mine, theirs in _parts(batch, expected, actual):
            compared = compare_outputs(theirs, mine, _fitted(allowed, part.factor, mine))
            problem = problem or _first_problem(compared, part)
            for drift in compared.drifts:
                drifts[drift.output].append(drift)
    return Agreement({name: _figure(each) for name, each in drifts.items() if each}, problem)


def _flat(routes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if len(routes) == 1:
        return dict(next(iter(routes.values())))
    return {f"{route}/{name}": leaf for route, leaves in routes.items() for name, leaf in leaves.items()}


def _why_insensitive(values: Any) -> str:
    """What hides a difference in an output that is not degenerate; empty where nothing does."""
    import numpy as np

    if not hasattr(values, "dtype") or values.dtype.kind != "f" or values.size < 2:
        return ""
    finite = values[np.isfinite(values)]
    ends = np.clip(np.rint(finite), -1.0, 1.0)
    if ends.any() and (np.abs(finite - ends) < _HIDDEN).all() and not (finite == ends).all():
        return "every element is close to 0.0, 1.0 or -1.0: an activation that is saturated, as by unusual inputs"
    if values.ndim < 2 or len(values) < 2 or not np.isfinite(values).all():
        return ""
    span, size = float(np.ptp(values, axis=0).max()), float(np.abs(values).max())
    if span < _HIDDEN and span < _HIDDEN * size:
        return "every example has nearly the same output: inputs that hardly matter"
    return ""


def _same_rest(arrays: Sequence[Any]) -> bool:
    return len({each.shape[1:] for each in arrays}) == 1


def _names_problem(old: Sequence[str], new: Sequence[str], *, in_order: bool) -> str:
    if len(old) != len(new):
        return f"the old model has {len(old)} outputs and the new one {len(new)}: {_listed(old)} became {_listed(new)}"
    if in_order and set(old) == set(new) and list(old) != list(new):
        return f"the outputs have another order: {_listed(old)} became {_listed(new)}"
    return ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _named_as(outputs: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    if set(outputs) == set(names) or len(outputs) != len(names):
        return outputs
    return dict(zip(names, outputs.values(), strict=True))


def _parts(batch: Batch, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[Part, Any, Any]]:
    """Each part of a batch with the outputs of its examples; the batch as a whole where they cannot be told apart."""
    total = batch.parts[-1].stop
    leaves = [*old.values(), *new.values()]
    if len(batch.parts) == 1 or not all(hasattr(each, "shape") and each.shape[:1] == (total,) for each in leaves):
        return [(replace(batch.parts[0], factor=max(each.factor for each in batch.parts)), old, new)]
    return [
        (
            part,
            {name: leaf[part.start : part.stop] for name, leaf in old.items()},
            {name: leaf[part.start : part.stop] for name, leaf in new.items()},
        )
        for part in batch.parts
    ]


def _fitted(allowed: Tolerances, factor: float, expected: Mapping[str, Any]) -> Tolerances:
    """What is allowed for outputs of this size, and for inputs that are so much greater.

    Rounding is a share of the terms that are summed up, so that great inputs have more of it. An output that is small
    as a whole is not compared by an absolute tolerance of its own size, but for half precision, which is no better.
    """

    def fitted(output: str, dtype: str) -> Tolerance:
        tolerance = allowed(output, dtype)
        if _is_given(tolerance) or not tolerance.atol:
            return tolerance
        size = _size(expected.get(output))
        is_half = any(each in tolerance.source for each in _HALF)
        least = tolerance.atol if is_half or not size else min(tolerance.atol, _SHARE_OF_SMALL * size)
        return replace(tolerance, atol=max(least, tolerance.atol * factor if factor > 1 else least))

    return fitted


def _size(leaf: Any) -> float:
    """The greatest magnitude in a dense output of numbers; 0.0 of any other."""
    import numpy as np

    if not hasattr(leaf, "dtype") or leaf.dtype.kind != "f":
        return 0.0
    finite = np.abs(leaf[np.isfinite(leaf)])
    return float(finite.max(initial=0.0))


def _is_given(tolerance: Tolerance) -> bool:
    return tolerance.source == _GIVEN


def _first_problem(compared: OutputComparison, part: Part) -> str:
    for each in compared.structure:
        if each.is_degenerate:
            return f"the output {each.output!r} has become {each.what}: {each.actual}"
        return f"the output {each.output!r} has another {each.what}: {each.expected} became {each.actual}"
    at = f" for inputs {part.factor:g} times as large" if part.factor > 1 else ""
    for drift in compared.failing:
        if drift.nan_mismatched or drift.inf_mismatched:
            count = drift.nan_mismatched + drift.inf_mismatched
            return f"the output {drift.output!r} has {count} elements that are NaN or infinite on one side only{at}"
        if drift.dtype == "string":
            return f"the output {drift.output!r} has {drift.mismatched} other texts{at}"
        return (
            f"the output {drift.output!r} differs by up to {drift.max_abs:.2g}{at}, in {drift.mismatched} of "
            f"{drift.total} elements, and {_allowed(drift.tolerance)} is allowed"
        )
    return ""


def _figure(drifts: Sequence[Drift]) -> str:
    usual = drifts[0]
    greatest = max(each.max_abs for each in drifts)
    words = "equal, bit for bit" if all(each.identical for each in drifts) else f"differs by up to {greatest:.2g}"
    return f"{words}; {_allowed(usual.tolerance)} is allowed ({usual.tolerance.source})"


def _allowed(tolerance: Tolerance) -> str:
    if not tolerance.atol and not tolerance.rtol:
        return "nothing"
    return f"{tolerance.atol:.2g} and {tolerance.rtol:.2g} of the value"
