"""Options in a call of the fixture `model_roundtrip`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.plain_model import MODEL

if TYPE_CHECKING:
    from tests.conftest import Project

FIXTURE = (
    MODEL
    + """
    import numpy as np

    batch = np.ones((2, 3), "float32")

    def test_builder(model_roundtrip):
        result = model_roundtrip(build, inputs=batch, formats=["h5", "keras", "saved_model"])
        assert [each.format for each in result.targets] == ["keras", "saved_model", "h5"]
        assert result.drift.max_abs == 0

    def test_model(model_roundtrip):
        result = model_roundtrip(build(), inputs=lambda: batch, formats=["keras"], name="named")
        assert result.targets[0].golden in ("written", "matched")

    @pytest.mark.model_roundtrip(formats=["h5", "keras"], rtol=0.5, atol=0.5)
    def test_marked(model_roundtrip):
        result = model_roundtrip(build(), atol=0.25, rtol=0)
        assert len(result.targets) == 1
        assert result.drift.tolerance.atol == 0.25
"""
)


def test_the_fixture_checks_and_returns_what_it_found(project: Project) -> None:
    project.write("test_it.py", FIXTURE)
    project.run().assert_outcomes(failed=4)
    project.record().assert_outcomes(passed=4)
    assert sorted(path.parent.name for path in project.path.rglob("golden.json")) == [
        "named",
        "test_builder",
        "test_marked",
    ]
    result = project.run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_marked?h5? PASSED*",
            "test_builder?keras? *passed  (greatest drift 0, golden matched)",
            "test_builder?h5? *passed *",
            "test_marked?h5? *",
            "6 targets, 0 failed; goldens: 3 matched, 0 written, 0 stale",
        ]
    )


def test_a_failing_call_tells_of_each_format_that_failed(project: Project) -> None:
    project.write(
        "test_it.py",
        MODEL + "\n    def test_it(model_roundtrip):\n        model_roundtrip(build(), formats=['h5', 'keras'])\n",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "GOLDEN MISSING  test_it?keras?: there is no golden yet at golden/test_it/test_it",
            "GOLDEN MISSING  test_it?h5?: the same cause as test_it?keras?, shown above",
            "FAILED test_it.py::test_it - GOLDEN MISSING: *",
        ]
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "model_roundtrip(build(), atoll=1)",
            "BAD OPTION: call: unknown option 'atoll'; did you mean 'atol'?",
        ),
        (
            "model_roundtrip(build(), rtol=1)",
            "BAD OPTION: call: option 'rtol' is given without 'atol'; *",
        ),
        (
            "[model_roundtrip(build(), formats=['h5']) for _ in range(2)]",
            "BAD OPTION: it checks test_it/test_it as h5 twice; give each call a name= of its own",
        ),
        (
            "[model_roundtrip(build(), formats=['h5'], name=name) for name in ('one', 'One')]",
            "BAD OPTION: test_it.py::test_it claims one golden twice, test_it/One (and test_it/one, the same on *",
        ),
    ],
)
def test_a_wrong_call_of_the_fixture_fails_its_test(project: Project, call: str, message: str) -> None:
    project.write("test_it.py", MODEL + f"\n    def test_it(model_roundtrip):\n        {call}\n")
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message, "  where  test_it.py:12"])


def test_formats_belong_to_the_marker_where_there_is_one(project: Project) -> None:
    project.write(
        "test_it.py",
        MODEL
        + """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_it(model_roundtrip):
        model_roundtrip(build(), formats=["keras"])
    """,
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["BAD OPTION: give 'formats' to the marker, which makes an item of each"])


def test_two_tests_whose_calls_claim_one_golden_are_named(project: Project) -> None:
    project.write(
        "test_it.py",
        MODEL
        + """
    def test_one(model_roundtrip):
        model_roundtrip(build(), formats=["h5"], name="ranker")

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_two(model_roundtrip):
        model_roundtrip(build(), name="ranker")
    """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["BAD OPTION: *claim one golden twice, test_it/ranker*"])
