"""Marked tests -> targets: checking their options, parametrizing formats, naming cases and goldens."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.plugin import markers
from pytest_modelcompat.plugin.markers import ARTIFACT, FIXTURE, TARGET_ARGUMENT, target_of
from pytest_modelcompat.plugin.names import base_name, case_id, golden_name, path_parts
from pytest_modelcompat.plugin.stash import CLAIM_PROBLEM
from pytest_modelcompat.plugin.written_at import marker_line, refusal
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.settings.checks import SettingsError, plain_name
from pytest_modelcompat.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.release_store import Frozen
    from pytest_modelcompat.plugin.session import Session


def parametrize(metafunc: pytest.Metafunc, session: Session) -> None:
    """Give a marked test one item for each target, the target last in its id.

    A test of which no target can be made stays one item, which is an error when its turn comes: the other tests of its
    module run.
    """
    marked = session.marked_tests.of(metafunc.definition)
    assert marked is not None  # noqa: S101 - only marked tests are asked about
    if problem_of(metafunc.definition, session):
        return
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


def frozen_targets(frozen: Iterable[Frozen], settings: Settings) -> Iterator[tuple[Target, tuple[Any, ...]]]:
    """Each frozen artifact in each runtime: of all formats, unless the command line asks for some."""
    chosen = settings.formats if settings.sources.get("formats") is OptionPlace.COMMAND_LINE else None
    wanted = None if chosen is None else {plain_name(entry) for entry in chosen}
    for format_, label in dict.fromkeys((each.format, each.label) for each in frozen):
        if wanted is None or format_ in wanted:
            for target, marks in targets((format_,), settings.runtimes):
                yield replace(target, frozen=label), marks


def _frozen_of_function(definition: Any, settings: Settings, session: Session) -> Iterator[Frozen]:
    """What is frozen of a test with any of its parameters, which are not known yet."""
    folder = path_parts(definition.path.with_suffix(""), definition.config.rootpath)
    base = base_name(definition, definition.name, settings)
    for name, frozen in session.frozen().items():
        if name.folder == folder and (name.name == base or name.name.startswith(f"{base}[")):
            yield from frozen


def frozen_artifact(golden: GoldenName, target: Target, session: Session) -> Frozen | None:
    """The frozen artifact that a target of a case is; None if it is none, or there is none such."""
    if not target.frozen:
        return None
    alike = (each for each in session.frozen().get(golden, ()) if each.label == target.frozen)
    return next((each for each in alike if each.format == target.format), None)


def problem_of(function: pytest.Function, session: Session) -> str:
    """Why no target can be made of a marked test, one sentence; empty if nothing is in the way.

    Args:
        function: an item or a function definition.
        session: its session.
    """
    marked = session.marked_tests.of(function)
    if marked is None:
        return ""
    if marked.problem:
        return marked.problem
    if inspect.iscoroutinefunction(function.obj) or inspect.isasyncgenfunction(function.obj):
        return "the test is async; a model test is a plain function that returns a model"
    if marked.kind == ARTIFACT and FIXTURE in function.fixturenames:
        return "a test takes the marker model_artifact or the fixture model_roundtrip, not both"
    return function.stash.get(CLAIM_PROBLEM, "")


def artifact_format(path: Path) -> str:
    """The format of an artifact by its content; by its name if there is nothing to read."""
    from pytest_modelcompat.artifacts import detect_format
    from pytest_modelcompat.artifacts.formats import format_of_name

    return detect_format(path) or format_of_name(path)


def claim_all(report: pytest.CollectReport, session: Session) -> None:
    """Claim the goldens of the marked tests that were collected; a golden claimed twice is an error of the later test.

    Of a test's parameters not each has every artifact that is frozen of the test: those without are left out.
    """
    for item in list(report.result if report.passed else ()):
        if not isinstance(item, pytest.Function):
            continue
        target = target_of(item)
        if target is None:
            if markers.is_marked(item):
                # Who selects some of its targets with -k would not see the error otherwise.
                item.extra_keyword_matches.update(FORMATS)
            continue
        marked = session.marked_tests.of(item)
        assert marked is not None  # noqa: S101 - what has a target is marked
        golden = golden_name(item, marked.settings)
        if target.frozen and frozen_artifact(golden, target, session) is None:
            report.result.remove(item)
            continue
        try:
            session.claims.add(golden, case_id(item))
        except SettingsError as error:
            item.stash[CLAIM_PROBLEM] = str(error)


def refuse_wrong_markers(items: Iterable[pytest.Item], session: Session) -> None:
    """Stop where it matters what all tests claim: of one whose marker is wrong that is not known.

    Raises:
        pytest.UsageError: a test's marker is wrong.
    """
    for item in items:
        problem = problem_of(item, session) if isinstance(item, pytest.Function) else ""
        if problem:
            raise pytest.UsageError(refusal(item.nodeid, problem, marker_line(item, problem)))


def record_claims(items: Iterable[pytest.Item], session: Session) -> None:
    """Record on each model test which golden it claims, so that the summary knows even if it never runs."""
    for item in items:
        if target_of(item) is not None or markers.is_model_item(item):
            from pytest_modelcompat.report import user_properties

            marked = session.marked_tests.of(item)
            settings = marked.settings if marked is not None else Settings()
            golden = golden_name(item, settings)
            item.user_properties.append(user_properties.claim(str(golden)))
            # Which golden a test means whose marker is wrong is not known either.
            if target_of(item) is None or FIXTURE in getattr(item, "fixturenames", ()):
                item.user_properties.append(user_properties.calls_fixture("/".join(golden.folder)))
