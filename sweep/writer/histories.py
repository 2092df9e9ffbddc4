"""Trials of models that something was done with before they are saved: fitted, saved, not saved."""

import functools
import inspect
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

from .kit import Kit
from .making import SUFFIX, step
from .trial import Trial, move_weights, sequential
from .values import importable

FITTED_WITH = "vectors"


def history_trials(kit: Kit, vocabulary: List[Dict[str, Any]]) -> Iterator[Tuple[str, Trial]]:
    """Models fitted with each optimizer, saved before in each format, and saved after that has failed."""
    for entry in vocabulary:
        optimizer = kit.find(entry)
        if inspect.isclass(optimizer) and entry.get("paths"):
            name = "fitted with {}".format(entry["paths"][0].split(".", 2)[-1])
            make = functools.partial(_fitted, kit, optimizer)
            yield name, _trial(name, make)
    for form in kit.formats:
        for label, before in BEFORE.items():
            name = label.format(form)
            make = functools.partial(_after, kit, before, form)
            yield name, _trial(name, make)


def _trial(name: str, make: Callable[[], Any]) -> Trial:
    return Trial(name, "history", make, FITTED_WITH, trains=True, is_as_is=True, history=name)


def _compiled(kit: Kit, optimizer: Any) -> Any:
    layers = [kit.layers.Dense(2, name="probe"), kit.layers.BatchNormalization(name="norm")]
    model = sequential(kit, layers, FITTED_WITH)
    move_weights(model)
    model.compile(optimizer, loss=kit.keras.losses.MeanSquaredError())
    return model


def _fitted(kit: Kit, optimizer: Callable[[], Any]) -> Any:
    model = _compiled(kit, optimizer())
    if step(model, FITTED_WITH) is None:
        raise ValueError("it does not train")
    return model


def _after(kit: Kit, before: Callable[[Kit, Any, str], None], form: str) -> Any:
    model = _compiled(kit, kit.keras.optimizers.Adam())
    before(kit, model, form)
    return model


def _saved(kit: Kit, model: Any, form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kit.save(model, str(Path(folder, "model" + SUFFIX[form])), form)


def _trained_and_saved(kit: Kit, model: Any, form: str) -> None:
    step(model, FITTED_WITH)
    _saved(kit, model, form)


def _not_saved(kit: Kit, _: Any, form: str) -> None:
    """Fails in the middle of another model's configuration."""
    other = sequential(kit, [importable("objects").Unsaveable(name="other")], FITTED_WITH)
    _fails(lambda: _saved(kit, other, form))


def _no_folder(kit: Kit, model: Any, form: str) -> None:
    """Fails where its file is to be written."""
    _fails(lambda: kit.save(model, str(Path("no such folder", "model" + SUFFIX[form])), form))


def _fails(attempt: Callable[[], None]) -> None:
    try:
        attempt()
    except Exception:  # noqa: BLE001 - each version raises something else
        return
    raise ValueError("it was saved")


BEFORE: Dict[str, Callable[[Kit, Any, str], None]] = {
    "saved as .{} before": _saved,
    "fitted and saved as .{} before": _trained_and_saved,
    "after another could not be saved as .{}": _not_saved,
    "after no folder was there for its .{}": _no_folder,
}
