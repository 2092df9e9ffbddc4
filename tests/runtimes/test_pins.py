"""The table of runtimes."""

from __future__ import annotations

import pytest

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.pins import PINS


def test_every_name_says_what_is_in_it() -> None:
    assert set(PINS) >= {f"tf2.{minor}" for minor in range(4, 22)} | {"tf2.16+keras3.15", "tf2.21+tf_keras"}
    for name, pins in PINS.items():
        base, _, addition = name.partition("+")
        assert (pins.name, pins.tensorflow) == (name, base.removeprefix("tf"))
        release = pins.tensorflow if pins.is_pre_release else f"{pins.tensorflow}.*"
        assert pins.to_install(cpu=True)[0] == f"tensorflow-cpu=={release}"
        assert pins.to_install(cpu=False)[0] == f"tensorflow=={release}"
        assert pins.to_install()[1:] == pins.requirements
        if addition.startswith("keras"):
            assert f"keras=={addition.removeprefix('keras')}.*" in pins.requirements


@pytest.mark.parametrize(
    ("name", "python", "packages", "env"),
    [
        ("tf2.4", "3.8", {"protobuf<3.21"}, {}),
        ("tf2.15", "3.11", {"keras==2.15.*", "numpy<2"}, {}),
        ("tf2.16", "3.11", {"keras==3.3.*", "numpy<2"}, {}),
        ("tf2.16+keras3.15", "3.11", {"keras==3.15.*", "numpy<2"}, {}),
        ("tf2.16+keras3.10+py3.12", "3.12", {"keras==3.10.*", "numpy<2"}, {}),
        ("tf2.19", "3.12", {"keras==3.9.*"}, {}),
        ("tf2.22rc0", "3.13", {"keras-nightly>=3.16.0.dev0"}, {}),
        ("tf2.21+tf_keras", "3.11", {"keras==3.15.*", "tf_keras==2.21.*"}, {"TF_USE_LEGACY_KERAS": "1"}),
        ("tf2.18+tf_keras", "3.12", {"keras==3.6.*", "tf_keras==2.18.*"}, {"TF_USE_LEGACY_KERAS": "1"}),
    ],
)
def test_a_name_says_it_all(name: str, python: str, packages: set[str], env: dict[str, str]) -> None:
    runtime = builtin_runtime(name)
    assert (runtime.name, runtime.python, runtime.env) == (name, python, env)
    tensorflow, *others = runtime.packages
    release = name.partition("+")[0].removeprefix("tf")
    assert tensorflow.partition("==")[2] == release + ("" if "rc" in release else ".*")
    assert set(others) == packages
