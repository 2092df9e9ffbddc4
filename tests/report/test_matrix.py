"""Targets as a table: rows, columns and marks, as text and as Markdown."""

from __future__ import annotations

from pytest_modelcompat.report.matrix import markdown_lines, matrix_lines, reason_lines
from tests.report.test_json_report import a_target

TARGETS = (
    a_target(),
    a_target(runtime="tf2.4", verdict="failed"),
    a_target(runtime="tf2.15", verdict="expected"),
    a_target("test_ranker[h5:v1.2]", verdict="skipped"),
    a_target("test_ranker[h5:v1.2]", runtime="tf2.4", verdict="failed"),
    a_target("test_tagger[a/b-keras]", verdict="error", headline="ValueError: no model | `none`"),
)


def test_a_row_for_each_case_in_each_format_and_a_column_for_each_runtime() -> None:
    assert matrix_lines(TARGETS, ["tf2.15", "local", "tf2.4"]) == [
        "                        tf2.15  local    tf2.4",
        "test_ranker[h5]         xfail   ok       UNKNOWN OP",
        "test_ranker[h5:v1.2]    -       skipped  UNKNOWN OP",
        "test_tagger[a/b-keras]  -       error    -",
    ]


def test_runtimes_not_named_come_last() -> None:
    assert matrix_lines(TARGETS, ["tf2.4"])[0].split() == ["tf2.4", "local", "tf2.15"]


def test_a_failure_without_a_kind() -> None:
    assert matrix_lines([a_target(verdict="failed", kinds=[])])[1].split() == ["test_ranker[h5]", "FAILED"]


def test_runtimes_that_do_not_fit_continue_below() -> None:
    lines = matrix_lines(TARGETS, ["local", "tf2.4", "tf2.15"], width=46)
    assert lines == [
        "                        local    tf2.4",
        "test_ranker[h5]         ok       UNKNOWN OP",
        "test_ranker[h5:v1.2]    skipped  UNKNOWN OP",
        "test_tagger[a/b-keras]  error    -",
        "",
        "                        tf2.15",
        "test_ranker[h5]         xfail",
        "test_ranker[h5:v1.2]    -",
        "test_tagger[a/b-keras]  -",
    ]
    assert max(map(len, lines)) <= 46
    assert len(matrix_lines(TARGETS, width=1)) == 3 * 4 + 2


def test_tests_of_one_name_are_distinguished() -> None:
    targets = [
        a_target(),
        a_target(runtime="tf2.4"),
        a_target(nodeid="b/test_it.py::TestIt::test_ranker[h5]", case="b/test_it/TestIt.test_ranker"),
    ]
    labels = [line.split()[0] for line in matrix_lines(targets)[1:]]
    assert labels == ["test_it.py::test_ranker[h5]", "b/test_it.py::TestIt::test_ranker[h5]"]


def test_no_targets_are_no_table() -> None:
    assert matrix_lines([]) == []
    assert matrix_lines([], ["local"]) == []
    assert reason_lines([]) == []


def test_each_reason_is_reported_once_with_its_cells() -> None:
    assert reason_lines([*TARGETS, a_target(runtime="tf2.6", verdict="failed")]) == [
        "UNKNOWN OP: it has no op Erf",
        "  test_ranker[h5] in tf2.4, tf2.6",
        "  test_ranker[h5:v1.2] in tf2.4",
        "",
        "error: ValueError: no model | `none`",
        "  test_tagger[a/b-keras] in local",
    ]


def test_markdown_has_the_kinds_in_its_cells_and_the_reasons_below() -> None:
    assert markdown_lines(TARGETS) == [
        "|  | local | tf2.4 | tf2.15 |",
        "| --- | --- | --- | --- |",
        "| `test_ranker[h5]` | ok | UNKNOWN OP | UNKNOWN OP (expected) |",
        "| `test_ranker[h5:v1.2]` | skipped | UNKNOWN OP | - |",
        "| `test_tagger[a/b-keras]` | error | - | - |",
        "",
        "- **UNKNOWN OP**: it has no op Erf (`test_ranker[h5]` in tf2.4, tf2.15; `test_ranker[h5:v1.2]` in tf2.4)",
        r"- **error**: ValueError: no model \| \`none\` (`test_tagger[a/b-keras]` in local)",
    ]


def test_markdown_cells_hold_no_bars() -> None:
    (row,) = markdown_lines([a_target("test_it[a|b-h5]")])[2:]
    assert row == r"| `test_it[a\|b-h5]` | ok |"


def test_a_call_that_was_not_reached_has_no_format() -> None:
    lines = matrix_lines([a_target("test_call", verdict="error", headline="ValueError: no")])
    assert lines[1].split() == ["test_call", "error"]
