"""What pytest writes as JUnit XML with our properties in it, against pytest's documentation and the xunit2 schema.

https://docs.pytest.org/en/stable/how-to/output.html#creating-junitxml-format-files. The attributes of xunit2 are those
of junit-10.xsd of github.com/jenkinsci/xunit-plugin, which pytest's `junit_family` follows; of the elements in a test
case it has no `properties`, which pytest adds where a test has any.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Project

TESTS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras
    h5 = pytest.mark.model_roundtrip(formats=["h5"])

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build(*more):
        return keras.Sequential([keras.Input((3,)), *more, keras.layers.Dense(2, name="score")])

    @h5
    def test_good():
        return build()

    @h5
    @pytest.mark.parametrize("text", ["<&> \\x07 \\ud800 é\\n"])
    def test_bad(text):
        return build(Scale(name="<&>"))

    @h5
    @pytest.mark.xfail(reason="<known>")
    def test_known():
        return build(Scale())

    @pytest.mark.skip(reason="not & now")
    @h5
    def test_skipped():
        return build()

    @h5
    def test_raises():
        raise ValueError("no <model>")

    @pytest.fixture
    def broken():
        raise OSError("no data")

    @h5
    def test_setup(broken):
        return build()

    class TestCalls:
        def test_two(self, model_roundtrip):
            print("printed")
            model_roundtrip(build, formats=["h5", "keras"])
"""
OF_SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"}
OF_CASE = {"classname", "name", "time"}
IN_CASE = {"properties", "skipped", "error", "failure", "system-out", "system-err"}


def test_junit_xml(project: Project) -> None:
    project.write("tests/test_it.py", TESTS)
    project.run("--modelcompat-update-golden", "--junitxml=out.xml", "-o", "junit_family=xunit2")
    root = ET.parse(project.path / "out.xml").getroot()  # noqa: S314
    assert root.tag == "testsuites"
    (suite,) = root
    assert_elements_and_attributes_are_those_of_xunit2(suite)
    assert_outcomes_stand_where_their_readers_look(cases(suite))
    assert_properties_say_what_each_target_came_to(cases(suite))


def cases(suite: ET.Element) -> dict[str, ET.Element]:
    return {str(case.get("name")).partition("[")[0]: case for case in suite.iter("testcase")}


def properties(case: ET.Element) -> list[tuple[str, str]]:
    return [(str(each.get("name")), str(each.get("value"))) for each in case.iter("property")]


def assert_elements_and_attributes_are_those_of_xunit2(suite: ET.Element) -> None:
    assert set(suite.keys()) == OF_SUITE
    counts = {name: int(str(suite.get(name))) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 7, "failures": 2, "errors": 1, "skipped": 2}
    for case in suite:
        assert case.tag == "testcase"
        assert set(case.keys()) == OF_CASE
        assert float(str(case.get("time"))) >= 0
        assert {each.tag for each in case} <= IN_CASE
        assert len([each for each in case if each.tag in ("skipped", "error", "failure")]) <= 1
        for entry in case.iter("property"):
            assert set(entry.keys()) == {"name", "value"}
            assert not list(entry)
    assert cases(suite)["test_two"].get("classname") == "tests.test_it.TestCalls"


def assert_outcomes_stand_where_their_readers_look(found: dict[str, ET.Element]) -> None:
    tags_of = {name: [(each.tag, each.get("type")) for each in case] for name, case in found.items()}
    outcome = {
        name: [each for each in tags if each[0] in ("skipped", "error", "failure")] for name, tags in tags_of.items()
    }
    assert outcome == {
        "test_good": [],
        "test_bad": [("failure", None)],
        "test_known": [("skipped", "pytest.xfail")],
        "test_skipped": [("skipped", "pytest.skip")],
        "test_raises": [("failure", None)],
        "test_setup": [("error", None)],
        "test_two": [],
    }
    failure = found["test_bad"].find("failure")
    assert failure is not None
    assert "\n" not in str(failure.get("message"))
    assert "UNKNOWN LAYER" in str(failure.get("message"))
    assert "register_keras_serializable" in str(failure.text)


def assert_properties_say_what_each_target_came_to(found: dict[str, ET.Element]) -> None:
    good = dict(properties(found["test_good"]))
    assert good["modelcompat.target"] == "test_good[h5]"
    assert (good["modelcompat.format"], good["modelcompat.runtime"]) == ("h5", "local")
    assert (good["modelcompat.verdict"], good["modelcompat.golden"]) == ("passed", "written")
    assert dict(properties(found["test_bad"]))["modelcompat.verdict"] == "UNKNOWN LAYER"
    two = properties(found["test_two"])
    targets = [value for name, value in two if name == "modelcompat.target"]
    assert targets == ["test_two[keras]", "test_two[h5]"]
    names = {name for case in found.values() for name, _ in properties(case)}
    assert all(name.startswith("modelcompat.") for name in names)
