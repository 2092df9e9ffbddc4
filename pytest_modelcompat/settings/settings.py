"""The options of a case: checked where they are written, resolved once into one frozen `Settings`.

CLI > marker (or the fixture's call) > ini > default, each option taken whole from the first that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.settings import checks
from pytest_modelcompat.settings.checks import SettingsError, UnknownNameError, WrongTypeError, unknown_name
from pytest_modelcompat.settings.table import BY_NAME

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.criterion import Criterion
    from pytest_modelcompat.results.option_places import OptionPlace
    from pytest_modelcompat.settings.expected_failures import ExpectedFailure


@dataclass(frozen=True)
class Settings:
    """The options of one case, as README's table has them.

    `sources` says for each option that was set where it came from: `command line`, `marker`, `call` or `ini`.
    """

    formats: tuple[Any, ...] = BY_NAME["formats"].default
    custom_objects: Mapping[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = BY_NAME["imports"].default
    op_libraries: tuple[str, ...] = BY_NAME["op_libraries"].default
    inputs: Any = BY_NAME["inputs"].default
    name: str | None = BY_NAME["name"].default
    rtol: float | Mapping[str, float] | None = BY_NAME["rtol"].default
    atol: float | Mapping[str, float] | None = BY_NAME["atol"].default
    compare: Mapping[str, Criterion] = field(default_factory=dict)
    stochastic: tuple[str, ...] = BY_NAME["stochastic"].default
    seed: int = BY_NAME["seed"].default
    runtimes: tuple[Any, ...] = BY_NAME["runtimes"].default
    loads_in: tuple[str, ...] = BY_NAME["loads_in"].default
    checks: tuple[str, ...] = BY_NAME["checks"].default
    train: Any = BY_NAME["train"].default
    allow_ops: Mapping[str, str] = field(default_factory=dict)
    allow_layers: Mapping[str, str] = field(default_factory=dict)
    allow_unsafe: Mapping[str, str] = field(default_factory=dict)
    safe_mode: bool = BY_NAME["safe_mode"].default
    compile_model: bool = BY_NAME["compile_model"].default
    saved_model_loaders: tuple[str, ...] = BY_NAME["saved_model_loaders"].default
    expected_failures: tuple[ExpectedFailure, ...] = BY_NAME["expected_failures"].default
    timeout: float = BY_NAME["timeout"].default
    memory_limit: int | None = BY_NAME["memory_limit"].default
    isolation: str = BY_NAME["isolation"].default
    sources: Mapping[str, OptionPlace] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionLayer:
    """Options from one source: what it is called, and name -> value as written there."""

    source: OptionPlace
    options: Mapping[str, Any]


def resolve_options(layers: Sequence[OptionLayer]) -> Settings:
    """The first value of each option, the layers given strongest first.

    Raises:
        SettingsError: for the first option that is wrong, or for two that cannot go together.
    """
    chosen: dict[str, Any] = {}
    sources: dict[str, OptionPlace] = {}
    for layer in layers:
        checked = check_options(layer)
        for name, value in checked.items():
            if name not in chosen:
                chosen[name], sources[name] = value, layer.source
    settings = Settings(**chosen, sources=sources)
    _refuse_training_without_compile(settings)
    return settings


def _refuse_training_without_compile(settings: Settings) -> None:
    if settings.compile_model or "training" not in settings.checks:
        return
    sources = settings.sources
    raise SettingsError(
        f"{sources['compile_model']}: option 'compile_model' is False, which loads no optimizer and no compile config, "
        f"and check 'training' ({sources['checks']}: option 'checks') wants them back; leave one of the two out"
    )


def check_options(layer: OptionLayer) -> dict[str, Any]:
    """A source's options, each in the type that `Settings` has.

    Raises:
        SettingsError: for the first option that is unknown, of the wrong type, or half of rtol and atol.
    """
    checked = {}
    for name, value in layer.options.items():
        if name not in BY_NAME:
            raise SettingsError(f"{layer.source}: {unknown_name('option', name, tuple(BY_NAME))}")
        try:
            checked[name] = getattr(checks, BY_NAME[name].check)(value)
        except WrongTypeError as error:
            message = f"{layer.source}: option {name!r} {error}, not {_shown(value)}"
            raise SettingsError(message) from None
        except UnknownNameError as error:
            raise SettingsError(f"{layer.source}: option {name!r}: {error}") from None
    for one, other in (("rtol", "atol"), ("atol", "rtol")):
        if one in checked:
            half = _without_half(checked, one, other)
            if half is not None:
                raise SettingsError(f"{layer.source}: {half}; give both (0 is allowed) or neither")
    return checked


def _without_half(checked: Mapping[str, Any], one: str, other: str) -> str | None:
    """What one of rtol and atol is given for and the other is not, in words; None if they go together."""
    if other not in checked:
        return f"option {one!r} is given without {other!r}"
    if not isinstance(checked[one], Mapping) or not isinstance(checked[other], Mapping):
        return None
    name = next((name for name in checked[one] if name not in checked[other]), None)
    return None if name is None else f"option {one!r} is given for output {name!r}, and {other!r} is not"


def _shown(value: Any) -> str:
    return f"{shorten(repr(value), 60)} ({type(value).__name__})"
