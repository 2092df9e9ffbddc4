"""Annotations of GitHub Actions, held against what the runner that reads them does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_modelcompat.report.github import MOST_ANNOTATIONS, Annotation, annotations_of
from pytest_modelcompat.report.repository import Repository
from tests.report.report_data import DRIFT, LOST, SCALE, failing, raising
from tests.report.test_json_report import a_report

REPOSITORY = Repository(Path("/repo"), Path("/repo/services/ml"))


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it, `ActionCommand.TryParseV2` of github.com/actions/runner."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, given = line[2:end].partition(" ")
    properties = {}
    for pair in given.split(","):
        key, _, value = pair.partition("=")
        properties[key] = unescaped(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"})
    return name, properties, unescaped(line[end + 2 :], {"%0D": "\r", "%0A": "\n", "%25": "%"})


def unescaped(text: str, mapping: dict[str, str]) -> str:
    for escaped, letter in mapping.items():
        text = text.replace(escaped, letter)
    return text


@pytest.mark.parametrize(
    "text",
    [
        "a, b: c::d",
        "100 %",
        "%0A is no end of a line",
        "two\nlines\r\n",
        "::error::not a command",
        "é ✅ 日本",
        "a=b;c]",
    ],
)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    command = Annotation("error", f"tests/{text}.py", 3, text, text).command
    assert "\n" not in command
    assert "\r" not in command
    assert parsed(command) == ("error", {"file": f"tests/{text}.py", "line": "3", "title": text}, text)


def test_a_failure_at_its_test_with_kind_subject_cause_and_fix() -> None:
    report = a_report(failing("test_a[h5]", SCALE), failing("test_a[keras]", SCALE), failing("test_ok[h5]"))
    (annotation,) = annotations_of(report, REPOSITORY)
    name, properties, message = parsed(annotation.command)
    assert name == "error"
    assert properties == {"file": "services/ml/tests/test_it.py", "line": "7", "title": "MC101 UNKNOWN LAYER Scale"}
    assert message.split("\n") == [
        "test_a[h5], test_a[keras]: Keras 3.15 has no layer of this name, and the test declares none",
        'where: "scale_1", third of 5 layers',
        "fix:",
        "from shop.layers import Scale",
        '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
        "page: https://github.com/modelcompat/pytest-modelcompat/blob/main/docs/kinds/unknown-layer.md",
    ]


def test_each_test_has_one_for_each_cause_and_its_own_fix() -> None:
    other = replace(SCALE, fix=("model_roundtrip(..., imports=...)",))
    report = a_report(
        failing("test_a[h5]", SCALE),
        failing("test_a[keras]", DRIFT),
        failing("test_b[h5]", other, line=20),
        raising("test_c[h5]", "ValueError: no model"),
    )
    found = annotations_of(report, REPOSITORY)
    assert [(each.line, each.title) for each in found] == [
        (7, "MC101 UNKNOWN LAYER Scale"),
        (20, "MC101 UNKNOWN LAYER Scale"),
        (7, "MC301 PREDICTIONS DRIFTED score"),
        (9, "TEST ERROR"),
    ]
    assert "fix:\nmodel_roundtrip(..., imports=...)\n" in found[1].message
    assert found[3].message == "test_c[h5]: ValueError: no model"


def test_a_warning_has_its_own_level_and_what_is_expected_has_none() -> None:
    report = a_report(failing("test_a[h5]", LOST), failing("test_b[h5]", SCALE, verdict="expected"))
    (annotation,) = annotations_of(report, REPOSITORY)
    assert (annotation.level, annotation.title) == ("warning", "MC305 ARGUMENT NOT SAVED Huber(delta=3.0)")


def test_a_cause_of_many_tests_has_one_where_github_would_not_show_all() -> None:
    tests = [failing(f"test_{n}[h5]", SCALE, line=n) for n in range(1, 57)]
    (annotation,) = annotations_of(a_report(*tests), REPOSITORY)
    assert annotation.line == 1
    assert annotation.message.startswith("test_1[h5], test_2[h5], ")
    assert "test_12[h5] and 44 more: Keras" in annotation.message
    assert len(annotations_of(a_report(*tests[:10]), REPOSITORY)) == MOST_ANNOTATIONS == 10


def test_the_last_of_too_many_causes_says_how_many_more_there_are() -> None:
    tests = [failing(f"test_{n}[h5]", replace(SCALE, subject=f"Scale{n}"), line=n) for n in range(1, 15)]
    found = annotations_of(a_report(*tests), REPOSITORY)
    assert len(found) == MOST_ANNOTATIONS
    assert (found[-1].title, found[-1].line) == ("5 more causes", 10)
    assert found[-1].message.split("\n")[0] == (
        "MC101 UNKNOWN LAYER Scale10 in test_10[h5]: Keras 3.15 has no layer of this name, and the test declares none"
    )


def test_a_module_that_was_not_collected_comes_first() -> None:
    problems = (
        {"nodeid": "tests/test_b.py", "headline": "ModuleNotFoundError: No module named 'shop'"},
        {"nodeid": "tests/test_c.py::test_dies", "headline": "worker 'gw0' crashed"},
    )
    found = annotations_of(a_report(failing("test_a[h5]", SCALE), problems=problems), REPOSITORY)
    assert [each.title for each in found] == ["NOT COLLECTED", "WORKER CRASHED", "MC101 UNKNOWN LAYER Scale"]
    assert found[0].command == (
        "::error file=services/ml/tests/test_b.py,title=NOT COLLECTED::ModuleNotFoundError: No module named 'shop'"
    )


def test_a_file_outside_the_repository_and_one_that_is_not_known_have_no_place() -> None:
    report = a_report(
        failing("test_a[h5]", SCALE, file="/usr/lib/python3/site-packages/zoo/models.py"),
        failing("test_b[h5]", DRIFT, file=None, line=None),
    )
    for annotation in annotations_of(report, REPOSITORY):
        assert annotation.command.startswith("::error title=MC")


def test_a_long_message_stays_below_what_the_runner_cuts_off() -> None:
    long = replace(SCALE, fix=tuple(f"line {number} of a get_config()" for number in range(999)))
    (annotation,) = annotations_of(a_report(failing("test_a[h5]", long)), REPOSITORY)
    assert 2000 < len(annotation.message) < 4096
    assert " …" in annotation.message
