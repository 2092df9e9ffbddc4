"""Round trips, through the plugin, of what models compute and keep: dtypes, seeds, training state, tolerances."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from tests.plugin.model_tests import recorded, write

if TYPE_CHECKING:
    from tests.conftest import Project


def test_one_dtype_for_all_ways_to_give_inputs(project: Project) -> None:
    write(
        project,
        """
        ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]

        def build():
            features = keras.Input((3,))
            return keras.Model(features, L.Dense(2, name="score")(features))

        @pytest.mark.parametrize("way", ["lists", "array64", "tensor", "function"])
        @roundtrip(formats=["keras", "saved_model"], name="shared")
        def test_model(way):
            return build(), {
                "lists": ROWS, "array64": np.array(ROWS), "tensor": tf.constant(ROWS), "function": np.array(ROWS, "f4"),
            }[way]

        @roundtrip(formats=["keras"], inputs=lambda: ROWS)
        def test_callable():
            return build()
        """,
    )
    project.record().assert_outcomes(passed=9)
    expected = recorded(project, "test_callable")["score"]
    assert expected.dtype == np.float32
    for way in ("lists", "array64", "tensor", "function"):
        np.testing.assert_array_equal(recorded(project, f"shared[{way}]")["score"], expected)


def test_global_mixed_policy_and_its_tolerance(project: Project) -> None:
    """Outputs are float32, computed in float16: a drift of 5e-4 is its noise, the same drift in float32 is none."""
    source = """
        class Shifted(keras.initializers.Initializer):
            def __call__(self, shape, dtype=None):
                return tf.constant({value}, dtype, shape)

        def build(policy):
            keras.mixed_precision.set_global_policy(policy)
            try:
                features = keras.Input((3,))
                hidden = L.Dense(8, kernel_initializer="ones")(features)
                return keras.Model(features, L.Dense(2, kernel_initializer=Shifted(), dtype="float32")(hidden))
            finally:
                keras.mixed_precision.set_global_policy("float32")

        @roundtrip(formats=["keras"], custom_objects={{"Shifted": Shifted}})
        def test_half():
            return build("mixed_float16"), full(1.0, 1, 3)

        @roundtrip(formats=["keras"], custom_objects={{"Shifted": Shifted}})
        def test_single():
            return build("float32"), full(1.0, 1, 3)
    """
    write(project, source.format(value=1.0))
    project.record().assert_outcomes(passed=2)
    write(project, source.format(value=1.0005))
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_single?keras?*", "*from dtype float32*"])
    write(project, source.format(value=1.01))
    project.run("-k", "half").stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_half?keras?*", "*from dtype float16*"])


def test_whole_numbers_are_compared_exactly(project: Project) -> None:
    source = """
        @roundtrip(formats=["keras"])
        def test_model():
            ids = keras.Input((1,), dtype="int64", name="ids")
            words = [str(number) for number in range({first}, {first} + 9)]
            lookup = L.IntegerLookup(vocabulary=[7, 8], num_oov_indices={first}, name="index")
            return keras.Model(ids, lookup(ids)), np.array([[8]])
    """
    write(project, source.format(first=1))
    project.record()
    write(project, source.format(first=2))
    project.run().stdout.fnmatch_lines(["PREDICTIONS DRIFTED*", "*index*int64*", "*allowed 0, from dtype int64*"])


def test_seeds_give_the_same_weights_and_names_whatever_ran_before(project: Project) -> None:
    source = """
        @roundtrip(formats=["h5", "keras"])
        def test_{name}():
            return keras.Sequential([keras.Input((3,)), L.Dense(4), L.Dropout(0.5), L.Dense(2)])
    """
    write(project, "".join(textwrap.dedent(source.format(name=name)) for name in ("a", "b")))
    project.record("test_it.py::test_b")
    project.record("test_it.py::test_a")
    before = {path: path.read_bytes() for path in (project.path / "golden").rglob("golden.json")}
    assert len(before) == 2
    assert all(b'"dense/kernel"' in content.replace(b"sequential/", b"") for content in before.values())
    project.run().assert_outcomes(passed=4)
    project.record().assert_outcomes(passed=4)
    assert {path: path.read_bytes() for path in before} == before
    result = project.run("--modelcompat-seed=1")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*inputs *differ from those the golden was recorded with*"])


def test_training_state(project: Project) -> None:
    """Keras 3 brings an .h5's optimizer back without its momenta, which no prediction would show."""
    write(
        project,
        """
        @roundtrip(checks=["predictions", "training"])
        def test_model():
            model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
            model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
            model.fit(full(1.0, 4, 3), full(2.0, 4, 2), verbose=0)
            return model
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "TRAINING CHANGED  test_model?h5?: *",
            "*optimizer variables: 4 of 6 are not as saved*",
            "  fix        if you only predict with it, *",
        ]
    )


def test_training_state_that_is_lost(project: Project) -> None:
    """An optimizer whose step size does not get into its config: predictions agree, further training would not."""
    write(
        project,
        """
        class Forgetful(keras.optimizers.SGD):
            def get_config(self):
                return {**super().get_config(), "momentum": 0.0}

        @pytest.mark.parametrize("checks", [["predictions"], ["training"]], ids=["predictions", "training"])
        def test_model(model_roundtrip, checks):
            model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
            model.compile(Forgetful(0.01, momentum=0.9), keras.losses.MeanSquaredError())
            model.fit(full(1.0, 4, 3), full(2.0, 4, 2), verbose=0)
            model_roundtrip(model, formats=["keras"], checks=checks, custom_objects={"Forgetful": Forgetful})
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["TRAINING CHANGED  test_model*training*", "*optimizer variables: * are not as saved*"])


def test_tolerances_by_output(project: Project) -> None:
    source = """
        @roundtrip(formats=["keras"], rtol={{"{loose}": 1.0}}, atol={{"{loose}": 1.0}})
        def test_model():
            features = keras.Input((1,))
            ones = dict(kernel_initializer=keras.initializers.Constant({value}))
            outputs = [L.Dense(1, name=name, **ones)(features) for name in ("left", "right")]
            return keras.Model(features, outputs), full(1.0, 1, 1)
    """
    write(project, source.format(value=1.0, loose="left"))
    project.record()
    write(project, source.format(value=1.1, loose="left"))
    text = project.run().stdout.str()
    assert "PREDICTIONS DRIFTED" in text
    assert "output     right" in text
    assert "output     left" not in text
    write(project, source.format(value=1.0, loose="lft"))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["BAD OPTION  test_model?keras?: rtol is given for output 'lft'*left, right; did you mean 'left'?"]
    )


def test_a_model_made_once_in_a_fixture(project: Project) -> None:
    write(
        project,
        """
        @pytest.fixture(scope="session")
        def model():
            return keras.Sequential([keras.Input((3,)), L.Dense(2, name="score")])

        @roundtrip
        def test_marked(model):
            return model

        def test_called(model, model_roundtrip):
            result = model_roundtrip(model, inputs=full(1.0, 2, 3))
            assert [target.format for target in result.targets] == ["keras", "saved_model", "h5"]
            assert result.drift.max_abs < 1e-6
        """,
    )
    project.record().assert_outcomes(passed=4)
    project.run().assert_outcomes(passed=4)
