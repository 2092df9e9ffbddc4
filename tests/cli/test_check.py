"""`modelcompat check` and `runtimes-for`: verdicts, exit codes, and every form of output."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.runtimes.names import all_names
from tests import handmade
from tests.compatibility.models import K33, compiled, small
from tests.sarif_schema import problems_of_log

pytestmark = pytest.mark.usefixtures("models")
FIELDS = {
    *("kind", "subject", "where", "cause", "fix", "severity", "blame", "quote", "details", "log", "is_specific"),
    *("stage", "source", "runtime", "code", "kind_code"),
}


class TestExitCode:
    def test_is_0_where_everything_loads(self, modelcompat: Any) -> None:
        assert modelcompat("check", "plain.keras", "--runtime", "tf2.20").code == 0

    def test_is_1_where_anything_fails_anywhere(self, modelcompat: Any) -> None:
        result = modelcompat("check", "plain.keras", "--runtime", "tf2.20", "--runtime", "tf2.15")
        assert result.code == 1
        assert "tf2.20  loads" in result.out
        assert "tf2.15  fails at config" in result.out

    def test_is_2_where_anything_cannot_be_read(self, modelcompat: Any) -> None:
        result = modelcompat("check", "plain.keras", "nowhere.h5", "--runtime", "tf2.15")
        assert result.code == 2
        assert "fails" in result.out
        assert result.err == "modelcompat: nowhere.h5 does not exist\n"

    def test_does_not_heed_unsafe_content_unless_asked(self, modelcompat: Any) -> None:
        result = modelcompat("check", "graph", "--runtime", "tf2.15")
        assert result.code == 0
        assert "UNSAFE CONTENT [U201]: op ReadFile" in result.out
        assert modelcompat("check", "graph", "--runtime", "tf2.15", "--fail-on-unsafe").code == 1


class TestDeclarations:
    @pytest.mark.parametrize(
        "order",
        [
            ["custom.keras", "--runtime", "tf2.20", "--custom", "Scale", "Other"],
            ["--custom", "Other", "--custom", "Scale", "--runtime", "tf2.20", "custom.keras"],
            ["--custom", "Other", "Scale", "--runtime", "tf2.20", "--", "custom.keras"],
        ],
    )
    def test_make_a_custom_layer_known(self, modelcompat: Any, order: list[str]) -> None:
        assert modelcompat("check", "custom.keras", "--runtime", "tf2.20").code == 1
        result = modelcompat("check", *order)
        assert result.code == 0
        assert "UNSAFE" not in result.out

    @pytest.mark.parametrize("command", [("check", "--runtime", "tf2.16"), ("runtimes-for",)])
    def test_leave_out_what_compile_was_given(self, modelcompat: Any, command: tuple[str, ...]) -> None:
        K33.h5(Path("compiled.h5"), small(K33), compiled("mse"))
        fails = modelcompat(*command, "compiled.h5").out
        assert "COMPILE NOT READ" in fails or "'mse'" in fails
        assert command[0] != "check" or "if you do that already, add --no-compile" in fails
        result = modelcompat(*command, "compiled.h5", "--no-compile")
        assert result.code == 0
        assert "mse" not in result.out.lower()
        assert any("tf2.16" in line and "loads" in line for line in result.out.splitlines())

    def test_of_nothing_but_names_lack_a_path(self, modelcompat: Any) -> None:
        result = modelcompat("check", "--runtime", "tf2.20", "--custom", "Scale", "custom.keras")
        assert result.code == 2
        assert "PATH" in result.err


class TestText:
    def test_names_the_finding_its_runtimes_its_place_and_the_fix(self, modelcompat: Any) -> None:
        out = modelcompat("check", "custom.keras", "--runtime", "tf2.20", "--runtime", "tf2.21").out
        assert out.splitlines()[0] == "custom.keras  (.keras, saved by Keras 3.11.3)"
        assert "UNKNOWN LAYER  in tf2.20" in out
        assert '"scale", second of 2 layers' in out
        assert "\n  fix        " in out
        assert out.splitlines()[-1] == "1 artifact in 2 runtimes: 2 fails"

    def test_gives_a_fix_once_where_it_is_the_same_for_the_next(self, modelcompat: Any) -> None:
        out = modelcompat("check", "plain.keras", "--runtime", "tf2.15").out
        assert out.count("or ship a SavedModel") == 1
        assert "  fix        as above" in out.splitlines()

    def test_says_what_is_unsafe_once(self, modelcompat: Any) -> None:
        out = modelcompat("check", "graph", "--runtime", "tf2.15", "--runtime", "tf2.20").out
        assert out.count("UNSAFE CONTENT [U201]: op ReadFile") == 1


# Operations that Keras 3 writes into an .h5 as if they were layers, and that are none.
OPERATIONS = (
    *("Absolute", "Sin", "Cos", "Tan", "Exp", "Log", "Sqrt", "Square", "Sign", "Floor", "Ceil", "Round", "Negative"),
    *("Reciprocal", "Tanh", "Sinh", "Cosh", "Log1p"),
)


def operations(path: Path) -> None:
    """An .h5 model of nothing but operations on tensors, each after the one before."""
    nodes: list[tuple[dict[str, Any], list[str]]] = [(handmade.layer("InputLayer", "x", batch_shape=[None, 4]), [])]
    for number, name in enumerate(OPERATIONS):
        node = {"class_name": name, "config": {"name": f"op_{number}"}}
        nodes.append((node, ["x" if number == 0 else f"op_{number - 1}"]))
    handmade.write_h5(path, handmade.functional(*nodes))


class TestOneCauseOfManyFindings:
    def test_is_one_block_that_lists_subjects_and_places(self, modelcompat: Any, models: Path) -> None:
        operations(models / "ops.h5")
        out = modelcompat("check", "ops.h5", "--runtime", "tf2.21").out
        assert out.count("UNKNOWN LAYER") == 1
        assert "UNKNOWN LAYER: Absolute, Sin, Cos and 15 more" in out
        assert out.count("because") == out.count("  fix  ") == 1
        assert re.findall(r'(\w+) +"op_\d+"', out) == list(OPERATIONS)
        assert "18 errors" in out

    def test_is_a_block_for_the_runtimes_that_share_it(self, modelcompat: Any, models: Path) -> None:
        operations(models / "ops.h5")
        out = modelcompat("check", "ops.h5", "--runtime", "tf2.20", "--runtime", "tf2.21", "--runtime", "tf2.15").out
        headings = [line.partition(":")[0] for line in out.splitlines() if line.startswith("UNKNOWN LAYER")]
        assert len(headings) == len(set(headings)) <= 3

    def test_stays_a_finding_each_in_json(self, modelcompat: Any, models: Path) -> None:
        operations(models / "ops.h5")
        (judged,) = modelcompat("check", "--json", "ops.h5", "--runtime", "tf2.21").data
        found = [each["subject"] for each in judged["findings"] if each["kind"] == "UNKNOWN LAYER"]
        assert found == list(OPERATIONS)

    def test_is_one_block_of_unsafe_content_too(self, modelcompat: Any, models: Path) -> None:
        calls = [
            handmade.layer("Lambda", f"call_{number}", function="my_function", function_type="function")
            for number in range(5)
        ]
        handmade.write_saved_model(models / "files", {"ReadFile": 1, "WriteFile": 1, "MatchingFiles": 1})
        handmade.write_keras(models / "lambdas.keras", handmade.sequential(*calls))
        for name in ("files", "lambdas.keras"):
            out = modelcompat("inspect", name).out
            said = [block.partition("because")[2] for block in out.split("UNSAFE CONTENT")[1:]]
            assert len(said) == len(set(said))


class TestJson:
    def test_is_an_object_for_each_artifact_and_runtime(self, modelcompat: Any) -> None:
        result = modelcompat("check", "--json", "custom.keras", "graph", "--runtime", "tf2.15", "--runtime", "tf2.20")
        assert [(each["path"], each["runtime"], each["verdict"]) for each in result.data] == [
            ("custom.keras", "tf2.15", "fails"),
            ("custom.keras", "tf2.20", "fails"),
            ("graph", "tf2.15", "loads"),
            ("graph", "tf2.20", "loads"),
        ]
        failed = result.data[1]
        assert failed["stage"] == "config"
        assert {frozenset(finding) for finding in failed["findings"]} == {frozenset(FIELDS)}
        first = failed["findings"][0]
        assert (first["kind"], first["severity"], first["stage"]) == ("UNKNOWN LAYER", "error", "config")
        assert result.data[2]["stage"] is None
        assert [finding["kind"] for finding in result.data[2]["findings"]] == ["UNSAFE CONTENT"]

    def test_tells_the_unreadable_for_each_runtime(self, modelcompat: Any) -> None:
        result = modelcompat("check", "--json", "nowhere.h5", "--runtime", "tf2.15", "--runtime", "tf2.20")
        assert [(each["runtime"], each["verdict"]) for each in result.data] == [
            ("tf2.15", "unreadable"),
            ("tf2.20", "unreadable"),
        ]
        assert result.data[0]["findings"][0]["cause"] == "nowhere.h5 does not exist"
        assert result.err == "modelcompat: nowhere.h5 does not exist\n"


class TestSarif:
    @pytest.fixture
    def run(self, modelcompat: Any, models: Path) -> Any:
        (models / "cut off.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
        result = modelcompat(
            *("check", "--sarif", "custom.keras", "graph", "cut off.h5", "plain.keras"),
            *("--runtime", "tf2.15", "--runtime", "tf2.20"),
        )
        assert result.code == 2
        log = json.loads(result.out)
        assert log["version"] == "2.1.0"
        assert log["$schema"].endswith("sarif-2.1.0.json")
        (run,) = log["runs"]
        return run

    def test_the_log_is_valid(self, modelcompat: Any, models: Path) -> None:
        del models
        asked = ("custom.keras", "graph", "nowhere.h5", "--runtime", "tf2.15", "--runtime", "tf2.20")
        assert problems_of_log(modelcompat("check", "--sarif", *asked).out) == []

    def test_results_refer_to_rules_with_help(self, run: Any) -> None:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for rule in rules:
            assert rule["help"]["text"]
            assert "/docs/kinds/" in rule["helpUri"]
            assert rule["shortDescription"]["text"].endswith(".")
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"error", "warning", "note"}
            assert result["message"]["text"]
        assert {"unknown-layer", "U201", "artifact-broken"} <= {rule["id"] for rule in rules}

    def test_what_the_artifact_has_is_the_same_whichever_runtime_comes_first(
        self, modelcompat: Any, models: Path
    ) -> None:
        handmade.write_keras(
            models / "outer.keras", handmade.sequential(handmade.layer("TFSMLayer", "i", filepath="x"))
        )

        def results(*runtimes: str) -> dict[str, tuple[str, str]]:
            asked = [word for runtime in runtimes for word in ("--runtime", runtime)]
            (run,) = json.loads(modelcompat("check", "--sarif", "outer.keras", *asked).out)["runs"]
            return {
                each["ruleId"]: (each["partialFingerprints"]["modelcompat/v1"], each["message"]["text"])
                for each in run["results"]
            }

        first, second = results("tf2.18", "tf2.21"), results("tf2.21", "tf2.18")
        assert first == second
        assert first["U109"][1].startswith("in tf2.18, unsafe content CVE-2026-1462")
        assert first["U103"][1].startswith("unsafe content TFSMLayer")

    def test_each_code_of_unsafe_content_is_a_rule_that_says_how_grave_it_is(self, run: Any) -> None:
        (rule,) = [rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "U201"]
        assert rule["name"] == "AnOpThatReadsFiles"
        assert rule["fullDescription"]["text"].endswith("It acts when the model is called.")
        assert rule["properties"] == {"tags": ["security"], "security-severity": "8.0"}
        assert rule["defaultConfiguration"] == {"level": "warning"}

    def test_results_name_files_relative_to_the_source(self, run: Any) -> None:
        locations = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in run["results"]]
        assert {location["uri"] for location in locations} == {
            *("custom.keras", "graph/saved_model.pb", "cut%20off.h5", "plain.keras"),
        }
        assert {location["uriBaseId"] for location in locations} == {"%SRCROOT%"}

    def test_results_are_distinguished_and_unsafe_content_comes_once(self, run: Any) -> None:
        prints = [result["partialFingerprints"]["modelcompat/v1"] for result in run["results"]]
        assert len(set(prints)) == len(prints)
        unsafe = [result for result in run["results"] if "ReadFile" in result["message"]["text"]]
        assert [result["level"] for result in unsafe] == ["warning"]
        broken = [result for result in run["results"] if result["ruleId"] == "artifact-broken"]
        assert len(broken) == 1
        assert run["invocations"] == [{"executionSuccessful": False}]


class TestRuntimesFor:
    def test_has_a_line_for_every_runtime(self, modelcompat: Any) -> None:
        result = modelcompat("runtimes-for", "plain.keras")
        rows = [line.split() for line in result.out.splitlines()[3:] if line]
        assert result.code == 0
        assert [row[0] for row in rows] == [*all_names(), f"{all_names()[-1]}+tf_keras"]
        verdicts = {row[0]: row[2] for row in rows}
        assert (verdicts["tf2.4"], verdicts["tf2.15"], verdicts["tf2.20"]) == ("fails", "fails", "loads")
        why = next(line for line in result.out.splitlines() if "tf2.4 " in line)
        assert "Keras reads it from 2.12 on" in why

    def test_names_what_is_unsafe(self, modelcompat: Any) -> None:
        out = modelcompat("runtimes-for", "graph").out
        assert "\n  unsafe content: op ReadFile [U201]; `modelcompat inspect` says where\n" in out
        assert "unsafe" not in modelcompat("runtimes-for", "plain.keras").out

    def test_json(self, modelcompat: Any) -> None:
        result = modelcompat("runtimes-for", "plain.keras", "nowhere.h5", "--json")
        assert result.code == 2
        assert {each["verdict"] for each in result.data[:-1]} >= {"loads", "fails"}
        assert result.data[-1] == {"path": "nowhere.h5", "unreadable": "nowhere.h5 does not exist"}


def test_a_file_that_no_keras_writes_ends_in_a_sentence(modelcompat: Any, models: Path) -> None:
    """What is judged is what somebody put there: nothing in it may end in a traceback."""
    strange = handmade.sequential({"class_name": "Dense", "config": {"name": ["a"], "dtype": [3], "units": {"x": []}}})
    strange["config"]["layers"] += [{"class_name": "Lambda", "config": {"function": {"config": 3}}}, 7, None]
    strange["compile_config"] = {"loss": [[{"class_name": []}]]}
    handmade.write_keras(models / "strange.keras", strange)
    for arguments in (["inspect"], ["check", "--runtime", "tf2.20"], ["runtimes-for"]):
        result = modelcompat(arguments[0], "strange.keras", *arguments[1:])
        assert result.code in {0, 1, 2}
