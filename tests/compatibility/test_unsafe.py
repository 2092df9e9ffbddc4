"""Unsafe content: every route to code, files and the network, and no alarm for what every model holds."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.inventory import (
    Asset,
    Code,
    FileName,
    Hazard,
    Inventory,
    LambdaUse,
    LayerUse,
    NameSource,
    ObjectUse,
    OpLocation,
    OpUse,
)
from pytest_modelcompat.cli.discovery import find_artifacts
from pytest_modelcompat.compatibility.unsafe import rules, unsafe_content
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from tests import handmade

if TYPE_CHECKING:
    from pytest_modelcompat.compatibility.unsafe.rules import Rule

ARTIFACTS = Path(__file__).resolve().parents[3] / "shared" / "artifacts"


def unsafe(*, custom: tuple[str, ...] = (), **held: Any) -> tuple[Finding, ...]:
    return unsafe_content(Inventory(Path("m"), "keras", **held), custom=custom)


def the_one(**held: Any) -> Finding:
    (finding,) = unsafe(**held)
    assert finding.kind is Kind.UNSAFE_CONTENT
    assert finding.severity is Severity.WARNING
    assert finding.cause
    assert finding.fix
    return finding


def op(name: str, *places: OpLocation, **values: tuple[str, ...]) -> OpUse:
    places = places or (OpLocation("node", "__inference_serve_12"),)
    return OpUse(name, len(places), places, values=values)


class TestBytecode:
    def test_names_every_layer_at_any_depth_and_what_the_code_refers_to(self) -> None:
        code = Code(written_by=((3, 11),), names=("os", "system"))
        uses = (
            LambdaUse(("double",), has_bytecode=True, codes=(code,)),
            LambdaUse(("tower", "td", "inner"), has_bytecode=True),
        )
        finding = the_one(lambdas=uses)
        assert finding.where == ('"double"', '"inner" inside "tower/td"')
        assert "refers to os, system" in finding.cause

    def test_a_lambda_that_names_a_function_is_no_bytecode(self) -> None:
        assert not unsafe(lambdas=(LambdaUse(("double",), has_bytecode=False, function_name="double"),))

    def test_a_lambda_that_names_a_dangerous_function_is_unsafe(self) -> None:
        finding = the_one(lambdas=(LambdaUse(("fetch",), has_bytecode=False, function_name="get_file"),))
        assert finding.subject == "the function get_file"


class TestNames:
    @pytest.mark.parametrize(
        "module", ["shop.layers", "os", "subprocess", "kerasish.layers", "tensorflow_addons.layers"]
    )
    def test_modules_from_outside_keras_would_be_imported(self, module: str) -> None:
        layer = LayerUse("Scale", ("scale",), module=module)
        assert the_one(layers=(layer,)).subject == f"{module}.Scale"

    @pytest.mark.parametrize(
        "module", [None, "builtins", "keras.layers", "keras.src.engine", "tf_keras.layers", "tensorflow.keras.layers"]
    )
    def test_modules_of_keras_are_its_own(self, module: str | None) -> None:
        layer = LayerUse("Dense", ("dense",), module=module)
        assert not unsafe(layers=(layer,))

    def test_what_is_declared_is_not_imported(self) -> None:
        layer = LayerUse("Scale", ("scale",), module="shop.layers", registered_name="shop>Scale")
        assert not unsafe(layers=(layer,), custom=("Scale",))
        assert not unsafe(layers=(layer,), custom=("shop>Scale",))
        assert unsafe(layers=(layer,), custom=("Other",))

    def test_objects_count_as_layers_do(self) -> None:
        loss = ObjectUse("loss", "system", ("compile",), module="os")
        assert the_one(objects=(loss,)).where == ("compile()",)

    def test_a_function_of_keras_itself_can_be_unsafe(self) -> None:
        unlocked = ObjectUse("object", "enable_unsafe_deserialization", ("dense",), module="keras.config")
        assert the_one(objects=(unlocked,)).subject == "the function enable_unsafe_deserialization"


class TestLayers:
    @pytest.mark.parametrize(
        ("path", "how"),
        [("/etc/passwd", "of the host"), ("gs://bucket/words.txt", "over the network"), ("words.txt", "of the host")],
    )
    @pytest.mark.parametrize("layer", ["StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"])
    def test_vocabularies_that_are_files_are_read(self, layer: str, path: str, how: str) -> None:
        finding = the_one(layers=(LayerUse(layer, ("lookup",), config={"vocabulary": path}),))
        assert repr(path) in finding.subject
        assert how in finding.cause

    @pytest.mark.parametrize("vocabulary", [None, ["/etc/passwd", "a"], ""])
    def test_vocabularies_in_the_configuration_are_not(self, vocabulary: object) -> None:
        assert not unsafe(layers=(LayerUse("StringLookup", ("lookup",), config={"vocabulary": vocabulary}),))

    def test_layers_that_load_something_more(self) -> None:
        finding = the_one(layers=(LayerUse("TFSMLayer", ("inside",), config={"filepath": "/models/other"}),))
        assert finding.subject == "TFSMLayer: /models/other"
        assert the_one(layers=(LayerUse("TorchModuleWrapper", ("torch",), config={"module": "gASV"}),))

    def test_layers_of_the_users_own_with_the_names_of_such(self) -> None:
        layer = LayerUse("KerasLayer", ("own",), module="keras.layers", config={"handle": "/models/other"})
        assert the_one(layers=(layer,)).subject == "KerasLayer: /models/other"
        assert not unsafe(layers=(layer,), custom=("KerasLayer",))


class TestContainers:
    @pytest.mark.parametrize(
        "what", ["external link", "out-of-file dataset", "pickle", "escaping member", "duplicate member"]
    )
    def test_hazards_are_reported(self, what: str) -> None:
        finding = the_one(hazards=(Hazard(what, "x", "points to /etc/passwd"),))
        assert finding.subject == f"{what} x"
        assert finding.cause.startswith("points to /etc/passwd: ")

    @pytest.mark.parametrize(
        "path", ["../../etc/passwd", "/etc/passwd", "..\\x", "C:\\x", "gs://bucket/words.txt", "assets/../../x"]
    )
    def test_assets_outside_the_model(self, path: str) -> None:
        assert the_one(assets=(Asset(path),)).subject == f"asset {path}"

    def test_assets_inside_the_model(self) -> None:
        assert not unsafe(assets=(Asset("assets/words.txt"), Asset("words..txt")))


class TestRealContainers:
    """What the readers find in files, told as unsafe: the whole way."""

    def test_a_zip_with_members_that_escape_or_come_twice_or_unpickle(self, tmp_path: Path) -> None:
        path = handmade.write_keras(tmp_path / "m.keras", handmade.sequential(handmade.dense()))
        with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("../outside.txt", "x")
            archive.writestr("metadata.json", "{}")
            archive.writestr("assets/layers/x.pkl", pickle.dumps(print))
        subjects = " ".join(finding.subject for finding in unsafe_content(read_inventory(path)))
        for what in ("escaping member ../outside.txt", "duplicate member metadata.json", "pickle assets/layers/x.pkl"):
            assert what in subjects

    def test_an_hdf5_file_that_leads_to_others(self, tmp_path: Path) -> None:
        path = handmade.write_h5(tmp_path / "m.h5", handmade.sequential(handmade.dense()))
        with h5py.File(path, "a") as file:
            file["model_weights/linked"] = h5py.ExternalLink("/etc/other.h5", "/x")
            file["model_weights"].create_dataset("lent", (8,), "u1", external=[("/etc/passwd", 0, 8)])
        found = {finding.subject: finding.cause for finding in unsafe_content(read_inventory(path))}
        assert "/etc/other.h5" in found["external link model_weights/linked"]
        assert "/etc/passwd" in found["out-of-file dataset model_weights/lent"]


class TestOps:
    @pytest.mark.parametrize(
        ("name", "does"),
        [
            *((name, "reads files") for name in ("ReadFile", "TFRecordDatasetV2", "ExperimentalCSVDataset")),
            *(
                (name, "writes files")
                for name in ("WriteFile", "SaveDatasetV2", "CreateSummaryFileWriter", "DumpTensor")
            ),
            *((name, "lists files") for name in ("MatchingFiles", "MatchingFilesDataset")),
            *((name, "network") for name in ("RpcCall", "DataServiceDatasetV4", "RegisterDatasetV2", "SqlDataset")),
            *((name, "Python function") for name in ("PyFunc", "PyFuncStateless", "EagerPyFunc")),
        ],
    )
    def test_that_reach_out_are_reported_with_their_function(self, name: str, does: str) -> None:
        finding = the_one(ops=(op(name),))
        assert finding.subject == f"op {name}"
        assert does in finding.cause
        assert finding.where == ('node "node" of function __inference_serve_12',)

    def test_a_saver_is_in_every_saved_model(self) -> None:
        assert not unsafe(ops=tuple(map(op, ("SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"))))

    def test_saving_elsewhere_is_reported_where(self) -> None:
        hidden = FileName(OpLocation("SaveV2", "__inference__traced_save_1"), NameSource.CONSTANT, "/tmp/x")  # noqa: S108
        finding = the_one(ops=(replace(op("SaveV2"), files=(hidden,)),))
        assert finding.where == ('node "SaveV2" of function __inference__traced_save_1',)
        assert finding.details == (("target", "/tmp/x"),)  # noqa: S108
        unknown = FileName(OpLocation("serving/RestoreV2"), NameSource.UNKNOWN)
        finding = the_one(ops=(replace(op("RestoreV2"), files=(unknown,)),))
        assert finding.cause.startswith("it reads files")
        assert "not known" in finding.cause

    @pytest.mark.parametrize(
        ("name", "attribute", "value", "rule"),
        [
            ("PrintV2", "output_stream", '"file:///tmp/x"', rules.WRITES),
            ("PrintV2", "output_stream", '"stderr"', None),
            ("PrintV2", "output_stream", '"log(info)"', None),
            ("DebugIdentityV2", "debug_urls", '["grpc://evil:6064"]', rules.CONNECTS),
            ("DebugIdentity", "debug_urls", '["file:///tmp/dump"]', rules.WRITES),
            ("DebugIdentityV3", "debug_urls", "[]", None),
        ],
    )
    def test_that_are_reported_where_to_go(self, name: str, attribute: str, value: str, rule: Rule | None) -> None:
        found = unsafe(ops=(op(name, **{attribute: (value,)}),))
        said = [(each.code, each.details) for each in found]
        assert said == ([(rule.code, (("target", value),))] if rule else [])

    def test_that_are_not_told_where_to_go_reach_nothing_unless_the_values_are_too_many(self) -> None:
        assert not unsafe(ops=(op("PrintV2"), op("DebugIdentityV3")))
        finding = the_one(ops=(replace(op("PrintV2"), attributes=("output_stream",)),))
        assert "its output_stream is larger than any model's" in finding.cause

    def test_that_read_the_assets_of_the_model_alone(self) -> None:
        assert not unsafe(ops=(replace(op("ReadFile"), own=1),))
        assert the_one(ops=(replace(op("ReadFile"), own=1, count=2),)).code == rules.READS.code

    def test_that_nobody_knows_come_with_a_library(self) -> None:
        assert the_one(ops=(op("ZeroOutOfNobody"),)).code == rules.FOREIGN_OP.code
        assert not unsafe(ops=(op("CaseFoldUTF8"), op("_FusedMatMul")))

    def test_that_every_model_has_are_no_alarm(self) -> None:
        names = (
            "MatMul",
            "StatefulPartitionedCall",
            "InitializeTableFromTextFileV2",
            "HashTableV2",
            "TensorSliceDataset",
        )
        assert not unsafe(ops=tuple(op(name) for name in names))


@pytest.mark.skipif(not ARTIFACTS.is_dir(), reason="the real artifacts are not in the project")
def test_real_artifacts_raise_no_alarm() -> None:
    read = 0
    for found in find_artifacts([str(ARTIFACTS)]):
        try:
            inventory = read_inventory(found.path)
        except BrokenArtifactError:
            continue
        read += 1
        assert not unsafe_content(inventory), found.path
    assert read >= 10
