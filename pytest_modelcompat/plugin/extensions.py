"""The project's hooks as plain functions for the round trip; what one raises is said with its name and place."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.extensions import Extensions, HookFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy
    import pytest

    from pytest_modelcompat.results.result import Result


def extensions_of(config: pytest.Config) -> Extensions:
    """What the project's hooks add; only those that are written cost anything.

    Raises:
        HookFailedError: a hook that gives known failures raises.
    """
    hooks = config.hook
    known = _guarded(hooks.pytest_modelcompat_known_failures)(config=config)
    inputs = _guarded(hooks.pytest_modelcompat_inputs)
    compare = _guarded(hooks.pytest_modelcompat_compare)
    return Extensions(
        known_failures=tuple(entry for entries in known or () for entry in entries),
        inputs=(lambda case, model, options: inputs(case=case, model=model, options=options))
        if hooks.pytest_modelcompat_inputs.get_hookimpls()
        else None,
        compare=(
            lambda output, actual, expected, tolerance: compare(
                output=output, actual=actual, expected=expected, tolerance=tolerance
            )
        )
        if hooks.pytest_modelcompat_compare.get_hookimpls()
        else None,
    )


def announce(item: pytest.Item, result: Result) -> None:
    """Gives a target's final result to the hooks.

    Raises:
        HookFailedError: one of them raises.
    """
    _guarded(item.ihook.pytest_modelcompat_result)(result=result, item=item)


def _guarded(hook: pluggy.HookCaller) -> Callable[..., Any]:
    def call(**arguments: Any) -> Any:
        try:
            return hook(**arguments)
        except Exception as error:
            raise HookFailedError(hook.name, f"{hook.name} {_place(hook)}raised {_said(error)}") from error

    return call


def _place(hook: pluggy.HookCaller) -> str:
    """Where the hook is written; of several, all of them."""
    here = f"{Path.cwd()}{os.sep}"
    files = [inspect.getsourcefile(each.function) or "" for each in hook.get_hookimpls()]
    return f"in {', '.join(file.removeprefix(here) for file in files if file)} " if any(files) else ""


def _said(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
