"""What the user's own code raises while a model is built: where in it, and no more than somebody reads."""

from __future__ import annotations

import re
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pytest_modelcompat.artifacts.text import counted, shorten
from pytest_modelcompat.plugin.failure_repr import text_repr
from pytest_modelcompat.plugin.markers import ModelItem, target_of
from pytest_modelcompat.plugin.names import case_id
from pytest_modelcompat.plugin.stash import FAILURES_ATTRIBUTE
from pytest_modelcompat.report.failure_groups import exception_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

T = TypeVar("T")

# The test, and where its code ends up: those between are calls from one to the other.
_FIRST, _LAST = 1, 2
_MOST_LINES, _LONGEST_LINE = 5, 300
# Keras repeats the arguments of a call below its message.
_ARGUMENTS = ("Arguments received by", "Call arguments received by")
# Keras 2 runs a copy of a layer's call().
_COPY = "__autograph_generated_file"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def of_user(call: Callable[[], T]) -> T:
    """What a function of the user's gives; its frame tells their traceback from ours."""
    return call()


def shortened(call: pytest.CallInfo[None], item: pytest.Item) -> pytest.TestReport | None:
    """The report of a test whose builder raised, which shows the user's own frames.

    Args:
        call: how the test's call ended.
        item: the test; a style of traceback that its session is asked for is kept, as is all of it under `-vv`.

    Returns:
        None where something else ended it, or more is asked for: the report is pytest's own then.
    """
    option, verbosity = item.config.option, item.config.get_verbosity()
    is_asked = option.tbstyle != "auto" or option.fulltrace or option.showlocals or verbosity >= 2
    error = call.excinfo.value if call.excinfo is not None else None
    if is_asked or not isinstance(error, Exception):
        return None
    frames = _frames_of_builder(error.__traceback__)
    if not frames:
        return None
    report = pytest.TestReport.from_item_and_call(item, call)
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return None
    shown = (*_shown(frames, item.config.rootpath), *_message(error), "pytest -vv shows the whole traceback")
    text = "\n".join(shown)
    report.longrepr = text_repr(text, crash.path, crash.lineno, crash.message)
    target = item.case.target if isinstance(item, ModelItem) else target_of(item)
    if target is not None:
        where = str(item.case.golden) if isinstance(item, ModelItem) else case_id(item)
        data = exception_data(type(error).__name__, text, title=item.name, target=str(target), where=where)
        vars(report)[FAILURES_ATTRIBUTE] = [data]
    return report


def _frames_of_builder(tb: TracebackType | None) -> list[traceback.FrameSummary]:
    """The frames below the call of the user's function; none where the exception was not raised there."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(tb)]
    if of_user.__code__ not in codes:
        return []
    ours = str(Path(__file__).parents[1])
    last = max(number for number, code in enumerate(codes) if code.co_filename.startswith(ours))
    return list(traceback.extract_tb(tb))[last + 1 :]


def _shown(frames: Sequence[traceback.FrameSummary], root: Path) -> Iterator[str]:
    own = [frame for frame in frames if not _is_installed(frame.filename)] or [frames[0]]
    left = len(own) - _FIRST - _LAST
    for number, frame in enumerate(own):
        if left > 0 and _FIRST <= number < len(own) - _LAST:
            if number == _FIRST:
                yield f"… {counted(left, 'more call')}"
            continue
        path = Path(frame.filename)
        yield f"{path.relative_to(root) if path.is_relative_to(root) else path}:{frame.lineno}: in {frame.name}"
        if frame.line:
            yield f"    {frame.line}"


def _is_installed(filename: str) -> bool:
    """Whether a file is Python's, or of a package that is installed, as TensorFlow and Keras are."""
    if filename.startswith("<") or _COPY in filename or {"site-packages", "dist-packages"} & set(Path(filename).parts):
        return True
    return any(Path(filename).is_relative_to(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


def _message(error: BaseException) -> Iterator[str]:
    text = _COLOURS.sub("", "".join(traceback.format_exception_only(error)))
    lines = [line for line in text.splitlines() if line.strip()]
    most = next((number for number, line in enumerate(lines) if line.strip().startswith(_ARGUMENTS)), len(lines))
    shown = lines[: min(most, _MOST_LINES)]
    yield from (f"E   {shorten(line, _LONGEST_LINE)}" for line in shown)
    if len(lines) > len(shown):
        yield f"E   … {counted(len(lines) - len(shown), 'more line')}"
    cause: Any = error.__cause__
    if cause is not None:
        first = "".join(traceback.format_exception_only(cause)).splitlines()[0]
        yield f"E   raised from {shorten(first, _LONGEST_LINE)}"
