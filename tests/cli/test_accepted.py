"""Unsafe content that is accepted: by its rule, or finding by finding in a baseline."""

from __future__ import annotations

import base64
import json
import marshal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests import handmade

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("models")
CHECK = ("check", "--runtime", "tf2.15", "--fail-on-unsafe")


class TestSuppress:
    def test_accepts_what_a_rule_finds_and_counts_it(self, modelcompat: Any) -> None:
        assert modelcompat(*CHECK, "graph").code == 1
        result = modelcompat(*CHECK, "graph", "--suppress", "U201=its own list of terms")
        assert result.code == 0
        assert "UNSAFE CONTENT" not in result.out
        assert "1 finding of unsafe content accepted: U201 (its own list of terms)\n" in result.out

    def test_accepts_nothing_else(self, modelcompat: Any) -> None:
        assert modelcompat(*CHECK, "graph", "--suppress", "U202=its own log").code == 1

    def test_is_for_inspect_too(self, modelcompat: Any) -> None:
        assert "UNSAFE CONTENT [U201]: op ReadFile" in modelcompat("inspect", "graph").out
        out = modelcompat("inspect", "graph", "--suppress", "U201=ours").out
        assert "UNSAFE CONTENT" not in out
        assert "1 finding of unsafe content accepted: U201 (ours)\n" in out

    def test_is_a_note_in_json_and_a_suppression_in_sarif(self, modelcompat: Any) -> None:
        (graph,) = modelcompat(*CHECK, "graph", "--suppress", "U201=ours", "--json").data
        (finding,) = graph["findings"]
        assert (finding["severity"], finding["details"]["accepted"]) == ("note", "ours")
        log = json.loads(modelcompat(*CHECK, "graph", "--suppress", "U201=ours", "--sarif").out)
        (result,) = log["runs"][0]["results"]
        assert (result["ruleId"], result["level"]) == ("U201", "note")
        assert result["suppressions"] == [{"kind": "external", "justification": "ours"}]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("U2O1=ours", "there is no rule 'U2O1'; did you mean 'U201'?"),
            ("U201", "give the reason too, as in --suppress U201='we wrote it'"),
            ("U201= ", "give the reason too"),
        ],
    )
    def test_takes_a_code_and_a_reason(self, modelcompat: Any, given: str, said: str) -> None:
        result = modelcompat("inspect", "graph", "--suppress", given)
        assert result.code == 2
        assert said in result.err


class TestBaseline:
    def test_accepts_what_was_there_when_it_was_written(self, modelcompat: Any) -> None:
        result = modelcompat(*CHECK, "graph", "custom.keras", "--write-baseline", "base.json")
        assert result.code == 1
        assert result.err == "base.json: 2 findings accepted\n"
        result = modelcompat(*CHECK, "graph", "--baseline", "base.json")
        assert result.code == 0
        assert "1 finding of unsafe content accepted: U201 (in base.json)" in result.out

    def test_is_the_same_from_each_command_and_every_time(self, modelcompat: Any) -> None:
        modelcompat("inspect", "graph", "custom.keras", "--write-baseline", "one.json")
        modelcompat("check", "--runtime", "tf2.20", "custom.keras", "graph", "--write-baseline", "other.json")
        assert Path("one.json").read_text(encoding="utf-8") == Path("other.json").read_text(encoding="utf-8")

    def test_holds_nothing_that_is_suppressed(self, modelcompat: Any) -> None:
        modelcompat("inspect", "graph", "--suppress", "U201=ours", "--write-baseline", "base.json")
        assert json.loads(Path("base.json").read_text(encoding="utf-8"))["accepted"] == []

    @pytest.mark.parametrize("change", ["another op", "another place", "another artifact"])
    def test_accepts_nothing_else(self, modelcompat: Any, models: Path, change: str) -> None:
        modelcompat("inspect", "graph", "--write-baseline", "base.json")
        name = "other" if change == "another artifact" else "graph"
        if change == "another place":
            data = json.loads((models / "base.json").read_text(encoding="utf-8"))
            data["accepted"][0]["where"] = ['node "elsewhere"']
            (models / "base.json").write_text(json.dumps(data), encoding="utf-8")
        else:
            op = "WriteFile" if change == "another op" else "ReadFile"
            handmade.write_saved_model(models / name, {op: 1})
        assert modelcompat(*CHECK, name, "--baseline", "base.json").code == 1

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "the baseline base.json cannot be read: No such file or directory"),
            ("{", "base.json is not a baseline, or a truncated one"),
            ("[" * 100_000, "base.json is not a baseline, or a truncated one"),
            ('{"kind": "modelcompat baseline", "schema": 3}', "base.json is not a baseline that this version reads"),
            (
                '{"kind": "modelcompat baseline", "schema": 1, "accepted": []}',
                "base.json does not say what content it accepts, as those of older versions: look at what is found",
            ),
            (
                '{"kind": "modelcompat baseline", "schema": 2, "accepted": [{"artifact": 1}]}',
                "base.json is not a baseline, or a truncated one",
            ),
        ],
    )
    def test_that_is_none_is_said_to_be_none(self, modelcompat: Any, content: str | None, said: str) -> None:
        if content is not None:
            Path("base.json").write_text(content, encoding="utf-8")
        result = modelcompat(*CHECK, "graph", "--baseline", "base.json")
        assert result.code == 2
        assert said in result.err

    def test_that_cannot_be_written_is_said(self, modelcompat: Any) -> None:
        result = modelcompat("inspect", "graph", "--write-baseline", "nowhere/base.json")
        assert result.code == 2
        assert "the baseline nowhere/base.json cannot be written: No such file or directory" in result.err


def _write_code(path: Path, code: str) -> None:
    """A Lambda with this code, which is never run."""
    packed = base64.b64encode(marshal.dumps(compile(code, "model.py", "eval"))).decode("ascii")
    function = {"class_name": "__lambda__", "config": {"code": packed, "defaults": None, "closure": None}}
    handmade.write_keras(path, handmade.sequential(handmade.layer("Lambda", "double", function=function)))


def _write_called(path: Path, address: str) -> None:
    """A Lambda that calls a function of another module with an address."""
    function = {"module": "shop.files", "class_name": "function", "config": "load", "registered_name": "load"}
    called = handmade.layer("Lambda", "load", function=function, arguments={"address": address})
    handmade.write_keras(path, handmade.sequential(called))


def _write_trained(path: Path, loss: str) -> None:
    function = {"module": "shop.losses", "class_name": "function", "config": "loss", "registered_name": loss}
    handmade.write_h5(path, handmade.sequential(handmade.dense()), training={"loss": function})


def _write_pickle(path: Path, argument: str) -> None:
    text = f"cposix\nsystem\n(S'{argument}'\ntR."
    handmade.write_keras(path, handmade.sequential(handmade.dense()), members={"assets/words.pkl": text})


def _write_graph(path: Path, letter: str) -> None:
    handmade.write_saved_model(path, {"ReadFile": 1, "MatMul" if letter == "x" else "Relu": 1})


class TestBaselineAndContent:
    @pytest.mark.parametrize(
        ("write", "name", "code"),
        [
            (_write_code, "model.keras", "U101"),
            (_write_called, "model.keras", "U107"),
            (_write_trained, "model.h5", "U104"),
            (_write_pickle, "model.keras", "U401"),
            (_write_graph, "model", "U201"),
        ],
    )
    def test_accepts_no_other_content_of_the_same_name_and_place(
        self, modelcompat: Any, models: Path, write: Callable[[Path, str], None], name: str, code: str
    ) -> None:
        write(models / name, "x")
        modelcompat("inspect", name, "--write-baseline", "base.json")
        (accepted,) = json.loads(Path("base.json").read_text(encoding="utf-8"))["accepted"]
        assert accepted["code"] == code
        assert modelcompat(*CHECK, name, "--baseline", "base.json").out.count(f"{code} (in base.json)") == 1
        write(models / name, "y")
        result = modelcompat(*CHECK, name, "--baseline", "base.json")
        assert result.code == 1
        assert "base.json accepts other content of this name: look at this one" in " ".join(result.out.split())

    def test_accepts_a_model_that_is_only_trained_again(self, modelcompat: Any, models: Path) -> None:
        scale = handmade.sequential(handmade.layer("Scale", "scale", module="shop.layers"))
        for value in (1.0, 2.0):
            weights = {"layers/scale/vars/0": np.full(2, value, np.float32)}
            handmade.write_keras(models / "model.keras", scale, weights)
            if value == 1.0:
                modelcompat("inspect", "model.keras", "--write-baseline", "base.json")
        assert "accepted: U104 (in base.json)" in modelcompat("inspect", "model.keras", "--baseline", "base.json").out
