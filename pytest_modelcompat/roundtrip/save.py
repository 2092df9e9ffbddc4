"""Live model -> artifact, in each format, with a guard against saves that change the model."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.artifacts.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pytest_modelcompat.roundtrip.model import ModelUnderTest


class FormatCannotHoldError(Exception):
    """The format cannot hold this model; the message says why, `formats` which can."""

    def __init__(self, message: str, formats: tuple[str, ...]) -> None:
        super().__init__(message)
        self.formats = formats


class SaveFailedError(Exception):
    """Saving raised; the original exception is the cause."""


@dataclass(frozen=True)
class ModelChange:
    """One thing a save changed in the live model.

    Args:
        part: `config`, `compile config` or `weights`.
        key: the entry of it.
        before: its value before the save; None if it was not there.
        after: its value after it; None if it is gone.
    """

    part: str
    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.part}: {self.key} was {_short(self.before)}, is {_short(self.after)}"


@dataclass(frozen=True)
class SaveResult:
    """An artifact, and what saving did to the model besides."""

    artifact: Path
    changes: tuple[ModelChange, ...] = ()


class SaveHistory:
    """What a session's saves changed in model objects that may be saved once more; keeps none of them alive."""

    def __init__(self) -> None:
        self._noted: list[tuple[weakref.ref[Any], str, ModelChange]] = []

    def add_changes(self, live: ModelUnderTest, format_: str, changes: Iterable[ModelChange]) -> None:
        """Remember what saving a model in a format changed in it."""
        self._noted.extend((weakref.ref(live.model), format_, change) for change in changes)

    def changes_in(self, live: ModelUnderTest, format_: str) -> list[tuple[str, ModelChange]]:
        """What earlier saves, by their formats, changed in this very object that a save in `format_` would store."""
        mine = [(earlier, change) for model, earlier, change in self._noted if model() is live.model]
        if not mine:
            return []
        now = _snapshot(live)
        stored = ("config", "weights") if FORMATS[format_].artifact == "saved_model" else tuple(now)
        return [
            (earlier, change)
            for earlier, change in mine
            if change.part in stored and now[change.part].get(change.key) == change.after
        ]


def save(live: ModelUnderTest, format_: str, folder: Path) -> SaveResult:
    """Save a live model the way production code does.

    Args:
        live: the model.
        format_: `h5`, `keras`, `saved_model` or `export`.
        folder: where the artifact is put.

    Raises:
        FormatCannotHoldError: the format cannot hold a model of this kind.
        SaveFailedError: saving raised.
    """
    _refuse(live, format_)
    artifact = folder / FORMATS[format_].file_name
    before = _snapshot(live)
    try:
        with contextlib.redirect_stdout(io.StringIO()), _without_chatter():
            _write(live, format_, str(artifact))
    except Exception as error:
        raise SaveFailedError(FORMATS[format_].method) from error
    return SaveResult(artifact, _changes(before, _snapshot(live)))


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep what Keras says at every save out of the user's captured log and out of reach of `-W error`."""
    logger = logging.getLogger("absl")

    def is_news(record: logging.LogRecord) -> bool:
        # Whoever tests .h5 has decided to keep it, and need not be told that it is a legacy format.
        return "HDF5 file" not in record.getMessage()

    logger.addFilter(is_news)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(tf_)?keras\.|tensorflow\.")
            warnings.filterwarnings("ignore", message=".*HDF5 file.*legacy.*")
            yield
    finally:
        logger.removeFilter(is_news)


def _refuse(live: ModelUnderTest, format_: str) -> None:
    kind = type(live.model).__name__
    if not live.is_keras and FORMATS[format_].needs_keras:
        raise FormatCannotHoldError(
            f"{kind} is a plain tf.Module, and {FORMATS[format_].method} exists for Keras models only",
            ("saved_model",),
        )
    if format_ == "h5" and not is_graph(live.model):
        raise FormatCannotHoldError(
            f"{kind} is a subclassed model: .h5 stores layers by their configuration, which a model defined by its "
            "call() does not have, so its weights find no layer at reload",
            ("keras", "saved_model"),
        )


def is_graph(model: Any) -> bool:
    """Whether a Keras model is functional or sequential, so that its configuration describes it whole."""
    return any(base.__name__ in ("Functional", "Sequential") for base in type(model).__mro__)


def _write(live: ModelUnderTest, format_: str, artifact: str) -> None:
    if format_ in ("h5", "keras"):
        live.model.save(artifact)
    elif format_ == "export":
        live.model.export(artifact)
    else:
        import tensorflow as tf

        concrete = {name: function.get_concrete_function() for name, function in live.signatures.items()}
        tf.saved_model.save(live.model, artifact, signatures=concrete or None)


def _snapshot(live: ModelUnderTest) -> Mapping[str, Any]:
    return {
        "config": _plain(live.model, "get_config"),
        "compile config": _plain(live.model, "get_compile_config"),
        "weights": {digest.path: digest.sha256 for digest in live.weights()},
    }


def _plain(model: Any, method: str) -> dict[str, Any]:
    """A model's configuration as plain JSON values; empty where the model has none to give."""
    try:
        config = getattr(model, method)()
        plain: dict[str, Any] = json.loads(json.dumps(config, default=_describe, sort_keys=True))
    except Exception:  # noqa: BLE001 - a user's get_config() may raise anything, and the save itself will say so
        return {}
    return plain or {}


def _describe(value: Any) -> str:
    # repr() would carry an address that is another one at every run.
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ModelChange, ...]:
    return tuple(
        ModelChange(part, key, old.get(key), new.get(key))
        for part, old, new in ((part, before[part], after[part]) for part in before)
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _short(value: Any) -> str:
    if isinstance(value, dict) and "class_name" in value:
        return str(value["class_name"])
    return "gone" if value is None else shorten(str(value), 40)
