"""A model that fails only in its compile configuration: what is tried, what is said, and the option pasted."""

from __future__ import annotations

import fnmatch
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax

if TYPE_CHECKING:
    from tests.conftest import Project

SHOP = """
    import tensorflow as tf

    keras = tf.keras

    def squares(true, predicted):
        return tf.reduce_mean((true - predicted) ** 2)

    class Hits(keras.metrics.Metric):
        def update_state(self, *arguments, **options):
            pass

        def result(self):
            return 0.0

    class Descent(keras.optimizers.SGD):
        pass

    class Steady(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

        def get_config(self):
            return {}

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build(optimizer="sgd", loss=None, layers=(), initializer="ones", **options):
        keras.utils.set_random_seed(0)
        dense = keras.layers.Dense(1, kernel_initializer=initializer)
        model = keras.Sequential([keras.Input((3,), name="features"), dense, *layers])
        model.compile(optimizer=optimizer, loss=loss or keras.losses.MeanSquaredError(), **options)
        return model

    def own_loss():
        return build(loss=squares)

    def save(path, **options):
        build(**options).save(path)
"""
TEST = """
    import pytest
    from shop import *

    {line}
    def test_model():
        return build({compiled})
"""
COMPILED = {
    "own-loss-h5": ("h5", "loss=squares"),
    "own-loss-keras": ("keras", "loss=squares"),
    "own-metric": ("keras", "metrics=[Hits()]"),
    "own-weighted-metric": ("keras", "weighted_metrics=[squares]"),
    "own-optimizer": ("h5", "optimizer=Descent()"),
    "own-schedule": ("keras", "optimizer=keras.optimizers.SGD(Steady())"),
    "names-of-losses": ("h5", 'loss="mse"'),
    "lambda-keras": ("keras", "loss=lambda true, predicted: predicted"),
    "lambda-h5": ("h5", "loss=lambda true, predicted: predicted"),
}
HOLDS = "  compile    without its compile configuration the file loads, and its predictions hold"
FIX = re.compile(r"if you only predict with it: (.*)")


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.py", SHOP)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    return project


def fix_of(result: pytest.RunResult) -> str:
    """The one fix of a run that sets the option."""
    (line,) = {found[1] for found in map(FIX.search, result.outlines) if found}
    return line


@pytest.mark.parametrize("case", COMPILED)
def test_what_compile_was_given_keeps_it_from_loading_and_the_fix_pasted_on_the_marker_passes(
    shop: Project, case: str
) -> None:
    format_, compiled = COMPILED[case]
    shop.write("test_it.py", TEST.format(line="@pytest.mark.model_roundtrip", compiled=compiled))
    result = shop.run("--modelcompat-format", format_)
    result.assert_outcomes(failed=1)
    assert result.outlines.count(HOLDS) == 1
    shop.write("test_it.py", TEST.format(line=fix_of(result), compiled=compiled))
    shop.record("--modelcompat-format", format_)
    shop.run("--modelcompat-format", format_).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("format_", "said", "fix"),
    [
        (
            "h5",
            "because the loss is a lambda, and the file holds no more of it than that it is one",
            "give the loss as a function with a name, at the top level of its module, and declare that",
        ),
        (
            "keras",
            "LAMBDA REFUSED test_model[keras]: compile() was given a lambda, which the file holds as bytecode and *",
            "give compile() a function with a name, and declare that",
        ),
    ],
)
def test_a_lambda_that_compile_was_given_is_no_layer_and_no_class_to_declare(
    shop: Project, format_: str, said: str, fix: str
) -> None:
    compiled = "loss=lambda true, predicted: predicted"
    shop.write("test_it.py", TEST.format(line="@pytest.mark.model_roundtrip", compiled=compiled))
    result = shop.run("--modelcompat-format", format_)
    result.assert_outcomes(failed=1)
    printed = [" ".join(line.split()) for line in result.outlines]
    assert fnmatch.filter(printed, said.replace("[", "[[]"))
    assert f"fix {fix}" in printed


class TestThePlaces:
    def test_a_call(self, shop: Project) -> None:
        test = "from shop import *\n\ndef test_model(model_roundtrip):\n    {call}\n"
        shop.write("test_it.py", test.format(call='model_roundtrip(own_loss, formats=["h5"])'))
        result = shop.run()
        result.assert_outcomes(failed=1)
        call = fix_of(result).replace("...", 'own_loss, formats=["h5"]')
        shop.write("test_it.py", test.format(call=call))
        shop.record().assert_outcomes(passed=1)

    def test_the_command_line(self, shop: Project) -> None:
        command = ("--modelcompat-model", "shop:own_loss", "--modelcompat-format", "h5")
        result = shop.run(*command)
        result.assert_outcomes(failed=1)
        assert fix_of(result) == "--modelcompat-no-compile"
        shop.record(*command, *shlex.split(fix_of(result))).assert_outcomes(passed=1)
        shop.run(*command, *shlex.split(fix_of(result))).assert_outcomes(passed=1)

    def test_the_marker_of_an_artifact(self, shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        save(shop, monkeypatch, "ranker.keras", "loss=squares")
        test = "import pytest\n\n{line}\ndef test_model():\n    return None\n"
        shop.write("test_it.py", test.format(line='@pytest.mark.model_artifact("ranker.keras")'))
        result = shop.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*the file loads and predicts; there is no golden to hold that against"])
        shop.write("test_it.py", test.format(line=fix_of(result).replace("...", '"ranker.keras"')))
        shop.record().assert_outcomes(passed=1)
        shop.run().assert_outcomes(passed=1)

    def test_the_ini_file(self, shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        save(shop, monkeypatch, "ranker.h5", "loss=squares")
        ini = "[pytest]\npythonpath = .\nmodelcompat_artifacts = ranker.h5\n"
        shop.write("pytest.ini", ini)
        shop.run().assert_outcomes(failed=1)
        fix = OptionSyntax(OptionPlace.INI).write("compile_model", value=False)
        shop.write("pytest.ini", f"{ini}{fix}\n")
        shop.record().assert_outcomes(passed=1)


def save(shop: Project, monkeypatch: pytest.MonkeyPatch, name: str, options: str) -> None:
    """Save a model as something else than a test does."""
    monkeypatch.syspath_prepend(str(shop.path))
    namespace: dict[str, object] = {}
    exec(f"from shop import *\nsave({str(shop.path / name)!r}, {options})", namespace)  # noqa: S102 - our own text


def test_without_the_compile_configuration_it_predicts_something_else(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("test_it.py", 'import pytest\n\n@pytest.mark.model_artifact("ranker.h5")\ndef test_model(): ...\n')
    save(shop, monkeypatch, "ranker.h5", 'loss="mse"')
    shop.record("--modelcompat-no-compile")
    save(shop, monkeypatch, "ranker.h5", 'loss="mse", initializer="zeros"')
    result = shop.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the file loads, and predicts something else: the artifact is not the one the *"])
    # Whatever else is advised, an option that has been tried and does not help is not.
    result.stdout.fnmatch_lines(["  fix  *"])
    result.stdout.no_fnmatch_line("*compile_model*")


def test_it_cannot_be_called_without_its_compile_configuration_either(shop: Project) -> None:
    broken = 'keras.layers.TextVectorization(name="words", output_sequence_length=1)'
    shop.write(
        "test_it.py",
        f"""
        import numpy as np
        import pytest
        from shop import *

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_model():
            words = {broken}
            words.adapt(["red", "blue"])
            model = keras.Sequential([keras.Input((1,), dtype="string"), words])
            model.compile("sgd", loss=squares)
            return model, np.array([["red"]], dtype=object)
        """,
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the file loads, and cannot be called: Table not initialized*"])
    result.stdout.no_fnmatch_line("*compile_model*")


@pytest.mark.parametrize("compiled", ["loss=squares, layers=[Scale()]", "layers=[Scale()]"])
def test_nothing_is_said_where_it_does_not_load_so_either(shop: Project, compiled: str) -> None:
    shop.write("test_it.py", TEST.format(line="@pytest.mark.model_roundtrip", compiled=compiled))
    result = shop.run("--modelcompat-format", "keras")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNKNOWN LAYER *"])
    result.stdout.no_fnmatch_line("*compile configuration*")
    result.stdout.no_fnmatch_line("*compile_model*")


def test_of_what_compile_was_given_nothing_is_missed_where_it_is_not_loaded(shop: Project) -> None:
    line = "@pytest.mark.model_roundtrip(compile_model=False)"
    shop.write("test_it.py", TEST.format(line=line, compiled="loss=squares, layers=[Scale()]"))
    for format_ in ("h5", "keras"):
        result = shop.run("--modelcompat-format", format_)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["UNKNOWN LAYER *"])
        result.stdout.no_fnmatch_line("*squares*")


def test_a_model_inside_another_is_compiled_all_the_same(shop: Project) -> None:
    shop.write(
        "test_it.py",
        """
        import pytest
        from shop import *

        @pytest.mark.model_roundtrip(formats=["keras"], compile_model=False)
        def test_model():
            inputs = keras.Input((3,))
            model = keras.Model(inputs, build(loss=squares)(inputs))
            model.compile("sgd", loss=squares)
            return model
        """,
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNKNOWN OBJECT *", "  loss       squares  (compile())"])


def test_the_check_training_gets_no_advice_to_load_without_what_it_compares(shop: Project) -> None:
    line = '@pytest.mark.model_roundtrip(formats=["h5"], checks=["training"])'
    shop.write("test_it.py", TEST.format(line=line, compiled='loss="mse"'))
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert result.outlines.count(HOLDS) == 1
    result.stdout.no_fnmatch_line("*compile_model*")


def test_the_fix_for_a_runtime_that_it_is_predicted_for_passes_there(shop: Project) -> None:
    test = """
        import pytest
        from shop import *

        {line}
        def test_model():
            model = keras.Sequential([keras.Input((3,)), keras.layers.PReLU()])
            model.compile(keras.optimizers.Muon(), loss=keras.losses.MeanSquaredError())
            return model
    """
    options = ("--modelcompat-format", "keras", "--modelcompat-loads-in", "tf2.18")
    shop.write("test_it.py", test.format(line="@pytest.mark.model_roundtrip"))
    result = shop.run("--modelcompat-update-golden", *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["OPTIMIZER NOT READ *: it will not load in tf2.18: Muon*"])
    shop.write("test_it.py", test.format(line=fix_of(result)))
    shop.record(*options).assert_outcomes(passed=1)


def test_a_golden_is_not_written_for_what_loads_in_another_way_only(shop: Project) -> None:
    shop.write("test_it.py", TEST.format(line="@pytest.mark.model_roundtrip", compiled="loss=squares"))
    shop.run("--modelcompat-update-golden", "--modelcompat-format", "h5").assert_outcomes(failed=1)
    assert not list(shop.path.rglob("golden.json"))
