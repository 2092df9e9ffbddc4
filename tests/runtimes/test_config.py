"""The runtimes a pyproject.toml declares: what its tables mean, and each thing that can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.config import (
    RuntimeConfig,
    RuntimeConfigError,
    find_pyproject,
    find_runtimes,
    read_runtimes,
)
from pytest_modelcompat.runtimes.names import UnknownRuntimeError

HEAD = "[tool.modelcompat.runtimes]\n"


def declared(folder: Path, text: str) -> RuntimeConfig:
    file = folder / "pyproject.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return read_runtimes(file)


class TestWhatIsDeclared:
    def test_an_empty_table_is_what_is_known(self, tmp_path: Path) -> None:
        assert declared(tmp_path, '"tf2.15" = {}').get("tf2.15") == builtin_runtime("tf2.15")

    def test_a_known_name_with_more(self, tmp_path: Path) -> None:
        runtime = declared(tmp_path, '"tf2.15" = { imports = ["shop.ops"], env = { A = "1" } }').get("tf2.15")
        assert runtime.imports == ("shop.ops",)
        assert runtime.env["A"] == "1"
        assert (runtime.python, runtime.packages) == (
            builtin_runtime("tf2.15").python,
            builtin_runtime("tf2.15").packages,
        )

    def test_a_name_of_ones_own(self, tmp_path: Path) -> None:
        runtime = declared(tmp_path, 'prod = { python = "3.11", packages = ["tensorflow==2.15.*"] }').get("prod")
        assert (runtime.name, runtime.python, runtime.packages) == ("prod", "3.11", ("tensorflow==2.15.*",))
        assert runtime.is_created

    def test_paths_start_at_the_file(self, tmp_path: Path) -> None:
        entry = 'prod = { interpreter = "env/bin/python", op_libraries = ["ops.so"] }'
        runtime = declared(tmp_path, entry).get("prod")
        assert runtime.interpreter == tmp_path / "env/bin/python"
        assert runtime.op_libraries == (str(tmp_path / "ops.so"),)
        assert not runtime.is_created

    @pytest.mark.parametrize(
        ("requirement", "installed"),
        [
            ("./shop.whl", "{home}/shop.whl"),
            (" ./with space/shop.whl", "{home}/with space/shop.whl"),
            ("../shop[gpu]", "{home}/../shop[gpu]"),
            ("..", "{home}/.."),
            (".", "{home}"),
            (".[gpu]", "{home}/.[gpu]"),
            ("-e .", "-e {home}"),
            ("-e ../shop", "-e {home}/../shop"),
            ("--editable ./shop", "--editable {home}/shop"),
            ("--editable=./shop", "--editable={home}/shop"),
        ],
    )
    def test_requirements_that_are_paths(self, tmp_path: Path, requirement: str, installed: str) -> None:
        runtime = declared(tmp_path, f'p = {{ python = "3.11", packages = ["{requirement}"] }}').get("p")
        assert runtime.packages == (installed.format(home=tmp_path),)

    @pytest.mark.parametrize(
        "requirement",
        ["tensorflow==2.15.*", "shop", "shop/ops", "-e shop", "/shop.whl", "shop @ file:///shop.whl", "...", ".shop"],
    )
    def test_requirements_that_do_not_say_so(self, tmp_path: Path, requirement: str) -> None:
        runtime = declared(tmp_path, f'p = {{ python = "3.11", packages = ["{requirement}"] }}').get("p")
        assert runtime.packages == (requirement,)

    def test_the_file_may_be_named_from_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its paths lead where they led when the process has gone elsewhere."""
        declared(tmp_path, 'prod = { interpreter = "env/bin/python" }')
        monkeypatch.chdir(tmp_path)
        assert read_runtimes(Path("pyproject.toml")).get("prod").interpreter == tmp_path / "env/bin/python"

    def test_paths_that_start_elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path / "me"))
        runtimes = declared(tmp_path, 'a = { interpreter = "/env/python" }\nb = { interpreter = "~/env/python" }')
        assert runtimes.get("a").interpreter == Path("/env/python")
        assert runtimes.get("b").interpreter == tmp_path / "me/env/python"

    def test_what_a_name_stands_for_gives_way_to_a_whole_declaration(self, tmp_path: Path) -> None:
        runtime = declared(tmp_path, '"tf2.16+tf_keras" = { python = "3.12", packages = ["./tf.whl"] }')
        assert builtin_runtime("tf2.16+tf_keras").env
        assert runtime.get("tf2.16+tf_keras").env == {}

    def test_variables_come_on_top_of_those_it_is_known_with(self, tmp_path: Path) -> None:
        runtime = declared(tmp_path, '"tf2.21+tf_keras" = { env = { A = "1" } }').get("tf2.21+tf_keras")
        assert runtime.env == {"TF_USE_LEGACY_KERAS": "1", "A": "1"}

    @pytest.mark.parametrize("name", ["tf2.16+keras3.3", "tf2.15+py3.11"])
    def test_a_known_name_stays_as_it_is_written(self, tmp_path: Path, name: str) -> None:
        assert declared(tmp_path, f'"{name}" = {{}}').get(name).name == name

    def test_without_op_libraries_it_takes_the_cases(self, tmp_path: Path) -> None:
        assert declared(tmp_path, '"tf2.15" = {}').get("tf2.15").op_libraries is None


class TestGetting:
    def test_local_and_known_ones_need_no_declaration(self) -> None:
        assert RuntimeConfig().get("local").is_local
        assert RuntimeConfig().get("tf2.8") == builtin_runtime("tf2.8")

    def test_a_misspelt_one(self, tmp_path: Path) -> None:
        runtimes = declared(tmp_path, 'production = { interpreter = "/p" }')
        with pytest.raises(UnknownRuntimeError, match=r"'prodution' is not a known runtime: did you mean 'production'"):
            runtimes.get("prodution")

    def test_one_like_no_other_is_reported_with_those_declared(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownRuntimeError, match=r"; declared are production$"):
            declared(tmp_path, 'production = { interpreter = "/p" }').get("qqq")


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('p = { pyton = "3.11" }', "'p': unknown key 'pyton'; did you mean 'python'?"),
            ("p = { zzz = 1 }", "'p': unknown key 'zzz'; known are python, packages, interpreter, env, imports, op_l"),
            ('p = "3.11"', "'p' is not a table"),
            ("p = {}", "'p' needs 'interpreter', or 'python' and 'packages': only names such as tf2.15 are known"),
            ('p = { python = "3.11" }', "'p' needs 'interpreter', or 'python' and 'packages'"),
            ('p = { python = "11", packages = ["x"] }', "'p': 'python' takes a minor version such as \"3.11\""),
            ("p = { python = 3.11 }", "'p': 'python' takes a string, not 3.11"),
            ('p = { interpreter = "/p", packages = ["x"] }', "'p': 'interpreter' is an environment of your own"),
            ('p = { interpreter = "/p", python = "3.11" }', "'p': 'interpreter' is an environment of your own"),
            ('p = { interpreter = "" }', "'p': 'interpreter' takes a string, not ''"),
            ('p = { interpreter = ["/p"] }', "'p': 'interpreter' takes a string, not ['/p']"),
            ('p = { interpreter = "/p", imports = "shop" }', "'p': 'imports' takes a list of strings, not 'shop'"),
            ('p = { interpreter = "/p", op_libraries = [1] }', "'p': 'op_libraries' takes a list of strings, not [1]"),
            ('p = { interpreter = "/p", imports = [""] }', "'p': 'imports' takes a list of strings, not ['']"),
            ('p = { interpreter = "/p", env = "A=1" }', "'p': 'env' takes a table of strings, such as { TF_USE_"),
            ('"tf2.15" = { packages = "x" }', "'packages' takes a list of strings, not 'x'"),
            ('"tf2.15" = { env = { A = 1 } }', "'env' takes a table of strings"),
            ("local = {}", "'local' is the interpreter that pytest runs in, and is not declared"),
            ('"a b" = {}', "'a b': a runtime's name is made of letters"),
        ],
    )
    def test_it_is_named(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(RuntimeConfigError, match=r"^[^\n]+$") as raised:
            declared(tmp_path, text)
        assert str(raised.value).startswith(f"{tmp_path / 'pyproject.toml'}: [tool.modelcompat.runtimes] ")
        assert said in str(raised.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[tool.modelcompat", "is not valid TOML: "),
            ("[tool.modelcompat.runtime]", "has an unknown key 'runtime'; did you mean 'runtimes'?"),
            ("[tool]\nmodelcompat = 1", "[tool.modelcompat] is not a table"),
            ("[tool.modelcompat]\nruntimes = 1", "[tool.modelcompat.runtimes] is not a table of runtimes"),
            ("[tool.modelcompat]\nzzz = 1", "has an unknown key 'zzz'; known are runtimes, expected_failures"),
        ],
    )
    def test_a_file(self, tmp_path: Path, text: str, said: str) -> None:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        with pytest.raises(RuntimeConfigError) as raised:
            find_runtimes(tmp_path)
        assert str(raised.value).startswith(str(tmp_path / "pyproject.toml"))
        assert said in str(raised.value)

    def test_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeConfigError, match=r"pyproject\.toml cannot be read: No such file or directory$"):
            read_runtimes(tmp_path / "pyproject.toml")

    def test_a_file_in_another_encoding(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_bytes(b"[tool.modelcompat.runtimes]\n# caf\xe9\n")
        with pytest.raises(RuntimeConfigError, match=r"pyproject\.toml is not valid TOML: .*utf-8"):
            find_runtimes(tmp_path)


def test_the_nearest_file_upwards(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(HEAD + '"tf2.4" = {}', encoding="utf-8")
    (inner.parent / "pyproject.toml").mkdir()
    assert find_pyproject(inner) == tmp_path / "pyproject.toml"
    assert list(find_runtimes(inner).declared) == ["tf2.4"]
    (inner / "pyproject.toml").write_text(HEAD + '"tf2.15" = {}', encoding="utf-8")
    assert list(find_runtimes(inner).declared) == ["tf2.15"]


def test_a_project_that_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 1", encoding="utf-8")
    assert find_runtimes(tmp_path).declared == {}
