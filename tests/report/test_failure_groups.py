"""Failures of one cause in several targets of a case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_modelcompat.report.failure_groups import condensed, exception_data, failure_data
from pytest_modelcompat.report.failure_text import failure_text
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.result import Result, ResultContext

VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
SCALE = Finding(
    Kind.UNKNOWN_LAYER,
    "Scale",
    where=('"scale", third of 5 layers',),
    cause="Keras has no layer of this name",
    fix=("custom_objects={...}",),
    quote="Unknown layer: 'Scale'.",
)
FAILED = Finding(Kind.LOAD_FAILED, "model.h5", cause="Keras cannot load it", quote="it is too big")
NOISE = Finding(Kind.NOT_DETERMINISTIC, "score", cause="not twice the same", details=(("mismatch", "1 of 2"),))


def a_result(format_: str, *findings: Finding, runtime: str = "local", case: str = "test_it/test_ranker") -> Result:
    target = format_ if runtime == "local" else f"{format_}-{runtime}"
    facts = ResultContext(f"test_ranker: model.{format_}", saved_by=VERSIONS, loaded_by=VERSIONS)
    return Result(f"test_ranker[{target}]", case, format_, runtime, findings, facts)


def texts(*results: Result) -> list[str]:
    return condensed([failure_data(result) for result in results])


def test_the_first_names_the_others_and_they_name_it() -> None:
    keras = replace(SCALE, quote="Could not locate class 'Scale'.")
    first, second = texts(a_result("h5", SCALE), a_result("keras", keras))
    full = failure_text(a_result("h5", SCALE)).split("\n")
    assert first.split("\n") == [*full[:2], "  also in    keras: the same cause", *full[2:]]
    assert second.split("\n") == [
        "UNKNOWN LAYER  test_ranker[keras]: the same cause as test_ranker[h5], shown above",
        "  artifact   test_ranker: model.keras",
    ]


def test_parameters_of_one_test_share_a_cause_that_has_a_name() -> None:
    def of_parameter(number: int, *findings: Finding) -> Result:
        title = f"test_zoo[{number}-h5]"
        return replace(a_result("h5", *findings, case=f"test_it/test_zoo[{number}]"), title=title)

    first, *others = texts(*(of_parameter(number, SCALE) for number in range(7)))
    names = "test_zoo[1-h5], test_zoo[2-h5], test_zoo[3-h5], test_zoo[4-h5] and 2 more"
    assert f"  also in    {names}: the same cause" in first.split("\n")
    assert others[-1] == "UNKNOWN LAYER  test_zoo[6-h5]: the same cause as test_zoo[0-h5], shown above"
    keras = replace(a_result("keras", SCALE, case="test_it/test_zoo[0]"), title="test_zoo[0-keras]")
    assert "  also in    test_zoo[0-keras], test_zoo[1-h5]: the same cause" in texts(
        of_parameter(0, SCALE), keras, of_parameter(1, SCALE)
    )[0].split("\n")
    unnamed = [of_parameter(number, FAILED) for number in range(2)]
    assert texts(*unnamed) == [failure_text(result) for result in unnamed]


def test_one_alone_is_as_it_is() -> None:
    assert texts(a_result("keras", SCALE)) == [failure_text(a_result("keras", SCALE))]


def test_places_that_differ_are_shown() -> None:
    elsewhere = replace(SCALE, where=('"tower/scale"',))
    _, second = texts(a_result("h5", SCALE), a_result("keras", elsewhere))
    assert '  layer      Scale  ("tower/scale")' in second.split("\n")


def test_where_it_was_loaded_is_shown_if_that_differs() -> None:
    _, second = texts(a_result("h5", SCALE), a_result("h5", SCALE, runtime="prod"))
    assert second.split("\n")[1:] == ["  loaded in  prod: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11.7"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SCALE, replace(SCALE, subject="Shift")),
        (SCALE, replace(SCALE, cause="it is a layer of an older Keras")),
        (SCALE, replace(SCALE, fix=("imports=[...]",))),
        (SCALE, replace(SCALE, kind=Kind.UNKNOWN_OBJECT)),
        (FAILED, replace(FAILED, quote="its weights are gone")),
        (
            Finding(Kind.PREDICTIONS_DRIFTED, "score", cause="c", details=(("mismatch", "1 of 2 elements"),)),
            Finding(Kind.PREDICTIONS_DRIFTED, "score", cause="c", details=(("mismatch", "2 of 2 elements"),)),
        ),
    ],
)
def test_what_may_be_another_cause_is_shown_in_full(one: Finding, other: Finding) -> None:
    results = a_result("h5", one), a_result("keras", other)
    assert texts(*results) == [failure_text(result) for result in results]


def test_another_case_and_a_second_error_are_shown_in_full() -> None:
    results = (
        a_result("h5", SCALE),
        a_result("h5", SCALE, case="test_it/test_other"),
        a_result("keras", SCALE, FAILED),
    )
    assert texts(*results) == [failure_text(result) for result in results]


def test_a_model_that_is_not_deterministic_is_so_in_every_format() -> None:
    other = replace(NOISE, details=(("mismatch", "2 of 2"),))
    _, second = texts(a_result("h5", NOISE), a_result("keras", other))
    assert (
        second.split("\n")[0] == "NOT DETERMINISTIC  test_ranker[keras]: the same cause as test_ranker[h5], shown above"
    )
    assert "  mismatch   2 of 2" in second.split("\n")


def test_a_command_with_the_target_in_its_id_is_the_same_fix() -> None:
    findings = [
        Finding(Kind.GOLDEN_MISSING, "test_ranker", cause="there is none", fix=(f"pytest 'a.py::test_ranker[{each}]'",))
        for each in ("h5", "keras")
    ]
    _, second = texts(a_result("h5", findings[0]), a_result("keras", findings[1]))
    assert second == "GOLDEN MISSING  test_ranker[keras]: the same cause as test_ranker[h5], shown above"


def test_an_exception_of_a_builder() -> None:
    text = "test_it.py:3: in test_it\n    return {}\nE   ValueError: no"
    first, second, third = condensed(
        [
            exception_data("ValueError", text, title=f"test_it[{target}]", target=target, where=where)
            for target, where in (("h5", "test_it.py::test_it"), ("keras", "test_it.py::test_it"), ("h5", "other"))
        ]
    )
    assert first == f"{text}\nalso in keras: the same cause"
    assert second == "ValueError  test_it[keras]: the same cause as test_it[h5], shown above"
    assert third == text


def test_an_exception_of_a_builder_for_several_parameters() -> None:
    first, second = condensed(
        [
            exception_data(
                "ValueError", "no", title=f"test_it[{each}-h5]", target="h5", where=f"test_it.py::test_it[{each}]"
            )
            for each in "ab"
        ]
    )
    assert first == "no\nalso in test_it[b-h5]: the same cause"
    assert second == "ValueError  test_it[b-h5]: the same cause as test_it[a-h5], shown above"
