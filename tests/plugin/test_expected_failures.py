"""`expected_failures`: a target that is known to fail must fail with that kind, and not for longer than said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

LAYERS = """
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0
"""
MODEL = """
    import pytest
    import tensorflow as tf
    from layers import Scale

    def build():
        return tf.keras.Sequential([tf.keras.Input((3,)), Scale(), tf.keras.layers.Dense(2)])

    @pytest.mark.model_roundtrip(formats=["h5"]{options})
    def test_ranker():
        return build()
"""
CALL = """
    from test_ranker import build

    def test_in_a_call(model_roundtrip):
        expected = [{"kind": "UNKNOWN LAYER", "reason": "not declared yet"}]
        result = model_roundtrip(build, formats=["h5"], expected_failures=expected)
        assert result.targets[0].expected == "not declared yet"
        assert result.targets[0].failed
        assert not result.failed
"""
DECLARED = """
    [[tool.modelcompat.expected_failures]]
    test = "test_ranker.py::*"
    target = "h5"
    kind = "{kind}"
    reason = "not declared yet"
"""


def write(project: Project, entry: str = "", others: str = "") -> None:
    project.write("layers.py", LAYERS)
    expected = f", expected_failures=[{{{entry}}}]" if entry else ""
    project.write("test_ranker.py", MODEL.replace("{options}", expected + others))


def test_failing_as_expected(project: Project) -> None:
    write(project, '"target": "h5", "kind": "UNKNOWN LAYER", "reason": "not declared yet"')
    result = project.run("-rx", "-v")
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "test_ranker[[]h5[]]  UNKNOWN LAYER, as expected",
            "1 target, 0 failed, 1 failed as expected; *",
            "XFAIL test_ranker.py::test_ranker[[]h5[]] - UNKNOWN LAYER: not declared yet",
        ]
    )


def test_failing_otherwise(project: Project) -> None:
    write(project, '"kind": "UNKNOWN OP", "reason": "an op of ours"')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNKNOWN LAYER  test_ranker*", "*expected   to fail with UNKNOWN OP (an op of ours)"])


def test_for_longer_than_said(project: Project) -> None:
    write(project, '"kind": "UNKNOWN LAYER", "reason": "not declared yet", "until": "2020-02-29"')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*to fail with UNKNOWN LAYER, until 2020-02-29 (not declared yet), which is over"])


def test_passing(project: Project) -> None:
    write(project, others=', custom_objects={"Scale": Scale}')
    project.record()
    entry = '"kind": "UNKNOWN LAYER", "reason": "not declared yet"'
    write(project, entry, others=', custom_objects={"Scale": Scale}')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UNEXPECTED PASS  test_ranker[[]h5[]]: it is expected to fail with UNKNOWN LAYER, and it passes",
            "*reason     not declared yet",
            "*fix        remove the entry from the test's option expected_failures: target = '[*]'",
        ]
    )


def test_declared_in_pyproject(project: Project) -> None:
    write(project)
    project.write("pyproject.toml", DECLARED.replace("{kind}", "UNKNOWN LAYER"))
    project.run().assert_outcomes(xfailed=1)
    project.run("--runxfail").assert_outcomes(failed=1)


def test_a_wrong_kind_in_pyproject(project: Project) -> None:
    write(project)
    project.write("pyproject.toml", DECLARED.replace("{kind}", "UNKNOWN LAYERS"))
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pyproject.toml: *expected_failures*: unknown kind 'UNKNOWN LAYERS'; did you mean*"])


def test_in_a_call(project: Project) -> None:
    write(project, '"kind": "UNKNOWN LAYER", "reason": "not declared yet"')
    project.write("test_call.py", CALL)
    result = project.run("test_call.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 target, 0 failed, 1 failed as expected; *"])
