"""The form of a known change: the versions and formats that it applies to, where it looks, and what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.rule import (
    Rule,
    layers,
    layers_that,
    objects,
    objects_that,
)
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytest_modelcompat.compatibility.rule import Where

DENSE = LayerUse("Dense", ("dense",), config={"units": 2}, position=1, siblings=3)
WIDE = LayerUse("Dense", ("wide",), config={"units": 9}, position=2, siblings=3)
FLAT = LayerUse("Flatten", ("flat",), config={"units": 9}, position=3, siblings=3)
RELU = ObjectUse("activation", "relu", ("dense",))
OWN = ObjectUse("activation", "shop>clipped", ("wide",))
OWN_LOSS = ObjectUse("loss", "clipped", ("compile",), is_class=True, config={"units": 9})
MSE = ObjectUse("loss", "relu", ("compile",), is_class=True, config={"units": 2})
NAMED_LOSS = ObjectUse("loss", "mae", ("compile",), config={"units": 9})


def context(writer: str = "2.10.0", runtime: str = "tf2.15", format_: str = "h5") -> CompatibilityContext:
    held = Inventory(
        Path("model.h5"),
        format_,
        {"keras": writer},
        layers=(DENSE, WIDE, FLAT),
        objects=(RELU, OWN, OWN_LOSS, MSE, NAMED_LOSS),
    )
    return CompatibilityContext(held, load_profile(runtime), frozenset({"clipped"}))


def is_wide(config: Mapping[str, Any]) -> bool:
    return bool(config["units"] == 9)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (lambda: layers("Dense"), (DENSE, WIDE)),
        (lambda: layers("Flatten", "Dense"), (DENSE, WIDE, FLAT)),
        (lambda: layers("LSTM"), ()),
        (lambda: layers_that(is_wide, "Dense"), (WIDE,)),
        (lambda: layers_that(is_wide, "Dense", "Flatten"), (WIDE, FLAT)),
        (lambda: objects("activation", "relu"), (RELU,)),
        (lambda: objects("loss", "mae", "relu"), (MSE, NAMED_LOSS)),
        (lambda: objects("metric", "mae"), ()),
        (lambda: objects_that(is_wide, "loss"), (OWN_LOSS,)),
        (lambda: objects_that(is_wide, "activation"), ()),
    ],
)
def test_where_a_known_change_looks(where: Any, found: tuple[object, ...]) -> None:
    looks: Where = where()
    assert looks(context()) == found


def rule(**more: Any) -> Rule:
    return Rule(
        Kind.CONFIG_CHANGED,
        subject="Dense",
        cause="{writer} writes what {reader} does not read",
        source="measured",
        where=layers("Dense"),
        **more,
    )


@pytest.mark.parametrize(
    ("writer", "runtime", "format_", "applies"),
    [
        ("2.5.9", "tf2.15", "h5", False),
        ("2.6.0", "tf2.15", "h5", True),
        ("2.12.1", "tf2.15", "h5", True),
        ("2.13.0", "tf2.15", "h5", False),
        ("2.6.0", "tf2.9", "h5", False),
        ("2.6.0", "tf2.10", "h5", True),
        ("2.6.0", "tf2.16", "h5", True),
        ("2.6.0", "tf2.16+keras3.4", "h5", False),
        ("2.6.0", "tf2.15", "keras", True),
        ("2.6.0", "tf2.15", "saved_model", False),
    ],
)
def test_the_versions_that_a_known_change_is_for(writer: str, runtime: str, format_: str, applies: bool) -> None:
    bounded = rule(written=((2, 6), (2, 13)), read=((2, 10), (3, 4)))
    assert bounded.applies(context(writer, runtime, format_)) is applies


@pytest.mark.parametrize("writer", ["", "2.3.0", "3.15.0"])
@pytest.mark.parametrize("runtime", ["tf2.4", "tf2.21"])
def test_one_without_bounds_is_for_all_versions(writer: str, runtime: str) -> None:
    assert rule().applies(context(writer, runtime))
    assert not rule(formats=("keras",)).applies(context(writer, runtime))


def test_what_a_known_change_finds() -> None:
    found = rule(severity=Severity.CHANGE, stage=Stage.BUILD, fix=("save it again",))
    assert found.finding(context(), (DENSE, WIDE)) == Finding(
        Kind.CONFIG_CHANGED,
        "Dense",
        where=('"dense", first of 3 layers', '"wide", second of 3 layers'),
        cause="Keras 2.10.0 writes what Keras 2.15 does not read",
        fix=("save it again",),
        severity=Severity.CHANGE,
        stage=Stage.BUILD,
        source="measured",
    )


def test_one_without_a_fix_says_how_to_get_to_another_keras() -> None:
    finding = rule().finding(context(), (DENSE,))
    assert finding.fix[0] == "load it with Keras 2.10.0"
    assert (finding.severity, finding.stage) == (Severity.ERROR, None)
