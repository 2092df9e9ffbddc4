"""The golden of all verdicts holds, each rule has an artifact that it finds, and each version bound both its sides."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.rule import ANY, NEVER
from pytest_modelcompat.compatibility.rules import container, order
from pytest_modelcompat.compatibility.rules.known_changes import RULES
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Severity
from tests.compatibility.verdict_artifacts import ARTIFACTS
from tests.compatibility.verdicts import COMMAND, GOLDEN, by_runtime, judge, rendered, runtimes, verdicts_of

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.rule import Rule

EVERY_RUNTIME = tuple(itertools.chain(*runtimes()))
# What Keras wrote and reads, in order; a bound at one of them has the one before on its other side.
VERSIONS = (*((2, minor) for minor in range(16)), *((3, minor) for minor in range(16)))


@cache
def golden() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return held


@pytest.fixture(scope="session")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[CompatibilityContext]]:
    """Each artifact before each runtime."""
    found: dict[str, list[CompatibilityContext]] = {}
    for name, judged in ARTIFACTS.items():
        inventory = read_inventory(judged.build(tmp_path_factory.mktemp("artifact")))
        found[name] = [
            CompatibilityContext(inventory, load_profile(runtime), frozenset(judged.custom), not judged.unsafe)
            for runtime in EVERY_RUNTIME
        ]
    return found


@pytest.mark.parametrize("name", ARTIFACTS)
def test_the_verdicts_are_those_of_the_golden(name: str, tmp_path: Path) -> None:
    lines, texts = verdicts_of(name, tmp_path)
    before, now = by_runtime(golden()["verdicts"].get(name, [])), by_runtime(lines)
    for runtime in EVERY_RUNTIME:
        # The order is no part of the golden.
        gone = [each for each in before[runtime] if each not in now[runtime]]
        come = [each for each in now[runtime] if each not in before[runtime]]
        if gone or come:
            pytest.fail(_difference(name, runtime, gone, [*come, *_told(come, texts)]), pytrace=False)
        assert len(before[runtime]) == len(now[runtime]), "one of them twice"


def _told(lines: list[str], texts: dict[str, Any]) -> list[str]:
    """The texts of findings."""
    keys = dict.fromkeys(json.loads(line)["text"] for line in lines)
    return [f"{key}: {json.dumps(texts[key], ensure_ascii=False)}" for key in keys]


def _difference(name: str, runtime: str, before: list[str], now: list[str]) -> str:
    told = (*before, *_told(before, golden()["texts"])) if before else ("nothing of it",)
    sides = ("before:", *told, "now:", *(now or ["nothing of it"]))
    return "\n  ".join((f"{name}, in {runtime}", *sides, f"if that is right: {COMMAND}"))


def test_a_difference_names_the_artifact_the_runtime_both_sides_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "hard_sigmoid, h5 of 2.15"
    (line,) = golden()["verdicts"][name]
    moved = {**line, "in": line["in"].replace("keras3.0", "keras3.1")}
    monkeypatch.setitem(golden()["verdicts"], name, [moved])
    with pytest.raises(pytest.fail.Exception) as raised:
        test_the_verdicts_are_those_of_the_golden(name, tmp_path)
    told = str(raised.value)
    assert told.startswith(f"{name}, in tf2.16+keras3.0\n  before:\n  nothing of it\n  now:\n")
    assert '"SEMANTICS CHANGED"' in told
    assert "x/6+0.5 in {reader}" in told
    assert told.endswith(COMMAND)


def test_the_golden_is_as_it_is_written() -> None:
    assert rendered(golden()["verdicts"], golden()["texts"]) == GOLDEN.read_text(encoding="utf-8")
    assert list(golden()["verdicts"]) == sorted(ARTIFACTS)


def test_each_text_of_the_golden_is_said() -> None:
    said = {line["text"] for lines in golden()["verdicts"].values() for line in lines}
    assert said == set(golden()["texts"])


@pytest.mark.parametrize("name", ARTIFACTS)
def test_the_most_severe_comes_first(name: str, tmp_path: Path) -> None:
    inventory = read_inventory(ARTIFACTS[name].build(tmp_path))
    places = {severity: place for place, severity in enumerate(Severity)}
    for runtime in ("tf2.4", "tf2.16", "tf2.21"):
        severities = [places[each.severity] for each in judge(ARTIFACTS[name], inventory, runtime)]
        assert severities == sorted(severities)


def test_each_rule_finds_something(contexts: dict[str, list[CompatibilityContext]]) -> None:
    every = [context for before in contexts.values() for context in before]
    silent = [
        function.__name__
        for format_ in ("keras", "saved_model", "graph_def")
        for function in order.rules_for(format_)
        if not any(any(True for _ in function(context)) for context in every if _judges(function, context))
    ]
    assert silent == []


def _judges(function: Any, context: CompatibilityContext) -> bool:
    is_opened = not any(True for _ in container.not_opened(context))
    return is_opened and function in order.rules_for(context.inventory.format)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.subject.partition("(")[0])
def test_each_bound_of_a_known_change_has_an_artifact_on_both_sides(
    rule: Rule, contexts: dict[str, list[CompatibilityContext]]
) -> None:
    of_rule = [
        context
        for before in contexts.values()
        for context in before
        if context.inventory.format in rule.formats and rule.where(context)
    ]
    written = {context.writer for context in of_rule}
    read = {context.reader for context in of_rule if rule.written[0] <= context.writer < rule.written[1]}
    assert any(map(rule.applies, of_rule))
    assert _both_sides(rule.written) - written == set()
    assert _both_sides(rule.read) - read == set()


def _both_sides(bounds: tuple[MinorVersion, MinorVersion]) -> set[MinorVersion]:
    """The versions beside each bound."""
    places = [VERSIONS.index(bound) for bound in bounds if bound not in (ANY, NEVER)]
    return {VERSIONS[place - beside] for place in places for beside in (0, 1)}
