"""Items without a test file: builders named by `--modelcompat-model`, artifacts named as paths or in the ini file."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import collect_one_node

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.plugin import collection
from pytest_modelcompat.plugin.marked_tests import resolve_settings
from pytest_modelcompat.plugin.markers import ModelItem
from pytest_modelcompat.plugin.names import path_parts, update_command
from pytest_modelcompat.plugin.session import Session
from pytest_modelcompat.report import user_properties
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.settings.checks import SettingsError, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.settings.settings import Settings


class CaseItem(ModelItem):
    """One target of a case that no test function makes."""

    def runtest(self) -> None:
        """Check the target."""
        from pytest_modelcompat.plugin.runner import run_target

        run_target(self, self.case, Session.of(self.config))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says the item is."""
        return self.path, None, self.name


def _make_item(
    parent: pytest.Collector, case: Case, marks: Iterable[pytest.MarkDecorator] = (), nodeid: str | None = None
) -> CaseItem:
    item: CaseItem = CaseItem.from_parent(parent, name=case.title, nodeid=nodeid)
    item.case = case
    for mark in marks:
        item.add_marker(mark)
    item.user_properties.append(user_properties.claim(str(case.golden)))
    return item


class BuilderCollector(pytest.File):
    """The targets of one `module:name` of `--modelcompat-model`.

    A `File` because only while it collects those does pytest capture what is printed, and importing a module of the
    user's makes TensorFlow print a great deal.
    """

    # Why there is no such builder, as far as that shows without an import.
    problem = ""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each format.

        Raises:
            CollectError: the builder cannot be had, or an option is wrong.
        """
        from pytest_modelcompat.golden.golden import GoldenName
        from pytest_modelcompat.plugin.builder_errors import of_user
        from pytest_modelcompat.plugin.runner import tensorflow_problem
        from pytest_modelcompat.roundtrip.case import Case, is_builder, split_returned
        from pytest_modelcompat.roundtrip.seed import seed_everything

        if self.problem:
            raise self.CollectError(f"--modelcompat-model {self.problem}")
        module, _, name = self.name.partition(":")
        session = Session.of(self.config)
        settings = resolve_settings(session.layers, self.config.rootpath)
        # A model that the module makes when it is imported must come out the same in every session.
        if _is_there(module) and tensorflow_problem(session.waits) is None:
            seed_everything(settings.seed)
        with session.waits.on(f"importing {module}"):
            found = self._resolve(module, name)
        golden = GoldenName((), settings.name or self.name)
        try:
            session.claims.add(golden, self.name)
        except SettingsError as error:
            raise self.CollectError(str(error)) from None
        accept = update_command(self.config, "--modelcompat-model", self.name)
        # One object is saved in all formats: a save that changes it harms no other if it is last.
        formats = sorted(
            settings.formats, key=lambda entry: not is_builder(found) and FORMATS[plain_name(entry)].changes_model
        )
        for target, marks in collection.all_targets(formats, settings, golden, session):
            case = Case(
                title=f"{name}[{target}]",
                target=target,
                settings=settings,
                golden=golden,
                build=lambda: split_returned(of_user(found) if is_builder(found) else found),
                accept=accept,
                declared_in=OptionPlace.COMMAND_LINE,
            ).of_release(collection.frozen_artifact(golden, target, session))
            yield _make_item(self, case, marks, f"{self.name}[{target}]")

    def _resolve(self, module: str, name: str) -> Any:
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
                why = _why_not_imported(module, error)
                raise self.CollectError(f"--modelcompat-model {self.name}: {why}") from None
            raise self.CollectError(
                f"--modelcompat-model {self.name}: there is no module {error.name!r} on the path or in "
                f"{self.config.invocation_params.dir}"
            ) from None
        except Exception as error:  # noqa: BLE001 - whatever the user's module raises
            raise self.CollectError(f"--modelcompat-model {self.name}: {_why_not_imported(module, error)}") from None
        for part in name.split("."):
            if not hasattr(found, part):
                raise self.CollectError(
                    f"--modelcompat-model {self.name}: module {module} has no {part!r}{_near(part, found)}"
                )
            found = getattr(found, part)
        return found


def _is_there(module: str) -> bool:
    top = module.partition(".")[0]
    try:
        return bool(top) and importlib.util.find_spec(top) is not None
    except ValueError:
        return False


def _why_not_imported(module: str, error: Exception) -> str:
    """What a user's module raised when it was imported, and where, without our frames and importlib's."""
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return f"{module} cannot be imported: {type(error).__name__}: {error}\n" + "".join(traceback.format_list(users))


def _near(name: str, module: Any) -> str:
    hint = did_you_mean(name, (each for each in dir(module) if not each.startswith("_")), "")
    return f"; {hint}" if hint else ""


def builder_items(session: pytest.Session, names: Iterable[str]) -> Iterator[pytest.Item]:
    """The items of every builder named on the command line.

    Raises:
        pytest.UsageError: one of them cannot be collected.
    """
    from pytest_modelcompat.plugin.named_builders import problem_of_builder

    _import_from_here(session.config)
    problems = {name: problem_of_builder(name, session.config.invocation_params.dir) for name in names}
    if not any(problems.values()):
        Session.of(session.config).prefetch()
    for name, problem in problems.items():
        collector: BuilderCollector = BuilderCollector.from_parent(
            session, path=session.config.rootpath, name=name, nodeid=name
        )
        collector.problem = problem
        report = collect_one_node(collector)
        # What a worker of pytest-xdist raises here is lost; a report of it reaches the controller.
        if report.failed and not hasattr(session.config, "workerinput"):
            raise pytest.UsageError(f"modelcompat: {report.longrepr}")
        session.ihook.pytest_collectreport(report=report)
        yield from (item for item in report.result if isinstance(item, pytest.Item))


def _import_from_here(config: pytest.Config) -> None:
    """Let what the command line names be imported from where pytest was started; no test file puts it on the path."""
    directory = str(config.invocation_params.dir)
    if directory not in sys.path:
        sys.path.insert(0, directory)


class _ArtifactCollector(pytest.Collector):
    """Makes the items of an artifact, one for each runtime."""

    def collect(self) -> Iterator[pytest.Item]:
        """The artifact's items.

        Raises:
            CollectError: an option is wrong, or another artifact has this golden.
        """
        from pytest_modelcompat.roundtrip.case import Case

        _import_from_here(self.config)
        session = Session.of(self.config)
        try:
            settings = resolve_settings(session.layers, self.config.rootpath)
            golden = _artifact_golden(self.path, self.config.rootpath, settings)
            session.claims.add(golden, self.nodeid)
        except SettingsError as error:
            raise self.CollectError(f"modelcompat: {error}") from None
        formats = (collection.artifact_format(self.path),)
        for target, marks in collection.all_targets(formats, settings, golden, session):
            case = Case(
                title=f"{self.path.name}[{target}]",
                target=target,
                settings=settings,
                golden=golden,
                artifact=self.path,
                accept=update_command(self.config, self.nodeid),
                declared_in=OptionPlace.COMMAND_LINE,
            ).of_release(collection.frozen_artifact(golden, target, session))
            yield _make_item(self, case, marks)


class ArtifactFile(_ArtifactCollector, pytest.File):
    """An .h5 or .keras file, or one that says itself what it is instead."""


class ArtifactFolder(_ArtifactCollector, pytest.Directory):
    """A SavedModel, or the folder of an unzipped .keras file."""


def _artifact_golden(path: Path, root: Path, settings: Settings) -> GoldenName:
    from pytest_modelcompat.golden.golden import GoldenName

    *folder, name = path_parts(path, root)
    return GoldenName(tuple(folder), settings.name or name)


def is_wanted(path: Path, config: pytest.Config) -> bool:
    """Whether an artifact is named on the command line or matched by the ini file's patterns."""
    return _is_named(path, config) or _is_matched(path, config, config.getini("modelcompat_artifacts") or ())


def _is_named(path: Path, config: pytest.Config) -> bool:
    base = config.invocation_params.dir
    return any((base / argument.split("::")[0]).resolve() == path.resolve() for argument in config.args)


def _is_matched(path: Path, config: pytest.Config, patterns: Iterable[str]) -> bool:
    if not patterns or not path.is_relative_to(config.rootpath):
        return False
    relative = path.relative_to(config.rootpath).as_posix()
    return any(matches(relative, pattern) for pattern in patterns)


def is_asked_for(path: Path, config: pytest.Config) -> bool:
    """Whether what is no model file is named on the command line, or by a pattern of its own suffix: to say so."""
    patterns = config.getini("modelcompat_artifacts") or ()
    by_suffix = [each for each in patterns if path.suffix and each.endswith(path.suffix)]
    return _is_named(path, config) or _is_matched(path, config, by_suffix)


def matches(relative: str, pattern: str) -> bool:
    """Whether a path matches a glob pattern in which `**` stands for any folders, also none."""
    import re

    escaped = re.escape(pattern.removeprefix("./"))
    expression = (
        escaped.replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    )
    return re.fullmatch(expression, relative) is not None
