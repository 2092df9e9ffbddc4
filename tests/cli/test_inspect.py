"""`modelcompat inspect`: the page, the JSON, and what cannot be read."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli import bounds, inventories
from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory

pytestmark = pytest.mark.usefixtures("models")


def test_the_page_of_a_keras_model(modelcompat: Any, models: Path) -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    act = handmade.layer("ReLU", "act")
    act["config"]["dtype"] = policy
    scale = handmade.layer("Scale", "scale", module="shop.layers") | {"registered_name": "shop>Scale"}
    root = handmade.sequential(handmade.dense(), act, handmade.sequential(scale, name="tower"))
    root["compile_config"] = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}
    handmade.write_keras(
        models / "ranker.keras", root, {"layers/dense/vars/0": [[1.0, 2.0]]}, {"assets/words.txt": "cat\n"}
    )
    result = modelcompat("inspect", "ranker.keras")
    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0] == "ranker.keras"
    for line in (
        "  saved by   Keras 3.11.3",
        '  model      Sequential "ranker"',
        "  layers     4: Dense, ReLU, Scale, Sequential",
        '  custom     layer Scale of module shop.layers, registered as shop>Scale  ("scale" inside "tower")',
        "  compiled   optimizer adam; loss mse; metrics mae",
        "  computes   float16, float32  (dtype policies: mixed_float16)",
        "  variables  1, 2 values, 16 bytes: float64",
        "  assets     assets/words.txt  4 bytes",
        "    tower    Sequential",
        "      scale  Scale",
        "UNSAFE CONTENT [U104]: shop.layers.Scale",
    ):
        assert line in lines, (line, result.out)


def quantized(name: str, dtype: Any, **config: Any) -> dict[str, Any]:
    layer = handmade.layer("Dense", name)
    layer["config"].update(dtype=dtype, **config)
    return layer


def policy(mode: str, name: str = "QuantizedDTypePolicy") -> dict[str, Any]:
    return {"class_name": name, "config": {"mode": mode, "source_name": "float32"}}


def test_quantization_and_lora_are_said_of_their_layers(modelcompat: Any, models: Path) -> None:
    inner = {"tower/query": policy("int8"), "tower/value": {"class_name": "DTypePolicy", "config": {"name": "float32"}}}
    by_path = {"class_name": "DTypePolicyMap", "config": {"default_policy": None, "policy_map": inner}}
    root = handmade.sequential(
        quantized("a", policy("int8"), lora_rank=4),
        quantized("b", policy("int4/128", "Int4DTypePolicy"), lora_rank=8),
        quantized("c", policy("float8", "QuantizedFloat8DTypePolicy")),
        quantized("d", "int8_from_mixed_bfloat16"),
        quantized("e", "gptq/4/128_from_float32"),
        quantized("f", "mixed_bfloat16", lora_rank=None),
        quantized("tower", by_path),
    )
    handmade.write_keras(models / "small.keras", root)
    out = modelcompat("inspect", "small.keras").out
    wanted = """
  quantized  float8: "c"
             gptq: "e"
             int4: "b"
             int8: "a", "d", "query" inside "tower"
  LoRA       rank 4: "a"
             rank 8: "b"
"""
    assert wanted in out


def test_lora_that_only_its_weights_tell_of(modelcompat: Any, models: Path) -> None:
    """An .h5 has the weights of LoRA inside layers whose own configuration does not speak of it."""
    root = handmade.sequential(handmade.layer("MultiHeadAttention", "att"))
    lora = {"lora_kernel_a": [[1.0, 2.0, 3.0]], "lora_kernel_b": [[1.0], [2.0], [3.0]]}
    handmade.write_h5(models / "tuned.h5", root, {f"att/att/query/{name}": values for name, values in lora.items()})
    out = modelcompat("inspect", "tuned.h5").out
    assert '  LoRA       rank 3: "query" inside "att/att"' in out


def test_the_page_of_a_graph(modelcompat: Any) -> None:
    lines = modelcompat("inspect", "graph").out.splitlines()
    for line in (
        "  saved by   TensorFlow 2.15.1",
        "  signature  serving_default",
        "               x  float32 (?, 4)",
        "  ops        2 kinds in 3 nodes and 1 function: ReadFile 2, NoOp",
        "  graph      GraphDef version 1645, for 12 or newer",
        "  tags       serve",
        "UNSAFE CONTENT [U201]: op ReadFile",
    ):
        assert line in lines, line


def test_many_layers_are_cut_short_unless_all_are_asked_for(modelcompat: Any, models: Path) -> None:
    deep = handmade.sequential(*(handmade.dense(f"dense_{number}") for number in range(60)))
    handmade.write_keras(models / "deep.keras", deep)
    short, full = modelcompat("inspect", "deep.keras").out, modelcompat("inspect", "--all", "deep.keras").out
    assert "… and 20 more; --all lists them" in short
    assert "dense_59" not in short
    assert "dense_59" in full


def test_json_is_one_object_a_line(modelcompat: Any) -> None:
    result = modelcompat("inspect", "--json", "plain.keras", "graph")
    keras, graph = result.data
    assert (keras["path"], keras["format"], keras["saved_by"]) == ("plain.keras", "keras", {"keras": "3.11.3"})
    assert [layer["class_name"] for layer in keras["layers"]] == ["InputLayer", "Dense"]
    assert "config" not in keras["layers"][0]
    assert not {"root", "training"} & keras.keys()
    assert [op["op"] for op in graph["ops"]] == ["NoOp", "ReadFile"]
    assert graph["signatures"][0]["inputs"] == [{"name": "x", "dtype": "float32", "shape": [None, 4], "kind": "dense"}]
    assert [finding["subject"] for finding in graph["unsafe"]] == ["op ReadFile"]


def test_what_cannot_be_read_is_a_sentence_and_the_rest_is_read(modelcompat: Any, models: Path) -> None:
    (models / "page.h5").write_text("<!doctype html><title>Not found</title>")
    result = modelcompat("inspect", "page.h5", "plain.keras", "nowhere.h5", "*.onnx")
    assert result.code == 2
    assert result.out.startswith("plain.keras\n")
    assert result.err.splitlines() == [
        "modelcompat: page.h5 is an HTML page, not a model; the download it came from answered with a web page",
        "modelcompat: nowhere.h5 does not exist",
        "modelcompat: nothing that looks like a model matches *.onnx",
    ]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="bounds the time of a process")
def test_what_takes_too_long_is_a_sentence_and_the_rest_is_read(
    modelcompat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path) -> Inventory:
        started = time.process_time()
        while path.name == "custom.keras" and time.process_time() - started < 5.0:
            pass
        return read_inventory(path)

    monkeypatch.setattr(inventories, "read_inventory", read)
    monkeypatch.setattr(bounds, "MOST_SECONDS", 0.5)
    result = modelcompat("inspect", "custom.keras", "plain.keras")
    assert result.code == 2
    assert "modelcompat: custom.keras takes longer than any model: after " in result.err
    assert result.out.startswith("plain.keras")


def test_what_cannot_be_read_is_an_object_too(modelcompat: Any) -> None:
    result = modelcompat("inspect", "--json", "nowhere.h5", "plain.keras")
    assert result.code == 2
    assert result.data[0] == {"path": "nowhere.h5", "unreadable": "nowhere.h5 does not exist"}
    assert result.data[1]["path"] == "plain.keras"


def test_data_in_a_folder_is_passed_over_and_named_it_is_a_problem(modelcompat: Any, models: Path) -> None:
    import h5py

    with h5py.File(models / "train.h5", "w") as file:
        file["images"] = [1, 2, 3]
    walked = modelcompat("inspect", ".")
    assert walked.code == 0
    assert walked.err == "modelcompat: skipped: train.h5 holds no model\n"
    named = modelcompat("inspect", "train.h5")
    assert named.code == 2
    assert "holds neither a Keras model nor its weights" in named.err


def test_a_folder_of_nothing_but_data_holds_no_model(modelcompat: Any, tmp_path: Path) -> None:
    import h5py

    (tmp_path / "data").mkdir()
    with h5py.File(tmp_path / "data/train.h5", "w") as file:
        file["images"] = [1, 2, 3]
    result = modelcompat("inspect", "data")
    assert result.code == 2
    assert result.err.splitlines()[-1] == "modelcompat: no model was found in data"


def test_names_cannot_move_the_cursor(modelcompat: Any, models: Path) -> None:
    handmade.write_keras(models / "evil.keras", handmade.sequential(handmade.dense("\x1b[2J\x07dense\x9b")))
    out = modelcompat("inspect", "evil.keras").out
    assert "\x1b" not in out
    assert "\\x1b[2J\\x07dense\\x9b" in out


def test_a_bar_is_shown_on_a_terminal_only(modelcompat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert modelcompat("inspect", ".").err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = modelcompat("inspect", ".").err
    assert "1/3  custom.keras" in shown
    assert "2/3" in shown
    assert shown.endswith("\x1b[K")
    assert modelcompat("inspect", "plain.keras").err == ""
