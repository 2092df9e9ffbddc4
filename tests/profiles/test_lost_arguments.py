"""What Keras' own classes do not save, by version, as recorded."""

from __future__ import annotations

import pytest

from pytest_modelcompat.profiles.lost_arguments import LOST_ARGUMENTS_FILE, LostArgument, arguments_lost_by, read_data
from pytest_modelcompat.profiles.recorder.lost_arguments import lost_of


class Loss:
    pass


class Huber(Loss):
    pass


class Metric:
    pass


class CosineSimilarity(Metric):
    pass


DELTA = LostArgument("delta", "_fn_kwargs.delta", 1.0, "losses.Huber")


@pytest.mark.parametrize("version", ["3.15.1", "3.99.0", "3.15.0rc0"])
def test_what_a_version_loses_and_what_the_nearest_does_where_it_is_not_recorded(version: str) -> None:
    assert arguments_lost_by(Huber, version) == (DELTA,)


def test_keras_2_keeps_it() -> None:
    assert arguments_lost_by(Huber, "2.15.0") == ()
    assert arguments_lost_by(Huber, "2.9.0") == ()
    assert arguments_lost_by(Huber, "4.0.0") == ()
    assert arguments_lost_by(Huber, "2.21.0", is_tf_keras=True) == ()


def test_classes_of_one_name_differ_by_what_they_are() -> None:
    (lost,) = arguments_lost_by(CosineSimilarity, "3.15.1")
    assert (lost.name, lost.public) == ("axis", "metrics.CosineSimilarity")
    assert arguments_lost_by(type("Huber", (Metric,), {}), "3.15.1") == ()


@pytest.mark.usefixtures("tensorflow")
def test_the_recorder_finds_what_does_not_come_back() -> None:
    import keras

    assert dict(lost_of(keras.losses.Huber, keras)) == {"delta": {"at": "_fn_kwargs.delta", "default": 1.0}}
    assert dict(lost_of(keras.initializers.Identity, keras)) == {"gain": {"at": "gain", "default": 1.0}}
    kept = (keras.layers.Dense, keras.losses.BinaryCrossentropy, keras.optimizers.SGD, keras.initializers.Orthogonal)
    assert [dict(lost_of(each, keras)) for each in kept] == [{}, {}, {}, {}]


def test_the_versions_that_are_recorded() -> None:
    keras_2, keras_3 = (f"2.{minor}" for minor in range(4, 16)), (f"3.{minor}" for minor in range(16))
    tf_keras = (f"tf_keras 2.{minor}" for minor in range(16, 22))
    assert {*keras_2, *keras_3, *tf_keras} <= {*read_data()}


def test_how_something_is_computed_is_no_loss() -> None:
    lost = {name for classes in read_data().values() for each in classes.values() for name in each}
    assert "synchronized" in lost
    assert not lost & {"fused", "flash_attention"}


def test_the_size_of_the_record() -> None:
    assert LOST_ARGUMENTS_FILE.stat().st_size < 5000
