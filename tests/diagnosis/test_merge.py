"""Merging what was raised, what could not be resolved and what is recorded."""

from __future__ import annotations

import pytest

from pytest_modelcompat.diagnosis.merge import merge_findings
from pytest_modelcompat.results.finding import Finding, Kind


def finding(kind: Kind, subject: str, **more: object) -> Finding:
    return Finding(kind, subject, **more)  # type: ignore[arg-type]


VAGUE = finding(Kind.LOAD_FAILED, "model.h5", quote="no idea", log="at length")


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("Dense(units=…)", "units"),
        ("loss(reduction='auto')", "reduction"),
        ("Cast.Truncate", "Truncate"),
        ("shop>Scale", "Scale"),
        ("Outer.Inner", "Inner"),
        ("Scale", "Scale"),
    ],
)
def test_the_word_that_exceptions_have_for_it(subject: str, word: str) -> None:
    assert finding(Kind.UNKNOWN_ARGUMENT, subject).word == word


def test_nothing_else_is_known() -> None:
    assert merge_findings(VAGUE, ()) == (VAGUE,)


def test_one_thing_of_two_sources_is_one_finding_of_the_first() -> None:
    own = finding(Kind.UNKNOWN_LAYER, "Scale", cause="not declared")
    recorded = finding(Kind.MODULE_MOVED, "Scale", cause="moved")
    (found,) = merge_findings(VAGUE, (own,), (recorded,))
    assert (found.cause, found.quote, found.log) == ("not declared", "no idea", "at length")


def test_two_things_that_one_source_says_of_a_subject_both_stay() -> None:
    recorded = (finding(Kind.PYTHON_BYTECODE, "Lambda"), finding(Kind.CONFIG_CHANGED, "Lambda"))
    assert [each.kind for each in merge_findings(VAGUE, (), recorded)] == [each.kind for each in recorded]


def test_an_exception_with_one_certain_cause_explains_what_could_not_be_resolved() -> None:
    """Its text stays, at the places that were read."""
    raised = finding(Kind.UNKNOWN_LAYER, "TFOpLambda", cause="dropped", is_specific=True)
    unknown = finding(Kind.UNKNOWN_LAYER, "TFOpLambda", cause="not declared", where=("second of 3 layers",))
    other = finding(Kind.UNKNOWN_LAYER, "Scale")
    first, second = merge_findings(raised, (other, unknown))
    assert (first.cause, first.where) == ("dropped", ("second of 3 layers",))
    assert second == other


def test_an_exception_about_another_thing_of_the_same_kind_adds_nothing() -> None:
    """A load that fails of one unknown layer says so of the first that it meets, under a name of its own."""
    raised = finding(Kind.UNKNOWN_LAYER, "Custom", is_specific=True, quote="Unknown layer: Custom")
    unknown = finding(Kind.UNKNOWN_LAYER, "shop>Custom")
    (found,) = merge_findings(raised, (unknown,))
    assert (found.subject, found.quote) == ("shop>Custom", "Unknown layer: Custom")


def test_what_is_recorded_tells_more_than_that_something_failed() -> None:
    raised = finding(Kind.LOAD_FAILED, "Policy", is_specific=True, quote="Could not locate class 'Policy'.")
    recorded = finding(Kind.UNKNOWN_ARGUMENT, "Dense(quantization_config=…)")
    (found,) = merge_findings(raised, (), (recorded,))
    assert (found.subject, found.quote) == (recorded.subject, raised.quote)
    assert merge_findings(raised, (recorded,)) == (raised, recorded)


def test_a_certain_cause_comes_before_what_is_recorded_of_other_things() -> None:
    raised = finding(Kind.ARTIFACT_BROKEN, "model.h5", is_specific=True, quote="truncated file")
    recorded = finding(Kind.UNKNOWN_ARGUMENT, "Dense(quantization_config=…)")
    assert merge_findings(raised, (), (recorded,)) == (raised, recorded)


def test_what_the_exception_names_comes_first_then_what_is_of_its_kind() -> None:
    first, second, third = (finding(Kind.UNKNOWN_ARGUMENT, f"Dense({name}=…)") for name in ("a", "units", "b"))
    policy = finding(Kind.MODULE_MOVED, "DTypePolicy")
    raised = finding(Kind.UNKNOWN_ARGUMENT, "Dense", quote="Dense does not take 'units'")
    found = merge_findings(raised, (), (policy, first, second, third))
    assert [each.subject for each in found] == [second.subject, first.subject, third.subject, policy.subject]
    assert [each.quote for each in found] == [raised.quote, "", "", ""]


def test_a_word_inside_another_is_no_name() -> None:
    optional, policy = finding(Kind.UNKNOWN_ARGUMENT, "InputLayer(optional=…)"), finding(Kind.MODULE_MOVED, "Policy")
    found = merge_findings(finding(Kind.LOAD_FAILED, "x", quote="is_optional is not taken"), (), (policy, optional))
    assert found[0].subject == "Policy"


def test_an_argument_that_a_certain_cause_is_about_is_not_told_twice() -> None:
    quote = "Unrecognized keyword arguments passed to Conv: {'groups': 1}"
    raised = finding(Kind.LOAD_FAILED, "model.h5", is_specific=True, quote=quote)
    same, other = (finding(Kind.UNKNOWN_ARGUMENT, f"{owner}(groups=…)") for owner in ("Conv", "Dense"))
    assert merge_findings(raised, (), (same, other), is_local=True) == (raised, other)


def test_what_the_loader_knows_of_an_op_or_a_class_is_more_than_its_exception_says() -> None:
    raised = finding(Kind.UNKNOWN_OP, "FancyMul", is_specific=True, cause="of a package")
    unknown = finding(Kind.UNKNOWN_OP, "FancyMul", cause="of a package that the test does not declare")
    (found,) = merge_findings(raised, (unknown,), is_local=True)
    assert found.cause == unknown.cause
