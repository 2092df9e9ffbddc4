"""The public names: lazy, complete, and with the options that the table has."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pytest_modelcompat
from pytest_modelcompat.results.result import ResultContext, RoundTripResult, UnknownTargetError
from pytest_modelcompat.settings.table import OPTIONS
from pytest_modelcompat.settings.typed_options import RoundTripOptions


def test_the_package_imports_nothing_until_a_name_is_used() -> None:
    code = (
        "import sys, pytest_modelcompat as api\n"
        "ours = [name for name in sys.modules if name.startswith('pytest_modelcompat.')]\n"
        "assert not ours and 'pytest' not in sys.modules and 'numpy' not in sys.modules, ours\n"
        "assert api.Finding.__name__ == 'Finding' and 'pytest' not in sys.modules\n"
        "assert set(api.__all__) <= set(dir(api))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", pytest_modelcompat.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(pytest_modelcompat, name).__name__ == name


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="module 'pytest_modelcompat' has no attribute 'Resul'"):
        getattr(pytest_modelcompat, "Resul")  # noqa: B009


def test_the_typed_options_are_those_of_the_table() -> None:
    assert list(RoundTripOptions.__annotations__) == [option.name for option in OPTIONS]


class TestResults:
    RESULTS = RoundTripResult(
        tuple(
            pytest_modelcompat.Result(
                f"test[{name}]", "test", format_, runtime, (), ResultContext("a"), release=release
            )
            for name, format_, runtime, release in (
                ("h5", "h5", "local", ""),
                ("keras-tf2.15", "keras", "tf2.15", ""),
                ("h5:v1", "h5", "local", "v1"),
            )
        )
    )

    def test_by_target(self) -> None:
        assert [self.RESULTS[name].title for name in ("h5", "keras-tf2.15", "h5:v1")] == [
            "test[h5]",
            "test[keras-tf2.15]",
            "test[h5:v1]",
        ]

    def test_in_order(self) -> None:
        assert [result.target for result in self.RESULTS] == ["h5", "keras-tf2.15", "h5:v1"]
        assert len(self.RESULTS) == 3
        assert not self.RESULTS.failed

    def test_a_target_that_there_is_not(self) -> None:
        with pytest.raises(UnknownTargetError) as caught:
            self.RESULTS["keras"]
        assert str(caught.value) == "there is no target 'keras'; this call had h5, keras-tf2.15, h5:v1"
