"""The store: every named profile is there, small, quick and true; a user's file is one, or is said to be none."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.profiles import store
from pytest_modelcompat.profiles.profile import ProfileError
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.runtimes.names import all_names

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = [*(f"tf2.16+keras3.{minor}" for minor in range(16)), *(f"tf2.{minor}+tf_keras" for minor in range(16, 22))]


class TestData:
    @pytest.mark.parametrize("name", [*all_names(), *PAIRS])
    def test_every_name_has_a_profile(self, name: str) -> None:
        profile = load_profile(name)
        assert f"tf{profile.tensorflow_version[0]}.{profile.tensorflow_version[1]}" == name.partition("+")[0]
        assert profile.python in profile.pythons
        assert profile.producer > 500
        assert 1500 < len(profile.ops) < 2000
        assert {"activation", "initializer", "layer", "loss", "metric", "optimizer"} <= set(profile.names)
        assert profile.public("keras.layers", "Dense") is profile.find("layer", "Dense")

    def test_all_of_it_is_small(self) -> None:
        sizes = {file.name: file.stat().st_size for file in store.DATA_FOLDER.iterdir()}
        facts = sum(size for name, size in sizes.items() if name.startswith("facts_"))
        assert facts < 400_000
        assert sum(sizes.values()) - facts < 200_000

    @pytest.mark.parametrize("part", [store.TENSORFLOW, store.KERAS_PART])
    def test_the_same_parts_give_the_same_bytes(self, part: str, tmp_path: Path) -> None:
        store.write_all(part, store.read_all(part), tmp_path)
        assert (tmp_path / f"{part}.json.gz").read_bytes() == (store.DATA_FOLDER / f"{part}.json.gz").read_bytes()

    def test_what_is_not_named_is_not_loaded(self) -> None:
        code = (
            "import sys; from pytest_modelcompat.profiles.store import load_profile; load_profile('tf2.15');"
            "print(sorted({'tensorflow', 'keras', 'numpy', 'h5py', 'google.protobuf', 'pytest'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    def test_the_same_name_is_loaded_once(self) -> None:
        assert load_profile("tf2.16+keras3.3") is load_profile("tf2.16")


class TestFacts:
    """What is known of real versions from their sources and from loading files in them."""

    @pytest.mark.parametrize(("name", "has"), [("tf2.4", False), ("tf2.9", False), ("tf2.10", True), ("tf2.21", True)])
    def test_ops_come(self, name: str, has: bool) -> None:
        assert (load_profile(name).op("DisableCopyOnRead") is not None) is has

    def test_attributes_come(self) -> None:
        older, newer = (load_profile(name).op("AssignVariableOp") for name in ("tf2.4", "tf2.10"))
        assert older is not None
        assert newer is not None
        assert "validate_shape" not in older.attributes
        assert newer.attributes["validate_shape"].default == "false"
        assert newer.attributes["dtype"].default is None

    def test_attributes_read_as_in_an_inventory(self) -> None:
        conv = load_profile("tf2.21").op("Conv2D")
        assert conv is not None
        assert conv.attributes["padding"].allowed == ('"EXPLICIT"', '"SAME"', '"VALID"')
        assert conv.attributes["dilations"].default == "[1, 1, 1, 1]"
        assert conv.attributes["data_format"].default == '"NHWC"'
        assert "float32" in conv.attributes["T"].allowed

    def test_kernels(self) -> None:
        profile = load_profile("tf2.21")
        matmul, permute = profile.op("MatMul"), profile.op("CollectivePermute")
        assert matmul is not None
        assert matmul.has_cpu_kernel
        assert permute is not None
        assert not permute.has_kernel
        assert not permute.has_cpu_kernel

    @pytest.mark.parametrize(
        ("name", "layer", "key", "taken"),
        [
            ("tf2.15", "InputLayer", "batch_shape", False),
            ("tf2.15", "InputLayer", "batch_input_shape", True),
            ("tf2.15", "LSTM", "time_major", True),
            ("tf2.18", "LSTM", "time_major", False),
            ("tf2.15", "DepthwiseConv2D", "groups", True),
            ("tf2.16", "DepthwiseConv2D", "groups", False),
            ("tf2.20", "Dense", "quantization_config", False),
            ("tf2.21", "Dense", "quantization_config", True),
            ("tf2.20", "MultiHeadAttention", "use_gate", False),
            ("tf2.21", "MultiHeadAttention", "use_gate", True),
            ("tf2.4", "Dense", "batch_input_shape", True),
            ("tf2.21", "Dense", "batch_shape", False),
        ],
    )
    def test_keys_a_layer_takes(self, name: str, layer: str, key: str, taken: bool) -> None:
        known = load_profile(name).find("layer", layer)
        assert known is not None
        assert known.takes(key) is taken

    def test_keys_an_initializer_takes(self) -> None:
        for name, taken in (("tf2.20", False), ("tf2.21", True)):
            known = load_profile(name).find("initializer", "GlorotUniform")
            assert known is not None
            assert known.takes("input_axes") is taken
            assert known.writes is not None
            assert ("input_axes" in known.writes) is taken

    def test_a_key_of_no_meaning_is_refused(self) -> None:
        for name in all_names():
            known = load_profile(name).find("layer", "Dense")
            assert known is not None
            assert known.refuses_unknown
            assert known.required == {"units"}

    @pytest.mark.parametrize(
        ("name", "layer", "has"),
        [
            ("tf2.15", "TFOpLambda", True),
            ("tf2.16", "TFOpLambda", False),
            ("tf2.21+tf_keras", "SlicingOpLambda", True),
            ("tf2.15", "Functional", True),
            ("tf2.21", "Functional", True),
            ("tf2.21", "NotEqual", False),
            ("tf2.15", "BatchNormalizationV1", True),
            ("tf2.16", "BatchNormalizationV1", False),
        ],
    )
    def test_layers_found_by_name(self, name: str, layer: str, has: bool) -> None:
        assert (load_profile(name).find("layer", layer) is not None) is has

    @pytest.mark.parametrize(
        ("name", "module", "has"),
        [
            ("tf2.15", "keras.src.engine.functional", True),
            ("tf2.16", "keras.src.engine.functional", False),
            ("tf2.15", "keras.src.models.functional", False),
            ("tf2.16", "keras.src.models.functional", True),
            ("tf2.12", "keras.src.engine.functional", False),
            ("tf2.21+tf_keras", "tf_keras.src.engine.functional", True),
            ("tf2.21", "keras.layers", True),
        ],
    )
    def test_modules(self, name: str, module: str, has: bool) -> None:
        profile = load_profile(name)
        assert profile.has_module(module) is has
        if module.endswith("functional"):
            assert (profile.public(module, "Functional") is not None) is has

    def test_names_of_other_roles(self) -> None:
        keras2, keras3 = load_profile("tf2.15"), load_profile("tf2.21")
        for profile in (keras2, keras3):
            for role, name in (
                ("activation", "relu"),
                ("loss", "mse"),
                ("metric", "mae"),
                ("initializer", "glorot_uniform"),
                ("regularizer", "l2"),
                ("constraint", "max_norm"),
                ("optimizer", "rmsprop"),
                ("optimizer", "RMSprop"),
                ("schedule", "ExponentialDecay"),
                ("object", "softmax"),
                ("model", "Sequential"),
            ):
                assert profile.find(role, name) is not None, (profile.name, role, name)
        assert keras3.find("dtype policy", "DTypePolicy") is not None
        assert keras2.find("dtype policy", "Policy") is not None
        assert keras3.find("dtype policy", "Policy") is None
        assert keras3.public("keras.src.ops.numpy", "GetItem") is not None

    def test_keras_2_registered_its_own_optimizers(self) -> None:
        assert load_profile("tf2.4").find("optimizer", "Custom>Adam") is None
        assert load_profile("tf2.15").find("optimizer", "Custom>Adam") is not None

    def test_only_newer_keras_refuses_foreign_modules(self) -> None:
        assert [load_profile(name).imports_foreign for name in ("tf2.15", "tf2.18", "tf2.19")] == [True, True, False]


class TestPython:
    def test_of_another_minor_version(self) -> None:
        assert load_profile("tf2.21+py3.12").python == (3, 12)

    def test_3_14_from_its_first_tensorflow_on(self) -> None:
        profile = load_profile("tf2.22rc0+py3.14")
        assert (profile.name, profile.python, profile.pythons[-1]) == ("tf2.22rc0+py3.14", (3, 14), (3, 14))
        with pytest.raises(ProfileError, match=r"is for Python 3\.10, 3\.11, 3\.12, 3\.13$"):
            load_profile("tf2.21+py3.14")

    def test_that_tensorflow_is_not_for(self) -> None:
        with pytest.raises(ProfileError, match=r"^'tf2.21\+py3.9' is not a known runtime: .* is for Python 3.10, 3.11"):
            load_profile("tf2.21+py3.9")


class TestFile:
    @pytest.fixture
    def recorded(self, tmp_path: Path) -> Path:
        path = tmp_path / "prod.json"
        path.write_text(json.dumps(document()), encoding="utf-8")
        return path

    def test_is_loaded(self, recorded: Path) -> None:
        profile = load_profile(str(recorded))
        assert (profile.name, profile.python, profile.keras_version) == ("prod", (3, 11), (2, 15))
        assert profile.ops == load_profile("tf2.15").ops
        assert profile.names == load_profile("tf2.15").names

    def test_may_be_named_without_a_slash(self, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(recorded.parent)
        assert load_profile("prod.json").name == "prod"

    def test_is_read_again_when_it_changed(self, recorded: Path) -> None:
        assert load_profile(str(recorded)).name == "prod"
        recorded.write_text(json.dumps({**document(), "name": "new"}), encoding="utf-8")
        assert load_profile(str(recorded)).name == "new"

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("", "is not a profile, or a truncated one: it is not JSON"),
            ("[]", "is not a profile: record one"),
            ('{"kind": "golden"}', "is not a profile: record one"),
            ('{"kind": "modelcompat profile", "schema": 7}', "is a profile of schema 7, and schema 1 is read here"),
            ('{"kind": "modelcompat profile", "schema": 1}', "is an incomplete profile: it lacks 'tensorflow'"),
            ("[" * 100_000, "is not a profile, or a truncated one: it is not JSON"),
        ],
    )
    def test_that_is_none(self, content: str, said: str, tmp_path: Path) -> None:
        path = tmp_path / "prod.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ProfileError) as error:
            load_profile(str(path))
        assert str(error.value).startswith(f"{path} {said}")

    def test_that_is_binary(self, tmp_path: Path) -> None:
        path = tmp_path / "prod.json"
        path.write_bytes(b"\x89HDF\r\n\x1a\n")
        with pytest.raises(ProfileError, match="is not a profile"):
            load_profile(str(path))

    def test_that_is_truncated(self, recorded: Path) -> None:
        recorded.write_text(recorded.read_text(encoding="utf-8")[:-1000], encoding="utf-8")
        with pytest.raises(ProfileError, match="or a truncated one"):
            load_profile(str(recorded))

    def test_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ProfileError, match="cannot be read: No such file"):
            load_profile(str(tmp_path / "prod.json"))

    @pytest.mark.parametrize(
        ("part", "key", "value"),
        [
            ("tensorflow", "ops", None),
            ("tensorflow", "ops", {"Add": {"attributes": {"T": ["type"]}}}),
            ("tensorflow", "pythons", ["three"]),
            ("keras", "names", {"layer": {"Dense": "layer:Gone"}}),
            ("keras", "objects", {"layer:Dense": []}),
            ("keras", "version", "new"),
        ],
    )
    def test_that_was_altered(self, part: str, key: str, value: object, tmp_path: Path) -> None:
        data = document()
        data[part][key] = value
        path = tmp_path / "prod.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(ProfileError) as error:
            load_profile(str(path)).keras_version  # noqa: B018 - a version is read when it is asked for
        assert len(str(error.value)) < 300


def document() -> dict[str, Any]:
    """What the recorder would write in TensorFlow 2.15."""
    return {
        "kind": "modelcompat profile",
        "schema": 1,
        "name": "prod",
        "python": "3.11",
        "tensorflow": store.read_part(store.TENSORFLOW, "2.15"),
        "keras": store.read_part(store.KERAS_PART, "2.15"),
    }
