"""Unsafe content that is accepted: by its rule, or finding by finding in a baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import handmade

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
            ('{"kind": "modelcompat baseline", "schema": 2}', "base.json is not a baseline that this version reads"),
            (
                '{"kind": "modelcompat baseline", "schema": 1, "accepted": [{"artifact": 1}]}',
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
