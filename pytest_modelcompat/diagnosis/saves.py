"""An exception while saving -> finding."""

from __future__ import annotations

import traceback

from pytest_modelcompat.diagnosis.texts import true_cause
from pytest_modelcompat.findings import Blame, Finding, Kind


def save_failed(method: str, error: BaseException) -> Finding:
    """The finding for a save that raised.

    Args:
        method: how the model was saved, as its user would write it.
        error: what the save raised. Keras raises NotImplementedError where a layer does not say how to rebuild it.
    """
    lacks_config = isinstance(error, NotImplementedError)
    reason = ": a layer does not say how to rebuild it" if lacks_config else ""
    get_config = ("def get_config(self):", '    return {**super().get_config(), "the_argument": self.the_argument}')
    return Finding(
        Kind.CANNOT_REBUILD if lacks_config else Kind.SAVE_FAILED,
        method,
        cause=f"{method} raised {type(error).__name__}{reason}",
        fix=get_config if lacks_config else (),
        blame=Blame.WRITER,
        quote=true_cause(str(error)),
        log="".join(traceback.format_exception(error)),
    )
