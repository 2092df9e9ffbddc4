"""What is no whole model, given to the commands: read as far as it can be, judged, and with what loads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("models")
NODE = 'node {{ name: "{name}" op: "{op}" {more} }} '
FLOAT = 'attr {{ key: "{key}" value {{ type: DT_FLOAT }} }}'


SHAPE = 'attr { key: "shape" value { shape {} } }'
ATTRIBUTES = {"DisableCopyOnRead": "", "VariableV2": FLOAT.format(key="dtype") + SHAPE}


def write_graph(path: Path, *ops: str, versions: str = "producer: 1645") -> None:
    """A graph alone: an input, and each op after the one before."""
    text = NODE.format(name="x", op="Placeholder", more=FLOAT.format(key="dtype"))
    for number, op in enumerate(ops):
        taken = "x" if number == 0 else f"n{number - 1}"
        given = f'input: "{taken}" {ATTRIBUTES.get(op, FLOAT.format(key="T"))}'
        text += NODE.format(name=f"n{number}", op=op, more=given)
    path.write_bytes(parse_text("GraphDef", f"{text} versions {{ {versions} }}").SerializeToString())


def write_unzipped(folder: Path, **metadata: str) -> None:
    folder.mkdir()
    root = handmade.sequential(handmade.dense())
    (folder / "config.json").write_text(json.dumps(root))
    (folder / "metadata.json").write_text(json.dumps({"keras_version": "3.11.3", **metadata}))
    with h5py.File(folder / "model.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = [[1.0, 2.0]] * 2
        file["layers/dense/vars/1"] = [0.0, 0.0]


class TestFrozenGraph:
    def test_is_inspected_with_its_ops_and_ends(self, modelcompat: Any, models: Path) -> None:
        write_graph(models / "frozen.pb", "Relu", "DescrptSeA", "Relu")
        lines = modelcompat("inspect", "frozen.pb").out.splitlines()
        for line in (
            "  model      none: a graph alone, frozen: its weights are constants in it",
            "  ops        3 kinds in 4 nodes and 0 functions: Relu 2, DescrptSeA, Placeholder",
            "               x  float32 of unknown shape",
            "               -> n2  float32 of unknown shape",
            '             function = graph.prune(["x:0"], ["n2:0"])',
        ):
            assert line in lines, line
        (data,) = modelcompat("inspect", "--json", "frozen.pb").data
        assert (data["format"], data["producer"]) == ("graph_def", 1645)

    def test_is_judged_by_the_ops_of_each_tensorflow(self, modelcompat: Any, models: Path) -> None:
        write_graph(models / "frozen.pb", "Relu", "DescrptSeA", "Relu")
        write_graph(models / "newer.pb", "DisableCopyOnRead")
        write_graph(models / "plain.pb", "Relu")
        runtimes = ("--runtime", "tf2.9", "--runtime", "tf2.21")
        data = modelcompat("check", "--json", "frozen.pb", "newer.pb", "plain.pb", *runtimes).data
        assert [(each["path"], each["runtime"], each["verdict"]) for each in data] == [
            ("frozen.pb", "tf2.9", "fails"),
            ("frozen.pb", "tf2.21", "fails"),
            ("newer.pb", "tf2.9", "fails"),
            ("newer.pb", "tf2.21", "loads"),
            ("plain.pb", "tf2.9", "loads"),
            ("plain.pb", "tf2.21", "loads"),
        ]
        assert data[0]["findings"][0]["kind"] == "UNKNOWN OP"
        note = data[-1]["findings"][0]
        assert (note["kind"], note["severity"]) == ("FORMAT NOT READ", "note")
        assert "judged for tf.graph_util.import_graph_def" in note["cause"]
        out = modelcompat("runtimes-for", "newer.pb").out
        assert "DisableCopyOnRead" in out
        assert out.count("loads") > 5

    @pytest.mark.parametrize("versions", ["producer: 9999 min_consumer: 9998", "producer: 1645 bad_consumers: 2474"])
    def test_is_imported_by_what_heeds_versions(self, modelcompat: Any, models: Path, versions: str) -> None:
        write_graph(models / "frozen.pb", "Relu", versions=versions)
        (judged,) = modelcompat("check", "--json", "frozen.pb", "--runtime", "tf2.21").data
        assert (judged["verdict"], judged["stage"]) == ("fails", "graph")
        assert "tf.graph_util.import_graph_def refuses it" in judged["findings"][0]["cause"]

    def test_with_variables_has_no_values(self, modelcompat: Any, models: Path) -> None:
        write_graph(models / "graph.pb", "VariableV2")
        (judged,) = modelcompat("check", "--json", "graph.pb", "--runtime", "tf2.21").data
        assert judged["verdict"] == "changed"
        assert "STATE LOST" in [each["kind"] for each in judged["findings"]]

    def test_is_found_in_folders(self, modelcompat: Any, models: Path) -> None:
        (models / "all").mkdir()
        write_graph(models / "all" / "frozen.pb", "Relu")
        (models / "all" / "labels.pb").write_bytes(b"\x0a\x05\x0a\x03cat")
        assert [each["path"] for each in modelcompat("inspect", "--json", "all").data] == ["all/frozen.pb"]

    def test_is_not_said_to_be_the_same_by_its_ops_alone(self, modelcompat: Any, models: Path) -> None:
        write_graph(models / "a.pb", "Relu")
        write_graph(models / "b.pb", "Relu")
        assert modelcompat("diff", "a.pb", "b.pb").code == 0
        write_graph(models / "b.pb", "Relu", versions="producer: 1646")
        result = modelcompat("diff", "a.pb", "b.pb")
        assert result.code == 2
        assert "constants are not compared" in result.out


META_GRAPH = """
meta_info_def {
  stripped_op_list { op { name: "MatMul" attr { name: "grad_a" default_value { b: false } } } }
  tensorflow_version: "2.15.0"
}
graph_def {
  node {
    name: "y" op: "MatMul"
    attr { key: "T" value { type: DT_FLOAT } } attr { key: "grad_a" value { b: GIVEN } }
  }
  versions { producer: 1645 }
}
"""


class TestMetaGraph:
    @pytest.mark.parametrize(("given", "verdict"), [("false", "loads"), ("true", "fails")])
    def test_leaves_out_an_unknown_attribute_that_has_its_default(
        self, modelcompat: Any, models: Path, given: str, verdict: str
    ) -> None:
        message = parse_text("MetaGraphDef", META_GRAPH.replace("GIVEN", given))
        (models / "model.meta").write_bytes(message.SerializeToString())
        (judged,) = modelcompat("check", "--json", "model.meta", "--runtime", "tf2.4").data
        assert judged["verdict"] == verdict
        assert judged["findings"][0]["subject"] == "MatMul.grad_a"
        assert "judged for tf.compat.v1.train.import_meta_graph" in judged["findings"][-1]["cause"]


class TestUnzippedModel:
    def test_is_named_as_that(self, modelcompat: Any, models: Path) -> None:
        write_unzipped(models / "ranker")
        assert "  format     Keras zip (.keras), unzipped, " in modelcompat("inspect", "ranker").out

    def test_is_zipped_again_for_a_keras_that_reads_no_folder(self, modelcompat: Any, models: Path) -> None:
        write_unzipped(models / "ranker")
        old, new = modelcompat("check", "--json", "ranker", "--runtime", "tf2.16", "--runtime", "tf2.21").data
        assert (old["verdict"], new["verdict"]) == ("fails", "loads")
        assert old["findings"][0]["fix"][-1] == 'python -m zipfile -c "ranker.keras" "ranker"/.'


class TestKerasHubPreset:
    def test_is_named_as_that_with_what_loads_it(self, modelcompat: Any, models: Path) -> None:
        write_unzipped(models / "preset", keras_hub_version="0.22.1")
        lines = modelcompat("inspect", "preset").out.splitlines()
        assert any(line.startswith("  format     KerasHub preset, ") for line in lines)
        assert "  saved by   KerasHub 0.22.1, Keras 3.11.3" in lines
        assert '             keras_hub.models.Sequential.from_preset("preset")' in lines
        old, new = modelcompat("check", "--json", "preset", "--runtime", "tf2.16", "--runtime", "tf2.21").data
        for judged in (old, new):
            assert judged["findings"][-1]["fix"][-1] == 'keras_hub.models.Sequential.from_preset("preset")'


class TestWeightsAlone:
    def test_say_how_they_are_loaded(self, modelcompat: Any, models: Path) -> None:
        with h5py.File(models / "a.weights.h5", "w") as file:
            file["layers/dense/vars/0"] = [1.0]
        out = modelcompat("inspect", "a.weights.h5").out
        assert "  model      none: weights alone" in out
        assert 'model.load_weights("a.weights.h5")' in out
        (judged,) = modelcompat("check", "--json", "a.weights.h5", "--runtime", "tf2.21").data
        assert judged["findings"][0]["fix"][-1] == 'model.load_weights("a.weights.h5")'


class TestWhatIsNoModel:
    @pytest.mark.parametrize("command", [["inspect"], ["check", "--runtime", "tf2.21"], ["runtimes-for"]])
    def test_is_named_as_what_it_is_by_every_command(self, modelcompat: Any, models: Path, command: list[str]) -> None:
        (models / "model.tflite").write_bytes(handmade.tflite([]))
        (models / "model.json").write_text('{"modelTopology": {}, "weightsManifest": []}')
        (models / "folder").mkdir()
        (models / "folder" / "model.json").write_text('{"modelTopology": {}, "weightsManifest": []}')
        result = modelcompat(*command[:1], "model.tflite", "model.json", "folder", *command[1:])
        assert result.code == 2
        lines = result.err.splitlines()
        assert lines[0].startswith("modelcompat: model.tflite is a TensorFlow Lite model")
        assert lines[1].startswith("modelcompat: model.json is a TensorFlow.js layers model")
        assert lines[2].startswith("modelcompat: folder is a TensorFlow.js layers model")
