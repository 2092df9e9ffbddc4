"""Running a target's case and reporting its result: shared by marked tests, the fixture, and items without a test."""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin import collection, debugger, report_writer
from pytest_modelcompat.plugin.builder_errors import of_user
from pytest_modelcompat.plugin.extensions import announce
from pytest_modelcompat.plugin.markers import FIXTURE, is_model_item, target_of
from pytest_modelcompat.plugin.names import accept_command, case_id, golden_name
from pytest_modelcompat.plugin.stash import FIXTURES_SEEDED
from pytest_modelcompat.plugin.written_at import marker_line, refusal
from pytest_modelcompat.report import user_properties
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.result import ModelCompatError, Result, ResultContext
from pytest_modelcompat.roundtrip.extensions import HookFailedError
from pytest_modelcompat.roundtrip.stop import NotApplicableError
from pytest_modelcompat.settings.expected_failures import apply_expected_failures
from pytest_modelcompat.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.plugin.session import Session
    from pytest_modelcompat.roundtrip.case import Case, Fixture
    from pytest_modelcompat.runtimes.waits import Waits
    from pytest_modelcompat.settings.expected_failures import ExpectedFailure


_FIX_THE_HOOK = ("correct the hook; it may return None to use the default",)


def prepare(item: pytest.Item, session: Session) -> None:
    """Start a model test from its seed, before its fixtures build anything.

    Fails a test that no target can be made of, such as a `unittest` method, or one with a misspelt option.
    """
    if not isinstance(item, pytest.Function) or (item.cls is not None and _is_unittest(item.cls)):
        pytest.fail(
            f"modelcompat: {item.name} carries a model marker, and a unittest method cannot return a model; "
            "write it as a plain function, or in a class that does not inherit from unittest.TestCase",
            pytrace=False,
        )
    problem = collection.problem_of(item, session)
    if problem:
        pytest.fail(refusal(case_id(item), problem, marker_line(item, problem)), pytrace=False)
    if target_of(item) is None and FIXTURE not in item.fixturenames:
        pytest.fail(
            f"modelcompat: {item.name} was given its model marker after it was collected, too late to make targets of "
            "it; put the marker on the test, its class or its module",
            pytrace=False,
        )
    seed_for(item, session)


def refuse_forked(item: pytest.Item) -> None:
    """Fail a model test that pytest-forked runs in a copy of pytest's process, that waits for a loader for ever."""
    if item.config.getoption("forked", False) or item.get_closest_marker("forked") is not None:
        pytest.fail(
            f"modelcompat: {item.name} cannot run under pytest-forked (--forked, or its marker): run model tests "
            "without it, for each artifact is loaded in a process of its own already",
            pytrace=False,
        )


def seed_for(item: pytest.Item, session: Session) -> None:
    """Seed as a model test's options say."""
    if tensorflow_problem(session.waits) is not None:
        return
    from pytest_modelcompat.roundtrip.seed import seed_everything

    marked = session.marked_tests.of(item)
    seed_everything((marked.settings if marked is not None else Settings()).seed)


def seed_for_fixture(fixture: pytest.FixtureDef[Any], item: pytest.Item, session: Session) -> None:
    """Seed before a fixture is built that a model test uses, as other plugins may seed between its setup and that.

    Of a test's own fixtures before the first, which then draw one after the other. One of a wider scope is built once,
    for whichever test comes first: it starts from the seed of a model test that uses it.
    """
    if fixture.scope == "function":
        if is_model_item(item) and not item.stash.get(FIXTURES_SEEDED, False):
            item.stash[FIXTURES_SEEDED] = True
            seed_for(item, session)
        return
    user = next((each for each in (item, *item.session.items) if is_model_item(each) and _uses(each, fixture)), None)
    if user is not None:
        seed_for(user, session)


def _uses(item: pytest.Item, fixture: pytest.FixtureDef[Any]) -> bool:
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return fixture in known.get(fixture.argname, ())


def _is_unittest(cls: type) -> bool:
    return any(base.__module__ == "unittest.case" for base in cls.__mro__)


def run_marked(item: pytest.Function, session: Session) -> None:
    """Run a marked test as its target: call it, take the model (or inputs) it returns, check the round trip.

    Raises:
        ModelCompatError: the target fails.
    """
    marked = session.marked_tests.of(item)
    target = target_of(item)
    assert marked is not None and target is not None  # noqa: S101, PT018 - asked for by the caller
    from pytest_modelcompat.roundtrip.case import Case, split_returned

    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}  # noqa: SLF001 - as pytest's own call
    call: Callable[[], Any] = lambda: item.obj(**arguments)  # noqa: E731
    golden = golden_name(item, marked.settings)
    case = Case(
        title=item.name,
        target=target,
        settings=marked.settings,
        golden=golden,
        build=(lambda: split_returned(of_user(call))) if marked.artifact is None else None,
        artifact=marked.artifact,
        inputs=(lambda: of_user(call)) if marked.artifact is not None else None,
        accept=accept_command(item),
        declared_in=OptionPlace.MARKER if marked.artifact is None else OptionPlace.ARTIFACT_MARKER,
        test_module=item.module.__name__,
        fixtures=fixtures_of(item),
    )
    run_target(item, case.of_release(collection.frozen_artifact(golden, target, session)), session)


def fixtures_of(item: pytest.Item) -> tuple[Fixture, ...]:
    """What the fixtures of a test give to it."""
    from pytest_modelcompat.roundtrip.case import Fixture

    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    given = getattr(item, "funcargs", {})
    return tuple(Fixture(name, known[name][-1].scope, value) for name, value in given.items() if known.get(name))


def run_target(item: pytest.Item, case: Case, session: Session) -> Result:
    """Check one target and record its result on its item.

    Raises:
        ModelCompatError: the target fails.
    """
    scene = debugger.Scene(case)
    try:
        result = check_item(item, scene.listening() if debugger.is_wanted(item) else case, session)
    except NotApplicableError as error:
        pytest.skip(f"modelcompat: {error}")
    if result.expected:
        pytest.xfail(f"{result.verdict}: {result.expected}")
    if result.failed and debugger.is_wanted(item):
        debugger.stop(item, scene, (result,), session)
    if result.failed:
        raise ModelCompatError((result,))
    return result


def check_item(item: pytest.Item, case: Case, session: Session) -> Result:
    """One target's result, noted on its item whether it failed or not.

    Raises:
        NotApplicableError: a model of this kind does not have the format, and the test does not ask for it.
    """
    began = time.perf_counter()
    if debugger.is_wanted(item):
        debugger.forget(session)
    # An artifact is loaded in the loader only, and needs no TensorFlow in this process.
    problem = tensorflow_problem(session.waits) if case.artifact is None else None
    if problem is not None:
        from pytest_modelcompat.diagnosis import no_tensorflow

        result = without_checking(case, no_tensorflow(problem))
    else:
        from pytest_modelcompat.roundtrip.check import check_target

        try:
            extended = replace(case, extensions=session.extensions())
            result = check_target(extended, session.context())
        except HookFailedError as error:
            result = without_checking(case, _hook_failed(error))
    result = _announced(item, apply_expected_failures(result, _expected(item, case, session)))
    item.user_properties.extend(user_properties.of_result(result))
    report_writer.record_result(item, case, result, time.perf_counter() - began)
    return result


def _announced(item: pytest.Item, result: Result) -> Result:
    """A result that the project's hooks have seen; one that raises fails its target."""
    try:
        announce(item, result)
    except HookFailedError as error:
        return replace(result, findings=(*result.findings, _hook_failed(error)), expected="")
    return result


def _hook_failed(error: HookFailedError) -> Finding:
    return Finding(Kind.HOOK_FAILED, error.hook, cause=str(error), fix=_FIX_THE_HOOK)


def _expected(item: pytest.Item, case: Case, session: Session) -> list[ExpectedFailure]:
    """How the target is known to fail: what its test says, and what the project declares."""
    test = case_id(item).removesuffix(f"[{case.target}]")
    known = (*case.settings.expected_failures, *session.expected)
    return [each for each in known if each.is_about(test, case.target)]


def tensorflow_problem(waits: Waits) -> str | None:
    """Why TensorFlow cannot be imported in this process, the exception's class and message; None if it can."""
    try:
        with waits.on("importing TensorFlow"):
            importlib.import_module("tensorflow")
    except Exception as error:  # noqa: BLE001 - a broken installation raises whatever it likes
        return f"{type(error).__name__}: {error}"
    return None


def without_checking(case: Case, finding: Finding) -> Result:
    """The result of a target that could not be checked, which is a failure."""
    return Result(
        case.title,
        str(case.golden),
        case.format,
        case.runtime,
        (finding,),
        ResultContext(case.title),
        release=case.target.frozen,
    )
