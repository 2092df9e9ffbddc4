"""Acceptance: what a baseline accepts is one thing in its places with its content, and nothing else of its name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, Hazard, Inventory
from pytest_modelcompat.compatibility.unsafe import acceptance, rules
from pytest_modelcompat.compatibility.unsafe.acceptance import (
    Acceptance,
    AcceptanceError,
    AcceptedFinding,
    accepting,
    baseline_text,
    parse_suppressed,
    read_baseline,
)
from pytest_modelcompat.compatibility.unsafe.content import ContentDigests
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from tests.compatibility.graph_files import graph_def, node, saved_model

WHERE = ('node "read" of function __inference_serve_12',)
READS = rules.unsafe(rules.READS, "op ReadFile", WHERE, "it reads")
BYTECODE = rules.unsafe(rules.BYTECODE, "Python bytecode in a Lambda layer", ('"double"',), "it runs")
COMPILED = rules.unsafe(rules.BYTECODE, "Python bytecode in compile()", ("compile()",), "it runs")
PICKLE = rules.unsafe(rules.PICKLE, "pickle x", (), "it runs")
LINK = rules.unsafe(rules.EXTERNAL_LINK, "external link x", (), "it leads out")
NO_RULE = Finding(Kind.UNKNOWN_LAYER, "Scale")


def held(folder: Path, content: str = "one", **more: Any) -> Inventory:
    """An artifact with a configuration."""
    path = folder / "model.keras"
    path.write_text(content)
    return Inventory(path, "keras", root={"class_name": "Sequential", "config": {}}, **more)


@pytest.mark.parametrize(
    ("change", "is_the_same"),
    [
        ({}, True),
        ({"where": ('node "read" of function __inference_serve_99',)}, True),
        ({"where": ()}, True),
        ({"where": ('node "other" of function __inference_serve_12',)}, False),
        ({"where": (*WHERE, '"more"')}, False),
        ({"subject": "op WriteFile"}, False),
        ({"code": "U202"}, False),
        ({"cause": "it reads a lot"}, True),
    ],
)
def test_which_finding_an_entry_means(change: dict[str, Any], is_the_same: bool) -> None:
    entry = AcceptedFinding("model.keras", "U201", "op ReadFile", WHERE, "0")
    assert entry.names(replace(READS, **change), Path("folder/model.keras")) is is_the_same
    assert not entry.names(READS, Path("folder/other.keras"))


def test_what_is_accepted_becomes_a_note_that_says_why(tmp_path: Path) -> None:
    inventory = held(tmp_path)
    accepted = Acceptance(baseline=accepting([READS], inventory), source="accepted.json")
    note, other, no_rule = accepted.apply([READS, BYTECODE, NO_RULE], inventory)
    assert note == replace(READS, severity=Severity.NOTE, details=(("accepted", "in accepted.json"),))
    assert note.accepted == "in accepted.json"
    assert (other, no_rule) == (BYTECODE, NO_RULE)


def test_a_reason_accepts_all_that_its_rule_finds(tmp_path: Path) -> None:
    inventory = held(tmp_path)
    target = replace(READS, details=(("target", "/x"),))
    accepted = Acceptance({"U201": "we wrote it"}, accepting([target], inventory), "accepted.json")
    (note,) = accepted.apply([target], inventory)
    assert note.details == (("target", "/x"), ("accepted", "we wrote it"))
    assert accepted.reason(BYTECODE, ContentDigests(inventory)) == ""


def test_other_content_of_the_same_name_is_said(tmp_path: Path) -> None:
    accepted = Acceptance(baseline=accepting([BYTECODE], held(tmp_path)), source="accepted.json")
    changed = replace(held(tmp_path), root={"class_name": "Functional", "config": {}})
    (finding,) = accepted.apply([replace(BYTECODE, details=(("name", "bytecode"),))], changed)
    hint = "accepted.json accepts other content of this name: look at this one, and write the baseline again"
    assert finding.details == (("name", "bytecode"), ("baseline", hint))
    assert finding.severity is Severity.WARNING
    # One that is not named at all is nothing to compare with.
    assert accepted.apply([READS], changed) == (READS,)
    both = replace(accepted, baseline=(*accepted.baseline, *accepting([BYTECODE], changed)))
    assert both.apply([BYTECODE], changed)[0].accepted == "in accepted.json"


def test_what_accepts_findings(tmp_path: Path) -> None:
    inventory = held(tmp_path)
    assert accepting([READS, NO_RULE], inventory) == (
        AcceptedFinding("model.keras", "U201", "op ReadFile", WHERE, ContentDigests(inventory).of(READS)),
    )


def test_a_baseline_is_written_in_order_and_read_back(tmp_path: Path) -> None:
    first = AcceptedFinding("a", "U101", "x", ("p",), "0")
    others = [
        replace(first, artifact="b"),
        replace(first, code="U102"),
        replace(first, subject="y"),
        replace(first, where=("q",)),
        replace(first, content="1"),
    ]
    text = baseline_text([*others, first, first])
    (tmp_path / "accepted.json").write_text(text)
    read = read_baseline(tmp_path / "accepted.json")
    assert read == (first, *reversed(others))
    assert text == baseline_text(reversed(read))
    assert text.startswith('{\n  "kind": "modelcompat baseline",\n  "schema": 2,\n  "accepted": [\n    {\n')
    assert text.endswith("}\n")
    assert json.loads(text)["accepted"][0] == {
        "artifact": "a",
        "code": "U101",
        "subject": "x",
        "where": ["p"],
        "content": "0",
    }


ENTRY = {"artifact": "a", "code": "U101", "subject": "x", "where": ["p"], "content": "0"}
BASELINE = {"kind": "modelcompat baseline", "schema": 2, "accepted": [ENTRY]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", " is not a baseline, or a truncated one"),
        ("[]", " is not a baseline, or a truncated one"),
        ("{}", " is not a baseline, or a truncated one"),
        (json.dumps({**BASELINE, "accepted": None}), " is not a baseline, or a truncated one"),
        (json.dumps({**BASELINE, "accepted": [{}]}), " is not a baseline, or a truncated one"),
        *(
            (json.dumps({**BASELINE, "accepted": [{**ENTRY, key: 7}]}), " is not a baseline, or a truncated one")
            for key in ENTRY
        ),
        (json.dumps({**BASELINE, "accepted": [{**ENTRY, "where": "p"}]}), " is not a baseline, or a truncated one"),
        (json.dumps({**BASELINE, "accepted": [{**ENTRY, "where": [7]}]}), " is not a baseline, or a truncated one"),
        (json.dumps({**BASELINE, "kind": "golden"}), " is not a baseline that this version reads"),
        (json.dumps({**BASELINE, "kind": "golden", "schema": 1}), " is not a baseline that this version reads"),
        (json.dumps({**BASELINE, "schema": 3}), " is not a baseline that this version reads"),
        ("[" * 100_000, " is not a baseline, or a truncated one"),
    ],
)
def test_what_is_no_baseline(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(text)
    with pytest.raises(AcceptanceError) as raised:
        read_baseline(path)
    assert str(raised.value) == f"{path}{says}"


def test_a_baseline_of_an_older_version_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(json.dumps({**BASELINE, "schema": 1}))
    with pytest.raises(AcceptanceError) as raised:
        read_baseline(path)
    assert str(raised.value) == (
        f"the baseline {path} does not say what content it accepts, as those of older versions: look at what is found "
        "without it, and write it again with --write-baseline"
    )


def test_a_baseline_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AcceptanceError) as raised:
        read_baseline(tmp_path / "gone.json")
    assert str(raised.value) == f"the baseline {tmp_path / 'gone.json'} cannot be read: No such file or directory"
    path = tmp_path / "accepted.json"
    path.write_text(json.dumps(BASELINE))
    monkeypatch.setattr(acceptance, "_LARGEST", path.stat().st_size)
    assert read_baseline(path) == (AcceptedFinding("a", "U101", "x", ("p",), "0"),)
    monkeypatch.setattr(acceptance, "_LARGEST", path.stat().st_size - 1)
    with pytest.raises(AcceptanceError) as raised:
        read_baseline(path)
    assert str(raised.value) == f"the baseline {path} is larger than any baseline"


def test_what_is_suppressed() -> None:
    assert parse_suppressed(["U101=we wrote it", " U201 = a=b "]) == {"U101": "we wrote it", "U201": "a=b"}
    assert parse_suppressed([]) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("u101=why", "--suppress u101=why: there is no rule 'u101'; "),
        ("=why", "--suppress =why: there is no rule ''; known are U101, "),
        ("U101", "--suppress U101: give the reason too, as in --suppress U101='we wrote it'"),
        ("U101= ", "--suppress U101= : give the reason too, as in --suppress U101='we wrote it'"),
    ],
)
def test_what_is_suppressed_without_a_rule_or_a_reason(text: str, says: str) -> None:
    with pytest.raises(AcceptanceError) as raised:
        parse_suppressed(["U201=fine", text])
    assert str(raised.value).startswith(says)


def digest(inventory: Inventory, finding: Finding) -> str:
    return ContentDigests(inventory).of(finding)


def test_the_content_of_a_model_is_its_configuration(tmp_path: Path) -> None:
    inventory = held(tmp_path)
    same = replace(held(tmp_path, "weights that were trained again"), root={"config": {}, "class_name": "Sequential"})
    other = replace(inventory, root={"class_name": "Sequential", "config": {"name": "x"}})
    assert digest(inventory, BYTECODE) == digest(same, BYTECODE)
    assert digest(inventory, BYTECODE) != digest(other, BYTECODE)
    assert digest(inventory, READS) == digest(inventory, BYTECODE)
    within = replace(inventory, others=(replace(other, others=(replace(other, root={"a": 1}),)),))
    assert len({digest(each, BYTECODE) for each in (inventory, other, within)}) == 3
    inner = replace(within, others=(replace(other, others=(replace(other, root={"a": 2}),)),))
    assert digest(within, BYTECODE) != digest(inner, BYTECODE)


def test_a_digest_stays_the_same_as_long_as_baselines_do() -> None:
    part = Inventory(Path("m.keras"), "keras", root={"c": 2})
    whole = Inventory(Path("m.keras"), "keras", root={"b": 1, "a": Path("x")}, others=(part,))
    assert digest(whole, BYTECODE) == "6a1aaa756ab657ff07ad5ac1964bd180d3be9be74f845813aa871747a6221eb2"


def test_the_content_of_what_compile_was_given_is_part_of_it_where_it_stands(tmp_path: Path) -> None:
    inventory = held(tmp_path, training={"loss": "mse"})
    other = replace(inventory, training={"loss": "mae"})
    assert digest(inventory, COMPILED) != digest(other, COMPILED)
    assert digest(inventory, BYTECODE) == digest(other, BYTECODE)
    part = replace(held(tmp_path), others=(inventory,))
    assert digest(part, COMPILED) != digest(replace(part, others=(other,)), COMPILED)
    alone = Inventory(inventory.path, "keras", training={"loss": "mse"})
    assert digest(alone, COMPILED) == digest(replace(alone, training={"loss": "mae"}), COMPILED)


def test_the_content_of_a_pickle_is_every_byte(tmp_path: Path) -> None:
    before = digest(held(tmp_path), PICKLE)
    assert digest(held(tmp_path), PICKLE) == before
    assert digest(held(tmp_path, "another"), PICKLE) != before
    (tmp_path / "moved").mkdir()
    assert digest(held(tmp_path / "moved"), PICKLE) == before
    named = held(tmp_path)
    renamed = replace(named, path=named.path.rename(tmp_path / "other.keras"))
    assert digest(renamed, PICKLE) != before


def test_the_content_of_a_link_is_where_it_leads(tmp_path: Path) -> None:
    hazards = (Hazard("external link", "x", "into a.h5"), Hazard("pickle", "x", "its own"))
    inventory = held(tmp_path, hazards=hazards)
    other = held(tmp_path, "another", hazards=(replace(hazards[0], detail="into b.h5"), hazards[1]))
    beside = held(tmp_path, hazards=(hazards[0], replace(hazards[1], detail="another")))
    assert digest(inventory, LINK) != digest(other, LINK)
    assert digest(inventory, LINK) == digest(beside, LINK)
    within = replace(held(tmp_path), others=(inventory,))
    assert digest(within, LINK) == digest(inventory, LINK) != digest(held(tmp_path), LINK)


def test_the_content_of_a_saved_model_is_its_graphs(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    first = Inventory(saved_model(node("ReadFile"))(tmp_path / "a"), "saved_model")
    same = Inventory(saved_model(node("ReadFile"), weights=["kernel"])(tmp_path / "b"), "saved_model")
    other = Inventory(saved_model(node("ReadFile") + node("Relu"))(tmp_path / "c"), "saved_model")
    assert digest(first, READS) == digest(same, READS) != digest(other, READS)
    (same.path / "keras_metadata.pb").write_bytes(b"x")
    assert digest(first, READS) != digest(same, READS)


def test_the_content_of_a_graph_alone_is_every_byte(tmp_path: Path) -> None:
    first = Inventory(graph_def(node("ReadFile"), "a.pb")(tmp_path), "graph_def")
    before = digest(first, READS)
    graph_def(node("ReadFile") + node("Relu"), "a.pb")(tmp_path)
    assert digest(first, READS) != before
    # A graph that is a part of something else brings its bytes in as well.
    whole = replace(first, format="keras", root={"a": 1})
    assert digest(whole, READS) != digest(replace(whole, others=(first,)), READS)


def test_an_artifact_that_is_gone_cannot_be_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = held(tmp_path)

    def gone(_: Path) -> list[Path]:
        return [tmp_path / "gone.keras"]

    monkeypatch.setattr("pytest_modelcompat.compatibility.unsafe.content.files_of", gone)
    with pytest.raises(BrokenArtifactError) as raised:
        digest(inventory, PICKLE)
    assert str(raised.value) == f"{tmp_path / 'gone.keras'} cannot be read: No such file or directory"
