"""`loads_in`: each round trip also predicts whether what it saved loads where nothing of it can be run here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.compatibility.models import K311, connected
from tests.plugin.bad_input import test_ops
from tests.plugin.bad_input.conftest import reported_failure
from tests.roundtrip.test_static_check import recorded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project
    from tests.plugin.bad_input.conftest import ReportedFailure

__all__ = ["reported_failure"]

MODEL = """
    import pytest
    import tensorflow as tf
    {imports}
    keras = tf.keras

    @pytest.mark.model_roundtrip({options})
    def test_ranker():
        inputs = keras.Input((3,), name="features")
        return keras.Model(inputs, {layer}(inputs))
"""
CALL = """
    import tensorflow as tf

    keras = tf.keras

    def test_ranker(model_roundtrip):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones")])
        model_roundtrip(model, formats="export", loads_in={runtimes})
"""
PICKING = """
    import pytest
    import tensorflow as tf

    class Picker(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, name="x")])
        def __call__(self, x):
            return {"picked": tf.gather_nd(x, [[1]], bad_indices_policy="IGNORE")}

    @pytest.mark.model_roundtrip(formats=["saved_model"], loads_in=["tf2.10"])
    def test_picker():
        return Picker()
"""
LAYERS = """
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @tf.keras.utils.register_keras_serializable(package="shop")
    class Square(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * inputs
"""
DENSE = 'keras.layers.Dense(2, name="score", kernel_initializer="ones")'


@pytest.fixture(scope="module")
def here() -> str:
    """The runtime this test runs in, by its name."""
    import tensorflow as tf

    keras = ".".join(tf.keras.__version__.split(".")[:2])
    return f"tf{'.'.join(tf.__version__.split('.')[:2])}+keras{keras}"


def write(project: Project, options: str, layer: str = DENSE, imports: str = "") -> Path:
    return project.write("test_it.py", MODEL.format(options=options, layer=layer, imports=imports))


def test_a_failure_names_the_runtime_the_cause_and_the_fix(project: Project, reported_failure: ReportedFailure) -> None:
    write(project, 'formats=["export"], loads_in=["tf2.9", "tf2.15"]')
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    reported_failure(
        result,
        "UNKNOWN OP test_ranker[export]: it will not load in tf2.9: DisableCopyOnRead",
        "predicted for tf2.9 (TensorFlow 2.9.3, Keras 2.9.0)",
        "op DisableCopyOnRead",
        'where node "*DisableCopyOnRead" of function __inference_*',
        "because TensorFlow 2.9 has no op of this name; it came with TensorFlow 2.10",
        "fix upgrade TensorFlow there to 2.10 or newer",
        "or export the model again with TensorFlow 2.9",
        "artifact test_ranker: model, saved by Keras *",
        "loaded in local: Keras *",
        "FAILED test_it.py::test_ranker[export] - UNKNOWN OP: it will not load in tf2.9: Disa*",
    )
    result.stdout.no_fnmatch_line("*tf2.15*")
    result.stdout.no_fnmatch_line("*declared*")


def test_it_passes_where_the_model_loads(project: Project, here: str) -> None:
    write(project, f'formats=["export", "h5", "keras"], loads_in=["{here}"]')
    project.record().assert_outcomes(passed=3)
    write(project, 'formats=["export"], loads_in=["tf2.10", "tf2.15", "tf2.21+tf_keras"]')
    project.run().assert_outcomes(passed=1)


def test_each_runtime_is_reported_once_and_a_shared_fix_too(
    project: Project, reported_failure: ReportedFailure
) -> None:
    write(project, 'formats=["keras"], loads_in=["tf2.10", "tf2.15"]')
    result = project.run("--modelcompat-update-golden")
    reported_failure(
        result,
        "FORMAT NOT READ test_ranker[keras]: it will not load in tf2.10, tf2.15: model.keras (and *",
        "predicted for tf2.10 (TensorFlow 2.10.1, Keras 2.10.0)",
        "because it is a .keras zip, which Keras 2.10 cannot open: Keras reads it from 2.12 on",
        "predicted for tf2.15 (TensorFlow 2.15.1, Keras 2.15.0)",
        "MODULE MOVED",
        "class Functional (the model)",
        "because it names the module keras.src.models.functional, which Keras 2.15 does not have",
        "UNKNOWN ARGUMENT",
        'argument InputLayer(batch_shape=…) ("features", first of 2 layers)',
    )
    lines = [" ".join(line.split()) for line in result.outlines]
    assert lines.count("predicted for tf2.15 (TensorFlow 2.15.1, Keras 2.15.0)") == 1
    assert len([line for line in lines if line.startswith("fix load it with Keras 3.")]) == 1


def test_a_silent_change_is_said_to_be_one(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", PICKING)
    reported_failure(
        project.run("--modelcompat-update-golden"),
        "UNKNOWN ATTRIBUTE test_picker[saved_model]: it will load, but be changed, in tf2.10: "
        "GatherNd.bad_indices_policy",
        "predicted for tf2.10 (TensorFlow 2.10.1, Keras 2.10.0)",
        "attribute GatherNd.bad_indices_policy*",
        "means it loads, but is changed there",
        "because TensorFlow 2.10 knows GatherNd without the attribute 'bad_indices_policy'; it is ignored there",
        'value "IGNORE"',
    )


def test_bytecode_meets_the_python_that_is_there(project: Project, reported_failure: ReportedFailure) -> None:
    python = "3.12" if sys.version_info[:2] == (3, 13) else "3.13"
    layer = "keras.layers.Lambda(lambda x: x * 2.0 + 1.0)"
    write(project, f'formats=["h5"], safe_mode=False, loads_in=["tf2.20+py{python}"]', layer)
    reported_failure(
        project.run("--modelcompat-update-golden"),
        f"PYTHON BYTECODE test_ranker[h5]: it will not load in tf2.20+py{python}: Lambda",
        'layer Lambda ("lambda*")',
        f"because it holds bytecode of CPython *, and CPython {python} *",
    )


def test_in_a_call(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("test_it.py", CALL.format(runtimes=["tf2.9"]))
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    reported_failure(result, "UNKNOWN OP test_ranker[export]: it will not load in tf2.9: DisableCopyOnRead")
    project.write("test_it.py", CALL.format(runtimes=["tf2.10"]))
    project.run().assert_outcomes(passed=1)


def test_on_the_command_line(project: Project, reported_failure: ReportedFailure) -> None:
    write(project, 'formats=["export"]')
    project.record("--modelcompat-loads-in", "tf2.10", "--modelcompat-loads-in", "tf2.15").assert_outcomes(passed=1)
    result = project.run("--modelcompat-loads-in", "tf2.10", "--modelcompat-loads-in=tf2.9")
    result.assert_outcomes(failed=1)
    reported_failure(result, "UNKNOWN OP test_ranker[export]: it will not load in tf2.9: DisableCopyOnRead")


def test_in_the_ini_file(project: Project, reported_failure: ReportedFailure) -> None:
    project.write("pytest.ini", "[pytest]\nmodelcompat_loads_in =\n    tf2.9\n    tf2.10\n")
    write(project, 'formats=["export"]')
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    reported_failure(result, "UNKNOWN OP test_ranker[export]: it will not load in tf2.9: DisableCopyOnRead")


def test_the_strongest_source_says_which(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nmodelcompat_loads_in = tf2.9\n")
    write(project, 'formats=["export"], loads_in=["tf2.10"]')
    project.record().assert_outcomes(passed=1)
    project.run("--modelcompat-loads-in=tf2.9").assert_outcomes(failed=1)


def test_of_an_artifact(project: Project, reported_failure: ReportedFailure) -> None:
    K311.keras(project.path / "ranker.keras", connected(K311))
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_artifact("ranker.keras", loads_in=["tf2.16", "tf2.20"])
        def test_ranker():
            pass
        """,
    )
    lines = (
        "CONFIG CHANGED *: it will not load in tf2.16: Functional",
        "where the model",
        "because its only input or output is not inside a list; Keras 3.4 and newer accept that, *",
        "fix upgrade Keras there to 3.11 or newer",
    )
    reported_failure(project.run("--modelcompat-update-golden"), *lines)
    result = project.run("ranker.keras", "--modelcompat-loads-in", "tf2.16", "--modelcompat-update-golden")
    reported_failure(result, *lines)


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("Scale()", 'custom_objects={"Scale": Scale}'),
        ("Square()", 'imports=["shop_layers"]'),
    ],
    ids=["custom object", "import"],
)
def test_what_is_declared_is_known_there_too(project: Project, here: str, layer: str, options: str) -> None:
    project.write("shop_layers.py", LAYERS)
    options = f'formats=["h5", "keras"], loads_in=["{here}"], {options}'
    write(project, options, layer, "from shop_layers import *")
    project.record().assert_outcomes(passed=2)


def test_the_op_of_a_declared_library_is_known_there_too(project: Project) -> None:
    library = str(test_ops.build_library(project.path, "ShopThrice"))
    text = test_ops.OP_MODEL.format(library=library, options=f', loads_in=["tf2.10"], op_libraries=[{library!r}]')
    project.write("test_it.py", text.replace("shop_triple", "shop_thrice"))
    project.record().assert_outcomes(passed=1)


def test_a_recorded_profile_is_found_from_the_roots_folder(
    project: Project, reported_failure: ReportedFailure, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(project.path / "profiles" / "prod.json", "2.9", "2.9", "3.10")
    recorded(project.path / "profiles" / "next.json", "2.15", "2.15")
    project.write("pytest.ini", "[pytest]\nmodelcompat_loads_in = profiles/next.json\n")
    (project.path / "inner").mkdir()
    write(project, 'formats=["export"]').rename(project.path / "inner" / "test_it.py")
    monkeypatch.chdir(project.path / "inner")
    project.record().assert_outcomes(passed=1)
    reported_failure(
        project.run("--modelcompat-loads-in", "profiles/prod.json"),
        "UNKNOWN OP test_ranker[export]: it will not load in profiles/prod.json: DisableCopyOnRead",
        "predicted for profiles/prod.json (TensorFlow 2.9.3, Keras 2.9.0)",
        "because TensorFlow 2.9 has no op of this name; it came with TensorFlow 2.10",
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"tf215"', "marker: option 'loads_in': 'tf215' is not a known runtime: did you mean 'tf2.15'?"),
        (
            '["tf2.15", "tf2.99"]',
            "marker: option 'loads_in': 'tf2.99' is not a known runtime: TensorFlow 2.99 is not known; *",
        ),
        ('["profiles/prd.json"]', "*there is no profile profiles/prd.json; did you mean 'profiles/prod.json'?"),
        ('["other/prod.json"]', "*there is no profile other/prod.json; record one with `modelcompat profile record *"),
        ('["profiles/cut.json"]', "*option 'loads_in': profiles/cut.json is not a profile, or a truncated one: *"),
        ("[2.15]", "marker: option 'loads_in' takes a list of runtime names and profile files, such as *"),
    ],
    ids=["near", "unknown", "near file", "no file", "no profile", "no text"],
)
def test_what_cannot_be_judged_for_is_an_error_of_its_test(
    project: Project, reported_failure: ReportedFailure, value: str, message: str
) -> None:
    recorded(project.path / "profiles" / "prod.json", "2.15", "2.15")
    project.write("profiles/cut.json", '{"kind": "modelcompat pro')
    write(project, f"loads_in={value}")
    result = project.run()
    result.assert_outcomes(errors=1)
    reported_failure(result, f"BAD OPTION: {message}")


@pytest.mark.parametrize("given", [("--modelcompat-loads-in=tf2-15",), ("-o", "modelcompat_loads_in=tf2-15")])
def test_so_it_is_from_every_source(
    project: Project, reported_failure: ReportedFailure, given: tuple[str, ...]
) -> None:
    write(project, "")
    result = project.run(*given)
    result.assert_outcomes(errors=1)
    source = "command line" if given[0].startswith("--") else "ini"
    reported_failure(result, f"*{source}: option 'loads_in': 'tf2-15' is not a known runtime: did you mean 'tf2.15'?")
