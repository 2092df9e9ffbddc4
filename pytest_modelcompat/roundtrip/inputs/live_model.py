"""Inputs that a live model can be called with: those given, or derived ones that fit it and tell something of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.degenerate import why_degenerate
from pytest_modelcompat.diagnosis import call_failed
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_model
from pytest_modelcompat.roundtrip.inputs.how_to_give import how_to_give_inputs
from pytest_modelcompat.roundtrip.inputs.search import as_recorded, have_elements, other_sizes, seeds
from pytest_modelcompat.roundtrip.inputs.values import OPEN_SIZE, DerivedInputs
from pytest_modelcompat.roundtrip.stop import TargetStoppedError, stop_on_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


@dataclass(frozen=True)
class CalledInputs:
    """Inputs of a live model, and what it gave for them.

    Args:
        values: nested inputs.
        outputs: as the model gave them.
        derived: what they are derived from, a line each; empty where they were given.
    """

    values: Any
    outputs: Any
    derived: str = ""


def call_on(case: Case, model: ModelUnderTest, values: Any, derived: str = "") -> Any:
    """What a live model gives for inputs.

    Args:
        case: the case.
        model: its model.
        values: nested inputs.
        derived: what they are derived from; empty where they were given.

    Raises:
        TargetStoppedError: it cannot be called with them.
    """
    try:
        return model.call(values)
    except Exception as error:
        fix = how_to_give_inputs(case) if derived else ()
        said = derived or f"given: {_described(values)}"
        finding = call_failed(case.title, error, inputs=said, fix=fix)
        raise TargetStoppedError(finding, called=(model, values)) from error


def call_on_derived(case: Case, model: ModelUnderTest, recorded: Callable[[], Any]) -> CalledInputs:
    """Derived inputs, and what a live model gives for them.

    Axes whose size the model leaves open are made shorter or longer where it cannot be called otherwise, and other
    values are tried where its outputs say little of it. A golden that was recorded with some of these decides.

    Args:
        case: the case.
        model: its model.
        recorded: gives the inputs of the case's golden; None where it has none, or is recorded now.

    Raises:
        TargetStoppedError: inputs cannot be derived, or the model cannot be called with any.
    """

    def derive(seed: int, size: int) -> DerivedInputs:
        return inputs_for_model(model, seed, size)

    first = stop_on_failure(case, Kind.INPUTS_NEEDED, lambda: derive(case.settings.seed, OPEN_SIZE))
    sizes = other_sizes(vars(layer) for _, layer in model.layers()) if first.has_open_size else ()
    known = as_recorded(derive, case.settings.seed, sizes, recorded())
    if known is not None:
        return _called(case, model, known)
    size, found = _fitting(case, model, first, lambda other: derive(case.settings.seed, other), sizes)
    return _telling(case, model, found, lambda seed: derive(seed, size))


def _called(case: Case, model: ModelUnderTest, derived: DerivedInputs) -> CalledInputs:
    return CalledInputs(derived.values, call_on(case, model, derived.values, str(derived)), str(derived))


def _fitting(
    case: Case,
    model: ModelUnderTest,
    first: DerivedInputs,
    derive: Callable[[int], DerivedInputs],
    sizes: tuple[int, ...],
) -> tuple[int, CalledInputs]:
    """The first size of open axes that the model can be called with, and gives something for.

    Where none is, what there is for the usual size: outputs without elements, or why it cannot be called.
    """
    failure, usual = None, None
    try:
        usual = _called(case, model, first)
    except TargetStoppedError as stopped:
        failure = stopped
    if usual is not None and _has_elements(usual):
        return OPEN_SIZE, usual
    for size in sizes:
        found = _or_none(case, model, derive(size))
        if found is not None and _has_elements(found):
            return size, found
    if usual is not None:
        return OPEN_SIZE, usual
    assert failure is not None  # noqa: S101 - it was called, or that failed
    raise failure


def _has_elements(called: CalledInputs) -> bool:
    from pytest_modelcompat.loader import tensors

    return have_elements(leaf for _, leaf in tensors.paths(called.outputs))


def _or_none(case: Case, model: ModelUnderTest, derived: DerivedInputs) -> CalledInputs | None:
    try:
        return _called(case, model, derived)
    except TargetStoppedError:
        return None


def _telling(
    case: Case, model: ModelUnderTest, first: CalledInputs, derive: Callable[[int], DerivedInputs]
) -> CalledInputs:
    """The inputs with the fewest outputs that say little of the model, the earlier ones where several have as few."""
    best, fewest = first, _degenerate(model, first)
    for seed in seeds(case.settings.seed):
        if not fewest:
            break
        other = _or_none(case, model, derive(seed))
        count = fewest if other is None else _degenerate(model, other)
        if other is not None and count < fewest:
            best, fewest = other, count
    return best


def _degenerate(model: ModelUnderTest, called: CalledInputs) -> int:
    return sum(bool(why_degenerate(output)) for output in model.named_outputs(called.outputs).values())


def _described(values: Any) -> str:
    from pytest_modelcompat.comparison.leaves import leaf_dtype_name
    from pytest_modelcompat.loader import tensors

    leaves = tensors.named_leaves(tensors.as_leaves(values), stem="input").items()
    return ", ".join(f"{name} {leaf_dtype_name(leaf)} {getattr(leaf, 'shape', '')}".rstrip() for name, leaf in leaves)
