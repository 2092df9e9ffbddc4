"""The hooks of a session that has model tests; `plugin` registers them once collection has found one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin import builder_errors, markers
from pytest_modelcompat.plugin.failure_repr import show
from pytest_modelcompat.plugin.fixture import ModelRoundtrip
from pytest_modelcompat.plugin.runner import prepare, refuse_forked, run_marked, seed_for, seed_for_fixture
from pytest_modelcompat.plugin.session import Session
from pytest_modelcompat.report import user_properties
from pytest_modelcompat.results.result import ModelCompatError

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a test's fixtures are made: a model test starts from its seed, and one that cannot run says why."""
    if markers.is_ours(item):
        refuse_forked(item)
        # A plugin that runs it again, as pytest-rerunfailures does, runs the same item.
        item.user_properties[:] = user_properties.without_results(item.user_properties)
    if markers.is_model_item(item):
        prepare(item, Session.of(item.config))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    """Before a fixture is built: one that a model test uses starts from a seed."""
    item = request._pyfuncitem  # noqa: SLF001 - of a fixture with a wider scope `node` is not the test
    seed_for_fixture(fixturedef, item, Session.of(item.config))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Instead of pytest's own call of a marked test, unless it calls the fixture itself."""
    if markers.FIXTURE in pyfuncitem.fixturenames:
        # A marked test is seeded where its model is built.
        seed_for(pyfuncitem, Session.of(pyfuncitem.config))
        return None
    if markers.target_of(pyfuncitem) is None:
        return None
    run_marked(pyfuncitem, Session.of(pyfuncitem.config))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Around a test's call: one that asks for the fixture and never calls it has checked nothing."""
    outcome = yield
    caller = getattr(item, "funcargs", {}).get(markers.FIXTURE)
    if isinstance(caller, ModelRoundtrip) and not caller.called:
        pytest.fail(f"modelcompat: {item.name} asks for model_roundtrip and never calls it", pytrace=False)
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
    """After each phase of a test: a failed target is shown by its own text, a builder that raises by its own frames."""
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, ModelCompatError):
        report = pytest.TestReport.from_item_and_call(item, call)
        show(report, error, item)
        return report
    return builder_errors.shortened(call, item) if error is not None and markers.is_ours(item) else None
