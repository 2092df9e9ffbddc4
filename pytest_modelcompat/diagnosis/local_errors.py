"""What goes wrong before anything is loaded -> finding: no TensorFlow, a model that cannot be called or saved."""

from __future__ import annotations

import re
import tempfile
import traceback

from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.results.finding import Blame, Finding, Kind

_REPAIR = (
    "repair its installation: python -m pip install --force-reinstall tensorflow (or tensorflow-cpu, as it is called",
    'in your requirements), until this command works: python -c "import tensorflow"',
)
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|not enough space on the disk")


def save_failed(method: str, error: BaseException) -> Finding:
    """The finding for a save that raised.

    Args:
        method: how the model was saved, as its user would write it.
        error: what the save raised. Keras raises NotImplementedError where a layer does not say how to rebuild it.
    """
    if is_disk_full(str(error)):
        return no_space(f"no space is left on the disk for {method}", method, root_cause(str(error)))
    lacks_config = isinstance(error, NotImplementedError)
    reason = ": a layer does not say how to rebuild it" if lacks_config else ""
    get_config = ("def get_config(self):", '    return {**super().get_config(), "the_argument": self.the_argument}')
    return Finding(
        Kind.CANNOT_REBUILD if lacks_config else Kind.SAVE_FAILED,
        method,
        cause=f"{method} raised {type(error).__name__}{reason}",
        fix=get_config if lacks_config else (),
        blame=Blame.WRITER,
        quote=root_cause(str(error)),
        log="".join(traceback.format_exception(error)),
    )


def call_failed(title: str, error: BaseException, *, inputs: str, fix: tuple[str, ...]) -> Finding:
    """The finding for a live model that cannot be called on its inputs.

    Args:
        title: the target.
        error: what the call raised.
        inputs: what they are, and whether they were given or derived.
        fix: how others are given.
    """
    return Finding(
        Kind.PREDICTION_FAILED,
        title,
        cause="the model cannot be called, even before it is saved",
        fix=fix,
        blame=Blame.MODEL,
        details=(("inputs", inputs),),
        quote=f"{type(error).__name__}: {root_cause(str(error))}",
        log="".join(traceback.format_exception(error)),
    )


def is_disk_full(text: str) -> bool:
    """Whether an exception's text says that the disk is full."""
    return _NO_SPACE.search(text) is not None


def no_space(cause: str, subject: str, quote: str) -> Finding:
    """The finding for a disk that is full.

    Args:
        cause: who found it so, and when.
        subject: what it was needed for.
        quote: what the system said.
    """
    fix = (f"make room in {tempfile.gettempdir()}, or set TMPDIR to a folder on another disk",)
    return Finding(Kind.DISK_FULL, subject, cause=cause, fix=fix, quote=quote, is_specific=True)


def no_tensorflow(quote: str) -> Finding:
    """The finding for an environment in which TensorFlow cannot be imported.

    Args:
        quote: the exception's class and message.
    """
    missing = "No module named 'tensorflow'" in quote
    state = "is not installed in this environment" if missing else "is installed and cannot be imported"
    return Finding(
        Kind.NO_TENSORFLOW,
        "tensorflow",
        cause=f"TensorFlow {state}, and models are saved and loaded with it",
        fix=('pip install "pytest-modelcompat[tensorflow]"',) if missing else _REPAIR,
        quote=quote,
    )
