"""The recorder: what it records here is what is in the data, and what a user's modules register is with it."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.saved_model.attributes import attribute_text
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from pytest_modelcompat.profiles import recorder, store
from pytest_modelcompat.profiles.recorder import ops, probe
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from pytest_modelcompat.profiles.profile import Profile

RECORDER = Path(recorder.__file__).resolve().parent
USERS_MODULE = """
import keras

@keras.saving.register_keras_serializable("shop")
class Scale(keras.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

@keras.saving.register_keras_serializable("shop")
def soft(x):
    return x
"""


@pytest.mark.parametrize(
    ("written", "version"), [("2.22.0rc0", "2.22.0-rc0"), ("2.21.0", "2.21.0"), ("2.16.0rc1", "2.16.0-rc1")]
)
def test_the_pythons_of_a_release_and_of_a_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, version: str
) -> None:
    """Those that its metadata name, and the one that it runs in, which they may not name yet."""
    home = tmp_path / f"tensorflow-{written}.dist-info"
    home.mkdir()
    named = "".join(f"Classifier: Programming Language :: Python :: 3{minor}\n" for minor in ("", ".7", ".8"))
    home.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: tensorflow\nVersion: {written}\n{named}")
    monkeypatch.syspath_prepend(tmp_path)
    assert ops._pythons(version) == ["3.7", "3.8", f"3.{sys.version_info[1]}"]
    assert ops._pythons("2.99.0") == []


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    """A profile of this environment, with a user's module imported first."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "shop_layers.py").write_text(USERS_MODULE, encoding="utf-8")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    command = [sys.executable, str(RECORDER), "--out", "prod.json", "--import", "shop_layers"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "prod.json"


@pytest.fixture(scope="module")
def document(recorded: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(recorded.read_text(encoding="utf-8"))
    return data


@pytest.fixture(scope="module")
def production(recorded: Path) -> Profile:
    return load_profile(str(recorded))


def without_the_users(keras: dict[str, Any]) -> dict[str, Any]:
    mine = {key for key, each in keras["objects"].items() if each["home"] == "shop_layers"}
    objects = {key: each for key, each in keras["objects"].items() if key not in mine}
    registered = {name: key for name, key in keras["names"]["registered"].items() if key not in mine}
    return {**keras, "objects": objects, "names": {**keras["names"], "registered": registered}}


def differences(here: Any, there: Any, path: str = "") -> list[str]:
    """Where two documents differ, so that a failure names it."""
    if isinstance(here, dict) and isinstance(there, dict):
        keys = sorted({*here, *there})
        return [each for key in keys for each in differences(here.get(key), there.get(key), f"{path}/{key}")]
    return [] if here == there else [f"{path}: {here!r} here, {there!r} in the data"]


class TestRecordedHere:
    """The data were recorded in other environments, on another Python: the same versions know the same."""

    def test_tensorflow(self, document: dict[str, Any]) -> None:
        here = document["tensorflow"]
        there = stored(store.TENSORFLOW, here["version"])
        assert differences(here, there) == []

    def test_keras(self, document: dict[str, Any]) -> None:
        here = without_the_users(document["keras"])
        there = stored(store.KERAS_PART, here["version"])
        assert differences(here, there) == []

    @pytest.mark.skipif(importlib.util.find_spec("tf_keras") is None, reason="Keras 2 is not installed")
    def test_keras_2(self, tmp_path: Path) -> None:
        command = [sys.executable, str(RECORDER), "--out", "keras2.json", "--keras", "tf_keras"]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
        here = json.loads((tmp_path / "keras2.json").read_text(encoding="utf-8"))["keras"]
        there = stored(store.KERAS_PART, here["version"], "tf_keras ")
        assert differences(here, there) == []


def stored(part: str, version: str, prefix: str = "") -> dict[str, Any]:
    key = prefix + ".".join(version.split(".")[:2])
    if key not in store.read_history(part)[0]:
        pytest.skip(f"{part} {version} has not been recorded yet: benchmarks/record_profiles.py")
    there = store.read_part(part, key)
    if there["version"] != version:
        pytest.skip(f"{part} {there['version']} was recorded, and {version} is installed")
    return there


class TestAsked:
    """What stands in no table of Keras: it was asked for, here and in every version of the data."""

    def test_functions_written_as_objects_go_by_their_own_names(self, production: Profile) -> None:
        activations = production.as_objects["activation"]
        assert activations["relu"] is production.find("activation", "relu")
        assert production.find("activation", "swish") is not None
        assert "swish" not in activations

    def test_operations_in_h5(self, production: Profile) -> None:
        assert production.operations_in_h5["Softmax"] == "same"
        assert not {"Add", "Multiply", "Reshape"} & production.operations_in_h5.keys()

    def test_what_safe_mode_refuses(self, production: Profile) -> None:
        lookups = {"IntegerLookup", "StringLookup", "TextVectorization"}
        assert production.refuses is not None
        assert production.refuses["h5"] == {"Lambda", *lookups}
        assert production.refuses["keras"] == {"Lambda", "TFSMLayer", *lookups}

    @pytest.mark.parametrize(
        ("role", "name", "keras"),
        [
            *(("activation", name, "2.6") for name in ("leaky_relu", "log_softmax", "relu6", "silu")),
            ("optimizer", "LossScaleOptimizerV3", "2.9"),
            ("activation", "sparsemax", "3.8"),
        ],
    )
    def test_a_name_is_known_from_a_version_on(self, role: str, name: str, keras: str) -> None:
        parts = store.read_all(store.KERAS_PART)
        versions = list(parts)
        of_major = [each for each in versions if each.startswith(keras[:2])]
        knowing = [each for each in of_major if name in parts[each]["names"][role]]
        assert knowing == of_major[of_major.index(keras) :]

    @pytest.mark.parametrize(
        ("kind", "layer", "keras"),
        [
            ("keras", "Lambda", "2.13"),
            ("h5", "Lambda", "3.11"),
            ("h5", "StringLookup", "3.12"),
            ("keras", "TextVectorization", "3.12"),
            ("keras", "TFSMLayer", "3.12"),
        ],
    )
    def test_a_layer_is_refused_from_a_version_on(self, kind: str, layer: str, keras: str) -> None:
        parts = store.read_all(store.KERAS_PART)
        versions = list(parts)
        refusing = [each for each in versions if layer in parts[each]["refuses"][kind]]
        assert refusing == versions[versions.index(keras) :]

    def test_a_profile_of_the_first_versions_is_read(self, document: dict[str, Any], tmp_path: Path) -> None:
        asked = ("as_objects", "operations_in_h5", "refuses")
        old = {**document, "keras": {key: each for key, each in document["keras"].items() if key not in asked}}
        (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")
        profile = load_profile(str(tmp_path / "old.json"))
        assert (profile.as_objects, profile.operations_in_h5, profile.refuses) == ({}, {}, None)


class TestUsersProfile:
    def test_is_called_as_its_file(self, production: Profile) -> None:
        assert production.name == "prod"
        assert production.keras == metadata.version("keras")
        assert production.python == sys.version_info[:2]

    def test_knows_what_was_imported(self, production: Profile) -> None:
        scale = production.find("layer", "shop>Scale")
        assert scale is not None
        assert (scale.role, scale.is_class, scale.home, scale.required) == (
            "layer",
            True,
            "shop_layers",
            frozenset({"factor"}),
        )
        assert scale.takes("factor")
        assert scale.takes("trainable")
        assert not scale.takes("batch_input_shape")
        soft = production.find("activation", "shop>soft")
        assert soft is not None
        assert not soft.is_class

    def test_names_no_folder_of_the_machine(self, recorded: Path) -> None:
        text = recorded.read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert sys.prefix not in text


class Taking:
    """As Keras' classes are: a base class that checks its keyword arguments, and classes that hand theirs on."""

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        allowed = {"trainable", "input_shape"}
        for key in kwargs:
            if key not in allowed:
                raise TypeError("Keyword argument not understood:", key)
        self.name = name

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Taking:
        return cls(**config)


class Wide(Taking):
    def __init__(self, units: int, rank: int = 2, **kwargs: Any) -> None:
        kwargs.pop("time_major", None)
        super().__init__(**kwargs)
        self.units = units
        self.rank = rank

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "shape": (2, float("inf"))}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Wide:
        config.pop("shape")
        return cls(**config)


class Narrow(Wide):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, rank=1, **kwargs)


class Open(Taking):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kwargs.pop("name", None))


class Drawn(Taking):
    seeds = itertools.count()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": next(self.seeds)}


class Bare:
    def get_config(self) -> dict[str, Any]:
        return {}


class Unmakeable(Taking):
    def __init__(self, thing: object, *, more: int = 1) -> None:
        super().__init__()
        if thing is not Unmakeable:
            raise ValueError("give me the thing")
        self.more = more


class TestProbing:
    def test_keys_are_found_wherever_they_are_taken(self) -> None:
        found = probe.probe_class(Wide, None, [Taking])
        assert found["accepts"] == ["input_shape", "name", "rank", "shape", "time_major", "trainable", "units"]
        assert found["required"] == ["shape", "units"]
        assert found["refuses_unknown"]
        assert found["own_from_config"]

    def test_a_key_that_a_class_gives_its_base_itself_is_refused(self) -> None:
        assert "rank" not in probe.probe_class(Narrow, None, [Taking])["accepts"]

    def test_a_class_that_takes_anything_has_no_list(self) -> None:
        found = probe.probe_class(Open, None, [Taking])
        assert "accepts" not in found
        assert not found["refuses_unknown"]
        assert not found["own_from_config"]

    def test_a_class_that_takes_nothing_takes_no_key(self) -> None:
        found = probe.probe_class(Bare, None, [])
        assert found["accepts"] == []
        assert found["refuses_unknown"]

    def test_a_class_that_cannot_be_made_is_reported_by_its_signature(self) -> None:
        found = probe.probe_class(Unmakeable, None, [Taking])
        assert found["accepts"] == ["more", "thing"]
        assert found["required"] == ["thing"]
        assert "writes" not in found
        assert "refuses_unknown" not in found

    def test_what_differs_from_one_instance_to_the_next_is_left_open(self) -> None:
        assert probe.probe_class(Drawn, None, [])["writes"] == {"name": None, "seed": None}

    def test_what_is_written_is_json(self) -> None:
        assert probe.probe_class(Wide, None, [])["writes"] == {"name": None, "units": 2, "shape": [2, "inf"]}
        assert probe.plain_config({"name": "dense_12", "layer": {"name": "dense_3"}, "code": object()}) == {
            "name": "dense",
            "layer": {"name": "dense"},
            "code": "<object>",
        }


class TestTexts:
    """A default reads as the inventory of a SavedModel has it, or the two could not be compared."""

    @pytest.mark.parametrize(
        "text",
        [
            "b: true",
            "i: -1",
            "f: 0.0001",
            "f: 0.1",
            "f: 1",
            "f: inf",
            "f: 3.4028235e38",
            "f: 1e-45",
            's: "SAME"',
            's: "\\377 \\" \\n"',
            "shape { dim { size: 2 } dim { size: -1 } }",
            "shape { unknown_rank: true }",
            "list { i: 1 i: 2 }",
            "list { }",
            'list { s: "a" s: "b" }',
            "list { f: 0.3 f: 16777216 }",
            "tensor { }",
            "func { }",
        ],
    )
    def test_value(self, text: str) -> None:
        value = parse_text("AttrValue", text)
        assert ops.value_text(value) == attribute_text(value)
