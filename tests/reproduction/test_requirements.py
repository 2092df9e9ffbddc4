"""What a script's metadata asks for."""

from __future__ import annotations

from packaging.requirements import Requirement

from pytest_modelcompat.reproduction.requirements import flags, requirements

VERSIONS = {"tensorflow": "2.15.1", "keras": "2.15.0", "numpy": "1.26.4", "python": "3.11.7"}


def wanted(versions: dict[str, str], *packages: str, legacy: bool = False, **others: str) -> list[str]:
    found = requirements(versions, packages, others, is_local=False, legacy=legacy)
    assert all(Requirement(each) for each in found)
    return [each.partition(";")[0] for each in found]


def test_the_versions_that_loaded_stand_in_place_of_ranges() -> None:
    packages = ("tensorflow-cpu==2.15.*", "keras==2.15.*", "numpy<2", "protobuf<3.21")
    assert wanted(VERSIONS, *packages) == [
        "tensorflow-cpu==2.15.1",
        "tensorflow==2.15.1",
        "keras==2.15.0",
        "numpy==1.26.4",
        "protobuf<3.21",
    ]


def test_one_of_the_two_builds_of_tensorflow_is_for_a_machine() -> None:
    found = [Requirement(each) for each in requirements(VERSIONS, (), {}, is_local=False, legacy=False)][:2]
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")):
        place = {"sys_platform": system, "platform_machine": machine}
        fitting = [each.name for each in found if each.marker is not None and each.marker.evaluate(place)]
        assert fitting == [
            "tensorflow-cpu" if (system, machine) in (("linux", "x86_64"), ("win32", "AMD64")) else "tensorflow"
        ]


def test_a_release_candidate_is_spelt_as_pip_does() -> None:
    assert "tensorflow==2.22.0rc0" in wanted({"tensorflow": "2.22.0-rc0"})


def test_keras_before_2_6_is_of_tensorflow() -> None:
    assert not [each for each in wanted({"tensorflow": "2.4.4", "keras": "2.4.0"}) if each.startswith("keras")]


def test_tf_keras_takes_the_distribution_that_it_requires() -> None:
    versions = {"tensorflow": "2.21.0", "keras": "2.21.0"}
    assert wanted(versions, legacy=True) == ["tensorflow==2.21.0", "tf-keras==2.21.0"]


def test_what_is_on_this_machine_alone_is_left_out() -> None:
    packages = ("./shop.whl", "-e .", "/opt/shop.whl", "protobuf<4")
    assert wanted(VERSIONS, *packages)[4:] == ["protobuf<4"]
    assert "pandas==2.2.0" in wanted(VERSIONS, pandas="2.2.0")


def test_of_the_environment_only_the_choice_of_keras_and_kernels_is_kept() -> None:
    variables = {"TF_USE_LEGACY_KERAS": "1", "TF_ENABLE_ONEDNN_OPTS": "my-secret", "TOKEN": "1"}
    assert flags(variables) == {"TF_USE_LEGACY_KERAS": "1"}
