"""Names of tests and goldens, and the command that accepts a change."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin.markers import TARGET_ARGUMENT, target_of
from pytest_modelcompat.plugin.stash import GOLDEN_NAMES
from pytest_modelcompat.settings.table import WITH_FLAG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.settings.settings import Settings

LONGEST_ID = 100


def golden_name(item: pytest.Item, settings: Settings) -> GoldenName:
    """The name of an item's golden: the module's path, then `Class.test[parameters]` or the `name` option."""
    known = item.stash.setdefault(GOLDEN_NAMES, {})
    if settings.name not in known:
        from pytest_modelcompat.golden.golden import GoldenName

        function = getattr(item, "originalname", None) or item.name.partition("[")[0]
        parameters = _parameters(item)
        name = base_name(item, function, settings) + (f"[{parameters}]" if parameters else "")
        known[settings.name] = GoldenName(_module_parts(item.path, item.config.rootpath), name)
    return known[settings.name]


def base_name(node: Any, function: str, settings: Settings) -> str:
    """The name of a test's goldens without parameters: the `name` option, else `Class.test`."""
    classes = [each.name for each in node.listchain() if isinstance(each, pytest.Class)]
    return settings.name or ".".join((*classes, function))


@lru_cache(maxsize=256)
def _module_parts(path: Path, root: Path) -> tuple[str, ...]:
    """Worked out once for all tests of a module, which come one after the other."""
    return path_parts(path.with_suffix(""), root)


def path_parts(path: Path, root: Path) -> tuple[str, ...]:
    """A path's parts from the project's folder; its name alone if it lies elsewhere."""
    return path.relative_to(root).parts if path.is_relative_to(root) else (path.name,)


def _parameters(item: pytest.Item) -> str:
    """The parameters of an item's id without its target.

    pytest 9.2 renames strings of over 100 characters and earlier versions spell them out; a golden's name must not
    depend on that, so such a one is named by its digest.
    """
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return ""
    text = callspec.id
    target = callspec.params.get(TARGET_ARGUMENT)
    if target is not None:
        text = text.removesuffix(str(target)).removesuffix("-")
    for argument, value in callspec.params.items():
        if isinstance(value, (str, bytes)) and len(value) > LONGEST_ID:
            text = _shortened(text, argument, value)
    return str(text)


def _shortened(text: str, argument: str, value: str | bytes) -> str:
    import hashlib

    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    short = f"{argument}~{hashlib.sha256(data).hexdigest()[:16]}"
    spelt = data.decode("latin-1") if isinstance(value, bytes) else value
    for form in (spelt, spelt.encode("unicode_escape").decode("ascii"), hashlib.sha256(data).hexdigest()):
        if form in text:
            return text.replace(form, short)
    return re.sub(rf"(?<![^-]){re.escape(argument)}\d+(?![^-])", short, text)


def accept_command(item: pytest.Item) -> str:
    """The command that records an item's golden again, all its formats where that can be said in one id."""
    callspec = getattr(item, "callspec", None)
    only_target = callspec is not None and callspec.id == str(target_of(item))
    nodeid = case_id(item) if only_target else item.nodeid
    return update_command(item.config, nodeid)


def update_command(config: pytest.Config, *what: str) -> str:
    """The command that records goldens again, with all options of this run that it needs.

    Args:
        config: of this run.
        what: the tests, files or builders, word by word.
    """
    return shlex.join(["pytest", *what, *_options_given(config), "--modelcompat-update-golden"])


def _options_given(config: pytest.Config) -> Iterator[str]:
    """The words of pytest's command line that change what the plugin does; what `addopts` adds needs no repeating."""
    for flag, dest in (("-c", "inifilename"), ("-o", "override_ini"), ("--rootdir", "rootdir")):
        for value in _values(getattr(config.option, dest, None)):
            yield from (flag, value)
    for option in WITH_FLAG:
        if _is_typed(option.flag, config):
            for value in _values(config.getoption(option.dest)):
                yield from (option.flag,) if option.is_switch else (option.flag, value)


def _is_typed(flag: str, config: pytest.Config) -> bool:
    # A worker of pytest-xdist is started without the words that were typed.
    return hasattr(config, "workerinput") or flag in {word.partition("=")[0] for word in config.invocation_params.args}


def _values(given: Any) -> list[str]:
    if given is None:
        return []
    return [str(each) for each in given] if isinstance(given, (list, tuple)) else [str(given)]


def case_id(item: pytest.Item) -> str:
    """An item's id without its target: the same for all targets of a case."""
    target = target_of(item)
    if target is None:
        return item.nodeid
    if item.nodeid.endswith(f"-{target}]"):
        return item.nodeid.removesuffix(f"-{target}]") + "]"
    return item.nodeid.removesuffix(f"[{target}]")
