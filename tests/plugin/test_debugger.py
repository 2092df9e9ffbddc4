"""`--pdb`: what is at hand where a failed target stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TESTS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    def build(start="ones", *layers):
        inputs = keras.Input((3,), name="features")
        score = keras.layers.Dense(2, name="score", kernel_initializer=start)
        return keras.Model(inputs, score(inputs), name="ranker")
"""
DRIFTED = """
    @pytest.mark.model_roundtrip(formats=["keras"], inputs=[[1.0, 2.0, 3.0]])
    def test_it():
        return build("{}")
"""
CALLED = """
    def test_it(model_roundtrip):
        model_roundtrip(build, formats=["keras"], inputs=[[1.0, 2.0, 3.0]])
"""


class Typist:
    """A debugger that types what somebody would, and prints what it answers."""

    def __init__(self, *lines: str) -> None:
        self._lines = lines

    def written_to(self, project: Project) -> str:
        # pytest remembers the class that it was given by this name.
        name = f"Debugger{abs(hash(self._lines))}"
        project.write(
            "typist.py",
            "import pdb\n"
            f"class {name}(pdb.Pdb):\n"
            "    def __init__(self, *args, **kwargs):\n"
            "        super().__init__(*args, **kwargs)\n"
            f"        self.rcLines.extend({[*self._lines, 'continue']!r})\n",
        )
        return f"--pdbcls=typist:{name}"


@pytest.fixture
def stopped(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project from whose folder a debugger can be imported."""
    monkeypatch.syspath_prepend(project.path)
    return project


def test_everything_of_a_drift_is_at_hand(stopped: Project) -> None:
    stopped.write("test_it.py", TESTS + DRIFTED.format("ones"))
    stopped.record()
    stopped.write("test_it.py", TESTS + DRIFTED.format("zeros"))
    typist = Typist(
        "p model.name, inputs.tolist()",
        "p outputs['score'].tolist(), reloaded['score'].tolist(), golden['score'].tolist()",
        "p result.verdict",
    )
    result = stopped.run("--pdb", typist.written_to(stopped))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_it?keras?: *",
            "  pdb        model     the model that was saved",
            "             inputs    what it was called with",
            "             outputs   its outputs by name",
            "             reloaded  those of the reloaded model",
            "             golden    those that the golden has",
            "             result    findings and drifts, as data",
            "*PDB post_mortem*",
            "('ranker', ??1.0, 2.0, 3.0??)",
            "(??0.0, 0.0??, ??0.0, 0.0??, ??6.0, 6.0??)",
            "'PREDICTIONS DRIFTED'",
        ]
    )


def test_without_a_golden_a_call_of_the_fixture_has_the_model(stopped: Project) -> None:
    stopped.write("test_it.py", TESTS + CALLED)
    typist = Typist("p model.name, outputs['score'].shape, golden")
    result = stopped.run("--pdb", typist.written_to(stopped))
    result.stdout.fnmatch_lines(
        ["GOLDEN MISSING *", "  pdb        model *", "*PDB post_mortem*", "('ranker', (1, 2), None)"]
    )
    assert "             golden    those" not in result.stdout.str()


def test_what_stops_before_a_load_still_has_its_model(stopped: Project) -> None:
    stopped.write("test_it.py", TESTS + CALLED.replace("3.0]]", "3.0, 4.0]]"))
    typist = Typist("p model.name, inputs, reloaded")
    result = stopped.run("--pdb", typist.written_to(stopped))
    result.stdout.fnmatch_lines(
        [
            "PREDICTION FAILED *",
            "  pdb        model *",
            "*PDB post_mortem*",
            "('ranker', ??1.0, 2.0, 3.0, 4.0??, None)",
        ]
    )


def test_without_the_option_nothing_is_kept_or_said(stopped: Project) -> None:
    stopped.write("test_it.py", TESTS + CALLED)
    assert "  pdb  " not in stopped.run().stdout.str()
