"""What a project's pyproject.toml declares of runtimes, and what is said of declarations that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.runtimes.declared import (
    DeclarationError,
    Runtimes,
    find_pyproject,
    find_runtimes,
    read_runtimes,
    tool_table,
)
from pytest_modelcompat.runtimes.known import known_runtime
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.runtime import LOCAL, Runtime

HEAD = "[tool.modelcompat.runtimes]\n"
PROD = 'python = "3.11", packages = ["tensorflow==2.15.1"]'
INSTEAD = "'interpreter' is an environment of your own, so 'python' and 'packages' are not"
NO_TABLE = 'is not a table, such as { python = "3.11", packages = ["tensorflow==2.15.*"] }'
NOT_KNOWN = "needs 'interpreter', or 'python' and 'packages': only names such as tf2.15 are known without"
MADE_OF = "a runtime's name is made of letters, digits, '.', '+', '-' and '_'"
ENV = "'env' takes a table of strings, such as { TF_USE_LEGACY_KERAS = \"1\" }"


def written(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def declared(folder: Path, entries: str) -> Runtimes:
    return read_runtimes(written(folder, HEAD + entries))


class TestWhatIsDeclared:
    def test_a_runtime_of_ones_own(self, tmp_path: Path) -> None:
        keys = f'{PROD}, env = {{ TF_ENABLE_ONEDNN_OPTS = "0" }}, imports = ["shop.ops"]'
        runtimes = declared(tmp_path, f"prod = {{ {keys} }}")
        assert runtimes.file == tmp_path / "pyproject.toml"
        assert runtimes.declared == {
            "prod": Runtime(
                "prod", "3.11", ("tensorflow==2.15.1",), env={"TF_ENABLE_ONEDNN_OPTS": "0"}, imports=("shop.ops",)
            )
        }

    def test_an_empty_table_of_a_known_name_has_the_known_pins(self, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, '"tf2.15" = {}\n"tf2.21+tf_keras" = {}')
        assert list(runtimes.declared) == ["tf2.15", "tf2.21+tf_keras"]
        for name, runtime in runtimes.declared.items():
            assert runtime == known_runtime(name)

    @pytest.mark.parametrize("name", ["tf2.16+keras3.3", "tf2.15+py3.11"])
    def test_a_known_name_stays_as_it_is_written(self, name: str, tmp_path: Path) -> None:
        assert declared(tmp_path, f'"{name}" = {{}}').declared[name].name == name

    def test_what_a_known_name_leaves_open_is_as_it_is_known(self, tmp_path: Path) -> None:
        known = known_runtime("tf2.21+tf_keras")
        (runtime,) = declared(tmp_path, '"tf2.21+tf_keras" = { python = "3.12", env = { A = "1" } }').declared.values()
        assert (runtime.python, runtime.packages) == ("3.12", known.packages)
        assert runtime.env == {"TF_USE_LEGACY_KERAS": "1", "A": "1"}
        (runtime,) = declared(tmp_path, '"tf2.15" = { packages = ["tensorflow==2.15.0"] }').declared.values()
        assert (runtime.python, runtime.packages) == ("3.11", ("tensorflow==2.15.0",))

    def test_a_known_name_that_says_it_all_has_that_and_no_more(self, tmp_path: Path) -> None:
        (runtime,) = declared(tmp_path, f'"tf2.21+tf_keras" = {{ {PROD} }}').declared.values()
        assert runtime == Runtime("tf2.21+tf_keras", "3.11", ("tensorflow==2.15.1",))

    def test_a_variable_of_a_known_name_can_be_set_otherwise(self, tmp_path: Path) -> None:
        entry = '"tf2.21+tf_keras" = { env = { TF_USE_LEGACY_KERAS = "0" } }'
        (runtime,) = declared(tmp_path, entry).declared.values()
        assert runtime.env == {"TF_USE_LEGACY_KERAS": "0"}

    def test_an_interpreter_of_ones_own_has_no_pins(self, tmp_path: Path) -> None:
        (runtime,) = declared(tmp_path, '"tf2.15" = { interpreter = "venv/bin/python" }').declared.values()
        assert runtime == Runtime("tf2.15", interpreter=tmp_path / "venv/bin/python")
        assert not runtime.is_created

    @pytest.mark.parametrize("text", ["", "[project]\nname = 'shop'", "tool = 1", "[tool.modelcompat]", HEAD])
    def test_nothing_where_nothing_is_written(self, text: str, tmp_path: Path) -> None:
        file = written(tmp_path, text)
        assert read_runtimes(file) == Runtimes({}, file)

    def test_beside_the_expected_failures(self, tmp_path: Path) -> None:
        file = written(tmp_path, f'[tool.modelcompat.expected_failures]\n"tf2.4" = "why"\n{HEAD}"tf2.15" = {{}}')
        assert list(read_runtimes(file).declared) == ["tf2.15"]
        assert tool_table(file)["expected_failures"] == {"tf2.4": "why"}


class TestPaths:
    """They are relative to the file, wherever pytest or the command is called."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    @pytest.mark.parametrize(
        ("written", "path"),
        [("venv/bin/python", "{}/venv/bin/python"), ("../venv/bin/python", "{}/../venv/bin/python")],
    )
    def test_of_an_interpreter(self, written: str, path: str, tmp_path: Path) -> None:
        (runtime,) = declared(tmp_path, f'prod = {{ interpreter = "{written}" }}').declared.values()
        assert runtime.interpreter == Path(path.format(tmp_path))

    def test_of_an_interpreter_that_are_absolute_or_begin_at_home(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python = (tmp_path / "venv" / "python").as_posix()
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        home = tmp_path / "project"
        home.mkdir()
        entries = f'a = {{ interpreter = "{python}" }}\nb = {{ interpreter = "~/venv/python" }}'
        assert {each.interpreter for each in declared(home, entries).declared.values()} == {Path(python)}

    def test_of_op_libraries(self, tmp_path: Path) -> None:
        away = (tmp_path / "away.so").as_posix()
        entry = f'"tf2.15" = {{ op_libraries = ["build/ops.so", "{away}"] }}'
        (runtime,) = declared(tmp_path, entry).declared.values()
        assert runtime.op_libraries == (str(tmp_path / "build" / "ops.so"), str(Path(away)))

    def test_no_op_libraries_are_not_those_of_the_case(self, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, '"tf2.15" = {}\n"tf2.16" = { op_libraries = [] }')
        assert [each.op_libraries for each in runtimes.declared.values()] == [None, ()]

    @pytest.mark.parametrize(
        ("requirement", "absolute"),
        [
            ("./shop.whl", "{}/shop.whl"),
            (" ./dist/shop.whl", "{}/dist/shop.whl"),
            (".", "{}"),
            (".[gpu]", "{}/.[gpu]"),
            ("..", "{}/.."),
            ("../shop[gpu]", "{}/../shop[gpu]"),
            ("-e .", "-e {}"),
            ("-e ../shop", "-e {}/../shop"),
            ("--editable ./shop", "--editable {}/shop"),
            ("--editable=.", "--editable={}"),
        ],
    )
    def test_of_requirements(self, requirement: str, absolute: str, tmp_path: Path) -> None:
        (runtime,) = declared(tmp_path, f'"tf2.15" = {{ packages = ["{requirement}"] }}').declared.values()
        (package,) = runtime.packages
        assert package.replace("\\", "/") == absolute.format(tmp_path.as_posix())

    @pytest.mark.parametrize(
        "requirement",
        ["tensorflow==2.15.*", "keras", "numpy<2", "shop @ file:///shop.whl", "/shop/shop.whl", "-e /shop", ".shop"],
    )
    def test_of_requirements_that_do_not_begin_with_a_dot_stay(self, requirement: str, tmp_path: Path) -> None:
        (runtime,) = declared(tmp_path, f'"tf2.15" = {{ packages = ["{requirement}"] }}').declared.values()
        assert runtime.packages == (requirement,)

    def test_of_a_file_that_is_named_from_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written(tmp_path, HEAD + 'prod = { interpreter = "venv/python" }')
        monkeypatch.chdir(tmp_path)
        assert read_runtimes(Path("pyproject.toml")).declared["prod"].interpreter == tmp_path / "venv" / "python"


class TestRefused:
    @pytest.mark.parametrize(
        ("entry", "problem"),
        [
            ('"tf2.15" = { pakages = ["keras"] }', "'tf2.15': unknown key 'pakages'; did you mean 'packages'?"),
            (
                '"tf2.15" = { colour = "red" }',
                "'tf2.15': unknown key 'colour'; known are python, packages, interpreter, env, imports, op_libraries",
            ),
            ('"tf2.15" = "2.15"', f"'tf2.15' {NO_TABLE}"),
            ('prod = ["tensorflow"]', f"'prod' {NO_TABLE}"),
            ('"tf2.15" = { python = 3.11 }', "'tf2.15': 'python' takes a string, not 3.11"),
            ('"tf2.15" = { python = "" }', "'tf2.15': 'python' takes a string, not ''"),
            ('prod = { interpreter = ["python"] }', "'prod': 'interpreter' takes a string, not ['python']"),
            (
                '"tf2.15" = { packages = "keras" }',
                "'tf2.15': 'packages' takes a list of strings, not 'keras'",
            ),
            ('"tf2.15" = { packages = [1] }', "'tf2.15': 'packages' takes a list of strings, not [1]"),
            ('"tf2.15" = { imports = [""] }', "'tf2.15': 'imports' takes a list of strings, not ['']"),
            (
                '"tf2.15" = { op_libraries = "ops.so" }',
                "'tf2.15': 'op_libraries' takes a list of strings, not 'ops.so'",
            ),
            ('"tf2.15" = { env = "A=1" }', f"'tf2.15': {ENV}"),
            ('"tf2.15" = { env = { A = 1 } }', f"'tf2.15': {ENV}"),
            ('prod = { interpreter = "p", python = "3.11" }', f"'prod': {INSTEAD}"),
            ('prod = { interpreter = "p", packages = ["keras"] }', f"'prod': {INSTEAD}"),
            ('prod = { interpreter = "p", packages = [] }', f"'prod': {INSTEAD}"),
            ("local = {}", "'local' is the interpreter that pytest runs in, and is not declared"),
            (f'"on prod" = {{ {PROD} }}', f"'on prod': {MADE_OF}"),
            (f'"a/b" = {{ {PROD} }}', f"'a/b': {MADE_OF}"),
            (f'"" = {{ {PROD} }}', f"'': {MADE_OF}"),
            *(
                (
                    f'"tf2.15" = {{ python = "{python}" }}',
                    f"'tf2.15': 'python' takes a minor version such as \"3.11\", not {python!r}",
                )
                for python in ("3.11.4", "3", "2.7", "python3.11", ">=3.11")
            ),
            ("prod = {}", f"'prod' {NOT_KNOWN}"),
            ('prod = { python = "3.11" }', f"'prod' {NOT_KNOWN}"),
            ('prod = { packages = ["tensorflow"] }', f"'prod' {NOT_KNOWN}"),
            ('"tf2.99" = { env = { A = "1" } }', f"'tf2.99' {NOT_KNOWN}"),
        ],
    )
    def test_in_one_sentence_that_names_file_table_and_runtime(self, entry: str, problem: str, tmp_path: Path) -> None:
        with pytest.raises(DeclarationError) as caught:
            declared(tmp_path, entry)
        assert str(caught.value) == f"{tmp_path / 'pyproject.toml'}: [tool.modelcompat.runtimes] {problem}"

    def test_though_others_are_right(self, tmp_path: Path) -> None:
        with pytest.raises(DeclarationError, match="'prod' needs"):
            declared(tmp_path, '"tf2.15" = {}\nprod = {}')

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[tool.modelcompat.runtime]", "[tool.modelcompat] has an unknown key 'runtime'; did you mean 'runtimes'?"),
            (
                "[tool.modelcompat.formats]",
                "[tool.modelcompat] has an unknown key 'formats'; known are runtimes, expected_failures",
            ),
            ("[tool]\nmodelcompat = 1", "[tool.modelcompat] is not a table"),
            ('[tool.modelcompat]\nruntimes = ["tf2.15"]', "[tool.modelcompat.runtimes] is not a table of runtimes"),
        ],
    )
    def test_tables_that_mean_nothing(self, text: str, problem: str, tmp_path: Path) -> None:
        file = written(tmp_path, text)
        with pytest.raises(DeclarationError) as caught:
            read_runtimes(file)
        assert str(caught.value) == f"{file}: {problem}"

    def test_no_toml(self, tmp_path: Path) -> None:
        file = written(tmp_path, HEAD + "prod = {")
        with pytest.raises(DeclarationError) as caught:
            read_runtimes(file)
        assert str(caught.value).startswith(f"{file} is no TOML: ")

    def test_no_text(self, tmp_path: Path) -> None:
        file = tmp_path / "pyproject.toml"
        file.write_bytes(b"# caf\xe9")
        with pytest.raises(DeclarationError) as caught:
            read_runtimes(file)
        assert str(caught.value).startswith(f"{file} is no TOML: ")

    def test_unreadable(self, tmp_path: Path) -> None:
        file = tmp_path / "pyproject.toml"
        file.mkdir()
        with pytest.raises(DeclarationError) as caught:
            read_runtimes(file)
        assert str(caught.value).startswith(f"{file} cannot be read: ")
        with pytest.raises(DeclarationError, match=r"gone\.toml cannot be read: No such file"):
            tool_table(tmp_path / "gone.toml")


class TestFinding:
    def test_goes_upwards_to_the_nearest(self, tmp_path: Path) -> None:
        written(tmp_path, HEAD + '"tf2.4" = {}')
        deep = tmp_path / "shop" / "tests" / "unit"
        deep.mkdir(parents=True)
        assert find_pyproject(deep) == tmp_path / "pyproject.toml"
        near = written(tmp_path / "shop", HEAD + '"tf2.15" = {}')
        assert find_pyproject(deep) == near
        assert find_pyproject(tmp_path / "shop") == near
        assert list(find_runtimes(deep).declared) == ["tf2.15"]

    def test_takes_no_folder_for_the_file(self, tmp_path: Path) -> None:
        file = written(tmp_path, "")
        inner = tmp_path / "shop"
        (inner / "pyproject.toml").mkdir(parents=True)
        assert find_pyproject(inner) == file

    def test_of_nothing(self) -> None:
        nowhere = Path("/no-such-folder-of-a-project")
        assert find_pyproject(nowhere) is None
        assert find_runtimes(nowhere) == Runtimes()


class TestGet:
    def test_what_is_declared_before_what_is_known(self, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, f'"tf2.15" = {{ {PROD} }}\nprod = {{ {PROD} }}')
        assert runtimes.get("prod") is runtimes.declared["prod"]
        assert runtimes.get("tf2.15").packages == ("tensorflow==2.15.1",)
        assert runtimes.get("tf2.16") == known_runtime("tf2.16")

    def test_local_is_always_there(self) -> None:
        assert Runtimes().get("local") is LOCAL

    @pytest.mark.parametrize(
        ("name", "near"),
        [("prodd", "prod"), ("locl", "local"), ("tf-2.15", "tf2.15"), ("tf2.21+tfkeras", "tf2.21+tf_keras")],
    )
    def test_what_is_near(self, name: str, near: str, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, f"prod = {{ {PROD} }}")
        with pytest.raises(UnknownRuntimeError) as caught:
            runtimes.get(name)
        assert str(caught.value).startswith(f"{name!r} names no runtime: did you mean {near!r}?")

    def test_lists_those_declared_where_nothing_is_near(self, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, f"prod = {{ {PROD} }}\nstaging = {{ {PROD} }}")
        with pytest.raises(UnknownRuntimeError) as caught:
            runtimes.get("xyz")
        assert str(caught.value).startswith("'xyz' names no runtime: tf2.4 to tf2.21 are")
        assert str(caught.value).endswith("; declared are prod, staging")
        with pytest.raises(UnknownRuntimeError) as caught:
            Runtimes().get("xyz")
        assert "declared" not in str(caught.value)
