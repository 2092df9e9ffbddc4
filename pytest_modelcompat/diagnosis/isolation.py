"""What the isolation of a child stopped -> finding, with the option that lifts it."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import size_text
from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.results.finding import Finding, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext
    from pytest_modelcompat.runtimes.protocol import LoadResult

_NOT_ISOLATED = "NotIsolatedError"
_EXCEPTIONS = re.compile(r"^(?:\w+\.)*\w+: .*$", re.MULTILINE)
_REFUSALS = "Permission denied|Operation not permitted|Read-only file system"
_TOO_LARGE = "File too large"
_MISSING = "No such file or directory"
# As Python writes them, and as TensorFlow does.
_FILES = r"(?:: '(?P<path>[^']*)'(?: -> '(?P<to>[^']*)')?)?"
_REFUSED = re.compile(rf"\[Errno \d+\] (?:{_REFUSALS}){_FILES}|(?P<other>[^\s:;]+); (?:{_REFUSALS})")
_NOT_FOUND = re.compile(rf"\[Errno \d+\] {_MISSING}{_FILES}|(?P<other>[^\s:;]+); {_MISSING}")
_NO_NETWORK = re.compile(
    "Network is unreachable|Temporary failure in name resolution|Name or service not known|"
    "Could(?:n't| not) resolve host"
)
_TOO_MUCH = "more than a load needs, or than the disk has room for,"
_WHY = "the child that loads what something else saved has no network, and writes only below a folder of its own"


def stopped_by_isolation(loaded: LoadResult, context: DiagnosisContext, doing: str) -> Finding | None:
    """The finding for an exception that comes of the isolation, or a child that was ended for it; None for any other.

    Args:
        loaded: the loader's answer.
        context: the artifact and the loader.
        doing: what the child was doing, in words.
    """
    error = loaded.error
    if error is None:
        return _ended(loaded, context, doing)
    if error["type"] == _NOT_ISOLATED and loaded.stage == "start":
        return _not_isolated(error["message"], context)
    said = "\n".join((f"{error['type']}: {error['message']}", *_EXCEPTIONS.findall(error.get("traceback", ""))))
    what = _limit(said, loaded) or (_refusal(said, loaded) if loaded.isolation.is_confined else "")
    if not what:
        return None
    why = f": {_WHY}" if loaded.isolation.is_confined else ""
    return Finding(
        Kind.STOPPED_BY_ISOLATION,
        error.get("declared") or context.file,
        cause=f"{context.loader} {what} {doing}{why}",
        fix=_lifted(loaded, context),
        quote=root_cause(error["message"], error["type"]),
        is_specific=True,
    )


def _ended(loaded: LoadResult, context: DiagnosisContext, doing: str) -> Finding | None:
    if loaded.process_exit.stopped_by == "memory":
        return _too_much_memory(loaded, context, doing)
    what = _ending(loaded)
    if not what:
        return None
    return Finding(
        Kind.STOPPED_BY_ISOLATION,
        context.file,
        cause=f"{context.loader} was stopped {doing}: {what}".rstrip(","),
        fix=_lifted(loaded, context),
        is_specific=True,
    )


def _ending(loaded: LoadResult) -> str:
    if loaded.process_exit.stopped_by == "disk":
        return f"it wrote {_TOO_MUCH}"
    # Windows has neither signal.
    number = -loaded.process_exit.code
    if number == getattr(signal, "SIGXFSZ", None):
        return f"it wrote {_TOO_MUCH}"
    return "it took more of the processor than its time allows" if number == getattr(signal, "SIGXCPU", None) else ""


def _too_much_memory(loaded: LoadResult, context: DiagnosisContext, doing: str) -> Finding:
    limit = loaded.isolation.memory
    return Finding(
        Kind.OUT_OF_MEMORY,
        context.file,
        cause=f"{context.loader} was stopped {doing}: it held more than {size_text(limit)} of memory, its memory_limit",
        fix=(
            f"if the model needs more: {context.syntax.write('memory_limit', f'{max(1, 2 * limit // 10**9)}GB')}",
            "or run fewer tests at once (pytest -n), or give the model smaller inputs",
        ),
        is_specific=True,
    )


def _not_isolated(missing: str, context: DiagnosisContext) -> Finding:
    return Finding(
        Kind.ISOLATION_MISSING,
        context.file,
        cause=f"isolation is required, and this machine offers no way to cut {context.loader} off from: {missing}",
        fix=(
            "see what `modelcompat doctor` says is missing",
            f"or load it with what there is: {context.syntax.write('isolation', 'auto')}",
        ),
        is_specific=True,
    )


def _lifted(loaded: LoadResult, context: DiagnosisContext) -> tuple[str, ...]:
    off = context.syntax.write("isolation", "off")
    return (f"if you trust the file: {off}" if loaded.isolation.is_confined else off,)


def _limit(said: str, loaded: LoadResult) -> str:
    return f"wrote {_TOO_MUCH}" if _TOO_LARGE in said and loaded.isolation.level != "off" else ""


def _refusal(said: str, loaded: LoadResult) -> str:
    """What a confined child was refused, in words; empty where this process, too, would have been, or nothing was."""
    if "network" not in loaded.not_isolated and _NO_NETWORK.search(said):
        return "found no network"
    for match in _REFUSED.finditer(said):
        path = _path_in(match)
        if "files" not in loaded.not_isolated and _may_be_written(path):
            return f"was not allowed to write {path or 'there'}"
    for match in _NOT_FOUND.finditer(said):
        path = _path_in(match)
        if path and not Path(path).is_absolute() and Path(path).exists():
            return f"did not find {path}, as its current folder is an empty one,"
    return ""


def _path_in(match: re.Match[str]) -> str:
    """The path that a message names; of two, the one that a file was to be moved or linked to, if it is a full one."""
    to, path = match["to"] or "", match["path"] or match["other"] or ""
    return to if Path(to).is_absolute() else path


def _may_be_written(path: str) -> bool:
    """Whether this process, which nothing confines, may write a file; that child may do so in its own folder alone."""
    if not Path(path).is_absolute():
        return True
    place = next((each for each in (Path(path), *Path(path).parents) if each.exists()), Path("/"))
    return os.access(place, os.W_OK)
