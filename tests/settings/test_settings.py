"""Options: what is wrong is named with the near match, the strongest source wins, each option whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.settings.checks import SettingsError, parse_object, plain_name
from pytest_modelcompat.settings.settings import OptionLayer, check_options, resolve_options
from pytest_modelcompat.settings.table import CHECKS


def given(**options: Any) -> dict[str, Any]:
    return check_options(OptionLayer(OptionPlace.MARKER, options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"atoll": 1}, "marker: unknown option 'atoll'; did you mean 'atol'?"),
        ({"zzz": 1}, "marker: unknown option 'zzz'; known are formats, "),
        ({"formats": ["kears"]}, "marker: option 'formats': unknown format 'kears'; did you mean 'keras'?"),
        ({"formats": []}, "option 'formats' takes a list of formats"),
        ({"formats": ["h5", "h5"]}, "each once"),
        ({"formats": 5}, "not 5 (int)"),
        ({"rtol": 1.0}, "option 'rtol' is given without 'atol'"),
        ({"atol": 1.0}, "option 'atol' is given without 'rtol'"),
        (
            {"rtol": {"a": 1, "b": 1}, "atol": {"a": 1}},
            "option 'rtol' is given for output 'b', and 'atol' is not;",
        ),
        (
            {"rtol": {"a": 1}, "atol": {"a": 1, "b": 1}},
            "option 'atol' is given for output 'b', and 'rtol' is not;",
        ),
        ({"rtol": -1, "atol": 0}, "option 'rtol' takes a number that is not negative"),
        ({"rtol": True, "atol": 0}, "not True (bool)"),
        ({"rtol": float("nan"), "atol": 0}, "option 'rtol' takes a number"),
        ({"rtol": {}, "atol": 0}, "option 'rtol' takes a number"),
        ({"custom_objects": [int]}, "takes a dict of name -> class or function"),
        ({"custom_objects": {"X": 5}}, "'X' is neither"),
        ({"custom_objects": {"X": "no_colon"}}, "'no_colon' is not written as module:Class"),
        ({"imports": "shop.layers"}, "option 'imports' takes a list of module names"),
        ({"imports": [5]}, "option 'imports' takes a list of module names"),
        ({"name": " "}, "option 'name' takes a name that is not empty"),
        ({"seed": -1}, "option 'seed' takes a whole number"),
        ({"seed": 2**32}, "option 'seed' takes a whole number from 0 to 2**32 - 1, not 4294967296 (int)"),
        ({"seed": 1.0}, "option 'seed' takes a whole number"),
        ({"runtimes": []}, "option 'runtimes' takes a list of runtime names"),
        ({"runtimes": ["local", "local"]}, ", each once, not "),
        ({"checks": ["predictons"]}, "did you mean 'predictions'?"),
        ({"train": "targets"}, "takes targets, a function that gives them, or its place as module:function"),
        ({"allow_ops": {"Erf": ""}}, "every entry needs a reason"),
        ({"allow_layers": ["Dense"]}, "takes a dict of name -> reason"),
        ({"safe_mode": 1}, "option 'safe_mode' takes True or False"),
        ({"timeout": 0}, "takes a number of seconds above 0"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        given(**options)
    assert message in str(raised.value)
    assert str(raised.value).startswith("marker: ") or "custom object" in str(raised.value)


def test_right_options_come_in_one_type() -> None:
    assert given(formats="h5")["formats"] == ("h5",)
    assert given(rtol={"a": 0, "b": 1}, atol={"b": 0, "a": 1})["rtol"] == {"a": 0.0, "b": 1.0}
    assert given(rtol=0, atol={"score": 1}) == {"rtol": 0.0, "atol": {"score": 1.0}}
    assert given(checks=CHECKS)["checks"] == CHECKS
    param = pytest.param("h5", marks=pytest.mark.xfail)
    assert given(formats=[param, "keras"])["formats"] == (param, "keras")
    assert plain_name(param) == "h5"


def test_the_greatest_seed_is_the_greatest_that_numpy_takes() -> None:
    seed = given(seed=2**32 - 1)["seed"]
    np.random.RandomState(seed)
    with pytest.raises(ValueError, match="Seed must be between"):
        np.random.RandomState(seed + 1)


def test_the_strongest_source_wins_with_an_explicit_zero() -> None:
    strong, weak = (
        OptionLayer(OptionPlace.COMMAND_LINE, {"seed": 0}),
        OptionLayer(OptionPlace.INI, {"seed": 7, "timeout": 9}),
    )
    settings = resolve_options((strong, OptionLayer(OptionPlace.MARKER, {"seed": 3, "safe_mode": False}), weak))
    assert (settings.seed, settings.timeout, settings.safe_mode) == (0, 9.0, False)
    assert settings.sources == {"seed": "command line", "timeout": "ini", "safe_mode": "marker"}
    assert settings.formats == ("h5", "keras", "saved_model")


def test_what_is_loaded_without_its_compile_config_is_not_checked_for_training() -> None:
    uncompiled = OptionLayer(OptionPlace.COMMAND_LINE, {"compile_model": False})
    training = OptionLayer(OptionPlace.MARKER, {"checks": ["weights", "training"]})
    with pytest.raises(SettingsError, match=r"^command line: option 'compile_model' .* \(marker: option 'checks'\)"):
        resolve_options((uncompiled, training))
    assert resolve_options((training,)).compile_model
    weaker = OptionLayer(OptionPlace.INI, {"compile_model": True})
    assert "training" in resolve_options((training, weaker)).checks
    assert not resolve_options((uncompiled, OptionLayer(OptionPlace.INI, {"checks": ["weights"]}))).compile_model


def test_objects_by_import_path() -> None:
    assert parse_object("shop.layers:Scale") == ("Scale", "shop.layers:Scale")
    assert parse_object("Name = shop:Outer.Inner") == ("Name", "shop:Outer.Inner")
    for text in ("shop.layers", ":X", "shop:"):
        with pytest.raises(SettingsError, match="is not written as"):
            parse_object(text)
