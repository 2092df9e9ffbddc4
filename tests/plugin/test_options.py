"""Options: what is wrong is an error that names it; what is right comes from the strongest source."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.plugin import ROUNDTRIP_HELP
from pytest_modelcompat.settings.settings import Settings
from tests.plugin.plain_model import MODEL

if TYPE_CHECKING:
    from tests.conftest import Project


def test_the_help_of_the_marker_lists_all_options() -> None:
    options = {each.name for each in dataclasses.fields(Settings)} - {"sources"}
    assert set(ROUNDTRIP_HELP.partition("(")[2].partition(")")[0].split(", ")) == options


def marked(arguments: str, kind: str = "model_roundtrip") -> str:
    mark = f"@pytest.mark.{kind}({arguments})"
    other = "def test_other():\n    pass\n"
    return f"import pytest\n\nclass Thing:\n    pass\n\n{mark}\ndef test_it():\n    assert False\n\n{other}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("atoll=1", "marker: unknown option 'atoll'; did you mean 'atol'?"),
        ("format='h5'", "marker: unknown option 'format'; did you mean 'formats'?"),
        ("xyzzy=1", "marker: unknown option 'xyzzy'; known are formats, custom_objects, *"),
        ("rtol=1e-3", "marker: option 'rtol' is given without 'atol'; give both (0 is allowed) or neither"),
        ("atol=0", "marker: option 'atol' is given without 'rtol'; give both (0 is allowed) or neither"),
        (
            "rtol='1', atol=1",
            "marker: option 'rtol' takes a number that is not negative, or a dict of *, not '1' (str)",
        ),
        ("rtol=-1, atol=1", "marker: option 'rtol' takes a number that is not negative, *, not -1 (int)"),
        ("rtol=float('nan'), atol=1", "marker: option 'rtol' takes a number that is not negative, *, not nan (float)"),
        ("rtol={}, atol=1", "marker: option 'rtol' takes a number *, not {} (dict)"),
        ("rtol=True, atol=1", "marker: option 'rtol' takes a number *, not True (bool)"),
        ("formats=['h6']", "marker: option 'formats': unknown format 'h6'; known are h5, keras, saved_model, export"),
        (
            "formats=['savedmodel']",
            "marker: option 'formats': unknown format 'savedmodel'; did you mean 'saved_model'?",
        ),
        ("formats=[]", "marker: option 'formats' takes a list of formats, of h5, keras, saved_model, export, not *"),
        ("formats=['h5', 'h5']", "marker: option 'formats' takes a list of formats, of *, each once, not *"),
        ("formats=7", "marker: option 'formats' takes a list of formats, of *, not 7 (int)"),
        ("checks=['prediction']", "marker: option 'checks': unknown check 'prediction'; did you mean 'predictions'?"),
        ("runtimes=[]", "marker: option 'runtimes' takes a list of runtime names, such as *, not ?? (list)"),
        ("runtimes=7", "marker: option 'runtimes' takes a list of runtime names, *, not 7 (int)"),
        ("custom_objects=[Thing]", "marker: option 'custom_objects' takes a dict of name -> class or function*(list)"),
        (
            "custom_objects={'Thing': Thing()}",
            "marker: option 'custom_objects' takes a dict *'Thing' is neither, not *",
        ),
        ("custom_objects={'Thing': 'shop.Thing'}", "custom object 'shop.Thing' is not written as module:Class or *"),
        ("imports='shop'", "marker: option 'imports' takes a list of module names, *, not 'shop' (str)"),
        ("imports=[pytest]", "marker: option 'imports' takes a list of module names, *"),
        ("op_libraries='a.so'", "marker: option 'op_libraries' takes a list of paths *, not 'a.so' (str)"),
        ("name=''", "marker: option 'name' takes a name that is not empty, not '' (str)"),
        ("name=5", "marker: option 'name' takes a name that is not empty, not 5 (int)"),
        ("seed=-1", "marker: option 'seed' takes a whole number from 0 to 2?*32 - 1, not -1 (int)"),
        ("seed=1.0", "marker: option 'seed' takes a whole number from 0 *, not 1.0 (float)"),
        ("allow_ops=['Erf']", "marker: option 'allow_ops' takes a dict of name -> reason, *, not ?'Erf'? (list)"),
        ("allow_layers={'Scale': ' '}", "marker: option 'allow_layers' takes *every entry needs a reason *"),
        ("safe_mode=0", "marker: option 'safe_mode' takes True or False, not 0 (int)"),
        ("compile_model=None", "marker: option 'compile_model' takes True or False, not None (NoneType)"),
        (
            "compile_model=False, checks=['training', 'weights']",
            "marker: option 'compile_model' is False, *, and check 'training' (marker: option 'checks') wants them*",
        ),
        ("timeout=0", "marker: option 'timeout' takes a number of seconds above 0, not 0 (int)"),
        (
            "memory_limit='8 apples'",
            "marker: option 'memory_limit' takes a number of bytes above 0, or a text *",
        ),
        ("isolation='on'", "marker: option 'isolation' takes one of auto, required, off, not 'on' (str)"),
        ("'h5'", "marker: model_roundtrip takes options by name only, not 'h5'"),
    ],
)
def test_a_wrong_option_is_an_error_of_its_own_test(project: Project, arguments: str, message: str) -> None:
    project.write("test_it.py", marked(arguments))
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"BAD OPTION: {message}", "  where  test_it.py:6"])
    result.stdout.fnmatch_lines(["ERROR test_it.py::test_it - *"])
    for chatter in ("pytest_modelcompat", "During handling"):
        assert chatter not in result.stdout.str()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@pytest.mark.model_artifact\ndef test_it(): ...", "model_artifact takes the path of one file or folder, *"),
        (
            "@pytest.mark.model_artifact(3)\ndef test_it(): ...",
            "model_artifact takes the path of one file or folder, *",
        ),
        ("@pytest.mark.model_artifact('a.h5', 'b.h5')\ndef test_it(): ...", "model_artifact takes the path of one *"),
        (
            "@pytest.mark.model_artifact('a.h5', formats=['h5'])\ndef test_it(): ...",
            "*'formats' is for model_roundtrip; *",
        ),
        (
            "@pytest.mark.model_roundtrip\n@pytest.mark.model_artifact('a.h5')\ndef test_it(): ...",
            "a test takes one of the markers model_roundtrip and model_artifact, not both",
        ),
    ],
)
def test_a_wrong_marker_is_an_error_of_its_own_test(project: Project, text: str, message: str) -> None:
    project.write("test_it.py", f"import pytest\n\n{text}\n")
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*BAD OPTION: *{message}"])


def test_two_tests_that_claim_one_golden_are_named_and_the_later_is_an_error(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(name="ranker")
        def test_one(): ...

        @pytest.mark.model_roundtrip(name="ranker")
        def test_two(): ...
        """,
    )
    result = project.run()
    result.assert_outcomes(failed=3, errors=3)
    result.stdout.fnmatch_lines(
        [
            "BAD OPTION: test_it.py::test_one and test_it.py::test_two claim one golden twice*",
            "  where  test_it.py:6",
        ]
    )


def test_two_names_that_differ_in_case_alone_are_one_golden(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(name="Ranker")
        class TestOne:
            def test_it(self): ...

        @pytest.mark.model_roundtrip(name="ranker")
        def test_two(): ...
        """,
    )
    result = project.run()
    result.assert_outcomes(failed=3, errors=3)
    result.stdout.fnmatch_lines(
        ["*test_two and *TestOne::test_it claim one golden twice, test_it/Ranker (and test_it/ranker, the same on *"]
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "modelcompat_formats = h5 kears",
            "modelcompat: ini: option 'formats': unknown format 'kears'; did you mean *",
        ),
        ("modelcompat_rtol = 1e-3", "modelcompat: ini: option 'rtol' is given without 'atol'; *"),
        ("modelcompat_timeout = soon", "modelcompat: ini: option 'modelcompat_timeout' takes a number: *'soon'"),
        ("modelcompat_seed = 1.5", "modelcompat: ini: option 'modelcompat_seed' takes a number: *'1.5'"),
        (
            "modelcompat_compile_model = perhaps",
            "modelcompat: ini: option 'modelcompat_compile_model' takes true or false: *",
        ),
        ("modelcompat_fork = perhaps", "modelcompat: ini: option 'modelcompat_fork' takes true or false: *"),
        (
            "modelcompat_custom_objects = Scale",
            "modelcompat: custom object 'Scale' is not written as module:Class or *",
        ),
    ],
)
def test_a_wrong_ini_option_is_a_usage_error(project: Project, line: str, message: str) -> None:
    project.write("pytest.ini", f"[pytest]\n{line}\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--modelcompat-format", "h6"], "modelcompat: command line: option 'formats': unknown format 'h6'; *"),
        (["--modelcompat-rtol=1"], "modelcompat: command line: option 'rtol' is given without 'atol'; *"),
        (["--modelcompat-rtol=x"], "*error: argument --modelcompat-rtol: invalid float value: 'x'"),
        (["--modelcompat-custom-object", "Scale"], "modelcompat: custom object 'Scale' is not written as *"),
        (
            ["--modelcompat-timeout=0"],
            "modelcompat: command line: option 'timeout' takes a number of seconds above 0, *",
        ),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(project: Project, arguments: list[str], message: str) -> None:
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])


def test_the_help_shows_one_group(project: Project) -> None:
    text = project.run("--help").stdout.str()
    assert text.count("saved TensorFlow/Keras models (pytest-modelcompat):") == 1
    group = text.partition("saved TensorFlow/Keras models (pytest-modelcompat):")[2].partition("\n\n")[0]
    flags = {word for word in text.split() if word.startswith("--modelcompat-")}
    assert {flag for flag in flags if flag in group} >= {
        "--modelcompat-update-golden",
        "--modelcompat-model=MODULE:NAME",
        "--modelcompat-format=FORMAT",
        "--modelcompat-custom-object=[NAME=]MODULE:CLASS",
        "--modelcompat-import=MODULE",
        "--modelcompat-keep=DIR",
        "--modelcompat-rtol=NUMBER",
        "--modelcompat-timeout=SECONDS",
    }


SOURCES = ("default", "ini", "marker", "command line")
# option, default, then what ini, marker and command line say, in a form of theirs
OPTIONS: dict[str, tuple[Any, str, str, list[str], list[Any]]] = {
    "formats": (
        ("h5", "keras", "saved_model"),
        "modelcompat_formats = export",
        'formats=["keras"]',
        ["--modelcompat-format", "h5"],
        [("export",), ("keras",), ("h5",)],
    ),
    "seed": (0, "modelcompat_seed = 7", "seed=8", ["--modelcompat-seed=0"], [7, 8, 0]),
    "timeout": (300.0, "modelcompat_timeout = 7", "timeout=8", ["--modelcompat-timeout=9.5"], [7.0, 8.0, 9.5]),
    "memory_limit": (
        None,
        "modelcompat_memory_limit = 8GB",
        'memory_limit="1.5GiB"',
        ["--modelcompat-memory-limit=5000"],
        [8_000_000_000, 1_610_612_736, 5000],
    ),
    "train": (
        None,
        "modelcompat_train = shop.targets:of_ini",
        'train="shop.targets:of_marker"',
        ["--modelcompat-train=shop.targets:of_flag"],
        ["shop.targets:of_ini", "shop.targets:of_marker", "shop.targets:of_flag"],
    ),
    "isolation": (
        "auto",
        "modelcompat_isolation = off",
        'isolation="auto"',
        ["--modelcompat-isolation=required"],
        ["off", "auto", "required"],
    ),
    "imports": (
        (),
        "modelcompat_imports = json csv",
        'imports=["os"]',
        ["--modelcompat-import=re"],
        [("json", "csv"), ("os",), ("re",)],
    ),
    "checks": (
        ("predictions", "weights", "structure"),
        "modelcompat_checks = weights",
        'checks=["training"]',
        ["--modelcompat-check=structure"],
        [("weights",), ("training",), ("structure",)],
    ),
    "compile_model": (
        True,
        "modelcompat_compile_model = true",
        "compile_model=True",
        ["--modelcompat-no-compile"],
        [True, True, False],
    ),
    "custom_objects": (
        {},
        "modelcompat_custom_objects = json:loads",
        'custom_objects={"dumps": "json:dumps"}',
        ["--modelcompat-custom-object", "load=json:load"],
        [{"loads": "json:loads"}, {"dumps": "json:dumps"}, {"load": "json:load"}],
    ),
    "op_libraries": (
        (),
        "modelcompat_op_libraries = a.so",
        'op_libraries=["b.so"]',
        ["--modelcompat-op-library=c.so"],
        [("a.so",), ("b.so",), ("c.so",)],
    ),
    "stochastic": (
        (),
        "modelcompat_stochastic = z w",
        'stochastic="y"',
        ["--modelcompat-stochastic", "x"],
        [("z", "w"), ("y",), ("x",)],
    ),
    "rtol": (
        None,
        "modelcompat_rtol = 0.5\nmodelcompat_atol = 0.5",
        "rtol=0.25, atol=0.25",
        ["--modelcompat-rtol=0", "--modelcompat-atol=0"],
        [0.5, 0.25, 0.0],
    ),
    "atol": (
        None,
        "modelcompat_rtol = 0\nmodelcompat_atol = 0",
        "rtol=0.25, atol=0.25",
        ["--modelcompat-rtol=0", "--modelcompat-atol=0"],
        [0.0, 0.25, 0.0],
    ),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("option", OPTIONS)
def test_command_line_before_marker_before_ini_before_default(project: Project, option: str, source: str) -> None:
    """Sources up to the given one all speak; the given one wins, also with an explicit 0."""
    default, in_ini, in_marker, in_arguments, values = OPTIONS[option]
    rank = SOURCES.index(source)
    project.write("pytest.ini", "[pytest]\n" + (in_ini if rank >= 1 else ""))
    project.write("test_it.py", marked(in_marker if rank >= 2 else ""))
    project.write(
        "conftest.py",
        f"""
        import pytest
        from pytest_modelcompat.plugin.stash import SESSION

        def pytest_collection_modifyitems(config, items):
            settings = config.stash[SESSION].marked_tests.of(items[0]).settings
            print("SETTING", repr(settings.{option}), settings.sources.get({option!r}, "default"))
        """,
    )
    result = project.run("--collect-only", "-q", *(in_arguments if rank == 3 else ()))
    expected = default if rank == 0 else values[rank - 1]
    line = next(line for line in result.outlines if line.startswith("SETTING"))
    assert line == f"SETTING {expected!r} {source}"


def test_an_explicit_zero_tolerance_is_taken_and_named(project: Project) -> None:
    project.write(
        "test_it.py",
        MODEL
        + """
    @pytest.mark.model_roundtrip(formats=['h5'], rtol=1, atol=1)
    def test_it():
        return build()
    """,
    )
    project.record()
    golden = project.path / "golden/test_it/test_it/golden.json"
    assert json.loads(golden.read_text(encoding="utf-8"))
    path = project.path / "test_it.py"
    path.write_text(
        path.read_text(encoding="utf-8").replace("build()\n", "build(keras.initializers.Constant(1.0001))\n"),
        encoding="utf-8",
    )
    project.run().assert_outcomes(passed=1)
    result = project.run("--modelcompat-rtol=0", "--modelcompat-atol=0")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*greatest absolute difference * (allowed 0, from command line)"])


@pytest.mark.skipif(not hasattr(pytest, "RaisesGroup"), reason="pytest is too old")
@pytest.mark.skipif(int(pytest.__version__.partition(".")[0]) < 9, reason="[tool.pytest] is read from pytest 9 on")
def test_a_native_table_gives_numbers_and_booleans_as_such(project: Project) -> None:
    project.write(
        "pyproject.toml",
        """
        [tool.pytest]
        modelcompat_formats = ["h5"]
        modelcompat_rtol = 0
        modelcompat_atol = 1e-3
        modelcompat_seed = 4
        modelcompat_fork = false
        modelcompat_compile_model = false
        """,
    )
    project.write("test_it.py", marked(""))
    result = project.run("--collect-only", "-q")
    assert result.ret == pytest.ExitCode.OK, result.stderr.str()
    result.stdout.fnmatch_lines(["test_it.py::test_it?h5?"])
