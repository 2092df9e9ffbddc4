"""pytest's hooks, and nothing else."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.formats import KERAS_FOLDER, MODEL_SUFFIXES, OTHER_SUFFIXES
from pytest_modelcompat.plugin import markers, options
from pytest_modelcompat.plugin.stash import FAILURES_ATTRIBUTE, SESSION, TERMINAL
from pytest_modelcompat.settings.table import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_modelcompat.plugin.fixture import ModelRoundtrip
    from pytest_modelcompat.plugin.session import Session

MODEL_TESTS = "modelcompat-model-tests"
# The name of `RECIPE`, which a session that reproduces nothing does not import.
KEPT_FOLDER_HAS = "reproduction.json"
ROUNDTRIP_HELP = (
    f"model_roundtrip({', '.join(option.name for option in OPTIONS)}): save the model this test returns, reload it "
    "in a fresh process, and compare its predictions with the golden."
)
ARTIFACT_HELP = (
    "model_artifact(path, custom_objects, ...): reload this file or SavedModel in a fresh process and compare its "
    "predictions with the golden; the test returns the inputs, or None to derive them."
)


def _session(config: pytest.Config) -> Session:
    # What a session without model tests does not import, it does not pay for.
    from pytest_modelcompat.plugin.session import Session

    return Session.of(config)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """When the plugin is registered."""
    from pytest_modelcompat.plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """When pytest starts, before any ini file is read."""
    options.add_options(parser)


def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """When the command line is known, before pytest refuses what no plugin takes."""
    if any(each.startswith("--") and ("compat" in each or "model" in each) for each in args):
        from pytest_modelcompat.plugin import misspelt_options

        misspelt_options.add_hint(parser, args)


def pytest_configure(config: pytest.Config) -> None:
    """When the options are known."""
    for text in (ROUNDTRIP_HELP, ARTIFACT_HELP):
        config.addinivalue_line("markers", text)
    if os.name == "posix" and not hasattr(config, "workerinput") and _is_terminal():
        config.stash[TERMINAL] = os.dup(sys.stdout.fileno())
        config.add_cleanup(lambda: os.close(config.stash[TERMINAL]))
    if options.any_given(config):
        _session(config)
    if config.getoption("modelcompat_report") is not None:
        from pytest_modelcompat.plugin import report_writer

        report_writer.register(config)
    # What workers of pytest-xdist collect the session that they report to does not see.
    if config.getoption("dist", "no") != "no" and options.shows_on_github(config):
        from pytest_modelcompat.plugin import report_watch

        config.pluginmanager.register(report_watch.ReportWatch(config))
    named = config.getoption("modelcompat_model")
    if named and config.args_source is not pytest.Config.ArgsSource.ARGS:
        # Who names a model and no path wants that model, not the whole test suite as well.
        config.args = []


def _is_terminal() -> bool:
    """Whether somebody looks at a terminal that can move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """For each path: the folder of a kept failure may hold copies of test modules, which are no tests there."""
    return True if (collection_path / KEPT_FOLDER_HAS).is_file() else None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Before a test module is imported: if it has model tests, TensorFlow is imported in the loader meanwhile."""
    if b"model_roundtrip" in module_path.read_bytes() or b"model_artifact" in module_path.read_bytes():
        _session(parent.config).prefetch()


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """For each test function, after its own parameters: one item for each target."""
    if markers.is_marked(metafunc.definition):
        from pytest_modelcompat.plugin import collection

        collection.parametrize(metafunc, _session(metafunc.config))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """For each module or class: the model tests in it claim their goldens."""
    is_module = isinstance(collector, pytest.Module) and SESSION in collector.config.stash
    # A module of model tests imports TensorFlow.
    with _session(collector.config).waits.on(f"importing {collector.name}") if is_module else nullcontext():
        report = yield
    if SESSION in collector.config.stash:
        from pytest_modelcompat.plugin import collection

        collection.claim_all(report, _session(collector.config))
        if report.failed:
            from pytest_modelcompat.plugin import import_hint

            import_hint.add_hint(report, collector.config)
    return report


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """For each file: a model file that is asked for becomes an item, and so does one that only seems to be one."""
    if file_path.suffix not in (*MODEL_SUFFIXES, *OTHER_SUFFIXES):
        return None
    from pytest_modelcompat.plugin import items

    is_wanted = items.is_wanted if file_path.suffix in MODEL_SUFFIXES else items.is_asked_for
    if not is_wanted(file_path, parent.config):
        return None
    _session(parent.config).prefetch()
    collector: pytest.Collector = items.ArtifactFile.from_parent(parent, path=file_path)
    return collector


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """For each folder: a SavedModel or an unzipped .keras file that is asked for becomes an item."""
    if not ((path / "saved_model.pb").is_file() or all((path / name).is_file() for name in KERAS_FOLDER)):
        return None
    from pytest_modelcompat.plugin import items

    if not items.is_wanted(path, parent.config):
        return None
    _session(parent.config).prefetch()
    collector: pytest.Collector = items.ArtifactFolder.from_parent(parent, path=path)
    return collector


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """When everything is collected, before anything is deselected: builders named on the command line join in."""
    named = config.getoption("modelcompat_model")
    if named:
        from pytest_modelcompat.plugin.items import builder_items

        items.extend(builder_items(session, named))
    if SESSION in config.stash or any(markers.FIXTURE in getattr(item, "fixturenames", ()) for item in items):
        from pytest_modelcompat.plugin import collection

        collection.record_claims(items, _session(config))
    if config.getoption("modelcompat_only"):
        others = [item for item in items if not markers.is_ours(item)]
        items[:] = [item for item in items if markers.is_ours(item)]
        config.hook.pytest_deselected(items=others)
    claims = config.getoption("modelcompat_claims")
    if claims:
        from pytest_modelcompat.plugin import collection
        from pytest_modelcompat.plugin.collected_claims import claims_of_items

        collection.refuse_wrong_markers(items, _session(config))
        claims_of_items(items, config.rootpath).write(config.rootpath / claims)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """When it is known what will run: the hooks that model tests need join in, if there is one."""
    manager = session.config.pluginmanager
    found = SESSION in session.config.stash or any(markers.is_model_item(item) for item in session.items)
    if found and not manager.has_plugin(MODEL_TESTS):
        from pytest_modelcompat.plugin import model_hooks

        manager.register(model_hooks, MODEL_TESTS)
        if options.shows_on_github(session.config):
            from pytest_modelcompat.plugin import github_actions

            github_actions.register(session.config, session)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """When the last test has run: whether any were left out, and how the terminal shows those that failed."""
    if session.shouldstop or session.shouldfail:
        _session(session.config).cut_short = True
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    failed = reporter.stats.get("failed", ()) if reporter is not None else ()
    if reporter is not None and any(hasattr(report, FAILURES_ATTRIBUTE) for report in failed):
        from pytest_modelcompat.plugin import failure_texts

        failure_texts.fit(failed, reporter)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    """At the end of a session that shows a summary."""
    if SESSION in config.stash or options.golden_root(config).is_dir():
        from pytest_modelcompat.plugin.summary import write_summary

        write_summary(terminalreporter, exitstatus, _session(config))


@pytest.fixture
def model_roundtrip(request: pytest.FixtureRequest) -> ModelRoundtrip:
    """Checks that a model survives being saved and reloaded: `model_roundtrip(model, inputs=..., ...)`."""
    from pytest_modelcompat.plugin.fixture import ModelRoundtrip

    return ModelRoundtrip(request.node, _session(request.config))


@pytest.fixture
def modelcompat_target(request: pytest.FixtureRequest) -> str:
    """The target a marked test runs as: `h5`, `h5-tf2.15`."""
    return str(request.param)
