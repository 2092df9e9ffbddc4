"""The table of options, and all that follows from it."""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.settings import checks
from pytest_modelcompat.settings.settings import Settings
from pytest_modelcompat.settings.table import BY_NAME, OPTIONS, SESSION_FLAGS, SESSION_INI, WITH_FLAG, WITH_INI

DOCS = Path(__file__).resolve().parents[2] / "docs"


def make_options() -> Any:
    spec = importlib.util.spec_from_file_location("make_options", DOCS / "make_options.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_has_the_options_with_their_defaults() -> None:
    names = [field.name for field in fields(Settings) if field.name != "sources"]
    assert names == [option.name for option in OPTIONS]
    settings = Settings()
    assert {name: getattr(settings, name) for name in names} == {option.name: option.default for option in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=list(BY_NAME))
def test_the_check_is_there_and_takes_the_default(option: Any) -> None:
    check = getattr(checks, option.check)
    if option.default is not None and option.default != ():
        assert check(option.default) == option.default


@pytest.mark.parametrize("marker", ["model_roundtrip"])
def test_the_help_of_the_marker_names_them(marker: str, pytester: pytest.Pytester) -> None:
    lines = pytester.runpytest_inprocess("--markers").outlines
    (line,) = [line for line in lines if line.startswith(f"@pytest.mark.{marker}(")]
    assert line.partition("(")[2].partition(")")[0].split(", ") == list(BY_NAME)


def test_pytest_help_has_each_flag_and_ini_option(pytester: pytest.Pytester) -> None:
    text = pytester.runpytest_inprocess("--help").stdout.str()
    for option in WITH_FLAG:
        assert (f"{option.flag}={option.metavar}" if option.metavar else option.flag) in text
    for option in WITH_INI:
        assert f"  {option.ini} " in text
    for flag, given in SESSION_FLAGS.items():
        assert (f"{flag}={given['metavar']}" if "metavar" in given else flag) in text
    for name in SESSION_INI:
        assert f"  {name} " in text


def test_the_page_and_readme_are_what_the_script_writes() -> None:
    module = make_options()
    assert module.PAGE.read_text(encoding="utf-8") == module.page()
    text = module.README.read_text(encoding="utf-8")
    assert text == module.readme(text)
    assert module.table() in text
