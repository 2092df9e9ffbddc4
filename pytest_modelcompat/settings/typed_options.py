"""The options of a call of the fixture `model_roundtrip`, for type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class RoundTripOptions(TypedDict, total=False):
    """The options of `settings.table` by name, each with the types that its check takes."""

    formats: str | Sequence[str]
    custom_objects: Mapping[str, Callable[..., Any] | type | str]
    imports: Sequence[str]
    op_libraries: Sequence[str]
    inputs: Any
    name: str
    rtol: float | Mapping[str, float]
    atol: float | Mapping[str, float]
    compare: str | Callable[..., Any] | Sequence[str] | Mapping[str, str | Callable[..., Any]]
    stochastic: str | Sequence[str]
    seed: int
    runtimes: str | Sequence[str]
    loads_in: str | Sequence[str]
    checks: str | Sequence[str]
    train: Any
    allow_ops: Mapping[str, str]
    allow_layers: Mapping[str, str]
    allow_unsafe: Mapping[str, str]
    safe_mode: bool
    compile_model: bool
    saved_model_loaders: str | Sequence[str]
    expected_failures: Sequence[Mapping[str, Any]]
    timeout: float
    memory_limit: int | str
    isolation: Literal["auto", "required", "off"]
