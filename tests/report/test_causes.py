"""Failures and warnings of a report by what caused them."""

from __future__ import annotations

from dataclasses import replace

from pytest_modelcompat.report.causes import facts_of, failure_causes, labels, warning_causes
from pytest_modelcompat.report.problems import problems_of
from pytest_modelcompat.results.finding import Finding, Kind
from tests.report.report_data import DRIFT, LOST, SCALE, failing, raising


def titles(causes: object) -> list[tuple[str, list[str]]]:
    return [(each.title, [target["title"] for target in each.targets]) for each in causes]  # type: ignore[attr-defined]


def test_a_class_that_is_unknown_in_many_tests_and_versions_is_one_cause() -> None:
    older = replace(SCALE, cause=SCALE.cause.replace("3.15", "2.4.1"), fix=("declare it there",))
    targets = [
        failing("test_other[h5]", replace(SCALE, subject="Boom")),
        failing("test_a[h5]", SCALE),
        failing("test_b[keras]", SCALE, DRIFT),
        failing("test_b[keras]", older, runtime="tf2.4"),
    ]
    causes = failure_causes(targets)
    assert titles(causes) == [
        ("MC101 UNKNOWN LAYER Scale", ["test_a[h5]", "test_b[keras]", "test_b[keras-tf2.4]"]),
        ("MC101 UNKNOWN LAYER Boom", ["test_other[h5]"]),
    ]
    assert causes[0].page.endswith("/docs/kinds/unknown-layer.md")
    assert [label for label, _ in facts_of(causes[0])] == [
        "where",
        "fix of test_a[h5], test_b[keras]",
        "fix of test_b[keras-tf2.4]",
    ]
    assert dict(facts_of(causes[1]))["fix"].startswith("from shop.layers import Scale\n@pytest")


def test_what_drifts_in_two_models_has_two_causes_and_in_two_formats_one() -> None:
    targets = [
        failing("test_a[h5]", DRIFT),
        failing("test_a[keras]", replace(DRIFT, cause=DRIFT.cause.replace("12", "13").replace("3.1e-03", "2.9e-03"))),
        failing("test_b[h5]", DRIFT),
    ]
    assert titles(failure_causes(targets)) == [
        ("MC301 PREDICTIONS DRIFTED score", ["test_a[h5]", "test_a[keras]"]),
        ("MC301 PREDICTIONS DRIFTED score", ["test_b[h5]"]),
    ]


def test_goldens_that_are_missing_are_one_cause_with_a_fix_each() -> None:
    targets = [
        failing(f"test_{n}[h5]", Finding(Kind.GOLDEN_MISSING, f"test_{n}", cause="there is none", fix=(f"record {n}",)))
        for n in range(5)
    ]
    (cause,) = failure_causes(targets)
    assert cause.title == "MC401 GOLDEN MISSING test_0, test_1, test_2 and 2 more"
    facts = list(facts_of(cause))
    assert facts[:2] == [("fix of test_0[h5]", "record 0"), ("fix of test_1[h5]", "record 1")]
    assert facts[-1] == ("more", "2 others have a fix of their own, which pytest prints")


def test_what_a_fixture_raises_is_one_cause_and_a_test_that_passes_unexpectedly_one_of_its_own() -> None:
    xpass = {"verdict": "failed", "kinds": ["UNEXPECTED PASS"]}
    targets = [
        raising("test_a[h5]", "OSError: no data"),
        raising("test_b[h5]", "OSError: no data"),
        raising("test_c[h5]", "[XPASS(strict)] known", **xpass),
        raising("test_d[h5]", "[XPASS(strict)] known", **xpass),
        # It came to a result, and then its test raised: what it was warned about is not why.
        failing("test_e[h5]", LOST, verdict="error", kinds=[], headline="AssertionError: no"),
    ]
    assert titles(failure_causes(targets)) == [
        ("TEST ERROR", ["test_a[h5]", "test_b[h5]"]),
        ("UNEXPECTED PASS", ["test_c[h5]"]),
        ("UNEXPECTED PASS", ["test_d[h5]"]),
        ("TEST ERROR", ["test_e[h5]"]),
    ]
    assert titles(warning_causes(targets)) == [("MC305 ARGUMENT NOT SAVED Huber(delta=3.0)", ["test_e[h5]"])]


def test_what_is_expected_or_passes_is_no_cause() -> None:
    targets = [failing("test_a[h5]", SCALE, verdict="expected"), failing("test_b[h5]")]
    assert failure_causes(targets) == ()
    assert warning_causes(targets) == ()


def test_a_cause_says_what_else_its_first_target_fails_of() -> None:
    (cause,) = failure_causes([failing("test_a[h5]", SCALE, DRIFT, LOST)])
    assert dict(facts_of(cause))["also"] == "PREDICTIONS DRIFTED score"


def test_of_its_details_those_that_are_short_are_among_its_facts() -> None:
    (cause,) = failure_causes([failing("test_a[h5]", DRIFT)])
    assert list(facts_of(cause)) == [("mismatch", "12 of 32 elements\nup to 3.1e-03"), ("reloaded", "is equal")]


def test_the_rule_of_unsafe_content_is_named_and_a_later_kind_is_taken_as_it_is() -> None:
    unsafe = replace(SCALE, kind=Kind.UNSAFE_CONTENT, code="U202", subject="op WriteFile")
    later = failing("test_b[h5]", SCALE)
    later["findings"][0]["kind"] = "OF A LATER VERSION"
    causes = failure_causes([failing("test_a[h5]", unsafe), later])
    assert [cause.title for cause in causes] == [
        "MC209 UNSAFE CONTENT [U202] op WriteFile",
        "OF A LATER VERSION Scale",
    ]
    assert causes[1].page == ""


def test_titles_are_listed_each_once() -> None:
    targets = [failing(f"test_{n}[h5]", SCALE) for n in (1, 1, 2, 3)]
    assert labels(targets) == "test_1[h5], test_2[h5], test_3[h5]"
    assert labels(targets, 2) == "test_1[h5], test_2[h5] and 1 more"


def test_what_is_wrong_with_the_target_itself_is_one_cause_for_all_its_formats() -> None:
    targets = [
        failing(title, Finding(Kind.INPUTS_NEEDED, title, cause="why")) for title in ("test_a[h5]", "test_a[keras]")
    ]
    assert titles(failure_causes(targets)) == [("MC505 INPUTS NEEDED", ["test_a[h5]", "test_a[keras]"])]
    (problem,) = problems_of(targets)
    assert problem.text == "test_a[h5], test_a[keras]: inputs needed: why"
