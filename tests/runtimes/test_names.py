"""Runtime names: what they mean, how they are written back, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from pytest_modelcompat.runtimes.names import RuntimeName, UnknownRuntimeError, all_names, parse_name, runtime_name_of
from pytest_modelcompat.runtimes.pins import PINS


class TestMeaning:
    @pytest.mark.parametrize(
        ("name", "keras", "python"),
        [
            ("tf2.4", (2, 4), (3, 8)),
            ("tf2.5", (2, 5), (3, 9)),
            ("tf2.11", (2, 11), (3, 10)),
            ("tf2.15", (2, 15), (3, 11)),
            ("tf2.16", (3, 3), (3, 11)),
            ("tf2.17", (3, 4), (3, 12)),
            ("tf2.18", (3, 6), (3, 12)),
            ("tf2.19", (3, 9), (3, 12)),
            ("tf2.20", (3, 11), (3, 13)),
            ("tf2.21", (3, 15), (3, 13)),
            ("tf2.22rc0", (3, 16), (3, 13)),
            ("tf2.22rc0+py3.14", (3, 16), (3, 14)),
            ("keras-nightly", (3, 16), (3, 13)),
            ("vertex-tf2.17", (3, 4), (3, 10)),
        ],
    )
    def test_tensorflow_alone_has_the_keras_of_its_time(
        self, name: str, keras: tuple[int, int], python: tuple[int, int]
    ) -> None:
        parsed = parse_name(name)
        assert (parsed.keras, parsed.python, parsed.is_tf_keras) == (keras, python, False)

    def test_another_keras(self) -> None:
        assert parse_name("tf2.16+keras3.15") == RuntimeName((2, 16), (3, 15), False, (3, 11))

    def test_tf_keras_has_tensorflows_version(self) -> None:
        assert parse_name("tf2.21+tf_keras") == RuntimeName((2, 21), (2, 21), True, (3, 11))

    def test_another_python(self) -> None:
        assert parse_name("tf2.16+py3.12").python == (3, 12)
        assert parse_name("tf2.20+tf_keras+py3.12") == RuntimeName((2, 20), (2, 20), True, (3, 12))


class TestWrittenBack:
    @pytest.mark.parametrize(
        ("name", "canonical"),
        [
            ("tf2.16", "tf2.16"),
            (" tf2.16 ", "tf2.16"),
            ("tf2.16+keras3.3", "tf2.16"),
            ("tf2.15+keras2.15", "tf2.15"),
            ("tf2.16+keras3.15", "tf2.16+keras3.15"),
            ("tf2.21+tf_keras", "tf2.21+tf_keras"),
            ("tf2.21+tf_keras+py3.11", "tf2.21+tf_keras"),
            ("tf2.21+py3.13", "tf2.21"),
            ("tf2.21+keras3.14+py3.11", "tf2.21+keras3.14+py3.11"),
        ],
    )
    def test_canonically(self, name: str, canonical: str) -> None:
        assert str(parse_name(name)) == canonical

    @pytest.mark.parametrize("name", PINS)
    def test_every_runtime_that_can_be_made_has_a_profile_of_its_name(self, name: str) -> None:
        assert str(parse_name(name)) == name

    def test_all_names_are_in_order(self) -> None:
        assert all_names() == [f"tf2.{minor}" for minor in range(4, 22)]


class TestOfVersions:
    @pytest.mark.parametrize(
        ("tensorflow", "keras", "python", "name"),
        [
            ("2.21.0", "3.15.1", "3.13.5", "tf2.21"),
            ("2.21.0-rc1", "3.15.0.dev2026010103", "3.13.0rc2", "tf2.21"),
            ("2.21rc0", "2.21.0", "3.11.7", "tf2.21+tf_keras"),
            ("2.15.0.post1", "2.15.0", "3.11.7+", "tf2.15"),
            ("2.4.0", "2.4.0-tf", "3.8.18", "tf2.4"),
            ("2.22.0-rc0", "3.16.0.dev2026102704", "3.13.5", "tf2.22rc0"),
            ("2.22.0-rc0", "3.16.0.dev2026102704", "3.14.0", "tf2.22rc0+py3.14"),
        ],
    )
    def test_a_name(self, tensorflow: str, keras: str, python: str, name: str) -> None:
        assert runtime_name_of({"tensorflow": tensorflow, "keras": keras, "python": python}) == name

    @pytest.mark.parametrize("versions", [{}, {"tensorflow": "unknown", "keras": "", "python": "3"}])
    def test_none(self, versions: dict[str, str]) -> None:
        with pytest.raises(UnknownRuntimeError):
            runtime_name_of(versions)


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("tf2.99", "TensorFlow 2.99 is not known; known are tf2.4 to tf2.21"),
            ("tf2.3", "TensorFlow 2.3 is not known; known are tf2.4 to tf2.21"),
            ("2.15", "did you mean 'tf2.15'?"),
            ("tf215", "did you mean 'tf2.15'?"),
            ("TF2.16", "did you mean 'tf2.16'?"),
            ("tf2.16.2", "did you mean 'tf2.16'?"),
            ("tf2.21+tfkeras", "did you mean 'tf2.21+tf_keras'?"),
            ("production", "known are tf2.4 to tf2.21"),
            ("", "known are tf2.4 to tf2.21"),
            ("tf2.15+keras3.15", "Keras 3 is for TensorFlow 2.16 and newer, and tf2.15 has Keras 2.15"),
            ("tf2.15+tf_keras", "tf_keras is for TensorFlow 2.16 and newer, and tf2.15 has Keras 2.15 already"),
            ("tf2.10+keras2.9", "tf2.10 has Keras 2.10 and no other"),
            ("tf2.16+keras2.15", "tf2.16 can be combined with Keras 3.0 to 3.15 or with tf_keras"),
            ("tf2.22", "did you mean 'tf2.22rc0'?"),
            ("tf2.22rc1", "did you mean 'tf2.22rc0'?"),
            ("tf2.21rc0", "did you mean 'tf2.21'?"),
            ("sagemaker-tf2.99", "did you mean 'sagemaker-tf2.19'?"),
            ("tf2.22rc0+tf_keras", "tf2.22rc0 has Keras 3.16 and no other"),
            ("tf2.22rc0+keras3.15", "tf2.22rc0 has Keras 3.16 and no other"),
            ("tf2.21+keras3.16", "tf2.21 can be combined with Keras 3.0 to 3.15 or with tf_keras"),
        ],
    )
    def test_in_one_sentence(self, name: str, reason: str) -> None:
        with pytest.raises(UnknownRuntimeError) as error:
            parse_name(name)
        assert str(error.value).startswith(f"{name!r} is not a known runtime: {reason}")
