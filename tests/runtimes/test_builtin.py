"""The runtimes that need no declaration: what is installed for a name, in which Python, with which variables."""

from __future__ import annotations

import pytest

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.names import UnknownRuntimeError, all_names
from pytest_modelcompat.runtimes.pins import LEGACY, PINS
from pytest_modelcompat.runtimes.runtime import Runtime

SOME_KERAS = ("keras==", "tf_keras==")


def keras_of(runtime: Runtime) -> list[str]:
    return [each for each in runtime.packages if each.startswith(SOME_KERAS)]


@pytest.mark.parametrize("name", [*all_names(), "tf2.16+keras3.15", "tf2.21+tf_keras"])
def test_names_with_pins_of_their_own_are_made_of_those(name: str) -> None:
    pins = PINS[name]
    assert builtin_runtime(name) == Runtime(name, pins.python, pins.to_install(), env=pins.environment)


def test_all_are_created_and_none_imports_anything() -> None:
    for name in all_names():
        runtime = builtin_runtime(name)
        assert runtime.is_created
        assert (runtime.imports, runtime.op_libraries, runtime.interpreter) == ((), None, None)


@pytest.mark.parametrize("name", ["tf2.16+keras3.0", "tf2.18+keras3.10", "tf2.21+keras3.14"])
def test_another_keras_takes_the_place_of_the_one_of_its_time(name: str) -> None:
    base = builtin_runtime(name.partition("+")[0])
    runtime = builtin_runtime(name)
    assert runtime.name == name
    assert keras_of(runtime) == [f"keras=={name.partition('+keras')[2]}.*"]
    assert {*runtime.packages} - {*keras_of(runtime)} == {*base.packages} - {*keras_of(base)}
    assert (runtime.python, runtime.env) == (base.python, {})


@pytest.mark.parametrize("tensorflow", ["2.16", "2.18", "2.20"])
def test_tf_keras_comes_beside_the_keras_of_its_time_and_is_tf_keras_there(tensorflow: str) -> None:
    base = builtin_runtime(f"tf{tensorflow}")
    runtime = builtin_runtime(f"tf{tensorflow}+tf_keras")
    assert runtime.packages == (*base.packages, f"tf_keras=={tensorflow}.*")
    assert runtime.env == LEGACY == {"TF_USE_LEGACY_KERAS": "1"}
    assert base.env == {}


@pytest.mark.parametrize("plain", ["tf2.16", "tf2.18+keras3.10", "tf2.18+tf_keras", "tf2.21+tf_keras"])
def test_another_python_changes_nothing_else(plain: str) -> None:
    usual, runtime = builtin_runtime(plain), builtin_runtime(f"{plain}+py3.10")
    assert (runtime.name, runtime.python) == (f"{plain}+py3.10", "3.10")
    assert (runtime.packages, runtime.env) == (usual.packages, usual.env)


@pytest.mark.parametrize(
    ("written", "name"),
    [("tf2.16+keras3.3", "tf2.16"), (" tf2.15 ", "tf2.15"), ("tf2.15+py3.11", "tf2.15")],
)
def test_a_runtime_has_one_name_however_it_is_written(written: str, name: str) -> None:
    assert builtin_runtime(written) == builtin_runtime(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("prod", "known are tf2.4 to tf2.21"),
        ("local", "known are tf2.4 to tf2.21"),
        ("tf2.99", "TensorFlow 2.99 is not known"),
        ("tf2.15.1", "did you mean 'tf2.15'?"),
        ("tf2.15+keras3.3", "Keras 3 is for TensorFlow 2.16 and newer"),
        ("tf2.15+tf_keras", "tf_keras is for TensorFlow 2.16 and newer"),
    ],
)
def test_unknown_names_are_refused(name: str, reason: str) -> None:
    with pytest.raises(UnknownRuntimeError) as caught:
        builtin_runtime(name)
    assert str(caught.value).startswith(f"{name!r} is not a known runtime: {reason}")
