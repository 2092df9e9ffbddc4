"""`modelcompat explain`: of a log, of a message, and of a kind."""

from __future__ import annotations

import importlib
import io
import json
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.cli import main
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES, page_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Explain = Callable[..., tuple[int, str, str]]

UNKNOWN_LAYER = (
    'Traceback (most recent call last):\n  File "serve.py", line 3, in <module>\n    load()\nValueError: {}\n'
)
SCALE = UNKNOWN_LAYER.format("Unknown layer: 'Scale'. Please ensure this object is passed to `custom_objects`.")


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str]) -> Explain:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["explain", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


class TestKind:
    @pytest.mark.parametrize(
        "given", ["MC101", "mc101", "UNKNOWN LAYER", "unknown layer", "unknown-layer", "unknown-layer.md"]
    )
    def test_by_each_of_its_names(self, explain: Explain, given: str) -> None:
        code, out, _ = explain(given)
        assert code == 0
        assert out.startswith("UNKNOWN LAYER MC101\n")
        assert "/docs/kinds/unknown-layer.md" in out

    def test_several(self, explain: Explain) -> None:
        _, out, _ = explain("MC103", "MC206")
        assert [line for line in out.splitlines() if line.isupper() and " MC" in line] == [
            "UNKNOWN OP MC103",
            "ARTIFACT BROKEN MC206",
        ]

    @pytest.mark.parametrize(
        ("given", "near"),
        [("UNKNOWN ARGUMNT", "UNKNOWN ARGUMENT"), ("golden-mising", "GOLDEN MISSING")],
    )
    def test_a_misspelt_one(self, explain: Explain, given: str, near: str) -> None:
        code, out, err = explain(given)
        assert (code, out) == (2, "")
        assert f"did you mean {near!r}?" in err

    @pytest.mark.parametrize("kind", list(Kind))
    def test_of_every_kind_as_data(self, explain: Explain, kind: Kind) -> None:
        data = json.loads(explain("--json", CODES[kind])[1])
        assert (data["kind"], data["kind_code"]) == (kind.value, CODES[kind])
        assert data["page"].endswith(f"/{page_name(kind)}.md")
        assert data["means"].endswith(".")


def test_a_code_that_no_kind_has(explain: Explain) -> None:
    code, _, err = explain("MC999")
    assert code == 2
    assert "no kind of failure has the code MC999; codes are MC101 to MC611" in err


class TestText:
    def test_a_file(self, explain: Explain, tmp_path: Path) -> None:
        log = tmp_path / "serve.log"
        log.write_text("starting\n" + SCALE)
        code, out, _ = explain(str(log))
        assert code == 0
        assert out.splitlines()[:4] == [
            "UNKNOWN LAYER MC101: Scale",
            "",
            "  line       5",
            "  because    Keras has no layer or model of this name, and nothing declares it",
        ]
        assert 'keras.models.load_model(path, custom_objects={"Scale": Scale})' in out
        assert "  it said    ValueError: Unknown layer: 'Scale'." in out
        assert "  about      modelcompat explain MC101\n" in out

    def test_standard_input(self, explain: Explain, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SCALE.encode())))
        assert explain("-")[1].startswith("UNKNOWN LAYER MC101: Scale\n")

    def test_a_message_alone(self, explain: Explain) -> None:
        code, out, _ = explain("Op type not registered 'SentencepieceOp' in binary running on worker-1.")
        assert code == 0
        assert out.startswith("UNKNOWN OP MC103: SentencepieceOp\n")
        assert "tensorflow_text" in out

    def test_what_powershell_wrote(self, explain: Explain, tmp_path: Path) -> None:
        log = tmp_path / "serve.log"
        log.write_bytes(SCALE.replace("\n", "\r\n").encode("utf-16"))
        assert explain(str(log))[1].startswith("UNKNOWN LAYER MC101: Scale\n")

    def test_nothing_known(self, explain: Explain, tmp_path: Path) -> None:
        log = tmp_path / "build.log"
        log.write_text("compiling\ndone in 3 s\n")
        code, out, _ = explain(str(log))
        assert (code, out) == (1, "nothing in this text is a known failure of saving or loading a model\n")

    def test_an_exception_that_is_not_known(self, explain: Explain, tmp_path: Path) -> None:
        log = tmp_path / "serve.log"
        log.write_text(UNKNOWN_LAYER.format("the shelf is empty") + SCALE)
        code, out, _ = explain(str(log))
        assert code == 1
        assert out.startswith("UNKNOWN LAYER MC101: Scale\n")
        assert "  not known: line 4: ValueError: the shelf is empty" in out

    def test_its_words_are_like_those_of_a_known_failure(self, explain: Explain) -> None:
        code, out, _ = explain("there was no OpKernel registered to support this Op in the binary")
        assert code == 1
        assert "MC203  NO KERNEL" in out

    def test_as_data(self, explain: Explain, tmp_path: Path) -> None:
        log = tmp_path / "serve.log"
        log.write_text(SCALE + UNKNOWN_LAYER.format("the shelf is empty"))
        known, unknown = map(json.loads, explain(str(log), "--json")[1].splitlines())
        assert (known["kind"], known["kind_code"], known["subject"], known["lines"]) == (
            "UNKNOWN LAYER",
            "MC101",
            "Scale",
            [4],
        )
        assert (unknown["kind"], unknown["quote"], unknown["lines"]) == (None, "the shelf is empty", [8])

    @pytest.mark.parametrize("given", ["gone.log", "logs/gone"])
    def test_a_file_that_is_not_there(self, explain: Explain, given: str) -> None:
        code, _, err = explain(given)
        assert code == 2
        assert f"there is no file {given}" in err

    def test_an_empty_text(self, explain: Explain) -> None:
        assert explain("")[::2] == (
            2,
            "modelcompat: there is nothing to explain in an empty text; modelcompat explain -h\n",
        )

    def test_a_folder(self, explain: Explain, tmp_path: Path) -> None:
        code, _, err = explain(str(tmp_path))
        assert code == 2
        assert "is a folder" in err


@pytest.mark.needs_tensorflow
def test_the_fix_of_a_real_failure_is_pasted_and_loads_it(
    explain: Explain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = importlib.import_module("tensorflow").keras
    tmp_path.joinpath("shop_scale.py").write_text(
        "import tensorflow as tf\n\nclass Scale(tf.keras.layers.Layer):\n"
        "    def call(self, x):\n        return x * 2.0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    scale = importlib.import_module("shop_scale").Scale
    path = str(tmp_path / "model.keras")
    keras.Sequential([keras.Input((3,)), scale()]).save(path)
    with pytest.raises((TypeError, ValueError)) as raised:
        keras.models.load_model(path)
    log = tmp_path / "serve.log"
    log.write_text("".join(traceback.format_exception(raised.value)))
    code, out, _ = explain(str(log))
    assert code == 0
    assert out.startswith("UNKNOWN LAYER MC101: Scale\n")
    fix = [line[13:] for line in out.splitlines() if "import Scale" in line or "load_model(" in line]
    assert fix[0] == "from shop_scale import Scale"
    names = {"keras": keras, "path": path}
    exec("\n".join(fix[:-1]), names)  # noqa: S102
    assert eval(fix[-1], names).layers[-1].__class__ is scale  # noqa: S307


def test_no_terminal_is_steered(explain: Explain, tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    log.write_text(UNKNOWN_LAYER.format("Unknown layer: 'Scale\x1b[2J\x07'. Please"))
    assert "\x1b" not in explain(str(log))[1]
