"""`--modelcompat-report PATH`: the results of all targets, gathered from the tests' reports and written as files."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin.marked_tests import resolve_settings
from pytest_modelcompat.plugin.markers import ModelItem, is_model_item, target_of
from pytest_modelcompat.plugin.places import place_data
from pytest_modelcompat.plugin.session import is_complete
from pytest_modelcompat.plugin.stash import SESSION
from pytest_modelcompat.report import json_report
from pytest_modelcompat.results.result import ModelCompatError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from pytest_modelcompat.report.json_report import TargetData
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.roundtrip.case import Case

PLUGIN = "modelcompat-reporter"
# The attribute of a TestReport that the data travel in; not a property of the test, as those go to JUnit XML.
REPORT_ATTRIBUTE = "modelcompat"

_LONGEST_TEXT = 4000

_RECORDED: pytest.StashKey[list[TargetData]] = pytest.StashKey()


def record_result(item: pytest.Item, case: Case, result: Result, seconds: float) -> None:
    """Keep a target's result for the report, if one is written.

    Args:
        item: the test that ran it.
        case: its case.
        result: its result.
        seconds: how long it took.
    """
    if item.config.pluginmanager.has_plugin(PLUGIN):
        artifact = case.artifact is not None
        data = json_report.result_data(result, frozen=case.target.frozen, artifact=artifact, seconds=seconds)
        item.stash.setdefault(_RECORDED, []).append(data)


def register(config: pytest.Config) -> None:
    """Have a report written of this session, where one is asked for.

    Raises:
        pytest.UsageError: it cannot be written where it is to go.
    """
    paths = config.getoption("modelcompat_report")
    if paths is None or config.option.collectonly:
        return
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(ResultSender(), PLUGIN)
        return
    from pytest_modelcompat.report import report_file

    try:
        files = [report_file.destination(Path(path)) for path in dict.fromkeys(paths)]
    except json_report.ReportError as error:
        raise pytest.UsageError(f"modelcompat: --modelcompat-report: {error}") from None
    config.pluginmanager.register(ReportWriter(config, report_file.in_order(files)), PLUGIN)


class ResultSender:
    """Puts the results of an item's targets into its report, wherever it runs: here, or in a worker of pytest-xdist."""

    def __init__(self) -> None:
        self._positions: Mapping[str, int] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """When it is known what will run, and in which order."""
        self._positions = {item.nodeid: position for position, item in enumerate(session.items)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """After each phase of a test, when pytest has its outcome."""
        report = yield
        is_last = report.when == "call" or (report.when == "setup" and not report.passed)
        if is_last and (is_model_item(item) or _case_of(item) is not None):
            place = place_data(item)
            targets = [{**target, **place} for target in _target_outcomes(item, call, report)]
            data = {"position": self._positions.get(item.nodeid, -1), "targets": targets}
            vars(report)[REPORT_ATTRIBUTE] = json_report.portable(data, str(item.config.rootpath))
        return report


class ReportWriter(ResultSender):
    """Gathers the results of all targets, and writes the files when the session ends, however it does.

    Args:
        config: pytest's.
        files: where to, in the order in which they are written; none where only somebody else asks for the report.
    """

    def __init__(self, config: pytest.Config, files: Sequence[Path]) -> None:
        super().__init__()
        self._config = config
        self._files = files
        self._started = dt.datetime.now(dt.timezone.utc)
        self._clock = time.perf_counter()
        self._found: dict[str, tuple[int, list[TargetData]]] = {}
        self._problems: dict[str, str] = {}
        self._troubles: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """When a phase of a test is reported, by a worker too."""
        data = getattr(report, REPORT_ATTRIBUTE, None)
        if isinstance(data, dict):
            self._found[report.nodeid] = (data["position"], data["targets"])
        elif report.when not in ("setup", "call", "teardown"):
            # pytest-xdist says so of the test that a worker died in.
            self._problems[report.nodeid] = _first_line(report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """When a file has been collected: one that could not be may have targets that nobody saw."""
        if report.failed:
            self._problems[report.nodeid] = _first_line(report.longrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """When the last test has run, or the session was interrupted."""
        if not self._files:
            return
        self._troubles = list(_troubles(self.report(exitstatus), self._files, self._config))
        if self._troubles:
            # A job whose report is missing must not look as if all were well.
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """At the end of a session that shows a summary."""
        for trouble in self._troubles:
            terminalreporter.write_line(f"modelcompat: --modelcompat-report: {trouble}", red=True)
        if self._files and not self._troubles and terminalreporter.config.get_verbosity() >= 0:
            written = ", ".join(_displayed_path(file, self._config) for file in self._files)
            terminalreporter.write_sep("-", f"model compatibility report: {written}")

    def report(self, exitstatus: int) -> json_report.Report:
        """What there is to report so far.

        Args:
            exitstatus: the session's.
        """
        started = self._started.isoformat(timespec="milliseconds")
        runtimes: dict[str, dict[str, str]] = {}
        targets = []
        for nodeid, (_, of_item) in sorted(self._found.items(), key=lambda pair: pair[1][0]):
            for target in of_item:
                versions = target["loaded_by"]
                if versions or target["runtime"] not in runtimes:
                    runtimes[target["runtime"]] = versions
                fields = {name: value for name, value in target.items() if name != "loaded_by"}
                targets.append({"nodeid": nodeid, "started": started, **fields})
        return json_report.Report(
            started=started,
            seconds=time.perf_counter() - self._clock,
            project=self._config.rootpath.name,
            runtimes=runtimes,
            targets=tuple(targets),
            stale=tuple(_stale(self._config, exitstatus)),
            problems=tuple(
                json_report.portable({"nodeid": nodeid, "headline": line}, str(self._config.rootpath))
                for nodeid, line in self._problems.items()
            ),
            complete=is_complete(self._config, exitstatus),
        )


def _troubles(report: json_report.Report, files: Sequence[Path], config: pytest.Config) -> Iterable[str]:
    """Write a report into files, and give what there is to say where that fails."""
    from pytest_modelcompat.report import report_file
    from pytest_modelcompat.report.repository import repository_of

    data = next((_displayed_path(file, config) for file in files if report_file.is_own_json(file)), "")
    repository = repository_of(config.rootpath, os.environ)

    def write(file: Path) -> str:
        try:
            report_file.write(report, file, data=data, repository=repository)
        except json_report.ReportError as error:
            return str(error)
        return ""

    return filter(None, map(write, files))


def _stale(config: pytest.Config, exitstatus: int) -> Iterable[str]:
    from pytest_modelcompat.plugin.options import golden_root
    from pytest_modelcompat.plugin.session import Session
    from pytest_modelcompat.plugin.summary import stale_goldens

    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is None or not (SESSION in config.stash or golden_root(config).is_dir()):
        return ()
    return stale_goldens(terminal, exitstatus, Session.of(config))


def _displayed_path(file: Path, config: pytest.Config) -> str:
    base = config.invocation_params.dir.resolve()
    return str(file.relative_to(base)) if file.is_relative_to(base) else str(file)


def _case_of(item: pytest.Item) -> Case | None:
    """The case of an item that no test function makes."""
    return item.case if isinstance(item, ModelItem) else None


def _target_outcomes(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> list[TargetData]:
    """The results of an item's targets, in the light of the item's own outcome."""
    noted = item.stash.get(_RECORDED, [])
    # The item may be run again, by a plugin that does so.
    item.stash[_RECORDED] = []
    if not noted:
        return [{**target, **_without_result(call, report)} for target in _unreached(item)] if not report.passed else []
    error = call.excinfo.value if call.excinfo is not None else None
    return [{**target, **_with_test_outcome(target, error, report)} for target in noted]


def _without_result(call: pytest.CallInfo[None], report: pytest.TestReport) -> TargetData:
    """What to say of a target that was not reached."""
    line = _first_line(report.longrepr)
    if report.failed:
        return {"verdict": "error", "headline": line, "text": _last_lines(report)}
    xfailed = getattr(report, "wasxfail", None)
    not_run = call.excinfo is not None and isinstance(call.excinfo.value, pytest.xfail.Exception)
    if xfailed is not None and not (not_run and report.when == "setup"):
        return {"verdict": "expected", "headline": line}
    return {"verdict": "skipped", "headline": line if xfailed is None else xfailed}


def _last_lines(report: pytest.TestReport) -> str:
    """The end of what pytest prints of a failure."""
    text = report.longreprtext
    return text if len(text) <= _LONGEST_TEXT else f"… {text[-_LONGEST_TEXT:]}"


def _with_test_outcome(target: TargetData, error: BaseException | None, report: pytest.TestReport) -> TargetData:
    """What the test around a target makes of it."""
    if target["verdict"] == "failed" and (report.passed or hasattr(report, "wasxfail")):
        return {"verdict": "expected"}
    if target["verdict"] == "passed" and report.failed and not isinstance(error, ModelCompatError):
        line = _first_line(report.longrepr)
        # With no exception, what fails the test is that it was marked to fail, strictly.
        return {
            "verdict": "error" if error is not None else "failed",
            "headline": line,
            "kinds": [] if error is not None else ["UNEXPECTED PASS"],
            "text": _last_lines(report),
        }
    return {}


def _unreached(item: pytest.Item) -> list[TargetData]:
    """The targets of an item that have no result."""
    from pytest_modelcompat.plugin.session import Session
    from pytest_modelcompat.report.user_properties import claims
    from pytest_modelcompat.results.target import Target
    from pytest_modelcompat.runtimes import LOCAL
    from pytest_modelcompat.settings.checks import SettingsError, plain_name

    case = _case_of(item)
    target = case.target if case is not None else target_of(item)
    name = next(iter(claims(item.user_properties)), item.nodeid)
    if target is not None:
        return [json_report.no_result_data(item.name, name, target)]
    # Which formats a call of the fixture would have asked for is not known, and where only by the options.
    try:
        runtimes = resolve_settings(Session.of(item.config).layers, item.config.rootpath).runtimes
    except SettingsError:
        runtimes = (LOCAL,)
    targets = [Target("", plain_name(runtime)) for runtime in runtimes]
    return [json_report.no_result_data(item.name, name, each) for each in targets]


def _first_line(longrepr: Any) -> str:
    """The first line of what pytest says of a failure or a skip."""
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else getattr(longrepr, "errorstring", None) or str(longrepr or "")
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    # Of a syntax error, and of what a test module imports, the place comes first, and what it is last.
    is_last = lines[0].startswith(('File "', "ImportError while importing test module"))
    # The class of what `pytest.fail` raises says nothing else than that it failed.
    return str(lines[-1].removeprefix("E ").lstrip() if is_last else lines[0].removeprefix("Failed: "))
