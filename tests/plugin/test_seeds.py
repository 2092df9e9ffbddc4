"""Models built in fixtures, beside plugins that seed between a test's setup and its fixtures, and before its call."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

# As pytest-randomly does it: at setup, and again before the call; here with another seed each time.
RESEEDS = """
import itertools, random
import numpy as np
import pytest

SEEDS = itertools.count({start})

def reseed():
    seed = next(SEEDS)
    random.seed(seed)
    np.random.seed(seed)
    import keras
    keras.utils.set_random_seed(seed)

def pytest_runtest_setup(item):
    reseed()

def pytest_runtest_call(item):
    reseed()
"""
BUILD = """
import keras
import numpy as np
import pytest

def dense():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])

"""
MODELS = {
    "fixture": """
    @pytest.fixture
    def model():
        return dense()

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_model(model):
        return model
    """,
    "second fixture": """
    @pytest.fixture
    def noise():
        return np.random.rand(3)

    @pytest.fixture
    def model(noise):
        return dense()

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_model(model):
        return model
    """,
    "fixture of the module": """
    @pytest.fixture(scope="module")
    def model():
        return dense()

    def test_other(model):
        assert model is not None

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_model(model):
        return model
    """,
    "fixture, given to the call": """
    @pytest.fixture
    def model():
        return dense()

    def test_model(model, model_roundtrip):
        model_roundtrip(model, formats=["keras"])
    """,
    "test, given to the call": """
    def test_model(model_roundtrip):
        model_roundtrip(dense(), formats=["keras"])
    """,
}


@pytest.mark.parametrize("where", MODELS)
def test_a_model_is_the_same_whoever_seeds_before_it(project: Project, where: str) -> None:
    project.write("test_it.py", BUILD + "\n".join(line[4:] for line in MODELS[where].split("\n")))
    project.write("conftest.py", RESEEDS.format(start=1))
    project.record()
    project.write("conftest.py", RESEEDS.format(start=100))
    result = project.run()
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    project.write("conftest.py", "")
    result = project.run()
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()


def test_a_test_without_a_model_keeps_its_own_random_numbers(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import random
        import keras
        import pytest

        @pytest.fixture
        def number():
            return random.random()

        def test_number(number):
            random.seed(5)
            assert number == FIRST

        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_model():
            return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])

        random.seed(7)
        FIRST = random.random()
        random.seed(7)
        """,
    )
    project.record("-p", "no:randomly")


UNSEEDED = {
    "the fixture of a test": (
        """
        @pytest.fixture
        def model():
            return drawn()

        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_model(model):
            return model
        """,
        "  suspect    the fixture 'model', which made the model: if nobody changed its code, it draws random numbers *",
    ),
    "a fixture that a call is given": (
        """
        @pytest.fixture(scope="session")
        def pair():
            return drawn(), [[1.0, 2.0]]

        def test_model(pair, model_roundtrip):
            model_roundtrip(pair, formats=["keras"])
        """,
        "  suspect    the fixture 'pair', * without a seed, or another test that uses it changed the model",
    ),
    "the import": (
        """
        MODEL = drawn()

        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_model():
            return MODEL
        """,
        "  suspect    the model was made before its test ran, where nothing is seeded: build it in the test",
    ),
    "the test": (
        """
        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_model():
            return drawn()
        """,
        "NOT DETERMINISTIC  test_model?keras?: the builder gives another model each time it is called, *",
    ),
}
DRAWN = """
import keras
import numpy as np
import pytest

def drawn():
    return dense_of(np.random.default_rng().normal(size=(2, 3)))

def dense_of(start):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.layers[-1].kernel.assign(start)
    return model

"""


@pytest.mark.parametrize("where", UNSEEDED)
def test_where_no_seed_helps_the_suspect_is_named(project: Project, where: str) -> None:
    code, said = UNSEEDED[where]
    project.write("test_it.py", DRAWN + dedent(code))
    project.record()
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])


CHANGED = """
@pytest.mark.model_roundtrip(formats=["keras"])
def test_model():
    return dense_of([[1.0, 2.0, {last}], [3.0, 4.0, 5.0]])
"""


def test_of_a_model_that_somebody_changed_nothing_is_suspected(project: Project) -> None:
    project.write("test_it.py", DRAWN + CHANGED.format(last=3.0))
    project.record()
    project.write("test_it.py", DRAWN + CHANGED.format(last=4.0))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_model?keras?: the model changed, *"])
    result.stdout.no_fnmatch_line("  suspect *")
