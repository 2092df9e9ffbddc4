"""The finding that a reloaded model predicts something else, explained by the layer whose configuration is not all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.diagnosis.declarations import saved_model_alone
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.classes.code import ClassCode, read_init
from pytest_modelcompat.roundtrip.classes.config import own_classes
from pytest_modelcompat.roundtrip.rebuilt.copy import copy_of, fits
from pytest_modelcompat.roundtrip.rebuilt.difference import first_difference
from pytest_modelcompat.roundtrip.rebuilt.misfit import first_misfit
from pytest_modelcompat.roundtrip.rebuilt.state import lost_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.model import ModelUnderTest
    from pytest_modelcompat.roundtrip.rebuilt.state import LostAttribute

_MOST_NAMED = 3


@dataclass(frozen=True)
class OtherLayer:
    """A layer that computes something else once it is made again.

    Args:
        layer: it.
        path: its path of names; empty for the model itself.
        package: the Keras that it is of.
        lost: what of it is another then.
        fits: whether it takes the weights that it had.
    """

    layer: Any
    path: str
    package: str
    lost: tuple[LostAttribute, ...]
    fits: bool

    @property
    def is_keras_own(self) -> bool:
        """Whether its class is one of Keras'."""
        return is_of_keras(type(self.layer).__module__)


@dataclass(frozen=True)
class MadeAgain:
    """What came of making a live model again, in the same process.

    Args:
        other: the layer with which the two part; None where they compute the same.
        own: the names of the user's classes in the model.
    """

    other: OtherLayer | None
    own: tuple[str, ...]


def made_again(model: ModelUnderTest, inputs: Any) -> MadeAgain | None:
    """A live model made again from its configuration, and compared; None where that fails.

    Args:
        model: the live model, of Keras.
        inputs: nested inputs that it takes.
    """
    try:
        return _compared(model, inputs)
    except Exception:  # noqa: BLE001 - it runs the user's code and compares the user's values; the finding stands without
        return None


def _compared(model: ModelUnderTest, inputs: Any) -> MadeAgain | None:
    copy = copy_of(model, inputs)
    if copy is None:
        return None
    takes_weights = fits(model, copy)
    if takes_weights:
        copy.set_weights(model.model.get_weights())
    found = first_difference(model, copy, inputs) if takes_weights else first_misfit(model, copy)
    if found is None:
        return MadeAgain(None, own_classes(model))
    package = model.keras or "keras"
    path = next((path for path, layer in model.layers() if layer is found.layer), "")
    return MadeAgain(OtherLayer(found.layer, path, package, tuple(lost_attributes(found, package)), takes_weights), ())


def with_made_again(finding: Finding, again: MadeAgain | None, syntax: OptionSyntax, *, is_local: bool) -> Finding:
    """A finding that a reloaded model predicts something else, with where that comes of.

    Args:
        finding: how the reloaded model differs from the one that was saved.
        again: as `made_again` gives it.
        syntax: writes options where the case is written.
        is_local: whether it was reloaded in pytest's own environment, so that the versions are no cause.
    """
    if again is None:
        return finding
    if again.other is not None:
        return _of_layer(finding, again.other, syntax)
    return _of_process(finding, again, syntax) if is_local else finding


def with_misfit(found: Sequence[Finding], again: MadeAgain | None, syntax: OptionSyntax) -> tuple[Finding, ...]:
    """Findings of a load that failed, that of weights which do not fit with the class that is made again otherwise.

    Args:
        found: why the artifact does not load.
        again: as `made_again` gives it.
        syntax: writes options where the case is written.
    """
    if again is None or again.other is None or again.other.fits:
        return tuple(found)
    other = again.other
    return tuple(_of_layer(each, other, syntax) if each.kind is Kind.LOAD_FAILED else each for each in found)


def _of_layer(finding: Finding, other: OtherLayer, syntax: OptionSyntax) -> Finding:
    cls = type(other.layer)
    of = "of Keras itself" if other.is_keras_own else f"of {cls.__module__}"
    does = "computes something else" if other.fits else "has weights of other shapes"
    code = _code(other)
    return replace(
        finding,
        cause=f"{cls.__name__} {does} once it is made again from its configuration, as a load makes it"
        f"{_what(other, code)}",
        where=(f'"{other.path}" ({cls.__name__}, {of})' if other.path else f"the model itself ({cls.__name__}, {of})",),
        fix=_fix(other, code, syntax),
        blame=Blame.LOADER if other.is_keras_own else Blame.MODEL,
        source="",
        # The blame that the details name is that of a difference nobody knows the cause of.
        details=tuple(each for each in finding.details if each[0] not in ("blame", "passes at")),
    )


def _of_process(finding: Finding, again: MadeAgain, syntax: OptionSyntax) -> Finding:
    """What to look at where making it again in one process changes nothing."""
    same = "made again from its configuration in pytest's own process, the model predicts as it did"
    saved_model = saved_model_alone("or save it as a SavedModel: ").line(syntax, {})
    if not again.own:
        return replace(finding, details=(*finding.details, ("look for", f"{same}: it is the file")), fix=(saved_model,))
    look = (
        f"look at what {listed(again.own, _MOST_NAMED, 'and')} reads that a fresh process does not have:",
        "a global variable that is set after the import, the environment, a file;",
        "hold it in get_config() or in a weight",
    )
    return replace(finding, details=(*finding.details, ("compared", same)), fix=(*look, saved_model))


def _code(other: OtherLayer) -> ClassCode | None:
    """The code that makes it again as it was, of what is known of it; None for a class of Keras or without source."""
    init = None if other.is_keras_own else read_init(type(other.layer))
    if init is None:
        return None
    of_arguments = {*init.stored.values()}
    later = [each.name for each in other.lost if each.is_plain and each.name not in of_arguments]
    return ClassCode(other.layer, init, other.package, later)


def _what(other: OtherLayer, code: ClassCode | None) -> str:
    if other.lost:
        return f": its attribute {listed(map(str, other.lost), _MOST_NAMED, 'and')}"
    config = _config(other.layer)
    not_kept = code.not_kept if code is not None else ()
    said = [f"{name}={config[name]!r}" for name in not_kept if name in config]
    if said:
        return f": its configuration says {listed(said, _MOST_NAMED, 'and')}, whatever it was given"
    unsaid = [repr(name) for name in not_kept]
    return f": its configuration does not hold {listed(unsaid, _MOST_NAMED, 'and')}" if unsaid else ""


def _config(layer: Any) -> Mapping[str, Any]:
    try:
        return layer.get_config() or {}
    except Exception:  # noqa: BLE001 - a class of the user's raises what it likes
        return {}


def _fix(other: OtherLayer, code: ClassCode | None, syntax: OptionSyntax) -> tuple[str, ...]:
    saved_model = saved_model_alone("").line(syntax, {})
    if other.is_keras_own:
        return (f"save it as a SavedModel, which holds what the layer computes: {saved_model}",)
    weights = tuple(_saving_as_weights(other, code)) if code is not None else ()
    lines = code.lines() if code is not None and (code.not_kept or len(other.lost) > len(weights)) else ()
    return (*lines, *weights) or (
        f"let {type(other.layer).__name__} hold in get_config() or in weights what it computes with,",
        "and draw or read nothing elsewhere in __init__(), build() or call();",
        f"or save a SavedModel, which holds it: {saved_model}",
    )


def _saving_as_weights(other: OtherLayer, code: ClassCode) -> Iterator[str]:
    arrays = [each for each in other.lost if each.is_array and each.name not in code.kept_in]
    if arrays:
        variable = "tf.Variable" if other.package == "tf_keras" else "keras.Variable"
        named = listed([each.name for each in arrays], _MOST_NAMED, "and")
        yield f"keep {named} as a weight, which is saved, at the end of {type(other.layer).__name__}.__init__():"
        for each in arrays:
            yield f"    self.{each.name} = {variable}(self.{each.name}, trainable={each.is_trainable})"
