"""Marked tests -> targets: checking their options, parametrizing formats, naming cases and goldens."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin.markers import ARTIFACT, FIXTURE, ROUNDTRIP, TARGET_ARGUMENT, target_of
from pytest_modelcompat.plugin.names import base_name, case_id, golden_name, path_parts
from pytest_modelcompat.results.option_syntax import OptionPlace
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.settings.checks import SettingsError, plain_name
from pytest_modelcompat.settings.settings import OptionLayer, Settings, resolve_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.release_store import FrozenArtifact
    from pytest_modelcompat.plugin.session import Session


@dataclass(frozen=True)
class MarkedTest:
    """A test's marker with what it says.

    Args:
        kind: `model_roundtrip` or `model_artifact`.
        settings: its options, resolved.
        artifact: the path a `model_artifact` names.
    """

    kind: str
    settings: Settings
    artifact: Path | None = None


def read_marker(node: pytest.Item | Any, layers: tuple[OptionLayer, OptionLayer]) -> MarkedTest | None:
    """The marker of a test, those of its class and module filling in what it leaves open; None without one.

    Args:
        node: an item or a function definition.
        layers: the command line's options and the ini file's.

    Raises:
        SettingsError: an option is wrong.
    """
    names = [name for name in (ROUNDTRIP, ARTIFACT) if node.get_closest_marker(name) is not None]
    if not names:
        return None
    if len(names) > 1:
        raise SettingsError("a test takes one of the markers model_roundtrip and model_artifact, not both")
    kind = names[0]
    options: dict[str, Any] = {}
    paths: tuple[Any, ...] = ()
    marks = list(node.iter_markers(kind))
    for mark in reversed(marks):
        options.update(mark.kwargs)
        paths = mark.args or paths
    if sum(bool(mark.args) for mark in marks) > 1:
        raise SettingsError(f"marker: {kind} names {len(marks)} artifacts; write a test for each")
    artifact = _artifact_path(node, kind, paths)
    if kind == ARTIFACT and "formats" in options:
        raise SettingsError("marker: option 'formats' is for model_roundtrip; a file has the format it has")
    command_line, ini = layers
    if kind == ARTIFACT:
        command_line, ini = _without_formats(command_line), _without_formats(ini)
    settings = resolve_settings((command_line, OptionLayer(OptionPlace.MARKER, options), ini), node.config.rootpath)
    formats = _with_marks(settings.formats, options.get("formats", ()))
    runtimes = _with_marks(settings.runtimes, options.get("runtimes", ()))
    return MarkedTest(kind, replace(settings, formats=formats, runtimes=runtimes), artifact)


def resolve_settings(layers: Sequence[OptionLayer], root: Path) -> Settings:
    """The options of a case from its layers, the strongest first, with the runtimes it names looked at.

    Args:
        layers: options with their sources.
        root: the project's folder.

    Raises:
        SettingsError: an option is wrong.
    """
    settings = resolve_options(layers)
    if settings.loads_in:
        from pytest_modelcompat.roundtrip.static_check import check_loads_in

        check_loads_in(settings, root)
    return settings


def _with_marks(chosen: Sequence[Any], written: str | Sequence[Any]) -> tuple[Any, ...]:
    """Formats or runtimes chosen on the command line, each with the marks that the test's own marker puts on it."""
    own = {plain_name(entry): entry for entry in ((written,) if isinstance(written, str) else written)}
    return tuple(own.get(plain_name(entry), entry) for entry in chosen)


def _without_formats(layer: OptionLayer) -> OptionLayer:
    return OptionLayer(layer.source, {name: value for name, value in layer.options.items() if name != "formats"})


def _artifact_path(node: Any, kind: str, paths: tuple[Any, ...]) -> Path | None:
    if kind == ROUNDTRIP:
        if paths:
            raise SettingsError(f"marker: model_roundtrip takes options by name only, not {paths[0]!r}")
        return None
    if len(paths) != 1 or not isinstance(paths[0], (str, Path)):
        raise SettingsError('marker: model_artifact takes the path of one file or folder, as in model_artifact("a.h5")')
    given = Path(paths[0])
    from_root: Path = node.config.rootpath / given
    beside_test: Path = node.path.parent / given
    return beside_test if beside_test.exists() and not from_root.exists() else from_root


def parametrize(metafunc: pytest.Metafunc, session: Session) -> None:
    """Give a marked test one item for each target, the target last in its id.

    Raises:
        pytest.fail.Exception: an option is wrong, or the test cannot be run as a target.
    """
    try:
        marked = _runnable(metafunc, session.layers)
    except SettingsError as error:
        message = f"modelcompat: {metafunc.definition.nodeid}: {error}"
        raise pytest.fail.Exception(message, pytrace=False) from None
    formats = marked.settings.formats if marked.artifact is None else (artifact_format(marked.artifact),)
    parameters = [
        pytest.param(target, marks=marks, id=str(target))
        for target, marks in (
            *targets(formats, marked.settings.runtimes),
            *frozen_targets(_frozen_of_function(metafunc.definition, marked.settings, session), marked.settings),
        )
    ]
    metafunc.fixturenames.append(TARGET_ARGUMENT)
    metafunc.parametrize(TARGET_ARGUMENT, parameters)


def targets(formats: Iterable[Any], runtimes: Iterable[Any]) -> Iterator[tuple[Target, tuple[Any, ...]]]:
    """Each format in each runtime, with the marks that the test puts on either."""
    for entry, runtime in itertools.product(formats, runtimes):
        marks = (*getattr(entry, "marks", ()), *getattr(runtime, "marks", ()))
        yield Target(plain_name(entry), plain_name(runtime)), marks


def all_targets(
    formats: Iterable[Any], settings: Settings, golden: GoldenName, session: Session
) -> tuple[tuple[Target, tuple[Any, ...]], ...]:
    """The targets of a case whose golden is known: those it saves now, and those of its releases."""
    frozen = session.frozen().get(golden, ())
    return (*targets(formats, settings.runtimes), *frozen_targets(frozen, settings))


def frozen_targets(frozen: Iterable[FrozenArtifact], settings: Settings) -> Iterator[tuple[Target, tuple[Any, ...]]]:
    """Each frozen artifact in each runtime: of all formats, unless the command line asks for some."""
    chosen = settings.formats if settings.sources.get("formats") is OptionPlace.COMMAND_LINE else None
    wanted = None if chosen is None else {plain_name(entry) for entry in chosen}
    for format_, label in dict.fromkeys((each.format, each.label) for each in frozen):
        if wanted is None or format_ in wanted:
            for target, marks in targets((format_,), settings.runtimes):
                yield replace(target, frozen=label), marks


def _frozen_of_function(definition: Any, settings: Settings, session: Session) -> Iterator[FrozenArtifact]:
    """What is frozen of a test with any of its parameters, which are not known yet."""
    folder = path_parts(definition.path.with_suffix(""), definition.config.rootpath)
    base = base_name(definition, definition.name, settings)
    for name, frozen in session.frozen().items():
        if name.folder == folder and (name.name == base or name.name.startswith(f"{base}[")):
            yield from frozen


def frozen_artifact(golden: GoldenName, target: Target, session: Session) -> FrozenArtifact | None:
    """The frozen artifact that a target of a case is; None if it is none, or there is none such."""
    if not target.frozen:
        return None
    alike = (each for each in session.frozen().get(golden, ()) if each.label == target.frozen)
    return next((each for each in alike if each.format == target.format), None)


def _runnable(metafunc: pytest.Metafunc, layers: tuple[OptionLayer, OptionLayer]) -> MarkedTest:
    marked = read_marker(metafunc.definition, layers)
    assert marked is not None  # noqa: S101 - only marked tests are asked about
    function = metafunc.function
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise SettingsError("the test is async; a model test is a plain function that returns a model")
    if marked.kind == ARTIFACT and FIXTURE in metafunc.fixturenames:
        raise SettingsError("a test takes the marker model_artifact or the fixture model_roundtrip, not both")
    return marked


def artifact_format(path: Path) -> str:
    """The format of an artifact by its content; by its name if there is nothing to read."""
    from pytest_modelcompat.artifacts import detect_format
    from pytest_modelcompat.artifacts.formats import format_of_name

    return detect_format(path) or format_of_name(path)


def claim_all(report: pytest.CollectReport, session: Session) -> None:
    """Claim the goldens of the marked tests that were collected; a golden claimed twice fails the collection.

    Of a test's parameters not each has every artifact that is frozen of the test: those without are left out.
    """
    for item in list(report.result if report.passed else ()):
        if not isinstance(item, pytest.Function):
            continue
        target = target_of(item)
        if target is None:
            continue
        marked = read_marker(item, session.layers)
        assert marked is not None  # noqa: S101 - what has a target is marked
        golden = golden_name(item, marked.settings)
        if target.frozen and frozen_artifact(golden, target, session) is None:
            report.result.remove(item)
            continue
        try:
            session.claims.add(golden, case_id(item))
        except SettingsError as error:
            report.outcome, report.longrepr, report.result = "failed", f"modelcompat: {error}", []
            return


def record_claims(items: Iterable[pytest.Item], layers: tuple[OptionLayer, OptionLayer]) -> None:
    """Note on each model test which golden it claims, so that the summary knows even if it never runs."""
    for item in items:
        if target_of(item) is not None or FIXTURE in getattr(item, "fixturenames", ()):
            from pytest_modelcompat.report import user_properties

            marked = read_marker(item, layers)
            settings = marked.settings if marked is not None else Settings()
            golden = golden_name(item, settings)
            item.user_properties.append(user_properties.claim(str(golden)))
            if FIXTURE in getattr(item, "fixturenames", ()):
                item.user_properties.append(user_properties.calls_fixture("/".join(golden.folder)))
