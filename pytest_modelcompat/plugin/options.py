"""The plugin's command line and ini options, and turning them into layers of `Settings`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.results.option_syntax import OptionPlace
from pytest_modelcompat.settings.choices import SAVED_MODEL_LOADERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.settings.settings import OptionLayer

GROUP = "modelcompat"

# option -> (flag, metavar, converter, help); given more than once unless there is a converter
CASE_OPTIONS = {
    "formats": (
        "--modelcompat-format",
        "FORMAT",
        None,
        f"save in this format: {', '.join(FORMATS)} (repeatable)",
    ),
    "runtimes": (
        "--modelcompat-runtime",
        "NAME",
        None,
        "reload in this runtime (repeatable; default: local)",
    ),
    "loads_in": (
        "--modelcompat-loads-in",
        "NAME",
        None,
        "also predict whether what is saved loads in this runtime (tf2.15) or profile file (repeatable)",
    ),
    "custom_objects": (
        "--modelcompat-custom-object",
        "[NAME=]MODULE:CLASS",
        None,
        "hand this class or function to load_model (repeatable)",
    ),
    "imports": ("--modelcompat-import", "MODULE", None, "import this module before loading (repeatable)"),
    "op_libraries": (
        "--modelcompat-op-library",
        "PATH",
        None,
        "load this op library before loading (repeatable)",
    ),
    "checks": (
        "--modelcompat-check",
        "CHECK",
        None,
        "check only this: predictions, weights, structure, training (repeatable; default: the first three)",
    ),
    "saved_model_loaders": (
        "--modelcompat-saved-model-loader",
        "LOADER",
        None,
        f"load SavedModels with this too: {', '.join(SAVED_MODEL_LOADERS)} (repeatable; default: object, graph)",
    ),
    "rtol": ("--modelcompat-rtol", "NUMBER", float, "relative tolerance; needs --modelcompat-atol too"),
    "atol": ("--modelcompat-atol", "NUMBER", float, "absolute tolerance; needs --modelcompat-rtol too"),
    "seed": (
        "--modelcompat-seed",
        "NUMBER",
        int,
        "seed of Python, NumPy and Keras before each model (default: 0)",
    ),
    "timeout": ("--modelcompat-timeout", "SECONDS", float, "kill a load after this long (default: 300)"),
}

# What a native [tool.pytest] table may hold as well: a number there is no string.
INI_TYPES: Mapping[type | None, Literal["args", "float", "int"]] = {None: "args", float: "float", int: "int"}


def add_options(parser: pytest.Parser) -> None:
    """Register every option under one group, and its ini twin where that makes sense."""
    group = parser.getgroup(GROUP, "saved TensorFlow/Keras models (pytest-modelcompat)")
    group.addoption(
        "--modelcompat-update-golden",
        action="store_true",
        help="write the goldens that are missing or changed, after their round trip held",
    )
    group.addoption(
        "--modelcompat-model",
        action="append",
        metavar="MODULE:NAME",
        help="run the round trips of this builder or model without a test file (repeatable)",
    )
    group.addoption(
        "--modelcompat-only",
        action="store_true",
        help="run the model tests alone, and leave out every other test",
    )
    group.addoption(
        "--modelcompat-freeze",
        metavar="LABEL",
        help="keep this run's artifacts beside their goldens, as those of a release that must load from now on",
    )
    group.addoption(
        "--modelcompat-report",
        metavar="PATH",
        help="write the result of every target into this JSON file, which `modelcompat report` merges and shows",
    )
    group.addoption("--modelcompat-keep", metavar="DIR", help="keep the saved artifacts in this folder")
    group.addoption(
        "--modelcompat-unsafe",
        action="store_true",
        help="load with safe_mode=False: lets Lambda bytecode run, in the loader's child only",
    )
    # For `modelcompat golden prune`, which runs pytest to learn which goldens are claimed.
    group.addoption("--modelcompat-claims", metavar="PATH", help=argparse.SUPPRESS)
    for name, (flag, metavar, converter, text) in CASE_OPTIONS.items():
        if converter is None:
            group.addoption(flag, action="append", dest=_dest(name), metavar=metavar, help=text)
        else:
            group.addoption(flag, type=converter, dest=_dest(name), metavar=metavar, help=text)
        parser.addini(_dest(name), f"{text} (as {flag})", type=INI_TYPES[converter], default=None)
    parser.addini(
        "modelcompat_golden_dir",
        "folder of the goldens, from the rootdir (default: golden)",
        default="golden",
    )
    parser.addini(
        "modelcompat_artifacts",
        "glob patterns, from the rootdir, of model files and SavedModel folders to reload",
        type="args",
        default=[],
    )
    parser.addini(
        "modelcompat_update_in_ci",
        "allow --modelcompat-update-golden where the environment variable CI is set",
        type="bool",
        default=False,
    )
    parser.addini(
        "modelcompat_fork",
        "fork the loader's children rather than starting a process for each (default: on Linux)",
        type="bool",
        default=None,
    )


def any_given(config: pytest.Config) -> bool:
    """Whether any of the options is given, on the command line or in the ini file, or pyproject.toml declares any."""
    flags = ("modelcompat_update_golden", "modelcompat_model", "modelcompat_unsafe")
    if any(getattr(config.option, name, None) for name in flags):
        return True
    # An empty label, as of a variable that is not set, is one to refuse.
    if getattr(config.option, "modelcompat_freeze", None) is not None:
        return True
    dests = [_dest(name) for name in CASE_OPTIONS]
    pyproject = config.rootpath / "pyproject.toml"
    if pyproject.is_file() and b"tool.modelcompat" in pyproject.read_bytes():
        return True
    if any(getattr(config.option, dest, None) is not None for dest in dests):
        return True
    try:
        return any(config.getini(dest) for dest in (*dests, "modelcompat_fork"))
    except (pytest.UsageError, TypeError, ValueError):
        return True


def _dest(name: str) -> str:
    return f"modelcompat_{name}"


def command_line_layer(config: pytest.Config) -> OptionLayer:
    """What the command line says.

    Raises:
        SettingsError: a custom object is not written as `module:Class`.
    """
    from pytest_modelcompat.settings.settings import OptionLayer

    given = {name: config.getoption(_dest(name)) for name in CASE_OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    if "custom_objects" in options:
        options["custom_objects"] = _objects(options["custom_objects"])
    if config.getoption("modelcompat_unsafe"):
        options["safe_mode"] = False
    return OptionLayer(OptionPlace.COMMAND_LINE, options)


def ini_layer(config: pytest.Config) -> OptionLayer:
    """What the ini file says.

    Raises:
        SettingsError: a value cannot be read as the option's type.
    """
    from pytest_modelcompat.settings.settings import OptionLayer

    options: dict[str, Any] = {}
    for name, (_, _, converter, _) in CASE_OPTIONS.items():
        value = _from_ini(config, _dest(name), "a list" if converter is None else "a number")
        if value is not None and value != []:
            options[name] = value
    if "custom_objects" in options:
        options["custom_objects"] = _objects(options["custom_objects"])
    return OptionLayer(OptionPlace.INI, options)


def _from_ini(config: pytest.Config, name: str, takes: str) -> Any:
    try:
        return config.getini(name)
    except (pytest.UsageError, TypeError, ValueError) as error:
        from pytest_modelcompat.settings.settings import SettingsError

        raise SettingsError(f"ini: option {name!r} takes {takes}: {error}") from None


def _objects(texts: list[str]) -> dict[str, str]:
    from pytest_modelcompat.settings.settings import parse_object

    return dict(parse_object(text) for text in texts)


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
