"""The results of a run's targets, as one JSON file: `pytest --modelcompat-report` writes it.

`docs/report-schema-2.json` describes it. Strict JSON: a figure that is no finite number is one of the strings `"nan"`,
`"inf"` and `"-inf"`. Paths are relative to the project, whose folder is given by its name alone.
"""

from __future__ import annotations

import contextlib
import json
import math
import numbers
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.report.drift_data import drift_data
from pytest_modelcompat.report.failure_text import about_golden, failure_text, headline
from pytest_modelcompat.report.json_data import as_plain_json, finding_data

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.results.target import Target

REPORT_SCHEMA = 2
_READ_SCHEMAS = (1, 2)
# What a target of schema 1 does not have, as it is where it is not known.
_ADDED: Mapping[str, Any] = {
    "golden_drifts": [],
    "text": None,
    "saved_by": {},
    "golden_made_by": {},
    "accept": None,
    "timings": {},
    "inventory": None,
    "pictures": [],
}
_LONGEST_TEXT = 20_000
VERDICTS = ("passed", "failed", "expected", "error", "skipped")
FAILURES = ("failed", "error")
# What a target must have for anybody to show or merge it.
_TEXTS = ("nodeid", "title", "case", "runtime", "verdict", "started")

TargetData = dict[str, Any]


class ReportError(Exception):
    """A file is no report, or cannot be read or written; the message is one sentence that names it."""


@dataclass(frozen=True)
class Report:
    """What one run, or several merged, came to.

    Args:
        started: when it began, in UTC.
        seconds: how long it took.
        project: the name of the project's folder.
        runtimes: the versions of what loaded in each runtime, in the order of their columns; empty where nothing did.
        targets: one object each, as they stand in the file.
        stale: goldens that no test claims.
        problems: what pytest could not collect, or what killed a worker, as `nodeid` and `headline`.
        complete: whether all that was asked for has run.
    """

    started: str
    seconds: float
    project: str
    runtimes: Mapping[str, Mapping[str, str]]
    targets: tuple[Mapping[str, Any], ...]
    stale: tuple[str, ...] = ()
    problems: tuple[Mapping[str, str], ...] = ()
    complete: bool = True

    @property
    def failed(self) -> bool:
        """Whether a target failed that nobody expected to, or some may have without anybody having seen."""
        return bool(self.problems) or not self.complete or any(map(fails, self.targets))


def fails(target: Mapping[str, Any]) -> bool:
    """Whether a target failed and nobody expected it to."""
    return target["verdict"] in FAILURES


def counts(targets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many targets there are, and how many came to each verdict."""
    count = Counter(target["verdict"] for target in targets)
    return {"targets": len(targets), **{verdict: count[verdict] for verdict in VERDICTS}}


def result_data(result: Result, *, frozen: str = "", artifact: bool = False, seconds: float = 0.0) -> TargetData:
    """A target that came to a result.

    Args:
        result: its result.
        frozen: the release whose artifact it is; empty for what the test saves now.
        artifact: whether its artifact was there before, saved by something else.
        seconds: how long it took.
    """
    verdict = "passed" if not result.failed else "expected" if result.expected else "failed"
    return {
        "case": result.case,
        "title": result.title,
        "format": result.format,
        "runtime": result.runtime,
        "frozen": frozen or None,
        "artifact": result.facts.artifact if artifact else False,
        "verdict": verdict,
        "headline": headline(result) if result.failed else None,
        "kinds": list(dict.fromkeys(finding.kind.value for finding in result.errors)),
        "findings": [finding_data(finding) for finding in result.findings],
        "drifts": [drift_data(drift) for drift in result.drifts],
        "golden_drifts": [drift_data(drift) for drift in result.golden_drifts],
        "golden": result.golden or None,
        "seconds": round(seconds, 3),
        "peak_memory": result.peak_memory or None,
        "loaded_by": dict(result.facts.loaded_by),
        "text": shorten(failure_text(result), _LONGEST_TEXT) if result.failed else None,
        "saved_by": dict(result.facts.saved_by),
        "golden_made_by": dict(result.facts.golden_made_by),
        "accept": result.facts.accept or None if about_golden(result) else None,
        "timings": {stage: round(spent, 3) for stage, spent in result.timings.items()},
        "inventory": dict(result.inventory) or None,
        "pictures": [as_plain_json(picture) for picture in result.pictures],
    }


def no_result_data(title: str, case: str, target: Target) -> TargetData:
    """A target that came to no result: it was skipped, or what it needs raised; its verdict is still to be said."""
    return {
        "case": case,
        "title": title,
        "format": target.format or None,
        "runtime": target.runtime,
        "frozen": target.frozen or None,
        "artifact": False,
        "verdict": "error",
        "headline": None,
        "kinds": [],
        "findings": [],
        "drifts": [],
        "golden": None,
        "seconds": 0.0,
        "peak_memory": None,
        "loaded_by": {},
        **_ADDED,
    }


def portable(value: Any, root: str = "") -> Any:
    """Data as strict JSON has it, of builtins alone: a scalar of NumPy's would kill the worker that sends it.

    Args:
        value: anything that `report.data.plain` takes.
        root: the project's folder, which paths below it lose.
    """
    return _portable(as_plain_json(value), root.rstrip(os.sep) + os.sep if root.rstrip(os.sep) else "")


def _portable(value: Any, prefix: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_text(str(key), prefix): _portable(each, prefix) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_portable(each, prefix) for each in value]
    return _scalar(value, prefix)


def _scalar(value: Any, prefix: str) -> int | float | str:
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    return _text(value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value), prefix)


def _text(text: str, prefix: str) -> str:
    # A lone surrogate could be sent from no worker.
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return clean.replace(prefix, "") if prefix else clean


def document(report: Report, written_by: str) -> dict[str, Any]:
    """A report as the JSON object of its file."""
    return {
        "schema": REPORT_SCHEMA,
        "generator": written_by,
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "project": report.project,
        "complete": report.complete,
        "counts": counts(report.targets),
        "runtimes": report.runtimes,
        "targets": report.targets,
        "problems": report.problems,
        "stale": report.stale,
    }


def destination(path: Path, beginning: str = "{") -> Path:
    """Where a report is to be written, after making sure that it can be; missing folders are made.

    Args:
        path: as it was given.
        beginning: how a file begins that may be replaced.

    Raises:
        ReportError: it cannot be written there, or something else is there.
    """
    file = path.resolve()
    if file.is_dir():
        raise ReportError(f"{path} is a folder; name a file in it, such as {path / 'report.json'}")
    if file.exists() and not (file.is_file() and _may_be_replaced(file, beginning)):
        raise ReportError(f"{path} is there and is not a report, so it is not overwritten; name another file")
    probe = _temporary(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ReportError(f"{path} cannot be written: {error.strerror or error}") from None
    return file


def _may_be_replaced(file: Path, beginning: str) -> bool:
    """Whether a file is empty, or a report as far as its first characters say."""
    try:
        with file.open("rb") as stream:
            first = stream.read(256).lstrip()
            return not first or first.startswith(beginning.encode())
    except OSError:
        return False


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.tmp")


def write_report(report: Report, file: Path) -> None:
    """Write a report in one piece: whoever reads the file finds the old one or the new one.

    Raises:
        ReportError: it cannot be written; what was there before still is.
    """
    write_whole(json_text(report), file)


def json_text(report: Report) -> str:
    """A report as the text of its file, in ASCII."""
    return json.dumps(document(report, generator()), indent=1, allow_nan=False) + "\n"


def generator() -> str:
    """What wrote a report."""
    return f"pytest-modelcompat {own_version()}"


def write_whole(text: str, file: Path) -> None:
    """Write a file in one piece.

    Raises:
        ReportError: it cannot be written; what was there before still is.
    """
    temporary = _temporary(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ReportError(f"{file} cannot be written: {error.strerror or error}") from None


def read_report(path: Path) -> Report:
    """Read a report.

    Raises:
        ReportError: it cannot be read, is none, or is one of a version that this one does not know.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise ReportError(f"{path} is not a report of pytest --modelcompat-report: it is not JSON") from None
    if not isinstance(data, dict) or not str(data.get("generator", "")).startswith("pytest-modelcompat"):
        raise ReportError(f"{path} is not a report of pytest --modelcompat-report")
    if data.get("schema") not in _READ_SCHEMAS:
        raise ReportError(
            f"{path} is a report of schema {data.get('schema')}, written by {data['generator']}, and this version "
            f"reads schemas up to {REPORT_SCHEMA} only; use the same version of pytest-modelcompat everywhere"
        )
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportError(f"{path} is an incomplete report: {type(error).__name__}: {error}") from None


def _report(data: Mapping[str, Any]) -> Report:
    added = _ADDED if data["schema"] == 1 else {}
    targets = tuple(_checked({**added, **target}) for target in data["targets"])
    return Report(
        started=_string(data["started"]),
        seconds=float(data["seconds"]),
        project=_string(data["project"]),
        runtimes={name: {str(key): str(each) for key, each in made.items()} for name, made in data["runtimes"].items()},
        targets=targets,
        stale=tuple(map(_string, data["stale"])),
        problems=tuple({key: _string(each[key]) for key in ("nodeid", "headline")} for each in data["problems"]),
        complete=bool(data["complete"]),
    )


def _checked(target: Any) -> Mapping[str, Any]:
    for name in _TEXTS:
        _string(target[name])
    for name in ("format", "frozen", "headline"):
        _string(target[name] or "")
    if target["verdict"] not in VERDICTS:
        raise ValueError(f"there is no verdict {target['verdict']!r}")
    for kind in target["kinds"]:
        _string(kind)
    checked: Mapping[str, Any] = target
    return checked


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
