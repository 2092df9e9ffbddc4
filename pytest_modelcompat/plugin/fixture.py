"""The fixture `model_roundtrip`: a test that looks at the results itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_modelcompat.artifacts.formats import SAVE_ORDER
from pytest_modelcompat.plugin import collection, debugger
from pytest_modelcompat.plugin.builder_errors import of_user
from pytest_modelcompat.plugin.marked_tests import resolve_settings
from pytest_modelcompat.plugin.markers import ROUNDTRIP, target_of
from pytest_modelcompat.plugin.names import accept_command, case_id, golden_name
from pytest_modelcompat.plugin.runner import check_item, fixtures_of
from pytest_modelcompat.plugin.written_at import call_line, refusal
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.result import ModelCompatError, Result, RoundTripResult
from pytest_modelcompat.roundtrip.stop import NotApplicableError
from pytest_modelcompat.settings.checks import SettingsError, plain_name
from pytest_modelcompat.settings.settings import OptionLayer, Settings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.plugin.session import Session
    from pytest_modelcompat.results.target import Target
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.settings.typed_options import RoundTripOptions


@dataclass
class ModelRoundtrip:
    """What the fixture `model_roundtrip` gives: a function that checks a model and returns its results.

    Args:
        item: the test that uses it.
        session: its session.
        called: whether the test has called it.
    """

    item: pytest.Item
    session: Session
    called: bool = False
    _claimed: set[tuple[GoldenName, Target]] = field(default_factory=set)

    def __call__(self, model: Any, *, check: bool = True, **options: Unpack[RoundTripOptions]) -> RoundTripResult:
        """Save a model in each format, reload it in a fresh process, and compare.

        Args:
            model: a Keras model, a `tf.Module`, or a function that builds one; a function is called again for each
                format, as a marked test is.
            check: whether a target that fails fails the test. Otherwise its result says so, and the test decides.
            options: those of the marker, `inputs` among them.

        Raises:
            ModelCompatError: a target fails, and `check` is true.
        """
        __tracebackhide__ = True
        self.called = True
        settings, targets = self._settings(dict(options))
        results: list[Result] = []
        for each in targets:
            scene = debugger.Scene(self._case(model, settings, each))
            result = self._result(scene.listening() if debugger.is_wanted(self.item) else scene.case)
            results += [result] if result is not None else []
            if check and result is not None and _fails(result) and debugger.is_wanted(self.item):
                debugger.stop(self.item, scene, (result,), self.session)
        failed = tuple(filter(_fails, results))
        if failed and check:
            raise ModelCompatError(failed)
        return RoundTripResult(tuple(results))

    def _result(self, case: Case) -> Result | None:
        """A target's result; None for a format that the model does not have and nobody asks for."""
        try:
            return check_item(self.item, case, self.session)
        except NotApplicableError as error:
            # Of a marked test the target is the item; in a plain call it is one of several.
            if target_of(self.item) is not None:
                pytest.skip(f"modelcompat: {error}")
            return None

    def _settings(self, options: dict[str, Any]) -> tuple[Settings, list[Target]]:
        target = target_of(self.item)
        command_line, ini = self.session.layers
        marks = list(self.item.iter_markers(ROUNDTRIP))
        marker = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
        if any(hasattr(entry, "marks") for name in ("formats", "runtimes") for entry in options.get(name) or ()):
            self._refuse("marks on a format or runtime belong on the marker, not in a call")
        for name in ("formats", "runtimes"):
            if target is not None and name in options:
                self._refuse(f"give {name!r} to the marker, which makes an item of each")
        try:
            layers = (
                command_line,
                OptionLayer(OptionPlace.CALL, options),
                OptionLayer(OptionPlace.MARKER, marker),
                ini,
            )
            settings = resolve_settings(layers, self.item.config.rootpath)
            golden = golden_name(self.item, settings)
            self.session.claims.add(golden, case_id(self.item))
        except SettingsError as error:
            self._refuse(str(error))
        if target is not None:
            return settings, [target]
        wanted = {plain_name(entry) for entry in settings.formats}
        formats = [name for name in SAVE_ORDER if name in wanted]
        return settings, [each for each, _ in collection.all_targets(formats, settings, golden, self.session)]

    def _refuse(self, problem: str) -> NoReturn:
        """Fail the test for how it calls the fixture, with the line of the call."""
        message = refusal(case_id(self.item), problem, call_line(self.item.config))
        raise pytest.fail.Exception(message, pytrace=False) from None

    def _case(self, model: Any, settings: Settings, target: Target) -> Case:
        from pytest_modelcompat.roundtrip.case import Case, is_builder, split_returned

        golden = golden_name(self.item, settings)
        if (golden, target) in self._claimed:
            self._refuse(f"it checks {golden} as {target} twice; give each call a name= of its own")
        self._claimed.add((golden, target))
        frozen = collection.frozen_artifact(golden, target, self.session)
        if target.frozen and frozen is None:
            self._refuse(f"nothing is frozen as {target} of {golden}")
        case = Case(
            title=self.item.name if target_of(self.item) else f"{self.item.name}[{target}]",
            target=target,
            settings=settings,
            golden=golden,
            build=lambda: split_returned(of_user(model) if is_builder(model) else model),
            accept=accept_command(self.item),
            declared_in=OptionPlace.CALL,
            test_module=getattr(getattr(self.item, "module", None), "__name__", ""),
            fixtures=fixtures_of(self.item),
        )
        return case.of_release(frozen)


def _fails(result: Result) -> bool:
    return result.failed and not result.expected
