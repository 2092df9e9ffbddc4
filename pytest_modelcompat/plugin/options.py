"""The plugin's command line and ini options, and turning them into layers of `Settings`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.settings.table import SESSION_FLAGS, SESSION_INI, WITH_FLAG, WITH_INI

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.results.option_places import OptionPlace
    from pytest_modelcompat.settings.settings import OptionLayer
    from pytest_modelcompat.settings.table import Option

GROUP = "modelcompat"
_TAKES = {"args": "a list", "linelist": "a list", "bool": "true or false", "string": "a text"}


def add_options(parser: pytest.Parser) -> None:
    """Register every option of the table under one group, and its ini option where it has one."""
    group = parser.getgroup(GROUP, "saved TensorFlow/Keras models (pytest-modelcompat)")
    for flag, given in SESSION_FLAGS.items():
        group.addoption(flag, **given)
    # For `modelcompat golden prune`, which runs pytest to learn which goldens are claimed.
    group.addoption("--modelcompat-claims", metavar="PATH", help=argparse.SUPPRESS)
    for option in WITH_FLAG:
        _add_flag(group, option)
    for option in WITH_INI:
        parser.addini(option.ini, f"{option.help} (as {option.flag})", type=option.ini_type, default=None)
    for name, given in SESSION_INI.items():
        parser.addini(name, **given)


def _add_flag(group: pytest.OptionGroup, option: Option) -> None:
    if option.is_switch:
        group.addoption(option.flag, action="store_false", default=None, dest=option.dest, help=option.help)
    elif option.type is None:
        group.addoption(option.flag, action="append", dest=option.dest, metavar=option.metavar, help=option.help)
    else:
        group.addoption(option.flag, type=option.type, dest=option.dest, metavar=option.metavar, help=option.help)


def any_given(config: pytest.Config) -> bool:
    """Whether any of the options is given, on the command line or in the ini file, or pyproject.toml declares any."""
    flags = ("modelcompat_update_golden", "modelcompat_model")
    if any(getattr(config.option, name, None) for name in flags):
        return True
    # An empty label, as of a variable that is not set, is one to refuse.
    if getattr(config.option, "modelcompat_freeze", None) is not None:
        return True
    pyproject = config.rootpath / "pyproject.toml"
    if pyproject.is_file() and b"tool.modelcompat" in pyproject.read_bytes():
        return True
    if any(getattr(config.option, option.dest, None) is not None for option in WITH_FLAG):
        return True
    try:
        names = (*(option.ini for option in WITH_INI), "modelcompat_fork")
        return any(config.getini(name) not in (None, []) for name in names)
    except (pytest.UsageError, TypeError, ValueError):
        return True


def command_line_layer(config: pytest.Config) -> OptionLayer:
    """What the command line says.

    Raises:
        SettingsError: a custom object is not written as `module:Class`, or an allowed name has no reason.
    """
    from pytest_modelcompat.results.option_places import OptionPlace
    from pytest_modelcompat.settings.settings import OptionLayer

    given = {option.name: config.getoption(option.dest) for option in WITH_FLAG}
    options = {name: value for name, value in given.items() if value is not None}
    return OptionLayer(OptionPlace.COMMAND_LINE, _with_names(options, OptionPlace.COMMAND_LINE))


def ini_layer(config: pytest.Config) -> OptionLayer:
    """What the ini file says.

    Raises:
        SettingsError: a value cannot be read as the option's type.
    """
    from pytest_modelcompat.results.option_places import OptionPlace
    from pytest_modelcompat.settings.settings import OptionLayer

    options: dict[str, Any] = {}
    for option in WITH_INI:
        value = _from_ini(config, option.ini, _TAKES.get(option.ini_type, "a number"))
        if value is not None and value != []:
            options[option.name] = value
    return OptionLayer(OptionPlace.INI, _with_names(options, OptionPlace.INI))


def _from_ini(config: pytest.Config, name: str, takes: str) -> Any:
    try:
        return config.getini(name)
    except (pytest.UsageError, TypeError, ValueError) as error:
        from pytest_modelcompat.settings.checks import SettingsError

        raise SettingsError(f"ini: option {name!r} takes {takes}: {error}") from None


def _with_names(options: dict[str, Any], place: OptionPlace) -> dict[str, Any]:
    """Options in which those that name something are no longer lists of words."""
    from pytest_modelcompat.settings.checks import SettingsError, parse_allowed, parse_object

    named = dict(options)
    if "custom_objects" in options:
        named["custom_objects"] = dict(parse_object(text) for text in options["custom_objects"])
    try:
        if "allow_unsafe" in options:
            named["allow_unsafe"] = dict(parse_allowed(text) for text in options["allow_unsafe"])
    except SettingsError as error:
        raise SettingsError(f"{place}: option 'allow_unsafe': {error}") from None
    return named


def golden_root(config: pytest.Config) -> Path:
    """The folder of the project's goldens."""
    folder: Path = config.rootpath / str(config.getini("modelcompat_golden_dir"))
    return folder


def forks(config: pytest.Config) -> bool | None:
    """Whether children are forked: as the ini file says, None for the platform's default.

    Raises:
        SettingsError: the value is neither true nor false.
    """
    value: bool | None = _from_ini(config, "modelcompat_fork", "true or false")
    return value


def shows_on_github(config: pytest.Config) -> bool:
    """Whether this session runs on GitHub Actions and is to be shown there.

    Raises:
        pytest.UsageError: the ini file says neither true nor false.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return False
    try:
        return bool(config.getini("modelcompat_github"))
    except (pytest.UsageError, ValueError) as error:
        raise pytest.UsageError(f"modelcompat: ini: option 'modelcompat_github' takes true or false: {error}") from None
